"""One person: member, contact, who follows them, tags, notes, what happened, what to do next."""

from guideapp.members.models.contacts import Contact, FollowRelation, FollowRelationQuerySet
from guideapp.members.models.identity import Evidence, IdentityLink, IdentityRequest, MergeCandidate
from guideapp.members.models.notes import ForbiddenTopic, ImportantDate, Observation, Preference
from guideapp.members.models.people import (
    Consent,
    Member,
    MemberAsset,
    MemberQuerySet,
    MembershipCard,
    MemberValue,
    OfficialFollower,
    Tombstone,
)
from guideapp.members.models.suggestions import Suggestion, SuggestionQuerySet
from guideapp.members.models.tags import BulkTagging, Tag, TagGroup, TagMark, TagRule
from guideapp.members.models.timeline import TimelineEvent

__all__ = [
    "BulkTagging",
    "Consent",
    "Contact",
    "Evidence",
    "FollowRelation",
    "FollowRelationQuerySet",
    "ForbiddenTopic",
    "IdentityLink",
    "IdentityRequest",
    "ImportantDate",
    "Member",
    "MemberAsset",
    "MemberQuerySet",
    "MemberValue",
    "MembershipCard",
    "MergeCandidate",
    "Observation",
    "OfficialFollower",
    "Preference",
    "Suggestion",
    "SuggestionQuerySet",
    "Tag",
    "TagGroup",
    "TagMark",
    "TagRule",
    "TimelineEvent",
    "Tombstone",
]
