"""What this room's tables hold about people: nearly everything."""

from django.db.models import Case, F, Q, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from guideapp.core.clock import now
from guideapp.core.personal import About, Fate, Person, either, of_contact, of_member, table
from guideapp.members.models import (
    BulkTagging,
    Consent,
    Contact,
    FollowRelation,
    ForbiddenTopic,
    IdentityLink,
    IdentityRequest,
    ImportantDate,
    Member,
    MemberAsset,
    MembershipCard,
    MemberValue,
    MergeCandidate,
    Observation,
    OfficialFollower,
    Preference,
    Suggestion,
    Tag,
    TagGroup,
    TagMark,
    TagRule,
    TimelineEvent,
    Tombstone,
)

_PSEUDONYM = Concat(Value("erased-"), Cast(F("pk"), TextField()))


def _root(person: Person) -> Q:
    return Q(pk__in=person.members)


table(
    Member,
    about=About.CUSTOMER,
    label=_("会员"),
    of=_root,
    fate=Fate.BLANK,
    blank={
        "number": "",
        "name": "",
        "gender": 0,
        "phone": "",
        "phone_bidx": "",
        "phone_tail_bidx": "",
        "phone_verified": False,
        "unionid": "",
        "unionid_bidx": "",
        "home_store": None,
        "erased_at": now,
    },
    s="phone_bidx phone_tail_bidx unionid_bidx",
    p1="phone unionid",
    p2="number name gender home_store phone_verified",
    p3="id created_at updated_at same_as source as_of erased_at",
    derived="phone_bidx phone_tail_bidx unionid_bidx",
)
table(
    MembershipCard,
    about=About.CUSTOMER,
    label=_("会员卡"),
    of=of_member(),
    fate=Fate.DELETE,
    p2="number level points balance_fen opened_at closed_at",
    p3="id created_at updated_at member brand opened_by source as_of points_as_of",
)
table(
    MemberValue,
    about=About.CUSTOMER,
    label=_("消费合计"),
    of=of_member(),
    fate=Fate.DELETE,
    p2="spend_fen year_spend_fen year_orders year_as_of last_purchase_at",
    p3="id created_at updated_at member brand",
)
table(
    MemberAsset,
    about=About.CUSTOMER,
    label=_("券和礼品"),
    of=of_member(),
    fate=Fate.DELETE,
    p2="code title amount_fen threshold_fen valid_from expires_at used_at voided_at",
    p3="id created_at updated_at member brand kind source as_of",
)
table(
    OfficialFollower,
    about=About.CUSTOMER,
    label=_("公众号"),
    of=either(of_member(), lambda person: Q(pk__in=person.followers)),
    fate=Fate.DELETE,
    s="openid_bidx unionid_bidx",
    p1="openid unionid",
    p2="account followed_at ended_at",
    p3="id created_at updated_at member source as_of",
)
table(
    Consent,
    about=About.CUSTOMER,
    label=_("同意"),
    of=of_member(),
    fate=Fate.BLANK,  # that it was given and withdrawn is ours to prove; whose it was is gone
    blank={"withdrawn_at": lambda: Coalesce(F("withdrawn_at"), Value(now()))},
    p3="id member brand purpose version channel given_at withdrawn_at source as_of updated_at",
)
table(Tombstone, s="key group", p3="id kind at lifted_at")
table(
    Contact,
    about=About.CUSTOMER,
    label=_("微信"),
    of=lambda person: Q(pk__in=person.contacts),
    fate=Fate.BLANK,
    blank={
        "external_userid": _PSEUDONYM,
        "name": "",
        "avatar_url": "",
        "gender": 0,
        "unionid": "",
        "unionid_bidx": "",
        "synced_at": None,
        "active_at": None,
        "erased_at": now,
    },
    s="unionid_bidx",
    p1="external_userid unionid",
    p2="name avatar_url gender active_at synced_at",
    p3="id created_at updated_at type member erased_at",
    derived="unionid_bidx",
)
table(
    FollowRelation,
    about=About.CUSTOMER,
    label=_("添加了 TA 的导购"),
    of=of_contact(),
    fate=Fate.BLANK,
    blank={
        "remark": "",
        "description": "",
        "search_terms": "",
        "state": "",
        "birthday_on": None,
        "last_sign_at": None,
        "year_fen": None,
        "ended_at": lambda: Coalesce(F("ended_at"), Value(now())),
        "end_reason": Case(
            When(ended_at=None, then=Value(FollowRelation.EndReason.ERASED)),
            default=F("end_reason"),
        ),
    },
    p1="birthday_on",
    p2="remark description search_terms state last_sign_at year_fen",
    p3="id created_at updated_at guide contact add_way followed_at synced_at ended_at end_reason",
    derived="search_terms birthday_on last_sign_at year_fen",
)
table(
    IdentityLink,
    about=About.CUSTOMER,
    label=_("合并记录"),
    of=either(of_member(), of_member("joined"), of_contact()),
    fate=Fate.DELETE,
    p2="evidence at by undone_at undone_by",
    p3="id member joined contact rule_version moved",
)
table(
    MergeCandidate,
    about=About.CUSTOMER,
    label=_("待合并"),
    untold="the other of the two may be somebody else",
    of=either(of_member("one"), of_member("other"), of_contact()),
    fate=Fate.DELETE,
    p2="reason state decided_at decided_by",
    p3="id created_at updated_at one other contact rule_version",
)
table(
    IdentityRequest,
    about=About.CUSTOMER,
    label=_("请 TA 确认"),
    of=either(of_member(), of_contact()),
    fate=Fate.DELETE,
    s="token",
    p2="state tries opened_at expires_at decided_at",
    p3="id created_at updated_at contact member guide",
)
table(
    Observation,
    about=About.CUSTOMER,
    label=_("跟进记录"),
    of=of_contact(),
    fate=Fate.DELETE,
    p2="text at",
    p3="id contact author owner nonce",
)
table(
    Preference,
    about=About.CUSTOMER,
    label=_("尺码和偏好"),
    of=of_contact(),
    fate=Fate.DELETE,
    p2="kind value at confirmed_at ended_at",
    p3="id contact author owner nonce",
)
table(
    ImportantDate,
    about=About.CUSTOMER,
    label=_("重要日子"),
    of=either(of_member(), of_contact()),
    fate=Fate.DELETE,
    p1="kind label year month day repeats",
    p3="id member contact author owner source at ended_at",
)
table(ForbiddenTopic, p3="id word topic")
table(
    Suggestion,
    about=About.CUSTOMER,
    label=_("下一步"),
    of=of_contact(),
    fate=Fate.BLANK,  # how often a rule was shown and used is counted from the rows
    blank={
        "evidence": {},
        "action_url": "",
        "state": Case(
            When(state="open", then=Value(Suggestion.State.WITHDRAWN)), default=F("state")
        ),
    },
    p2="evidence action_url",
    p3="id created_at updated_at rule rule_version priority contact guide earn_fen state"
    " proposed_at until snoozed_until first_shown_at decided_at ordered_at messaged_at",
)
table(TagGroup, p3="id wecom_id kind name order set_by seen_by_guides stale_after_days gone_at")
table(Tag, p3="id wecom_id group owner name order gone_at")
table(TagRule, p3="id created_at updated_at tag trigger params version is_active")
table(
    BulkTagging,
    p3="id created_at updated_at tag by follow_ids total done marked refused finished_at",
)
table(
    TagMark,
    about=About.CUSTOMER,
    label=_("标签"),
    of=of_contact("follow__contact"),
    fate=Fate.DELETE,
    p2="tag marked_at confirmed_at evidence removed_at",
    p3="id follow author removed_by",
)
table(
    TimelineEvent,
    about=About.CUSTOMER,
    label=_("动态"),
    of=either(of_member(), of_contact()),
    fate=Fate.BLANK,  # kind, guide, store and time are what figures are counted from
    blank={"params": {}, "key": Concat(Value("erased:"), Cast(F("pk"), TextField()))},
    p2="params key",
    p3="id kind contact member guide store at",
    derived="key",
)
