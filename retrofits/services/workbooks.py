"""Many installations from one workbook: all of it or nothing, every fault with its cell."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.files import TooLarge, delete_file, open_file, store_file
from core.refusals import Refused
from households.indexes import door_index
from households.models import Document
from jobs.services import enqueue
from programmes.models import Programme
from retrofits.faults import Fault, Faulty
from retrofits.importing import SheetEntry, read_entries
from retrofits.models import InstallationImport, Task
from retrofits.services.installations import record_installation
from retrofits.services.ledgers import differences

KIND, RIGHT = "retrofits.record_workbook", "installations.record"
MAX_ROWS = 5000
State = InstallationImport.State
Commit = Callable[[], AbstractContextManager[Any]]
Step = Callable[[int, int], None]


def start_workbook(
    *,
    programme: Programme | None,
    area_code: str,
    content: Iterable[bytes],
    file_name: str,
    by: User,
    is_ledger: bool = False,
) -> InstallationImport:
    """Keep an uploaded workbook and ask for it to be recorded; an enterprise's own ledger is only compared (L-78)."""
    if programme is None or not area_code or not by.has_right(RIGHT, area_code):
        raise Refused("NO_PROGRAMME", gettext_lazy("Choose a programme and a place of yours first."))
    try:
        stored = store_file(content, max_bytes=settings.UPLOAD_MAX_BYTES)
    except TooLarge:
        raise Refused("FILE_TOO_LARGE", gettext_lazy("The file is too large. Split it by village.")) from None
    try:
        with transaction.atomic():
            document = Document.objects.create(
                area_id=area_code, kind="installations", file_name=file_name[-200:], stored_name=stored.key,
                sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
            )  # fmt: skip
            made = InstallationImport.objects.create(
                programme=programme, area_id=area_code, file=document, uploaded_by=by, is_ledger=is_ledger
            )
            made.job = enqueue(kind=KIND, args={"import_id": made.pk}, by=by, area=area_code)
            made.save(update_fields=["job"])
            return made
    except BaseException:
        delete_file(stored.key)
        raise


def record_workbook(
    import_id: int, *, by: User, commit: Commit = nullcontext, step: Step = lambda _done, _all: None
) -> InstallationImport:
    """Read and record: every row, or none with all faults written down. Safe to run again."""
    made = InstallationImport.objects.select_related("file", "programme").get(pk=import_id)
    if made.state != State.READING:
        return made
    try:
        entries = _read(made)
        if made.is_ledger:
            return _compare(made, entries, commit)
        with commit(), transaction.atomic():
            _record(made, entries, by, step)
            _finish(made, State.RECORDED, len(entries), [])
    except Faulty as refusal:
        rows = [{"where": fault.field, "code": fault.code, "sentence": fault.sentence} for fault in refusal.faults]
        with commit(), transaction.atomic():
            _finish(made, State.FAULTY, 0, rows)
    return made


def _compare(made: InstallationImport, entries: list[SheetEntry], commit: Commit) -> InstallationImport:
    if len(entries) > MAX_ROWS:
        raise Faulty("WORKBOOK_FAULTY", gettext_lazy("The workbook can't be read."), [
            _fault(entries[MAX_ROWS], "", "TOO_MANY", _("at most %(limit)d rows at once") % {"limit": MAX_ROWS})
        ])  # fmt: skip
    found = differences(made, entries)
    rows = [{"where": fault.field, "code": fault.code, "sentence": fault.sentence} for fault in found]
    with commit(), transaction.atomic():
        _finish(made, State.COMPARED, len(entries), rows)
    return made


def _finish(made: InstallationImport, state: str, count: int, faults: list[dict[str, str]]) -> None:
    made.state, made.recorded_count, made.faults = state, count, {"rows": faults}
    made.save(update_fields=["state", "recorded_count", "faults"])


def _read(made: InstallationImport) -> list[SheetEntry]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"installations{Path(made.file.file_name).suffix.lower()[:6]}"
        with open_file(made.file.stored_name) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        return read_entries(path)


def _record(made: InstallationImport, entries: list[SheetEntry], by: User, step: Step) -> None:
    faults: list[Fault] = []
    for number, row in enumerate(entries[:MAX_ROWS], 1):
        faults += _record_row(made, row, by)
        step(number, len(entries))
    if len(entries) > MAX_ROWS:
        faults.append(_fault(row, "", "TOO_MANY", _("at most %(limit)d rows at once") % {"limit": MAX_ROWS}))
    if faults:
        raise Faulty("WORKBOOK_FAULTY", gettext_lazy("%(count)d things of the workbook need a change."), faults)


def _record_row(made: InstallationImport, row: SheetEntry, by: User) -> list[Fault]:
    """Faults of one row; rows before it already stand in this transaction, so doubles inside the file are found."""
    task = _task_of(made, row)
    if task is None:
        words = _(
            "no task of this programme fits: give the dwelling number, or village and door number as on the roster"
        )
        return [_fault(row, "dwelling_no" if row.dwelling_no else "door_no", "NO_TASK", words)]
    try:
        record_installation(task=task, entry=row.entry, by=by)
    except Faulty as refusal:
        return [_fault(row, fault.field, fault.code, fault.sentence) for fault in refusal.faults]
    except Refused as refusal:
        return [_fault(row, "", refusal.code, refusal.sentence)]
    except PermissionDenied:
        return [_fault(row, "village_name", "NO_RIGHT", _("you may not record installations there"))]
    return []


def _fault(row: SheetEntry, name: str, code: str, sentence: str) -> Fault:
    return Fault(row.where(name), code, sentence)


def _task_of(made: InstallationImport, row: SheetEntry) -> Task | None:
    """By dwelling number, otherwise by village and door; only inside the place the workbook was uploaded for."""
    tasks = Task.objects.within(made.area_id).filter(programme=made.programme).exclude(state=Task.State.WITHDRAWN)
    tasks = tasks.select_related("technology", "area__parent", "programme")
    if row.dwelling_no:
        return tasks.filter(dwelling__dwelling_no=row.dwelling_no).first()
    village, door = row.entry.village_name, row.entry.door_no.replace(" ", "")
    codes = set(tasks.filter(area__name=village).values_list("area_id", flat=True))
    indexes = [door_index(code, door) for code in codes if door]
    return tasks.filter(area_id__in=codes, dwelling__door_no_index__in=indexes).first() if indexes else None
