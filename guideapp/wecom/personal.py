"""What this room's tables hold about people: ids of customers, in what came and what goes out."""

from datetime import datetime
from typing import Any

from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from guideapp.core.personal import About, Fate, mentioning, table
from guideapp.core.retention import kept_for
from guideapp.wecom.models import (
    ApiCall,
    CallbackEvent,
    CallBudget,
    Credential,
    MediaAsset,
    OutboxCall,
    SyncCursor,
    SyncRun,
)

_OTHERS = "other people may stand in the same row; what it led to stands elsewhere"
_BATCH = 2_000

table(
    CallbackEvent,
    about=About.CUSTOMER,
    label=_("企业微信的通知"),
    untold=_OTHERS,
    of=mentioning("fields", "error"),
    fate=Fate.BLANK,
    blank={  # the digest stays, so that a repetition is still known
        "fields": {},
        "error": "",
        "state": Case(When(state="pending", then=Value("ignored")), default=F("state")),
    },
    p1="fields error",
    p3="id corp_id agent_id digest event change_type created_at received_at deliveries state"
    " handled_at",
)
table(
    OutboxCall,
    about=About.CUSTOMER,
    label=_("发给企业微信的"),
    untold=_OTHERS,
    of=mentioning("payload", "answer", "key", "error"),
    fate=Fate.BLANK,
    blank={
        "payload": {},
        "answer": {},
        "error": "",
        "key": Concat(Value("erased:"), Cast(F("pk"), TextField())),
        "state": Case(
            When(state__in=["waiting", "failed", "uncertain"], then=Value("dropped")),
            default=F("state"),
        ),
    },
    p1="payload answer key error",
    p3="id kind lane idempotent state created_at expires_at sent_at attempts errcode",
)
table(ApiCall, p3="id at path errcode failure duration_ms attempt request_id")
table(CallBudget, p3="id path minute minute_used hour hour_used")
table(
    Credential,
    s="value",
    p3="id created_at updated_at corp_id agent_id kind expires_at generation lease_until",
)
table(MediaAsset, p3="id created_at updated_at kind sha256 media_id expires_at")
table(SyncCursor, p3="id name cursor started_at finished_at report")
table(SyncRun, p3="id reading state started_at finished_at report")


@kept_for("WECOM_EVENT_DAYS", name="inbox", label=_("企业微信的通知"), least=7)
def cut_inbox(before: datetime) -> int:
    """Events that were handled or that nobody handles; dead ones wait for a person."""
    over = [CallbackEvent.State.DONE, CallbackEvent.State.IGNORED]
    return _cut(CallbackEvent.objects.filter(state__in=over, received_at__lt=before))


@kept_for("WECOM_EVENT_DAYS", name="outbox", label=_("发给企业微信的"), least=7)
def cut_outbox(before: datetime) -> int:
    """Calls that went out or were dropped."""
    over = [OutboxCall.State.DONE, OutboxCall.State.DROPPED]
    return _cut(OutboxCall.objects.filter(state__in=over, created_at__lt=before))


def _cut(rows: QuerySet[Any]) -> int:
    """Delete in short transactions; how many."""
    number = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()
        number += len(keys)
    return number
