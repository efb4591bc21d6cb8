"""Ledgers leave the house: asked for with a reason, written down first, made by a job, handed out by rights."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.acting import actor
from accounts.models import AccessLog, AuditEntry, User
from core import clock
from core.files import StoredFile, delete_file, store_file
from core.refusals import Refused
from core.workbooks.write import Labels, LedgerWriter, Value, WrittenLedger
from households.models import Document
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme
from reports.ledgers.base import Extent, Ledger
from reports.ledgers.bundle import BUNDLE
from reports.ledgers.conditions import conditions
from reports.ledgers.evaluation import EVALUATION
from reports.ledgers.registry import LEDGERS, known_ledger
from reports.models import LedgerExport
from reports.services import bundles, templates

JOB = "reports.export_ledger"
RIGHT, RIGHT_FULL = "ledgers.export", "ledgers.export_full"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
QUICK_FROM = 50_000
AT_ONCE = 5_000
MAX_BYTES = 1 << 30
CHUNK = 1 << 16
TOLD_EVERY = 200
REASON_MIN = 4
MONEY_KEYS = ("amount", "due", "cost")
OR = " or "
NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wish:
    """What somebody wants to take out."""

    kind: str
    programme: Programme
    area_code: str
    query: str = ""
    full: bool = False
    reason: str = ""
    template_id: int | None = None


def ledger_of(kind: str) -> Ledger:
    """The ledger of that kind. Raises `Refused` (NO_SUCH_LEDGER)."""
    ledger = known_ledger(kind)
    if ledger is None:
        names = ", ".join(LEDGERS)
        message = gettext_lazy("There is no ledger “%(kind)s”; choose one of: %(names)s.")
        raise Refused("NO_SUCH_LEDGER", message, kind=kind, names=names)
    return ledger


def demand_rights(wish: Wish, by: User) -> None:
    """Raises `PermissionDenied` without the right over the place, `Refused` for full numbers without a reason."""
    for right in (RIGHT, ledger_of(wish.kind).right, *([RIGHT_FULL] if wish.full else [])):
        _demand(by, right, wish.area_code)
    if wish.full and len(wish.reason.strip()) < REASON_MIN:
        raise Refused("REASON_NEEDED", gettext_lazy("Say why you need the full numbers; the reason is kept for ever."))


def _demand(by: User, right: str, area_code: str) -> None:
    """`right` is one, or several of which one is enough (`@requires("a", "b")`)."""
    if not any(by.has_right(one, area_code) for one in right.split(OR)):
        raise PermissionDenied(right)


@transaction.atomic
def request_export(*, wish: Wish, by: User, address: str | None = None) -> tuple[LedgerExport, Job]:
    """Write down who takes what and why, then ask for the job that makes the file."""
    demand_rights(wish, by)
    export = written_down(wish, by, address)
    job = enqueue(kind=JOB, args={"export_id": export.pk}, by=by, area=wish.area_code)
    return export, job


def export_at_once(*, wish: Wish, by: User, address: str | None = None) -> tuple[LedgerExport, None]:
    """A small one (`AT_ONCE` rows) while the person waits: written down first, then made; no job."""
    demand_rights(wish, by)
    with transaction.atomic():
        export = written_down(wish, by, address)
    make_file(export)
    export.refresh_from_db()
    return export, None


def export_now(*, wish: Wish, by: User | None, target: Path, progress: Progress | None = None) -> LedgerExport:
    """For the command line: the same file in one step, also written to `target` (mode 0600).

    Without `by` only masked numbers leave, over the whole programme. Raises what `demand_rights` raises.
    """
    if by is not None:
        demand_rights(wish, by)
    elif wish.full:
        raise Refused("WHO_ASKS", gettext_lazy("Full numbers leave only for a person: name the account with --as."))
    with transaction.atomic():
        export = written_down(wish, by, None)
    make_file(export, progress=progress, copy_to=target)
    export.refresh_from_db()
    return export


def make_file(
    export: LedgerExport,
    *,
    progress: Progress | None = None,
    commit: Callable[[], AbstractContextManager[Any]] = nullcontext,
    copy_to: Path | None = None,
) -> WrittenLedger | None:
    """Write the workbook, keep it encrypted, note rows, total and hash. Safe to run twice: a made file stays."""
    if export.document_id:
        return None
    ledger, extent = ledger_of(export.kind), extent_of(export)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.xlsx"
        written = write_ledger(ledger, extent, export, path, progress)
        if export.template is not None:
            path = Path(folder) / "filled.xlsx"
            words = templates.words_for(extent, export.area.name, written.rows)
            templates.fill(export.template, ledger, extent, path, words)
        if export.kind == BUNDLE.kind:
            path = Path(folder) / "bundle.zip"
            bundles.write_bundle(path, export, extent, Path(folder) / "ledger.xlsx", progress)
        stored = keep_file(path)
        try:
            with commit(), transaction.atomic():
                _note(export, ledger, written, stored)
        except BaseException:
            delete_file(stored.key)
            raise
        if copy_to is not None:
            _copy(path, copy_to)
    return written


def wish_of(export: LedgerExport) -> Wish:
    """What was wished, from what was written down."""
    return Wish(
        export.kind, export.programme, export.area_id, export.query, export.full_numbers, export.reason,
        export.template_id,
    )  # fmt: skip


def extent_of(export: LedgerExport) -> Extent:
    """What this export covers, seen with the eyes of who asked for it, as his rights are now."""
    return extent_for(
        ledger_of(export.kind), export.programme, export.area_id, export.query, export.requested_by,
        full=export.full_numbers,
    )  # fmt: skip


def extent_for(
    ledger: Ledger, programme: Programme, area_code: str, query: str, by: User | None, *, full: bool = False
) -> Extent:
    """Rows through `visible_to` for a person; for the command line (`by` None) everything of the place."""

    def rows(model: Any) -> Any:
        found = model.objects.all() if by is None else model.objects.visible_to(by, ledger.right)
        return found.within(area_code)

    return Extent(programme, area_code, QueryDict(query), rows, full, by)


def record_download(*, export: LedgerExport, by: User, address: str | None = None) -> None:
    """A line in the access log before the file leaves. Raises `PermissionDenied` when the right is gone."""
    for right in (RIGHT, ledger_of(export.kind).right, *([RIGHT_FULL] if export.full_numbers else [])):
        _demand(by, right, export.area_id)
    sha256 = export.document.sha256 if export.document else ""
    _log(export, by, "download", address, row_count=export.row_count, content_sha256=sha256)


def file_name(export: LedgerExport, at: dt.datetime) -> str:
    """Ledger, place and time, as archives want it."""
    mark = _("full") if export.full_numbers else _("masked")
    title = ledger_of(export.kind).title
    ending = "zip" if export.kind in (BUNDLE.kind, EVALUATION.kind) else "xlsx"
    return f"{title}_{export.area.name}_{timezone.localtime(at):%Y%m%d-%H%M}_{mark}.{ending}"


def written_down(wish: Wish, by: User | None, address: str | None) -> LedgerExport:
    """The row of an export, and for a person the line in the access log."""
    export = LedgerExport.objects.create(
        programme=wish.programme, area_id=wish.area_code, kind=wish.kind, query=wish.query, full_numbers=wish.full,
        reason=wish.reason.strip(), requested_by=by, template_id=wish.template_id,
    )  # fmt: skip
    if by is not None:
        _log(export, by, "export", address)
    return export


def _log(export: LedgerExport, by: User, kind: str, address: str | None, **more: Any) -> None:
    AccessLog.objects.create(
        user=by, kind=kind, object_table=LedgerExport._meta.db_table, object_pk=str(export.pk), field=export.kind,
        reason=export.reason, area_id=export.area_id, request_id=actor().get("request_id", ""), address=address, **more,
    )  # fmt: skip


def write_ledger(
    ledger: Ledger, extent: Extent, export: LedgerExport, path: Path, progress: Progress | None = None
) -> WrittenLedger:
    """The ledger's workbook at `path`, with who, when and why on its second sheet."""
    total = ledger.found(extent).order_by().count()
    writer = LedgerWriter(
        path,
        ledger.columns(extent),
        titles=_titles(ledger, export),
        query=_query_sheet(ledger, export, extent),
        sheet_name=NO_SHEET_NAME.sub(" ", str(ledger.title))[:31],
        labels=Labels(
            _("Total"), _("Query"), _("rows"), _("SHA-256 of the rows"), subtotal=_("Subtotal"), totals_sheet=_("Sums")
        ),
        large=total > QUICK_FROM,
        group=ledger.group,
        created=clock.now(),
        expected=total,
    )
    return writer.write(_told(ledger.lines(extent), total, progress))


def _told(lines: Iterator[dict[str, Value]], total: int, progress: Progress | None) -> Iterator[dict[str, Value]]:
    for done, line in enumerate(lines, 1):
        if progress and (done % TOLD_EVERY == 0 or done == total):
            progress(done, total)
        yield line


def _titles(ledger: Ledger, export: LedgerExport) -> list[str]:
    titles = [f"{export.programme.name} {export.area.name} {ledger.title}"]
    if export.full_numbers:
        words = _("Holds full personal numbers. Taken out by %(who)s because: %(why)s")
        titles.append(words % {"who": export.requested_by, "why": export.reason})
    return titles


def _query_sheet(ledger: Ledger, export: LedgerExport, extent: Extent) -> dict[str, str | Callable[[], str]]:
    return {
        _("Ledger"): str(ledger.title),
        pgettext("ledger", "Programme"): f"{export.programme.name} ({export.programme.code})",
        _("Place"): f"{export.area.name} ({export.area_id})",
        _("Conditions"): pgettext("between two conditions", "; ").join(conditions(ledger, extent)) or _("none"),
        _("Numbers"): _("full") if export.full_numbers else _("masked"),
        _("Reason"): export.reason or "—",
        _("Taken out by"): str(export.requested_by or actor().get("actor_name", "")),
        _("Taken out at"): f"{timezone.localtime(clock.now()):%Y-%m-%d %H:%M:%S}",
        _("Export number"): str(export.pk),
        _("Data version"): _data_version(),
    }


def _data_version() -> Callable[[], str]:
    """The last entry of the change log when reading began; asked at its end, whether others changed data meanwhile."""
    begun = _last_entry()

    def said() -> str:
        ended = _last_entry()
        return str(begun) if begun == ended else _("%(from)s, data changed until %(to)s") % {"from": begun, "to": ended}

    return said


def _last_entry() -> int:
    return AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0


def keep_file(path: Path) -> StoredFile:
    with path.open("rb") as file:
        return store_file(iter(lambda: file.read(CHUNK), b""), max_bytes=MAX_BYTES)


def _note(export: LedgerExport, ledger: Ledger, written: WrittenLedger, stored: StoredFile) -> None:
    by = export.requested_by
    if by is not None:
        export.document = Document.objects.create(
            area_id=export.area_id, kind="ledger", file_name=file_name(export, clock.now()),
            content_type=bundles.ZIP if export.kind == BUNDLE.kind else XLSX,
            stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
        )  # fmt: skip
    else:
        delete_file(stored.key)
    export.row_count, export.data_hash = written.rows, written.rows_sha256
    money = getattr(ledger, "money_key", "") or next((key for key in MONEY_KEYS if key in written.totals), "")
    export.total_fen = int(written.totals[money]) if money else None
    export.save()


def _copy(path: Path, target: Path) -> None:
    target.touch(mode=0o600)
    target.chmod(0o600)
    target.write_bytes(path.read_bytes())
