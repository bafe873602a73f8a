"""Brands, regions, stores, departments, guides, their roles, logins and login days."""

from collections.abc import Iterable
from typing import Self

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from guideapp.core.fields import EncryptedTextField
from guideapp.core.models import TimestampedModel


class Brand(TimestampedModel):
    """A brand of the company, or a mall (品牌、商场): whoever has stores, cards and consent.

    A mall's own stores are its service desks; stores of brands inside it name it as `Store.mall`.
    """

    name = models.CharField(max_length=40, unique=True)
    short_name = models.CharField(max_length=20, blank=True)
    code = models.CharField(  # the retailer's own key
        max_length=20, blank=True, default="", db_default=""
    )
    is_mall = models.BooleanField(default=False, db_default=False)


class Region(TimestampedModel):
    """A group of stores under one regional manager (大区)."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="regions")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_region_name")]


class Store(TimestampedModel):
    """A shop of one brand (门店)."""

    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="stores")
    name = models.CharField(max_length=40)
    code = models.CharField(max_length=20, unique=True)
    city = models.CharField(max_length=20, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    mall = models.ForeignKey(
        Brand, on_delete=models.SET_NULL, null=True, blank=True, related_name="mall_stores"
    )
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    as_of = models.DateTimeField(null=True, blank=True)


class Department(models.Model):
    """A node of WeCom's address book (部门). It may stand for a region or a store of ours."""

    wecom_id = models.PositiveIntegerField(unique=True)
    parent_wecom_id = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=64)
    order = models.BigIntegerField(default=0)
    store = models.OneToOneField(
        Store, on_delete=models.SET_NULL, null=True, blank=True, related_name="department"
    )
    region = models.OneToOneField(
        Region, on_delete=models.SET_NULL, null=True, blank=True, related_name="department"
    )
    gone_at = models.DateTimeField(null=True, blank=True)  # deleted in WeCom


class GuideQuerySet(models.QuerySet["Guide"]):
    """Guides by their standing."""

    def active(self) -> Self:
        """May work: in the address book, activated and enabled."""
        return self.filter(status=Guide.Status.ACTIVE, left_at=None)

    def with_userid(self, userid: str) -> Self:
        """The present holder of a userid; WeCom compares userids without regard to case."""
        return self.with_userids([userid])

    def with_userids(self, userids: Iterable[str]) -> Self:
        """The present holders of several userids, by the index on the lower-cased userid."""
        keys = [userid.lower() for userid in userids]
        return self.filter(left_at=None).alias(key=Lower("userid")).filter(key__in=keys)

    def matching(self, words: str) -> Self:
        """Name, alias or userid contains `words`; everybody when empty."""
        if not words:
            return self
        return self.filter(
            Q(name__icontains=words) | Q(alias__icontains=words) | Q(userid__icontains=words)
        )


class Guide(TimestampedModel):
    """A person of the company in WeCom: guide, manager or headquarters (导购).

    A userid that a new person takes over is a new row: `left_at` closes the old one for good.
    """

    class Status(models.IntegerChoices):
        ACTIVE = 1, _("在职")
        DISABLED = 2, _("已停用")
        NOT_ACTIVATED = 4, _("未激活")
        LEFT = 5, _("已离职")

    userid = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    alias = models.CharField(max_length=64, blank=True)
    position = models.CharField(max_length=128, blank=True)
    avatar_url = models.URLField(max_length=300, blank=True)
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.ACTIVE)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="guides"
    )
    departments = models.JSONField(default=list, blank=True)  # wecom ids
    led_departments = models.JSONField(default=list, blank=True)  # wecom ids
    can_contact_customers = models.BooleanField(default=False)  # has 客户联系
    synced_at = models.DateTimeField(null=True, blank=True)  # when the applied answer was asked for
    left_at = models.DateTimeField(null=True, blank=True)

    objects = GuideQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("userid"), condition=Q(left_at=None), name="one_present_guide_per_userid"
            )
        ]
        indexes = [models.Index(fields=["store", "status"], name="guides_of_store")]

    @property
    def is_active(self) -> bool:
        """True while the person may work."""
        return self.status == self.Status.ACTIVE and self.left_at is None


class Role(models.TextChoices):
    """What a person may do; a person may hold several."""

    GUIDE = "guide", _("导购")
    STORE_MANAGER = "store_manager", _("店长")
    REGIONAL_MANAGER = "regional_manager", _("区域经理")
    HQ_CONTENT = "hq_content", _("总部内容")
    HQ_ADMIN = "hq_admin", _("总部管理员")
    PRIVACY_OFFICER = "privacy_officer", _("隐私专员")


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    """Grants that count."""

    def in_force(self) -> Self:
        """Not revoked, held by an active guide."""
        return self.filter(revoked_at=None, guide__status=Guide.Status.ACTIVE, guide__left_at=None)

    def helpers_for(self, store_id: int | None) -> Self:
        """Who can open the workbench for somebody: the store's managers, else HQ admins."""
        managers = self.in_force().filter(role=Role.STORE_MANAGER, store_id=store_id)
        if store_id is not None and managers.exists():
            return managers
        return self.in_force().filter(role=Role.HQ_ADMIN)


class RoleGrant(models.Model):
    """A role that a person holds, and where: `store`, `region`, or all brands when both are null.

    No grant means no access ("你还没开通导购台").
    """

    class Source(models.TextChoices):
        WECOM = "wecom", _("企业微信")
        MANUAL = "manual", _("手工")

    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=Role)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, null=True, blank=True)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, null=True, blank=True)
    source = models.CharField(max_length=8, choices=Source, default=Source.MANUAL)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=64, blank=True)  # userid; empty: the system
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        constraints = [
            # Expressions, because SQLite takes two nulls for different.
            models.UniqueConstraint(
                F("guide"),
                F("role"),
                Coalesce("store", 0, output_field=models.BigIntegerField()),
                Coalesce("region", 0, output_field=models.BigIntegerField()),
                condition=Q(revoked_at=None),
                name="one_grant_of_a_role",
            )
        ]
        indexes = [
            models.Index(fields=["guide"], condition=Q(revoked_at=None), name="grants_of_guide")
        ]


class HrPerson(TimestampedModel):
    """A person of the company as HR knows them (花名册). HR is the truth; WeCom follows."""

    staff_no = models.CharField(max_length=32, unique=True)  # 工号
    userid = models.CharField(max_length=64)  # the account in WeCom that is theirs
    name = models.CharField(max_length=64)
    gender = models.PositiveSmallIntegerField(default=0)  # 0 unknown, 1 male, 2 female
    phone = EncryptedTextField(blank=True)  # E.164
    phone_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    position = models.CharField(max_length=128, blank=True)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="hr_people"
    )
    left_on = models.DateField(null=True, blank=True)
    # Of "store" and "position" those that HR itself said are empty: else it never spoke of them.
    told_empty = models.JSONField(default=list, db_default=[], blank=True)
    source = models.CharField(max_length=40, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("userid"), condition=Q(left_on=None), name="one_present_hr_person_a_userid"
            )
        ]


class HrPlan(TimestampedModel):
    """What has to change in WeCom so that it says what HR says (人事同步方案); applied once."""

    class State(models.TextChoices):
        DRAFT = "draft", _("待确认")
        APPLIED = "applied", _("已执行")
        STALE = "stale", _("已作废")

    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    made_by = models.CharField(max_length=64, blank=True)  # userid; '' for the schedule
    applied_by = models.CharField(max_length=64, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    strangers = models.JSONField(default=list, blank=True)  # userids in WeCom that HR has not
    held = models.JSONField(default=list, blank=True)  # [HrPerson id, why they had to be left out]


class HrChange(models.Model):
    """One line of a plan: an account to make, change or remove, and the call that did it."""

    class Kind(models.TextChoices):
        CREATE = "create", _("入职")
        UPDATE = "update", _("调动或变更")
        DELETE = "delete", _("离职")

    plan = models.ForeignKey(HrPlan, on_delete=models.CASCADE, related_name="changes")
    person = models.ForeignKey(HrPerson, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind)
    before = models.JSONField(default=dict, blank=True)  # field → value; no phone number
    after = models.JSONField(default=dict, blank=True)
    call_id = models.BigIntegerField(null=True, blank=True)  # wecom.OutboxCall

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "person"], name="one_change_a_plan")]


class LoginState(models.Model):
    """One login under way: the `state` we gave WeCom, bound to the browser that asked."""

    state_hash = models.CharField(max_length=64, unique=True)  # sha256 hex of the state
    browser_hash = models.CharField(max_length=64)  # sha256 hex of the pre-login cookie
    next_path = models.CharField(max_length=500)
    by_qr = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)


class GuideSession(AbstractBaseSession):
    """A session that knows its guide, so that all of one guide's sessions can be ended at once."""

    guide = models.ForeignKey(
        Guide, on_delete=models.CASCADE, null=True, blank=True, related_name="sessions"
    )

    class Meta:
        db_table = "organisation_session"


class LoginDay(models.Model):
    """A guide used the product on this Shanghai day (登录率)."""

    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="login_days")
    store = models.ForeignKey(Store, on_delete=models.SET_NULL, null=True, blank=True)  # as of then
    day = models.DateField()
    first_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guide", "day"], name="one_login_day")]
        indexes = [models.Index(fields=["store", "day"], name="logins_of_store")]
