"""One person: the member, the cards of mall and brands, what each of them knows."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.fields import EncryptedTextField
from guideapp.core.models import TimestampedModel
from guideapp.organisation.models import Brand, Store


class MemberQuerySet(models.QuerySet["Member"]):
    """Members by person."""

    def same_person(self, member: "Member") -> Self:
        """Every row that stands for the same person as `member`, itself among them."""
        return self.filter(Q(pk=member.root_id) | Q(same_as=member.root_id))


class Member(TimestampedModel):
    """One record of a person known to the retailer (会员).

    Records of one person are joined by `same_as`, which names the record that was kept; it never
    points at a record that itself points on. Nothing else is rewritten by a merge.
    """

    class Gender(models.IntegerChoices):
        UNKNOWN = 0, _("未知")
        MALE = 1, _("男")
        FEMALE = 2, _("女")

    number = models.CharField(
        max_length=40, blank=True, default="", db_default=""
    )  # 会员号: the member system's own key
    name = models.CharField(max_length=64, blank=True)
    gender = models.PositiveSmallIntegerField(choices=Gender, default=0, db_default=0)
    phone = EncryptedTextField(blank=True)  # E.164
    phone_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    phone_tail_bidx = models.CharField(  # of the last four digits
        max_length=64, blank=True, default="", db_default="", db_index=True
    )
    phone_verified = models.BooleanField(
        default=False, db_default=False
    )  # by the member system or a code
    unionid = EncryptedTextField(blank=True)
    unionid_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    home_store = models.ForeignKey(Store, on_delete=models.SET_NULL, null=True, blank=True)
    same_as = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="others"
    )
    source = models.CharField(  # which system told us; '' by hand
        max_length=40, blank=True, default="", db_default=""
    )
    as_of = models.DateTimeField(null=True, blank=True)  # of the source; older never overwrites
    erased_at = models.DateTimeField(null=True, blank=True)  # a pseudonym since then

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unionid_bidx"], condition=~Q(unionid_bidx=""), name="one_member_a_unionid"
            ),
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="one_member_a_number"
            ),
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="members_by_news")]  # /api/v1/

    @property
    def root_id(self) -> int:
        """The record that stands for the person."""
        return self.same_as_id or self.pk


class MembershipCard(TimestampedModel):
    """A member's card of one brand or mall (会员卡). Who has both is a 双料会员.

    Number, level, points and balance are the owner's alone: staff of another owner never see them.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="cards")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="cards")
    number = models.CharField(max_length=32, unique=True)
    level = models.CharField(max_length=20)  # as the retailer calls it: 金卡, 银卡, …
    points = models.IntegerField(default=0)
    points_as_of = models.DateTimeField(null=True, blank=True)  # the points' own clock
    balance_fen = models.BigIntegerField(default=0, db_default=0)  # 储值余额
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    opened_by = models.ForeignKey(  # the guide whose invitation was used
        "organisation.Guide", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "brand"], name="one_card_a_brand")]
        indexes = [models.Index(fields=["updated_at", "id"], name="cards_by_news")]  # /api/v1/


class MemberValue(TimestampedModel):
    """What a member is worth to one brand or mall: sums over its own orders, kept on write."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="values")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    spend_fen = models.BigIntegerField(default=0)  # since the first purchase, refunds taken off
    year_spend_fen = models.BigIntegerField(default=0)  # the last 365 days, as of `year_as_of`
    year_orders = models.PositiveIntegerField(default=0)
    year_as_of = models.DateField(null=True, blank=True)
    last_purchase_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "brand"], name="one_value_a_brand")
        ]
        indexes = [models.Index(fields=["year_as_of"], name="values_by_day")]  # the nightly sums


class MemberAsset(TimestampedModel):
    """Something a member holds at a brand: a coupon, a gift (会员资产), as its system told us."""

    class Kind(models.TextChoices):
        COUPON = "coupon", _("券")
        GIFT = "gift", _("礼品")

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="assets")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.COUPON)
    code = models.CharField(max_length=64)  # the sender's own key
    title = models.CharField(max_length=60)
    amount_fen = models.PositiveIntegerField(default=0)
    threshold_fen = models.PositiveIntegerField(default=0)  # from which sum it counts
    valid_from = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "code"], name="one_asset_a_code")]
        indexes = [
            models.Index(fields=["member", "brand"], name="assets_of_member"),
            models.Index(fields=["updated_at", "id"], name="assets_by_news"),  # /api/v1/
            models.Index(
                fields=["expires_at"], condition=Q(used_at=None, voided_at=None), name="assets_due"
            ),
        ]


class OfficialFollower(TimestampedModel):
    """Somebody who follows one of the retailer's official accounts (公众号粉丝)."""

    account = models.CharField(max_length=64)  # its name or app id, as the retailer calls it
    openid = EncryptedTextField()
    openid_bidx = models.CharField(max_length=64)
    unionid = EncryptedTextField(blank=True)
    unionid_bidx = models.CharField(max_length=64, blank=True, db_index=True)
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="official_follows"
    )
    followed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "openid_bidx"], name="one_row_an_openid")
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="followers_by_news")]  # /api/v1/


class Consent(models.Model):
    """A member's consent to one purpose of one brand or mall; a withdrawal closes the row."""

    class Purpose(models.TextChoices):
        MEMBERSHIP = "membership", _("会员服务")
        MARKETING = "marketing", _("营销信息")
        PROFILING = "profiling", _("个性化推荐")
        SHARING = "sharing", _("商场与品牌共享")

    class Channel(models.TextChoices):
        PAGE = "page", _("同意页")
        STORE = "store", _("门店")
        IMPORT = "import", _("会员系统")

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="consents")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose)
    version = models.CharField(max_length=20)  # of the text that was shown
    channel = models.CharField(max_length=8, choices=Channel)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    as_of = models.DateTimeField(null=True, blank=True)  # of the source; older never overwrites
    updated_at = models.DateTimeField(default=now, db_default=Now())  # given, or withdrawn

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "brand", "purpose"],
                condition=Q(withdrawn_at=None),
                name="one_consent_a_purpose",
            )
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="consents_by_news")]  # /api/v1/


class Tombstone(models.Model):
    """Somebody was erased: a keyed hash by which no sync and no import brings them back."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("手机号")
        UNIONID = "unionid", "unionid"
        NUMBER = "number", _("会员号")
        CARD = "card", _("卡号")
        EXTERNAL_USERID = "external", "external_userid"
        OPENID = "openid", "openid"

    kind = models.CharField(max_length=8, choices=Kind)
    key = models.CharField(max_length=64)  # core.fields.blind_index
    group = models.CharField(  # keyed: what one erasure put up, and one consent lifts together
        max_length=64, blank=True, default="", db_default=""
    )
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)  # by a new consent

    class Meta:
        constraints = [
            models.UniqueConstraint(
                F("kind"), F("key"), condition=Q(lifted_at=None), name="one_tombstone_a_key"
            )
        ]
