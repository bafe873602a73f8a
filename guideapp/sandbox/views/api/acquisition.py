"""Acquisition links (part 1 §10). An app sees only links that it made; 客户联系 sees none."""

from functools import partial
from typing import Any

from guideapp.core.clock import day_range
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.acquisition import AcquisitionLink, LinkCustomer
from guideapp.sandbox.services import acquisition, acquisition_quota
from guideapp.sandbox.services.day_span import days_between
from guideapp.sandbox.views.api.paging import page_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True, system_secret=False)

_FOLDER = "externalcontact/customer_acquisition"
_LINKS_PAGE, _CUSTOMERS_PAGE = 100, 1000


@endpoint(f"{_FOLDER}/list_link")
def list_link(call: ApiCall) -> Answer:
    """Ids of links that work."""
    links = AcquisitionLink.objects.filter(slug=call.app.slug, deleted_at=None, is_available=True)
    of = f"links/{call.app.slug}"
    page, cursor = page_of(call, links, of=of, most=_LINKS_PAGE, default=_LINKS_PAGE)
    return {"link_id_list": [link.link_id for link in page], "next_cursor": cursor}


@endpoint(f"{_FOLDER}/get")
def get_link(call: ApiCall) -> Answer:
    """The link itself comes without its id."""
    link = acquisition.own(call.app, call.text("link_id"))
    shown = {
        "link_name": link.name,
        "url": link.url,
        "create_time": int(link.created_at.timestamp()),
        "skip_verify": link.skip_verify,
        "mark_source": link.mark_source,
    }
    range = {"user_list": link.users, "department_list": link.departments}
    answer: dict[str, Any] = {"link": shown, "range": range}
    return answer | ({"priority_option": link.priority} if link.priority else {})


@endpoint(f"{_FOLDER}/create_link")
def create_link(call: ApiCall) -> Answer:
    """The address takes ?customer_channel=."""
    link = acquisition.create(call.app, _given(call), origin=call.origin)
    return {
        "link": {
            "link_id": link.link_id,
            "link_name": link.name,
            "url": link.url,
            "create_time": int(link.created_at.timestamp()),
        }
    }


@endpoint(f"{_FOLDER}/update_link")
def update_link(call: ApiCall) -> Answer:
    """What is not sent stays."""
    acquisition.update(call.app, call.text("link_id"), _given(call))
    return {}


@endpoint(f"{_FOLDER}/delete_link")
def delete_link(call: ApiCall) -> Answer:
    """No event."""
    acquisition.delete(call.app, call.text("link_id"))
    return {}


@endpoint(f"{_FOLDER}/customer")
def link_customers(call: ApiCall) -> Answer:
    """One row for each member whom the link brought the customer to."""
    link = acquisition.own(call.app, call.text("link_id"))
    rows = LinkCustomer.objects.filter(link=link).select_related("user", "customer")
    page, cursor = page_of(call, rows, of=link.link_id, most=_CUSTOMERS_PAGE, default=50)
    listed = [
        {
            "external_userid": row.customer.external_userid,
            "userid": row.user.userid,
            "chat_status": row.chat_status,
            "state": row.state,
        }
        for row in page
    ]
    return {"customer_list": listed, "next_cursor": cursor}


@endpoint("externalcontact/customer_acquisition_quota")
def quota(call: ApiCall) -> Answer:
    """Another path than the rest, and a GET."""
    batches = acquisition_quota.living().order_by("expires_on", "id")
    return {
        "total": acquisition_quota.bought(),
        "balance": acquisition_quota.balance(),
        "quota_list": [
            {
                "expire_date": int(acquisition_quota.ends_at(batch).timestamp()),
                "balance": batch.balance,
            }
            for batch in batches
        ],
    }


@endpoint(f"{_FOLDER}/statistic")
def statistic(call: ApiCall) -> Answer:
    """People who clicked and customers who are new, over whole days."""
    link = acquisition.own(call.app, call.text("link_id"))
    days = days_between(call.integer("start_time"), call.integer("end_time"))
    start, end = day_range(days[0], days[-1])
    clicks = link.clicks.filter(at__gte=start, at__lt=end)
    new = link.customers.filter(added_at__gte=start, added_at__lt=end)
    return {
        "click_link_customer_cnt": clicks.values("customer").distinct().count(),
        "new_customer_cnt": new.values("customer").distinct().count(),
    }


@endpoint(f"{_FOLDER}/get_chat_info")
def get_chat_info(call: ApiCall) -> Answer:
    """Who wrote how many messages, by the ChatKey of an event."""
    if not call.text("chat_key"):
        raise Refused(40063)
    row = acquisition.chat_of(call.app, call.text("chat_key"))
    return {
        "userid": row.brought.user.userid,
        "external_userid": row.brought.customer.external_userid,
        "chat_info": {
            "recv_msg_cnt": row.messages,
            "link_id": row.brought.link.link_id,
            "state": row.brought.state,
        },
    }


def _given(call: ApiCall) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if call.given("link_name"):
        given["link_name"] = call.text("link_name")
    for name in ("skip_verify", "mark_source"):
        if call.given(name):
            given[name] = call.flag(name, default=True)
    for name in ("range", "priority_option"):
        found = call.typed(name, dict)
        if found is not None:
            given[name] = found
    return given
