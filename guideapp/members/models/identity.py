"""How we know that two records are one person, and what is still to be decided."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from guideapp.core.models import TimestampedModel
from guideapp.members.models.contacts import Contact
from guideapp.members.models.people import Member
from guideapp.organisation.models import Guide


class Evidence(models.TextChoices):
    """What joined two records."""

    UNIONID = "unionid", _("同一个微信身份")
    PHONE = "phone", _("同一个已验证手机号")
    NUMBER = "number", _("同一个会员号")
    CUSTOMER = "customer", _("顾客本人确认")
    HEADQUARTERS = "hq", _("总部核对")


class IdentityLink(models.Model):
    """Two records were joined: a contact to a member, or a member to another (`joined`).

    `moved` holds the ids of members that pointed at `joined` before, so that an undo gives both
    sides back exactly what was theirs.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="identity_links")
    joined = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, blank=True, related_name="joined_by"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="identity_links"
    )
    evidence = models.CharField(max_length=8, choices=Evidence)
    rule_version = models.PositiveSmallIntegerField()
    moved = models.JSONField(default=list, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=64, blank=True)  # userid; '' for a rule
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(joined__isnull=False) ^ Q(contact__isnull=False), name="link_joins_one"
            ),
            models.UniqueConstraint(
                fields=["joined"],
                condition=Q(undone_at=None, joined__isnull=False),
                name="one_link_a_joined_member",
            ),
        ]
        indexes = [models.Index(fields=["contact"], name="links_of_contact")]


class MergeCandidate(TimestampedModel):
    """Two members that may be one person (待合并): a person of headquarters decides."""

    class State(models.TextChoices):
        OPEN = "open", _("待合并")
        MERGED = "merged", _("已合并")
        APART = "apart", _("不是同一人")

    one = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="merge_candidates"
    )
    reason = models.CharField(max_length=40)  # code: unionid_and_phone, two_unionids, proposed, …
    rule_version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="candidate_in_order"),
            models.UniqueConstraint(fields=["one", "other"], name="one_candidate_a_pair"),
        ]
        indexes = [
            models.Index(fields=["-created_at"], condition=Q(state="open"), name="candidates_open")
        ]


class IdentityRequest(TimestampedModel):
    """A guide asked a customer whether a member's card is theirs (请 TA 确认).

    The customer opens the link and types the phone number of the card; only that joins the two.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("等 TA 确认")
        CONFIRMED = "confirmed", _("已确认")
        REFUSED = "refused", _("TA 说不是")
        EXPIRED = "expired", _("没有确认")  # too late, too many tries, or asked about another

    token = models.CharField(max_length=22, unique=True)  # random base62
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="requests")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="requests")
    guide = models.ForeignKey(Guide, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(state="waiting"), name="one_question_a_contact"
            )
        ]
