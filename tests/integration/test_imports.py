"""Files: tried first, then imported; whatever wrote them, and never twice."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from guideapp.attribution.models import Order
from guideapp.core.clock import now
from guideapp.core.jobs.models import Job
from guideapp.core.jobs.worker import run_due
from guideapp.core.models import AuditEntry
from guideapp.integration.errors import ImportNotChecked
from guideapp.integration.models import ImportRun
from guideapp.integration.services import (
    RESOURCES,
    confirm_import,
    fields_of,
    report_of,
    start_import,
)
from guideapp.integration.services import imports as service
from guideapp.integration.services.import_columns import field_named
from guideapp.integration.services.imports import run_import
from guideapp.members.models import Member
from guideapp.members.services import save_members
from guideapp.organisation.models import HrPerson
from tests.factories import make_brand, make_region, make_store

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS = "会员号,姓名,手机号\nM1,周晚晴,13800002046\nM2,沈清,13800002047\n"


def tried(content: str | bytes, resource: str = "members") -> ImportRun:
    """A run that was tried to its end."""
    raw = content.encode() if isinstance(content, str) else content
    run = start_import(
        resource=resource, upload=SimpleUploadedFile("表.csv", raw), actor_userid="wangsi"
    )
    run_due()
    run.refresh_from_db()
    return run


def imported(content: str | bytes, resource: str = "members") -> ImportRun:
    """The same, imported for good."""
    run = confirm_import(run=tried(content, resource), actor_userid="wangsi")
    run_due()
    run.refresh_from_db()
    return run


def ends(run: ImportRun) -> tuple[str, int, int, int, int]:
    return run.state, run.created, run.updated, run.unchanged, run.refused


def sheet(*rows: list[Any]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return target.getvalue()


def test_a_trial_writes_nothing_and_says_what_would_happen():
    assert ends(tried(MEMBERS)) == ("checked", 2, 0, 0, 0)
    assert not Member.objects.exists()


def test_the_second_run_of_the_same_file_changes_nothing():
    assert ends(imported(MEMBERS)) == ("done", 2, 0, 0, 0)
    assert ends(imported(MEMBERS)) == ("done", 0, 0, 2, 0)
    assert Member.objects.get(number="M1").name == "周晚晴"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_reads_the_same(encoding, delimiter):
    imported(MEMBERS.replace(",", delimiter).encode(encoding))
    assert list(Member.objects.order_by("number").values_list("name", flat=True)) == [
        "周晚晴",
        "沈清",
    ]


def test_numbers_and_days_of_a_spreadsheet_are_read_as_they_were_typed():
    day = datetime(2026, 11, 1)  # noqa: DTZ001 -- a spreadsheet's day has no zone
    left = sheet(
        ["工号", "姓名", "手机号", "性别", "离职日期"], [10086, "唐果", 13900001001, "女", day]
    )
    assert ends(imported(left, "guides")) == ("done", 1, 0, 0, 0)
    person = HrPerson.objects.get()
    assert (person.staff_no, person.phone, person.gender) == ("10086", "+8613900001001", 2)
    assert person.left_on.isoformat() == "2026-11-01"


def test_a_bad_row_is_told_with_its_number_and_the_others_are_taken():
    run = imported(MEMBERS + "M3,没号码,12\n")
    assert ends(run) == ("done", 2, 0, 0, 1)
    finding = run.findings.get()
    assert (finding.row, finding.field) == (4, "phone")
    assert "4,phone" in report_of(run)


def test_an_order_with_several_lines_is_one_record():
    make_store(code="QH001")
    rows = (
        "order_no,store,ordered_at,lines.sku_code,lines.title,lines.amount_fen\n"
        "O1,QH001,2026-11-01 10:00,S1,大衣,90000\n"
        "O1,QH001,2026-11-01 10:00,S2,围巾,10000\n"
        "O2,QH001,2026-11-01 11:00,S1,大衣,90000\n"
    )
    assert ends(imported(rows, "orders")) == ("done", 2, 0, 0, 0)
    assert Order.objects.get(order_no="O1").lines.count() == 2


def test_one_number_at_two_stores_of_a_mall_is_two_orders():
    make_store(code="A1")
    make_store(code="B1", region=make_region(brand=make_brand(name="乙")))
    rows = (
        "order_no,store,ordered_at,lines.sku_code,lines.title,lines.amount_fen\n"
        "O1,A1,2026-11-01 10:00,S1,大衣,90000\n"
        "O1,B1,2026-11-01 10:00,S2,围巾,10000\n"
        "O1,,,S3,手套,500\n"  # goes on with the order above
    )
    assert ends(imported(rows, "orders")) == ("done", 2, 0, 0, 0)
    told = dict(Order.objects.values_list("store__code", "amount_fen"))
    assert told == {"A1": 90000, "B1": 10500}


def test_lines_of_an_unpaid_order_may_stand_apart_in_the_file():
    make_store(code="QH001")
    rows = (
        "order_no,store,state,ordered_at,lines.sku_code,lines.title,lines.amount_fen\n"
        "O1,QH001,unpaid,2026-11-01 10:00,S1,大衣,90000\n"
        "O2,QH001,unpaid,2026-11-01 11:00,S1,大衣,90000\n"
        "O1,QH001,unpaid,2026-11-01 10:00,S2,围巾,10000\n"
    )
    assert ends(imported(rows, "orders")) == ("done", 2, 0, 0, 0)
    assert Order.objects.get(order_no="O1").amount_fen == 100000


def test_a_day_that_no_calendar_has_is_a_file_that_cannot_be_read():
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["会员号", "姓名"])
        page.write(1, 0, 1e300, book.add_format({"num_format": "[h]:mm"}))
    run = tried(target.getvalue())
    assert (run.state, "打不开" in run.error) == ("failed", True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "空的"),
        ("姓名\n周晚晴\n", "缺少这些列"),
        ("会员号,number\nM1,M1\n", "出现了两次"),
        (b"\x89PNG\r\n\0\0", "只收 CSV 和 XLSX"),
        (b"PK\x03\x04nothing", "打不开"),
        ('会员号,姓名\n"M1,周\n', "引号"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content, words):
    run = tried(content)
    assert run.state == "failed"
    assert words in run.error


def test_more_rows_than_allowed_are_refused(monkeypatch):
    monkeypatch.setattr("guideapp.integration.services.import_reading.MAX_ROWS", 2)
    assert "超过" in tried(MEMBERS + "M3,三,\n").error


def test_a_column_of_no_use_is_pointed_out():
    run = tried("会员号,姓名,心情\nM1,周晚晴,好\n")
    assert run.state == "checked"
    assert run.findings.get().code == "unused_column"


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(monkeypatch):
    run = confirm_import(run=tried(MEMBERS), actor_userid="wangsi")
    monkeypatch.setattr(service, "_SECONDS_A_JOB", -1)
    run_import.call(run.pk)  # its time is over before the first chunk: another job goes on
    run.refresh_from_db()
    assert (run.state, run.row) == ("running", 0)
    assert Job.objects.filter(task__endswith="run_import", state="ready").count() == 2
    monkeypatch.undo()
    run_due()
    run.refresh_from_db()
    assert ends(run) == ("done", 2, 0, 0, 0)


def test_what_a_member_system_said_later_is_not_overwritten_by_an_older_upload():
    run = confirm_import(run=tried(MEMBERS), actor_userid="wangsi")
    later = {"number": "M1", "name": "周晚晴（新）", "as_of": now() + timedelta(seconds=30)}
    save_members([later], source="crm", brands=None)
    run_due()
    run.refresh_from_db()
    assert ends(run)[:4] == ("done", 1, 0, 1)
    assert Member.objects.get(number="M1").name == "周晚晴（新）"


def test_a_trial_that_is_confirmed_later_is_as_old_as_its_upload():
    run = tried(MEMBERS)
    save_members([{"number": "M1", "name": "周晚晴（新）"}], source="crm", brands=None)
    confirm_import(run=run, actor_userid="wangsi")
    run_due()
    assert Member.objects.get(number="M1").name == "周晚晴（新）"


def test_nothing_is_imported_before_it_was_tried():
    run = ImportRun.objects.create(resource="members", name="x", started_by="wangsi")
    with pytest.raises(ImportNotChecked):
        confirm_import(run=run, actor_userid="wangsi")


def test_two_taps_are_one_import():
    run = tried(MEMBERS)
    one = confirm_import(run=run, actor_userid="wangsi")
    assert confirm_import(run=run, actor_userid="wangsi") == one
    assert AuditEntry.objects.filter(action="import_started").count() == 1


def test_no_cell_of_the_report_is_a_formula():
    run = tried('会员号,姓名,"=HYPERLINK(""x"")"\nM1,周晚晴,1\n')
    assert "'=HYPERLINK" in report_of(run)


def test_the_page_takes_a_file_and_shows_the_trial(as_admin):
    form = {"resource": "members", "file": SimpleUploadedFile("会员.csv", MEMBERS.encode())}
    answer = as_admin.post(reverse("imports:upload"), form)
    run = ImportRun.objects.get()
    assert answer["Location"] == reverse("imports:run", args=[run.pk])
    run_due()
    page = as_admin.get(answer["Location"]).content.decode()
    assert "检查完了，还没写入" in page
    assert "正式导入" in page


def test_importing_for_good_asks_for_a_fresh_qr_login(client_for, as_admin):
    silent = client_for(as_admin.guide, by_qr=False)
    answer = silent.post(reverse("imports:confirm", args=[tried(MEMBERS).pk]))
    assert answer["Location"] == reverse("organisation:again")


@pytest.mark.parametrize("runs", [1, 20])
def test_the_list_costs_the_same_however_many_runs(as_admin, runs, django_assert_max_num_queries):
    for number in range(runs):
        ImportRun.objects.create(resource="members", name=f"{number}.csv", started_by="wangsi")
    with django_assert_max_num_queries(5):
        as_admin.get(reverse("imports:list"))


@pytest.mark.parametrize("name", RESOURCES)
def test_an_empty_table_has_headings_that_are_read_again(as_admin, name):
    page = as_admin.get(reverse("imports:template", args=[name])).content.decode("utf-8-sig")
    known = fields_of(RESOURCES[name])
    read = [field_named(title, known).partition(".")[0] for title in page.strip().split(",")]
    assert set(read) == set(known)


@pytest.mark.parametrize("size", [50, 3 * 1024 * 1024])  # in memory, in a temporary file
def test_a_table_that_finds_no_room_is_told_so_and_leaves_no_run(as_admin, settings, size):
    settings.MEDIA_ROOT = settings.FILE_UPLOAD_TEMP_DIR = "/dev/null/full"
    as_admin.handler.enforce_csrf_checks = True  # the token is what the form is first read for
    as_admin.get(reverse("imports:list"))
    token = as_admin.cookies[settings.CSRF_COOKIE_NAME].value
    body = {"resource": "members", "csrfmiddlewaretoken": token}
    file = SimpleUploadedFile("表.csv", b"x" * size)
    response = as_admin.post(reverse("imports:upload"), body | {"file": file})
    assert response.status_code == 507
    assert "存不下了，文件没有保存，请联系管理员" in response.text
    assert not ImportRun.objects.exists()
