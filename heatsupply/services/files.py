"""A company's workbook: kept, read on trial by a job, stored piece by piece by a job that may be killed at any moment.

What a row would do is asked of the kind of file (`Kind`): fees or pipes. Each piece is one transaction that also writes
how far it came (`stored_rows`), so a run that died goes on there and nothing happens twice.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import StoredFile, TooLarge, delete_file, open_file, store_bytes, store_file
from core.refusals import Refused
from core.workbooks.guard import MIB, Limits
from core.workbooks.read import Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused
from heatsupply.exporting import rows_back
from heatsupply.models import HeatImport, HeatingCompany, HeatNetwork
from heatsupply.models.owned import OWN
from heatsupply.rules.sheet_rows import Heads, Problem
from heatsupply.services.permits import may_keep
from households.models import Document
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme

CHECK, STORE = "heatsupply.check_file", "heatsupply.store_file"
FILE_KIND, BACK_KIND = "heat_import", "heat_import_back"
LIMITS = Limits(file_bytes=30 * MIB, unpacked_bytes=300 * MIB, cells=3_000_000, cpu_s=60, wall_s=120)
PIECE = 1_000
"""Rows of one transaction."""
KEPT = 2_000
"""Problems kept with the file; the workbook that goes back has every row."""
Phase = HeatImport.State
Commit = Callable[[], AbstractContextManager[Any]]
Step = Callable[[int, int], None]


class FileRow(Protocol):
    """A row that was understood."""

    sheet: str
    row_no: int


class Sheet(Protocol):
    """What a file says."""

    @property
    def rows(self) -> Sequence[Any]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def seen(self) -> int: ...


@dataclass
class Judged:
    """What some rows would do: counts, problems with what is known, and a text of each row's fate."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)


class Kind(Protocol):
    """What differs between files of fees and of pipes."""

    heads: Heads

    def read(self, book: Workbook, today: date) -> Sheet: ...
    def judge(self, made: HeatImport, rows: Sequence[Any]) -> Judged:
        """Against what is known now; rows it would change are locked until the transaction ends."""

    def store(self, made: HeatImport, judged: Judged, by: User, now: datetime) -> None: ...


_KINDS: dict[str, Kind] = {}


def kind_of_file(name: str, kind: Kind) -> None:
    """Say what a kind of file does."""
    _KINDS[name] = kind


def send_file(
    *, kind: str, company: HeatingCompany, content: Iterable[bytes], file_name: str, by: User, now: datetime,
    programme: Programme | None = None, season: str = "", network: HeatNetwork | None = None,
) -> tuple[HeatImport, bool]:  # fmt: skip
    """Keep the file and ask for its trial. The same file again, with none after it, gives the first one (False).

    Raises `Refused` FILE_TOO_LARGE.
    """
    if not may_keep(by, company):
        raise PermissionDenied(OWN)
    stored = _stored(content)
    try:
        with transaction.atomic():
            HeatingCompany.objects.select_for_update().get(pk=company.pk)
            about = {"kind": kind, "company": company, "season": season, "network": network}
            last = HeatImport.objects.filter(**about).exclude(state=Phase.REFUSED).order_by("-pk").first()
            fresh = last is None or last.file_sha256 != stored.sha256
            made = _begin(about | {"programme": programme}, stored, file_name, by, now) if fresh else last
    except BaseException:
        delete_file(stored.key)
        raise
    if not fresh:
        delete_file(stored.key)
    assert made is not None
    return made, fresh


def _stored(content: Iterable[bytes]) -> StoredFile:
    try:
        return store_file(content, max_bytes=LIMITS.file_bytes)
    except TooLarge:
        said = _("The file is larger than %(most)d MB; split it.")
        raise Refused("FILE_TOO_LARGE", said, most=LIMITS.file_bytes // MIB) from None


def _begin(about: dict[str, Any], stored: StoredFile, file_name: str, by: User, now: datetime) -> HeatImport:
    company = about["company"]
    made = HeatImport.objects.create(
        **about, area_id=company.area_id, file=_document(company, FILE_KIND, stored, file_name, by),
        file_sha256=stored.sha256, sent_by=by, sent_at=now,
    )  # fmt: skip
    return look_again(made=made, by=by)


def _document(company: HeatingCompany, kind: str, stored: StoredFile, name: str, by: User) -> Document:
    return Document.objects.create(
        area_id=company.area_id, kind=kind, file_name=name[-200:], stored_name=stored.key, sha256=stored.sha256,
        size_bytes=stored.size, uploaded_by=by,
    )  # fmt: skip


def look_again(*, made: HeatImport, by: User) -> HeatImport:
    """Ask what the file would do now. Raises `Refused` FILE_STATE (409) once it is being stored."""
    if not may_keep(by, made.company):
        raise PermissionDenied(OWN)
    if made.state not in (Phase.READING, Phase.CHECKED):
        raise _wrong_state(made)
    made.job = enqueue(kind=CHECK, args={"import_id": made.pk}, by=by, area=made.area_id)
    made.save(update_fields=["job"])
    return made


def check_file(import_id: int, *, commit: Commit = nullcontext, step: Step = lambda done, total: None) -> HeatImport:
    """The trial: every row read and judged; nothing is stored but what would happen. Safe to run again."""
    made = _one(import_id)
    if made.state not in (Phase.READING, Phase.CHECKED):
        return made
    kind = _KINDS[made.kind]
    try:
        book = _book(made)
    except WorkbookRefused as refusal:
        with commit(), transaction.atomic():
            return _refuse(import_id, refusal)
    plan = _plan(kind, made, kind.read(book, timezone.localdate(made.sent_at)), step)
    with commit(), transaction.atomic():
        locked: HeatImport = _rows().select_for_update(of=("self",)).get(pk=made.pk)
        if locked.state in (Phase.READING, Phase.CHECKED):
            _note(locked, kind, book, plan)
        return locked


@dataclass
class Plan:
    """What all rows of a file would do."""

    sheet: Sheet
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Of every row's fate: what was shown and what is done must be the same."""
        text = "\n".join([*self.fates, *(f"{one.where} {one.code}" for one in self.problems)])
        return hashlib.sha256(text.encode()).hexdigest()


def _plan(kind: Kind, made: HeatImport, sheet: Sheet, step: Step) -> Plan:
    """Judged piece by piece; the changes themselves are not kept."""
    plan = Plan(sheet, problems=list(sheet.problems))
    for start in range(0, len(sheet.rows), PIECE):
        step(start, len(sheet.rows))
        with transaction.atomic():
            found = kind.judge(made, sheet.rows[start : start + PIECE])
        plan.counts.update(found.counts)
        plan.problems += found.problems
        plan.fates += found.fates
    return plan


def _note(made: HeatImport, kind: Kind, book: Workbook, plan: Plan) -> None:
    faulty = len({one.row for one in plan.problems if one.row[1]})
    made.counts = {"rows": plan.sheet.seen, **plan.counts, "faulty_rows": faulty, "problems": len(plan.problems)}
    made.problems = {"rows": [_told(one) for one in plan.problems[:KEPT]]}
    made.plan_digest = plan.digest
    made.state = Phase.CHECKED if plan.sheet.rows else Phase.REFUSED
    before, made.back = made.back, None
    if faulty:
        stored = store_bytes(rows_back(book, kind.heads, plan.problems))
        made.back = _document(made.company, BACK_KIND, stored, f"{Path(made.file.file_name).stem}.xlsx", made.sent_by)
    made.save(update_fields=["state", "counts", "plan_digest", "problems", "back"])
    if before is not None:
        before.delete()
        transaction.on_commit(lambda: delete_file(before.stored_name))


def _told(one: Problem) -> dict[str, Any]:
    return {"where": one.where, "code": one.code, "value": one.value}


def _refuse(import_id: int, refusal: WorkbookRefused) -> HeatImport:
    made: HeatImport = HeatImport.objects.select_for_update().get(pk=import_id)
    made.state = Phase.REFUSED
    made.problems = {"rows": [{"where": "", "code": refusal.code, "value": "", "params": refusal.values}]}
    made.save(update_fields=["state", "problems"])
    return made


def ask_to_store(*, made: HeatImport, digest: str, in_spite: bool, by: User) -> Job:
    """Store what the trial showed, by a job; what was cut off goes on.

    Raises `Refused` FILE_STATE, PLAN_CHANGED (409), ROWS_FAULTY, NOTHING_NEW.
    """
    if not may_keep(by, made.company):
        raise PermissionDenied(OWN)
    with transaction.atomic():
        kept: HeatImport = _rows().select_for_update(of=("self",)).get(pk=made.pk)
        if kept.state not in (Phase.CHECKED, Phase.STORING) or (kept.state == Phase.STORING and _runs(kept)):
            raise _wrong_state(kept)
        if kept.state == Phase.CHECKED:
            _demand_plan(kept, digest, in_spite)
            kept.state, kept.in_spite, kept.stored_by = Phase.STORING, in_spite, by
        kept.job = enqueue(kind=STORE, args={"import_id": kept.pk}, by=by, area=kept.area_id)
        kept.save(update_fields=["state", "in_spite", "stored_by", "job"])
        return kept.job


def _runs(made: HeatImport) -> bool:
    return made.job is not None and made.job.is_open


def _demand_plan(made: HeatImport, digest: str, in_spite: bool) -> None:
    if digest != made.plan_digest:
        raise _changed()
    if made.counts.get("faulty_rows") and not in_spite:
        said = _("%(n)d rows are faulty: correct them, or tick that the good rows are stored all the same.")
        raise Refused("ROWS_FAULTY", said, n=made.counts["faulty_rows"])
    if not (made.counts.get("new") or made.counts.get("changed")):
        raise Refused("NOTHING_NEW", _("The file says nothing that is not known; there is nothing to store."))


def store_file_rows(
    import_id: int, *, by: User, now: datetime, commit: Commit = nullcontext,
    step: Step = lambda done, total: None, end: Callable[[HeatImport], None] = lambda made: None,
) -> HeatImport:  # fmt: skip
    """Piece by piece from where the last run came to. `end` runs with the last piece, in one transaction with it.

    Raises `Refused` PLAN_CHANGED where something else changed the same rows since the trial: it is looked at anew.
    """
    made = _one(import_id)
    if made.state != Phase.STORING:
        return made
    kind = _KINDS[made.kind]
    book = _book(made)
    sheet = kind.read(book, timezone.localdate(made.sent_at))
    if made.stored_rows == 0:
        plan = _plan(kind, made, sheet, lambda done, total: step(0, total))
        if plan.digest != made.plan_digest:
            with commit(), transaction.atomic():
                _note(made, kind, book, plan)
            raise _changed()
    while made.state == Phase.STORING:
        step(made.stored_rows, len(sheet.rows))
        with commit(), transaction.atomic():
            made = _store_piece(kind, import_id, sheet.rows, by, now)
            if made.state == Phase.STORED:
                end(made)
    return made


def _store_piece(kind: Kind, import_id: int, rows: Sequence[Any], by: User, now: datetime) -> HeatImport:
    made: HeatImport = _rows().select_for_update(of=("self",)).get(pk=import_id)
    if made.state != Phase.STORING:
        return made
    piece = rows[made.stored_rows : made.stored_rows + PIECE]
    judged = kind.judge(made, piece)
    kind.store(made, judged, by, now)
    made.stored_rows += len(piece)
    if judged.problems and made.stored_rows > 0:
        late = [_told(one) for one in judged.problems]
        made.problems = {"rows": [*[one for one in made.said if one not in late], *late]}
    if made.stored_rows >= len(rows):
        made.state, made.stored_at = Phase.STORED, now
    made.save(update_fields=["stored_rows", "counts", "state", "stored_at", "taken", "problems"])
    return made


def _rows() -> Any:
    related = ("company", "programme", "network", "file", "back", "job", "sent_by", "taken")
    return HeatImport.objects.select_related(*related)


def _one(import_id: int) -> HeatImport:
    found: HeatImport = _rows().get(pk=import_id)
    return found


def _book(made: HeatImport) -> Workbook:
    """The file's cells. Raises `WorkbookRefused`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / safe_name(made.file.file_name)
        with open_file(made.file.stored_name) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        return read_workbook(path, limits=LIMITS)


def safe_name(file_name: str) -> str:
    """The file's own name without what could lead elsewhere: a CSV's sheet is called by it."""
    path = Path(file_name)
    return re.sub(r"[^\w-]", "_", path.stem)[:60] + re.sub(r"[^.\w]", "", path.suffix.lower())[:6]


def _wrong_state(made: HeatImport) -> Refused:
    words = _("The file is “%(state)s”; this can't be done now.")
    return Refused("FILE_STATE", words, conflict=True, state=made.get_state_display())


def _changed() -> Refused:
    words = _("Something changed since the file was checked. Look at what it would do now, then store it.")
    return Refused("PLAN_CHANGED", words, conflict=True)
