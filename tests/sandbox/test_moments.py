"""Moments: a job, members who publish, who sees it and who reacts; no event."""

import pytest

from guideapp.sandbox import clock
from guideapp.sandbox.models import CorpTag
from guideapp.sandbox.services import ids, media

ADD = "externalcontact/add_moment_task"
JOB = "externalcontact/get_moment_task_result"
TASK = "externalcontact/get_moment_task"
LIST = "externalcontact/get_moment_list"
CHOSEN = "externalcontact/get_moment_customer_list"
SEEN = "externalcontact/get_moment_send_result"
COMMENTS = "externalcontact/get_moment_comments"
CANCEL = "externalcontact/cancel_moment_task"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
GOLD = ids.tag_id("会员等级/金卡")


def picture(scene=1):
    row = media.upload_attachment(
        scene=scene, kind="image", filename="图.png", content_type="image/png", content=PNG
    )
    return row.media_id


def image(media_id):
    return {"msgtype": "image", "image": {"media_id": media_id}}


def add(played, **change):
    body = {"text": {"content": "秋装到店"}} | change
    return played.post(ADD, played.token(), body)


def made(played, **change):
    """moment_id of a moment whose members have it."""
    jobid = add(played, **change)["jobid"]
    clock.advance(5)
    return played.get(JOB, access_token=played.token(), jobid=jobid)["result"]["moment_id"]


def ask(played, path, **body):
    return played.post(path, played.token(), body)


def test_the_job_starts_runs_and_is_done(played):
    jobid = add(played)["jobid"]

    def status():
        return played.get(JOB, access_token=played.token(), jobid=jobid)["status"]

    assert status() == 1
    clock.advance(1)
    assert status() == 2
    clock.advance(1)
    assert ask(played, JOB, jobid=jobid)["status"] == 3
    clock.advance(24 * 3600)
    assert ask(played, JOB, jobid=jobid)["errcode"] == 40058


def test_its_result_names_what_was_unusable(played):
    range_ = {
        "sender_list": {"user_list": ["linxm", "ghost"], "department_list": [99]},
        "external_contact_list": {"tag_list": [GOLD, "etNone"]},
    }
    jobid = add(played, visible_range=range_)["jobid"]
    clock.advance(2)
    answer = ask(played, JOB, jobid=jobid)
    assert answer["type"] == "add_moment_task"
    assert answer["result"]["invalid_sender_list"] == {
        "user_list": ["ghost"],
        "department_list": [99],
    }
    assert answer["result"]["invalid_external_contact_list"] == {"tag_list": ["etNone"]}


@pytest.mark.parametrize(
    ("range_", "members"),
    [
        ({}, {"linxm", "chenyu", "hejs", "zhaoke", "sunlan"}),
        ({"sender_list": {"user_list": ["linxm"]}}, {"linxm"}),
        ({"sender_list": {"department_list": [4]}}, {"zhaoke", "sunlan"}),
        ({"external_contact_list": {"tag_list": [GOLD]}}, {"linxm", "zhaoke"}),
        (
            {
                "sender_list": {"department_list": [3]},
                "external_contact_list": {"tag_list": [GOLD]},
            },
            {"linxm"},
        ),
    ],
)
def test_whose_task_it_becomes(played, range_, members):
    moment_id = made(played, visible_range=range_)
    tasks = ask(played, TASK, moment_id=moment_id)["task_list"]
    assert {row["userid"] for row in tasks} == members
    assert {row["publish_status"] for row in tasks} == {0}


def test_the_members_have_it_a_little_after_the_job(played):
    jobid = add(played)["jobid"]
    clock.advance(2)
    moment_id = ask(played, JOB, jobid=jobid)["result"]["moment_id"]
    assert ask(played, TASK, moment_id=moment_id)["errcode"] == 41079


def test_only_those_with_the_tag_see_it(played):
    moment_id = made(played, visible_range={"external_contact_list": {"tag_list": [GOLD]}})
    played.raise_event("moment_publish", moment_id=moment_id, userid="linxm")
    seen = ask(played, SEEN, moment_id=moment_id, userid="linxm")["customer_list"]
    assert seen == [{"external_userid": played.customer("zhou")}]


def test_the_range_chosen_stays_while_a_lost_customer_sees_it_no_more(played):
    moment_id = made(played)
    pair = [played.customer("zhou"), played.customer("juzi")]
    played.raise_event("moment_publish", moment_id=moment_id, userid="linxm", external_userids=pair)
    played.raise_event("del_follow_user", userid="linxm", external_userid=pair[1])
    chosen = ask(played, CHOSEN, moment_id=moment_id, userid="linxm", limit=1)
    assert chosen["customer_list"] == [{"userid": "linxm", "external_userid": pair[0]}]
    rest = ask(played, CHOSEN, moment_id=moment_id, userid="linxm", cursor=chosen["next_cursor"])
    assert [row["external_userid"] for row in rest["customer_list"]] == [pair[1]]
    seen = ask(played, SEEN, moment_id=moment_id, userid="linxm")["customer_list"]
    assert [row["external_userid"] for row in seen] == [pair[0]]
    assert [row.change_type for row in played.waiting()] == ["del_follow_user"]


def test_likes_and_comments_tell_who_and_when_but_no_words(played):
    moment_id = made(played)
    played.raise_event("moment_publish", moment_id=moment_id, userid="linxm")
    pair = {"moment_id": moment_id, "userid": "linxm"}
    zhou = played.customer("zhou")
    played.raise_event("moment_like", **pair, person=zhou)
    played.raise_event("moment_comment", **pair, person="linxm")
    answer = ask(played, COMMENTS, **pair)
    (like,), (comment,) = answer["like_list"], answer["comment_list"]
    assert set(like) == {"external_userid", "create_time"}
    assert (like["external_userid"], comment["userid"]) == (zhou, "linxm")


def test_the_list_holds_the_companys_and_the_members_own(played):
    pictures = [picture(), picture()]
    made(played, attachments=[image(media_id) for media_id in pictures])
    played.raise_event("moment_personal", userid="chenyu", text="下雨了")
    gone = played.raise_event("moment_personal", userid="linxm", text="错了")["moment_id"]
    played.raise_event("moment_delete", moment_id=gone)
    now = clock.unix_now()
    body = {"start_time": now - 60, "end_time": now + 60}
    company, personal = ask(played, LIST, **body)["moment_list"]
    assert "creator" not in company
    assert company["image"] == [{"media_id": media_id} for media_id in pictures]
    assert (company["create_type"], company["visible_type"]) == (0, 1)
    assert company["create_time"].isdigit()
    assert (personal["creator"], personal["text"]) == ("chenyu", {"content": "下雨了"})
    assert len(ask(played, LIST, **body, filter_type=1)["moment_list"]) == 1
    assert ask(played, LIST, start_time=now - 31 * 24 * 3600, end_time=now)["errcode"] == 40058


def test_a_personal_moment_has_no_tasks(played):
    moment_id = played.raise_event("moment_personal", userid="chenyu", text="雨")["moment_id"]
    assert ask(played, TASK, moment_id=moment_id)["errcode"] == 41067
    assert ask(played, SEEN, moment_id=moment_id, userid="chenyu")["customer_list"]


def test_reads_of_what_is_not_there(played):
    moment_id = made(played, visible_range={"sender_list": {"user_list": ["linxm"]}})
    assert ask(played, TASK)["errcode"] == 41059
    assert ask(played, TASK, moment_id="momNone")["errcode"] == 41060
    assert ask(played, SEEN, moment_id=moment_id, userid="chenyu")["errcode"] == 41061
    assert ask(played, COMMENTS, moment_id=moment_id, userid="linxm")["errcode"] == 41062


def test_cancelling_stops_those_who_have_not_published(played):
    moment_id = made(played)
    played.raise_event("moment_publish", moment_id=moment_id, userid="linxm")
    assert ask(played, CANCEL, moment_id=moment_id)["errcode"] == 0
    late = {"type": "moment_publish", "moment_id": moment_id, "userid": "chenyu"}
    assert played.post_page("control/events", late)[0] == 400
    assert ask(played, SEEN, moment_id=moment_id, userid="linxm")["errcode"] == 0


def test_too_many_running_jobs(played):
    played.raise_event("campaign_rules", moment_jobs_max=1)
    assert add(played)["errcode"] == 0
    assert add(played)["errcode"] == 41078
    clock.advance(2)
    assert add(played)["errcode"] == 0


def test_tags_of_a_rule_group_cannot_be_used(played):
    tag = CorpTag.objects.get(tag_id=GOLD)
    tag.group.strategy_id = 7
    tag.group.save()
    range_ = {"external_contact_list": {"tag_list": [GOLD]}}
    jobid = add(played, visible_range=range_)["jobid"]
    clock.advance(2)
    result = ask(played, JOB, jobid=jobid)["result"]
    assert result["invalid_external_contact_list"] == {"tag_list": [GOLD]}


@pytest.mark.parametrize(
    ("text", "kinds", "errcode", "reason"),
    [
        ("", [], 41089, "text and attachments empty"),
        ("长" * 1334, [], 40058, "invalid text size"),
        ("x" * 2001, [], 40058, "invalid text size"),
        ("好", ["image"] * 10, 41064, "invalid attachments size"),
        ("好", ["image", "link"], 41065, "invalid attachments msgtype"),
        ("好", ["file"], 41065, "invalid attachments msgtype"),
    ],
)
def test_contents_that_are_refused(played, text, kinds, errcode, reason):
    attachments = [{"msgtype": kind, kind: {"media_id": "x"}} for kind in kinds]
    answer = add(played, text={"content": text}, attachments=attachments)
    assert answer["errcode"] == errcode
    assert answer["errmsg"].startswith(reason)


def test_uploads_of_the_other_pools_are_refused(played):
    message = media.upload(kind="image", filename="图.png", content_type="", content=PNG)
    assert add(played, attachments=[image(message.media_id)])["errcode"] == 41072
    assert add(played, attachments=[image(picture(scene=2))])["errcode"] == 41072
    assert add(played, attachments=[image("none")])["errcode"] == 40007
    link = {"title": "秋装", "url": "https://example.com/", "media_id": picture()}
    assert add(played, attachments=[{"msgtype": "link", "link": link}])["errcode"] == 0
    link["title"] = "长" * 22
    assert add(played, attachments=[{"msgtype": "link", "link": link}])["errcode"] == 40058
