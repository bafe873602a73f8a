"""Conversions of ids (part 1 §8.8) and the list of people who were served (§8.9)."""

from functools import partial

from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models import Corp, CorpTag, Customer, Follow
from guideapp.sandbox.services import conversions, ids, scope
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

_PENDING_MAX, _NEW_MAX, _SERVED_PAGE = 100, 1000, 1000


@endpoint("externalcontact/convert_to_openid")
def to_openid(call: ApiCall) -> Answer:
    """Not for wo… (41056)."""
    return {"openid": conversions.to_openid(call.text("external_userid"))}


@endpoint("externalcontact/unionid_to_external_userid")
def unionid_to_external_userid(call: ApiCall) -> Answer:
    """For the company's own mini program; a person who is no customer is 84061."""
    _require_bound()
    customer = conversions.by_unionid(call.text("unionid"), call.text("openid"))
    if customer is None:
        raise Refused(84061)
    return {"external_userid": customer.external_userid}


@endpoint("idconvert/unionid_to_external_userid")
def unionid_or_pending_id(call: ApiCall) -> Answer:
    """Somebody who is no customer yet has only a pending_id."""
    _require_bound()
    customer = conversions.by_unionid(call.text("unionid"), call.text("openid"))
    if customer is None:
        return {"pending_id": conversions.pending_id(call.text("unionid"))}
    return {"external_userid": customer.external_userid}


@endpoint("idconvert/batch/external_userid_to_pending_id")
def pending_ids(call: ApiCall) -> Answer:
    """Joins a customer with the pending_id from before; others are left out."""
    asked = call.texts("external_userid")
    if not asked:
        raise Refused(40063)
    if len(asked) > _PENDING_MAX:
        raise Refused(40032)
    known = Customer.objects.filter(external_userid__in=asked).exclude(unionid="")
    return {
        "result": [
            {
                "external_userid": customer.external_userid,
                "pending_id": conversions.pending_id(customer.unionid),
            }
            for customer in known.order_by("id")
        ]
    }


@endpoint("externalcontact/get_new_external_userid")
def new_external_userids(call: ApiCall) -> Answer:
    """The migration is over: every id is its own new one."""
    asked = call.texts("external_userid_list")
    if len(asked) > _NEW_MAX:
        raise Refused(40032)
    known = Customer.objects.filter(external_userid__in=asked).order_by("id")
    items = [
        {"external_userid": id, "new_external_userid": id}
        for id in known.values_list("external_userid", flat=True)
    ]
    return {"items": items}


@endpoint("externalcontact/to_service_external_userid")
def to_service(call: ApiCall) -> Answer:
    """The id that a provider would see."""
    customer = conversions.customer_named(call.text("external_userid"))
    return {"external_userid": _service_id(customer)}


@endpoint("externalcontact/from_service_external_userid")
def from_service(call: ApiCall) -> Answer:
    """Back from the provider's id."""
    for customer in Customer.objects.iterator():
        if _service_id(customer) == call.text("external_userid"):
            return {"external_userid": customer.external_userid}
    raise Refused(40096)


@endpoint("idconvert/external_tagid")
def external_tagids(call: ApiCall) -> Answer:
    """A provider's tag ids; unknown ones are named."""
    asked = call.texts("external_tagid_list")
    if len(asked) > _NEW_MAX:
        raise Refused(40032)
    known = CorpTag.objects.filter(tag_id__in=asked, deleted=False).order_by("id")
    found = list(known.values_list("tag_id", flat=True))
    return {
        "items": [{"external_tagid": id, "open_external_tagid": ids.tag_id(id)} for id in found],
        "invalid_external_tagid_list": [id for id in asked if id not in found],
    }


@endpoint("externalcontact/contact_list")
def contact_list(call: ApiCall) -> Answer:
    """§8.9: everybody who was served, with a name; ids for four hours for those who left."""
    rows = Follow.objects.filter(user__in=scope.users_of(call.app)).select_related(
        "user", "customer"
    )
    of = f"served/{call.app.slug}"
    page, cursor = page_of(call, rows, of=of, most=_SERVED_PAGE, default=_SERVED_PAGE)
    return {"info_list": [_served(follow) for follow in page], "next_cursor": cursor}


def _served(follow: Follow) -> dict[str, object]:
    """Somebody who is no customer has a temporary id and a masked name only."""
    row: dict[str, object] = {
        "is_customer": follow.deleted_at is None,
        "tmp_openid": ids.random_text(32),
        "add_time": int(follow.created_at.timestamp()),
    }
    if follow.deleted_at is not None:
        return row | {"name": f"{follow.customer.name[:1]}**"}
    return row | {
        "external_userid": follow.customer.external_userid,
        "name": follow.customer.name,
        "follow_userid": follow.user.userid,
    }


def _service_id(customer: Customer) -> str:
    return ids.external_userid(f"service/{customer.external_userid}", kind=customer.type)


def _require_bound() -> None:
    if not Corp.objects.filter(unionid_bound=True).exists():
        raise Refused(41057)
