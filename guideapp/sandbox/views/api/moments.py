"""Moments (part 2 §6): a job, tasks that members publish, and who saw, liked and commented."""

from functools import partial
from typing import Any

from guideapp.sandbox.clock import now
from guideapp.sandbox.errors import Refused
from guideapp.sandbox.models.campaigns import Moment, MomentReaction, MomentTask
from guideapp.sandbox.services import moments, scope
from guideapp.sandbox.views.api.mass_messages import created_by, span
from guideapp.sandbox.views.api.paging import page_of, slice_of
from guideapp.sandbox.views.api.registry import Answer, ApiCall
from guideapp.sandbox.views.api.registry import endpoint as any_endpoint

endpoint = partial(any_endpoint, customer_contact=True)

SPAN_SECONDS = 30 * 24 * 3600


@endpoint("externalcontact/add_moment_task")
def add_moment_task(call: ApiCall) -> Answer:
    """Answers at once with a job; its result names the moment and what was unusable."""
    content = (call.typed("text", dict) or {}).get("content", "")
    range_ = call.typed("visible_range", dict) or {}
    senders = _dict(range_.get("sender_list"))
    row = moments.create(
        moments.Draft(
            text=content if isinstance(content, str) else "",
            attachments=call.typed("attachments", list) or [],
            users=[id for id in senders.get("user_list") or [] if isinstance(id, str)],
            departments=[id for id in senders.get("department_list") or [] if isinstance(id, int)],
            tags=_dict(range_.get("external_contact_list")).get("tag_list") or [],
        ),
        call.app,
    )
    return {"jobid": row.jobid}


@endpoint("externalcontact/get_moment_task_result")
def moment_task_result(call: ApiCall) -> Answer:
    """GET with jobid in the query, or POST. 1 started, 2 running, 3 done; known for 24 hours."""
    since = now() - moments.JOB_LIFE
    jobid = call.text("jobid")
    row = Moment.objects.filter(jobid=jobid, created_at__gt=since).first() if jobid else None
    if row is None:
        raise Refused(40058, "invalid jobid")
    halfway = row.created_at + (row.done_at - row.created_at) / 2
    status = 3 if row.done_at <= now() else 2 if halfway <= now() else 1
    body: dict[str, Any] = {"status": status, "type": "add_moment_task"}
    if status < 3:
        return body
    done = {"errcode": 0, "errmsg": "ok", "moment_id": row.moment_id}
    return body | {"result": done | row.invalid}


@endpoint("externalcontact/get_moment_list")
def moment_list(call: ApiCall) -> Answer:
    """At most 30 days and 20 a page; deleted ones are not returned."""
    first, last = span(call, SPAN_SECONDS)
    rows = Moment.objects.filter(
        created_by(call), created_at__range=(first, last), deleted_at=None, done_at__lte=now()
    )
    of = f"moments|{call.text('creator')}|{call.integer('filter_type', 2)}"
    page, cursor = page_of(call, rows, of=of, most=20, default=20)
    return {"next_cursor": cursor, "moment_list": [_listed(row) for row in page]}


@endpoint("externalcontact/get_moment_task")
def moment_task(call: ApiCall) -> Answer:
    """Who has published a moment of the company."""
    row = moments.api_named(call.text("moment_id"), of_company=True)
    if not moments.is_dispatched(row):
        raise Refused(41079)
    tasks = row.tasks.filter(user__in=scope.users_of(call.app)).select_related("user")
    page, cursor = page_of(call, tasks, of=row.moment_id, most=1000, default=500)
    return {"next_cursor": cursor, "task_list": [_task(task) for task in page]}


@endpoint("externalcontact/get_moment_customer_list")
def moment_customer_list(call: ApiCall) -> Answer:
    """The customers chosen when publishing."""
    task = moments.published_task(call.text("moment_id"), call.text("userid"))
    of = f"chosen|{task.pk}"
    page, cursor = slice_of(call, task.customers, of=of, most=1000, default=500)
    rows = [{"userid": task.user.userid, "external_userid": id} for id in page]
    return {"next_cursor": cursor, "customer_list": rows}


@endpoint("externalcontact/get_moment_send_result")
def moment_send_result(call: ApiCall) -> Answer:
    """The customers who can see it: those who are still friends."""
    task = moments.published_task(call.text("moment_id"), call.text("userid"))
    of = f"seen|{task.pk}"
    page, cursor = slice_of(call, moments.seen_by(task), of=of, most=5000, default=3000)
    return {"next_cursor": cursor, "customer_list": [{"external_userid": id} for id in page]}


@endpoint("externalcontact/get_moment_comments")
def moment_comments(call: ApiCall) -> Answer:
    """Who and when; never what was written."""
    task = moments.published_task(call.text("moment_id"), call.text("userid"))
    told = list(task.reactions.order_by("id"))
    kinds = MomentReaction.Kind
    return {
        "comment_list": [_reaction(row) for row in told if row.kind == kinds.COMMENT],
        "like_list": [_reaction(row) for row in told if row.kind == kinds.LIKE],
    }


@endpoint("externalcontact/cancel_moment_task")
def cancel_moment_task(call: ApiCall) -> Answer:
    """Only members who have not published are stopped."""
    moments.cancel(call.text("moment_id"))
    return {}


def _listed(row: Moment) -> dict[str, Any]:
    body: dict[str, Any] = {"moment_id": row.moment_id}
    if row.creator:
        body["creator"] = row.creator
    body |= {
        "create_time": str(int(row.created_at.timestamp())),  # as the samples quote it
        "create_type": int(bool(row.creator)),
        "visible_type": int(row.is_public),
    }
    if row.text:
        body["text"] = {"content": row.text}
    kinds = [entry["msgtype"] for entry in row.attachments]
    given = [entry[entry["msgtype"]] for entry in row.attachments]
    if "image" in kinds:
        body["image"] = [{"media_id": entry["media_id"]} for entry in given]
    if "video" in kinds:
        media_id = given[0]["media_id"]
        body["video"] = {"media_id": media_id, "thumb_media_id": media_id}
    if "link" in kinds:
        body["link"] = {"title": given[0].get("title", ""), "url": given[0]["url"]}
    return body


def _task(task: MomentTask) -> dict[str, Any]:
    return {"userid": task.user.userid, "publish_status": int(task.published_at is not None)}


def _reaction(row: MomentReaction) -> dict[str, Any]:
    name = "userid" if row.is_user else "external_userid"
    return {name: row.person, "create_time": int(row.at.timestamp())}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
