"""Whom a campaign reaches: customers of members, by list, by tags or all; groups of an owner."""

from dataclasses import dataclass, field

from django.db.models import Max, QuerySet

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import App, ChatMessage, Follow, GroupChat, User
from guideapp.sandbox.services import scope

TAGS_MAX = 100


@dataclass
class Audience:
    """Targets of each member, and the ids that cannot be reached."""

    targets: dict[User, list[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def able_user(userid: str, app: App) -> User:
    """The member who serves customers. Raises Refused 40003, 60011 or 84074."""
    user = User.objects.named(userid)
    if user is None:
        raise Refused(40003)
    if not scope.sees(app, user):
        raise Refused(60011)
    if not user.contact_right:
        raise Refused(84074)
    return user


def friends(app: App) -> QuerySet[Follow]:
    """Relations by which a member in the app's range can write to a customer."""
    able = scope.users_of(app).filter(contact_right=True)
    return Follow.objects.standing().filter(customer_left_at=None, user__in=able)


def customers(
    listed: list[str], sender: User | None, tag_filter: list[list[str]], app: App
) -> Audience:
    """`listed` customers, or all of `sender`; tags: any of one list, and of every list.

    Without a sender each customer goes to the member who talked with them last.
    """
    follows = friends(app)
    if sender is not None:
        follows = follows.filter(user=sender)
    if listed:
        follows = follows.filter(customer__external_userid__in=listed)
    reachable = set(follows.values_list("customer__external_userid", flat=True))
    for tags in tag_filter:
        if len(tags) > TAGS_MAX:
            raise Refused(40058, f"tag_list exceed max size {TAGS_MAX}")
        follows = follows.filter(tags__tag_id__in=tags)
    found = Audience(failed=[id for id in dict.fromkeys(listed) if id not in reachable])
    for follow in _one_each(list(follows.distinct().order_by("id"))):
        found.targets.setdefault(follow.user, []).append(follow.customer.external_userid)
    return found


def groups(listed: list[str], owner: User) -> Audience:
    """`listed` groups of the owner; none listed: the owner chooses when confirming."""
    own = set(
        GroupChat.objects.standing()
        .filter(owner=owner, chat_id__in=listed)
        .values_list("chat_id", flat=True)
    )
    kept = [id for id in dict.fromkeys(listed) if id in own]
    failed = [id for id in dict.fromkeys(listed) if id not in own]
    return Audience({owner: kept} if kept or not listed else {}, failed)


def _one_each(follows: list[Follow]) -> list[Follow]:
    """One relation of each customer: who said or heard the last word, else the newest."""
    customers = {follow.customer_id for follow in follows}
    said = ChatMessage.objects.filter(customer__in=customers)
    said = said.exclude(sender=ChatMessage.Sender.SYSTEM)
    rows = said.values_list("user_id", "customer_id").annotate(last=Max("id")).order_by()
    words = {(user_id, customer_id): last for user_id, customer_id, last in rows}
    best: dict[int, Follow] = {}
    for follow in sorted(
        follows, key=lambda row: (words.get((row.user_id, row.customer_id), 0), row.created_at)
    ):
        best[follow.customer_id] = follow
    return sorted(best.values(), key=lambda follow: follow.pk)
