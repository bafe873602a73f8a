"""Import a file: tried first, then for good, in chunks that a crash cannot lose or double."""

import csv
import io
import secrets
import time
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.tasks import task
from django.utils.translation import gettext as _

from guideapp.core.audit import record_audit
from guideapp.core.clock import now
from guideapp.core.kept_files import files_with_rows, keep_file
from guideapp.core.results import Result, Status
from guideapp.integration.errors import ImportNotChecked
from guideapp.integration.models import ImportFinding, ImportRun
from guideapp.integration.services.import_reading import FileRefused, Item, Table, read_table
from guideapp.integration.services.registry import RESOURCES

MAX_MB = 20
SOURCE = "file"
_CHUNK = 500
_SECONDS_A_JOB = 25  # then the rest is another job: the worker can be stopped in between
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
State = ImportRun.State


def start_import(*, resource: str, upload: "UploadedFile[bytes]", actor_userid: str) -> ImportRun:
    """Keep an uploaded file and have a job try it: nothing is written but the report. Audited.

    Raises FileRefused for a file that is too large, NoRoom when it cannot be kept; what else is
    wrong with it the run says.
    """
    if (upload.size or 0) > MAX_MB * 1024 * 1024:
        raise FileRefused(_("文件最大 %(n)sMB，分成几份再导") % {"n": MAX_MB})
    upload.seek(0)
    content = upload.read()
    name = (upload.name or "").replace("\\", "/").rsplit("/", 1)[-1]
    run = ImportRun(
        resource=resource,
        name="".join(letter for letter in name if letter.isprintable())[:120],
        started_by=actor_userid,
    )
    with files_with_rows():
        run.file = keep_file(f"imports/{secrets.token_hex(16)}.table", content)
        return _begin(run, "import_tried")


@transaction.atomic
def confirm_import(*, run: ImportRun, actor_userid: str) -> ImportRun:
    """Import a file for good that was tried before; a second tap gives the same run. Audited.

    Raises ImportNotChecked before the trial is over, or when the file is gone already.
    """
    locked = ImportRun.objects.select_for_update().get(pk=run.pk)
    if not (locked.is_dry and locked.state == State.CHECKED and locked.file):
        raise ImportNotChecked
    same = ImportRun.objects.filter(file=locked.file.name, is_dry=False).first()
    if same is not None:
        return same
    return _begin(
        ImportRun(
            resource=locked.resource,
            name=locked.name,
            file=locked.file.name,
            is_dry=False,
            started_by=actor_userid,
        ),
        "import_started",
    )


@task(queue_name="bulk")
def run_import(run_id: int) -> None:
    """Go on with a run where it stopped; a chunk that was cut short is done again, harmlessly."""
    run = ImportRun.objects.filter(pk=run_id, state__in=[State.WAITING, State.RUNNING]).first()
    if run is None:
        return
    if not run.file:
        _fail(run, _("文件已经按保留期删掉，重新上传"))
        return
    try:
        table = _open(run)
    except FileRefused as refusal:
        _fail(run, str(refusal.message))
        return
    told_at = _uploaded_at(run)
    stop_at = time.monotonic() + _SECONDS_A_JOB
    while run.row < len(table.items):
        if time.monotonic() > stop_at:
            run_import.enqueue(run.pk)
            return
        _import_chunk(run, table.items[run.row : run.row + _CHUNK], told_at)
    run.state = State.CHECKED if run.is_dry else State.DONE
    run.finished_at = now()
    run.save(update_fields=["state", "finished_at", "updated_at"])


def report_of(run: ImportRun) -> str:
    """Everything that was wrong with the file, as CSV for a spreadsheet; no cell is a formula."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([_("行"), _("列"), _("问题"), _("代码")])
    findings = run.findings.order_by("row", "pk").values_list("row", "field", "message", "code")
    for row, *texts in findings.iterator():
        writer.writerow([row, *(_as_text(text) for text in texts)])
    return "\ufeff" + target.getvalue()


@transaction.atomic
def _begin(run: ImportRun, action: str) -> ImportRun:
    run.save()
    record_audit(
        actor=run.started_by,
        action=action,
        subject=f"import:{run.pk}",
        resource=run.resource,
    )
    run_import.enqueue(run.pk)
    return run


def _open(run: ImportRun) -> Table:
    """The file's records; the first opening counts them and notes the headings of no use."""
    with run.file.open("rb") as stored:
        table = read_table(stored.read(), RESOURCES[run.resource])
    if run.state == State.WAITING:
        with transaction.atomic():
            run.state, run.rows = State.RUNNING, len(table.items)
            run.save(update_fields=["state", "rows", "updated_at"])
            ImportFinding.objects.bulk_create(
                ImportFinding(
                    run=run,
                    row=1,
                    field=title[:40],
                    code="unused_column",
                    message=_("这一列没有用到"),
                )
                for title in table.unknown
            )
    return table


def _uploaded_at(run: ImportRun) -> datetime:
    """When the file came: what is confirmed a day after its trial is a day old."""
    runs = ImportRun.objects.filter(file=run.file.name).order_by("pk")
    return runs.values_list("created_at", flat=True)[0]


def _import_chunk(run: ImportRun, items: list[Item], told_at: datetime) -> None:
    """Load some records, then keep how they ended; `told_at` is their `as_of` unless they say."""
    as_of = {"as_of": told_at.isoformat()}
    results = RESOURCES[run.resource].load(
        [as_of | item.fields for item in items], source=SOURCE, dry_run=run.is_dry
    )
    with transaction.atomic():
        for result in results:
            name = str(result.status)
            setattr(run, name, getattr(run, name) + 1)
        run.row += len(items)
        run.save(update_fields=["row", *Status, "updated_at"])
        ImportFinding.objects.bulk_create(
            _finding(run, items[result.index].row, result) for result in results if result.code
        )


def _finding(run: ImportRun, row: int, result: Result) -> ImportFinding:
    return ImportFinding(
        run=run,
        row=row,
        field=result.field[:40],
        code=result.code[:40],
        message=str(result.message)[:200],
    )


def _fail(run: ImportRun, why: str) -> None:
    run.state, run.error, run.finished_at = State.FAILED, why[:200], now()
    run.save(update_fields=["state", "error", "finished_at", "updated_at"])


def _as_text(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
