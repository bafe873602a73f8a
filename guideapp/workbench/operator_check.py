"""What the set-up check looks at in our own customers."""

from collections.abc import Iterable

from guideapp.members.models import Contact
from guideapp.wecom.check import Finding, Verdict, probe
from guideapp.wecom.check_wire import Wire

_NEWEST = 200
_WECHAT = 1  # only these ever have a unionid


@probe("unionid")
def unionid(wire: Wire) -> Iterable[Finding]:
    """Customers come with a unionid: a WeChat developer account is bound."""
    newest = Contact.objects.filter(type=_WECHAT, synced_at__isnull=False).order_by("-pk")
    known = list(newest.values_list("unionid_bidx", flat=True)[:_NEWEST])
    with_one = sum(bool(index) for index in known)
    if not known:
        yield Finding("unionid", Verdict.UNKNOWN, "no_customers")
    elif not with_one:
        yield Finding("unionid", Verdict.WARN, "missing", {"count": len(known)})
    else:
        yield Finding("unionid", facts={"count": with_one})
