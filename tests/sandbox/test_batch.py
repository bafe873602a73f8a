"""The batch import of members and departments from CSV files."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from guideapp.sandbox.models import Department, User
from guideapp.wecom.crypto import CallbackCrypto

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CALLBACK = {"url": "http://127.0.0.1:1/batch/", "token": "batch-token", "encodingaeskey": KEY}
MEMBERS = "姓名,帐号,手机号,所在部门\n"
EVERYBODY = "".join(
    f",{userid},,\n" for userid in ("linxm", "chenyu", "hejs", "zhaoke", "sunlan", "wangsi")
)
PARTIES = "部门名称,部门ID,父部门ID,排序\n青禾服饰,1,0,\n"


@pytest.fixture
def sync(played) -> str:
    return played.token(secret="test-contacts-secret")


def uploaded(played, sync, text) -> str:
    answer = played.client.post(
        f"/sandbox/cgi-bin/media/upload?access_token={sync}&type=file",
        {"media": SimpleUploadedFile("batch.csv", text.encode())},
    )
    return answer.json()["media_id"]


def start(played, sync, name, text, **more) -> dict:
    body = {"media_id": uploaded(played, sync, text), **more}
    return played.post(f"batch/{name}", sync, body)


def done(played, sync, name, text) -> dict:
    job = start(played, sync, name, text)["jobid"]
    return played.get("batch/getresult", access_token=sync, jobid=job)


def test_members_in_the_file_are_made_or_changed_and_others_stay(played, sync):
    text = f"{MEMBERS}新人,newbie,13700000000,3;4\n林晓满,linxm,,\n坏,bad,13900000002,3\n"
    answer = done(played, sync, "syncuser", text)
    assert (answer["errcode"], answer["status"], answer["type"]) == ("0", 3, "sync_user")
    assert [row["errcode"] for row in answer["result"]] == [0, 0, 60104]
    assert User.objects.named("newbie").department_ids() == [3, 4]
    assert User.objects.named("linxm").name == "林晓满"
    assert User.objects.named("linxm").mobile == "13900000001"
    assert User.objects.present().count() == 7


def test_an_unknown_department_is_made_apart(played, sync):
    done(played, sync, "syncuser", f"{MEMBERS}新人,newbie,13700000000,88\n")
    made = Department.objects.get(pk=88)
    assert Department.objects.get(pk=made.parent_id).name == "其他（待设置部门）"


def test_a_full_import_deletes_who_is_missing(played, sync):
    answer = done(played, sync, "replaceuser", MEMBERS + EVERYBODY.replace(",wangsi,,\n", ""))
    assert answer["result"][-1]["userid"] == "wangsi"
    assert User.objects.named("wangsi") is None


def test_a_full_import_that_would_delete_too_many_does_nothing(played, sync):
    answer = start(
        played, sync, "replaceuser", f"{MEMBERS}新人,newbie,13700000000,3\n", callback=CALLBACK
    )
    assert answer["errcode"] == "0"
    assert User.objects.present().count() == 6
    assert "<ErrCode>45026</ErrCode>" in played.waiting()[0].plain


def test_the_outcome_is_told_to_the_address_that_the_job_named(played, sync):
    text = f"{MEMBERS}新人,newbie,13700000000,3\n"
    job = start(played, sync, "syncuser", text, callback=CALLBACK)["jobid"]
    (row,) = played.waiting()
    assert row.url == CALLBACK["url"]
    assert f"<BatchJob><JobId><![CDATA[{job}]]></JobId>" in row.plain
    assert "<JobType><![CDATA[sync_user]]></JobType><ErrCode>0</ErrCode>" in row.plain
    assert "ChangeType" not in row.plain
    crypto = CallbackCrypto("batch-token", KEY, "ww0a1b2c3d4e5f6071")
    sealed = row.body.split("<Encrypt><![CDATA[")[1].split("]")[0]
    assert crypto.decrypt(**row.query, encrypt=sealed).decode() == row.plain


@pytest.mark.parametrize(
    "callback", [{"url": "http://127.0.0.1/"}, CALLBACK | {"url": "https://elsewhere.example/"}]
)
def test_addresses_that_are_refused(played, sync, callback):
    assert start(played, sync, "syncuser", MEMBERS, callback=callback)["errcode"] == 40058


def test_departments_become_as_in_the_file(played, sync):
    text = f"{PARTIES}华东大区,2,1,20\n星河里店,3,1,30\n武康路店,4,2,10\n总部,9,1,10\n新店,12,2,\n"
    answer = done(played, sync, "replaceparty", text)
    actions = {row["partyid"]: row["action"] for row in answer["result"]}
    assert actions == {1: 0, 2: 2, 3: 4 | 8, 4: 0, 9: 0, 12: 1}
    assert Department.objects.get(pk=3).parent_id == 1


def test_a_department_missing_in_the_file_goes_only_when_it_is_empty(played, sync):
    Department.objects.create(id=12, name="空店", parent_id=1)
    done(played, sync, "replaceparty", f"{PARTIES}华东区,2,1,\n")
    left = set(Department.objects.values_list("pk", flat=True))
    assert left == {1, 2, 3, 4, 9}


@pytest.mark.parametrize(
    ("name", "text", "errcode"),
    [
        ("syncuser", "名字\n谁\n", 40092),
        ("syncuser", f"{MEMBERS}一,a,,\n二,A,,\n", 302003),
        ("replaceparty", f"{PARTIES}甲,2,1,\n乙,2,1,\n", 302006),
        ("replaceparty", f"{PARTIES}甲,2,1,\n甲,3,1,\n", 302007),
        ("replaceparty", f"{PARTIES}甲,2,77,\n", 302004),
    ],
)
def test_files_that_end_the_job(played, sync, name, text, errcode):
    start(played, sync, name, text, callback=CALLBACK)
    assert f"<ErrCode>{errcode}</ErrCode>" in played.waiting()[0].plain


def test_only_the_last_five_jobs_are_kept(played, sync):
    jobs = [start(played, sync, "syncuser", MEMBERS)["jobid"] for _ in range(6)]
    answers = [played.get("batch/getresult", access_token=sync, jobid=job) for job in jobs]
    assert [answer["errcode"] for answer in answers] == [40089, *["0"] * 5]
    unknown = played.get("batch/getresult", access_token=sync, jobid="x")
    assert unknown["errcode"] == 40088


def test_without_a_file_and_with_the_apps_secret_there_is_no_job(played, sync):
    assert played.post("batch/syncuser", sync, {})["errcode"] == 41006
    assert played.post("batch/syncuser", sync, {"media_id": "x"})["errcode"] == 40007
    assert played.post("batch/syncuser", played.token(), {})["errcode"] == 48002
