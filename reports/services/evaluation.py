"""The year's evaluation: its result is recorded (D-44), its pack is made by a job as one archive (T-71, T-54).

The archive holds one workbook per part, the ledgers its asker may read (masked), the paper of the result, a list of
contents with what is missing and who owes it, and a manifest with the hash of every file (`core.bundles`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.bundles import BundleWriter, Kept, pieces_of
from core.files import delete_file, open_file, store_bytes
from core.papers import NotAPaper, clean_paper
from core.refusals import Refused
from core.workbooks.write import TEXT, Column, Labels, LedgerWriter
from households.models import Document
from households.services.scans import PAPER_FAULTS
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme
from reports.ledgers.evaluation import EVALUATION
from reports.models import AnnualEvaluation, LedgerExport
from reports.queries.evaluation import Evaluation, evaluation_of
from reports.services import exports

JOB = "reports.make_evaluation"
WRITE = "reports.write"
CONTENTS = "contents.xlsx"
FIELDS = ("evaluated_on", "evaluated_by", "score", "grade", "words", "planned_fen", "decided_fen")
Progress = Callable[[int, int], None]


def record_result(
    *, programme: Programme, area_code: str, year: int, result: Mapping[str, Any], by: User, seen: int = 0,
    paper: tuple[str, bytes] | None = None,
) -> AnnualEvaluation:  # fmt: skip
    """Write down, or correct (with the version `seen`), what the evaluation found; `result`: the names in `FIELDS`.

    `paper`: name and content of the document that says so, JPEG, PNG, WebP or PDF; without one the paper kept before
    stays. Raises Refused RESULT_FAULTY, PAPER_UNUSABLE, CHANGED_MEANWHILE (409), PermissionDenied.
    """
    if not by.has_right(WRITE, area_code):
        raise PermissionDenied(WRITE)
    _refuse_faulty(programme, year, result)
    key = {"programme": programme, "area_id": area_code, "year": year}
    with transaction.atomic(), acting(by, reason=f"evaluation {year}"):
        row = AnnualEvaluation.objects.select_for_update().filter(**key).first()
        if (row.version if row else 0) != seen:
            words = gettext_lazy("Somebody recorded this result meanwhile. Open the page again.")
            raise Refused("CHANGED_MEANWHILE", words, conflict=True)
        row = row or AnnualEvaluation(**key, version=0)
        for name in FIELDS:
            setattr(row, name, result[name])
        if paper is not None:
            row.document = _kept_paper(area_code, *paper, by)
        row.recorded_by, row.recorded_at, row.version = by, clock.now(), row.version + 1
        row.save()
    return row


def _kept_paper(area_code: str, name: str, content: bytes, by: User) -> Document:
    try:
        clean = clean_paper(content)
    except NotAPaper as error:
        raise Refused("PAPER_UNUSABLE", PAPER_FAULTS[error.code]) from error
    stored = store_bytes(clean.content)
    try:
        return Document.objects.create(
            area_id=area_code, kind="evaluation", file_name=name[:200], content_type=clean.content_type,
            stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
        )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise


def _refuse_faulty(programme: Programme, year: int, result: Mapping[str, Any]) -> None:
    if not programme.year_from <= year <= programme.year_to + 1 or result["evaluated_on"] > clock.today():
        words = gettext_lazy("Name a year of the programme and a day that has been.")
        raise Refused("RESULT_FAULTY", words)
    if result["score"] is None and not result["grade"]:
        raise Refused("RESULT_FAULTY", gettext_lazy("Say the points or the grade."))


@transaction.atomic
def request_pack(
    *, programme: Programme, area_code: str, year: int, by: User, address: str | None = None
) -> tuple[LedgerExport, Job]:
    """Write down who takes the pack, then ask for the job that makes it. Raises PermissionDenied."""
    wish = exports.Wish(EVALUATION.kind, programme, area_code, f"year={year}", reason=_("performance evaluation"))
    exports.demand_rights(wish, by)
    export = exports.written_down(wish, by, address)
    return export, enqueue(kind=JOB, args={"export_id": export.pk}, by=by, area=area_code)


def make_pack(
    export: LedgerExport,
    *,
    progress: Progress | None = None,
    commit: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> None:
    """Make the archive and keep it encrypted. Safe to run twice: a made file stays."""
    if export.document_id or export.requested_by is None:
        return
    year = int(QueryDict(export.query)["year"])
    found = evaluation_of(export.programme, export.area_id, year)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.zip"
        kept = _write(path, Path(folder), export, found, progress or (lambda _done, _total: None))
        stored = exports.keep_file(path)
        try:
            with commit(), transaction.atomic():
                _note(export, kept, stored)
        except BaseException:
            delete_file(stored.key)
            raise


def _write(path: Path, folder: Path, export: LedgerExport, found: Evaluation, progress: Progress) -> list[Kept]:
    lines: list[dict[str, Any]] = []
    parts = [*(one.code for one in found.sections), *EVALUATION.ledgers]
    with BundleWriter(path, _stated(export, found)) as bundle:
        for done, section in enumerate(found.sections, 1):
            book = _facts_book(folder / f"{section.code}.xlsx", export, found, section)
            lines.append(_added(bundle, book, f"{done:02d}-{section.code}.xlsx", section.title, section.clause))
            lines += [_missing(section.title, fact) for fact in section.missing]
            progress(done, len(parts))
        for done, kind in enumerate(EVALUATION.ledgers, len(found.sections) + 1):
            lines.append(_ledger(bundle, folder, export, kind, found.year))
            progress(done, len(parts))
        lines += list(_papers(bundle, found.result))
        contents = _book(folder / CONTENTS, _contents_columns(), export, _("Contents"), lines)
        _added(bundle, contents, CONTENTS, _("Contents"), "T-71")
    return bundle.files


def _stated(export: LedgerExport, found: Evaluation) -> dict[str, Any]:
    return {
        "programme": export.programme.code, "place": export.area_id, "year": found.year, "export": export.pk,
        "taken_out_by": str(export.requested_by or ""), "missing": len(found.missing),
        "taken_out_at": f"{timezone.localtime(clock.now()):%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip


def _added(bundle: BundleWriter, book: Path, name: str, title: Any, clause: str) -> dict[str, Any]:
    with book.open("rb") as file:
        kept = bundle.add(name, pieces_of(file), proves=str(title), clause=clause)
    book.unlink()
    return {"name": name, "what": str(title), "clause": clause, "state": _("there"), "sha256": kept.sha256}


def _missing(title: str, fact: Any) -> dict[str, Any]:
    return {"name": "—", "what": f"{title}：{fact.what}", "state": _("missing"), "owes": fact.owes}


def _ledger(bundle: BundleWriter, folder: Path, export: LedgerExport, kind: str, year: int) -> dict[str, Any]:
    """A ledger, masked, with the eyes of whoever asked; without its right it is named as left out."""
    ledger, by = exports.ledger_of(kind), export.requested_by
    if by is None or not any(by.has_right(one, export.area_id) for one in ledger.right.split(exports.OR)):
        words = _("left out: %(who)s may not read it") % {"who": by}
        return {"name": "—", "what": str(ledger.title), "state": words}
    query = f"year={year}" if "year" in ledger.asks and export.programme.year_from != export.programme.year_to else ""
    extent = exports.extent_for(ledger, export.programme, export.area_id, query, by)
    path = folder / f"{kind}.xlsx"
    exports.write_ledger(ledger, extent, export, path)
    return _added(bundle, path, f"ledgers/{kind}.xlsx", ledger.title, "T-54")


def _papers(bundle: BundleWriter, result: AnnualEvaluation | None) -> Iterable[dict[str, Any]]:
    paper = result.document if result else None
    if paper is None:
        return
    try:
        with open_file(paper.stored_name) as source:
            kept = bundle.add(f"papers/{paper.pk}-{paper.file_name}", pieces_of(source), received_sha256=paper.sha256)
    except FileNotFoundError:
        yield {"name": paper.file_name, "what": _("result of the evaluation"), "state": _("missing from the store")}
        return
    yield {"name": kept.name, "what": _("result of the evaluation"), "state": _("there"), "sha256": kept.sha256}


def _facts_book(path: Path, export: LedgerExport, found: Evaluation, section: Any) -> Path:
    columns = [
        Column("what", _("Statement"), TEXT, width=44), Column("value", _("How it stands"), TEXT, width=40),
        Column("owes", _("Owed by"), TEXT, width=24), Column("basis", _("Basis"), TEXT, width=60),
    ]  # fmt: skip
    rows = [
        {"what": one.what, "value": one.value if one.value is not None else _("missing"),
         "owes": one.owes if one.value is None else "", "basis": one.basis}
        for one in section.facts
    ]  # fmt: skip
    return _book(path, columns, export, f"{section.title} {found.year}", rows)


def _contents_columns() -> list[Column]:
    return [
        Column("name", _("File"), TEXT, width=30), Column("what", _("What it holds"), TEXT, width=44),
        Column("clause", _("Clause"), TEXT, width=12), Column("state", _("State"), TEXT, width=24),
        Column("owes", _("Owed by"), TEXT, width=24), Column("sha256", "SHA-256", TEXT, width=66),
    ]  # fmt: skip


def _book(
    path: Path, columns: list[Column], export: LedgerExport, title: str, rows: Iterable[Mapping[str, Any]]
) -> Path:
    labels = Labels(_("Total"), _("Query"), _("rows"), _("SHA-256 of the rows"))
    writer = LedgerWriter(
        path, columns, titles=[f"{export.programme.name} {export.area.name} {title}"],
        query={_("Export number"): str(export.pk), _("Taken out by"): str(export.requested_by)},
        sheet_name=exports.NO_SHEET_NAME.sub(" ", title)[:31], labels=labels, created=clock.now(),
    )  # fmt: skip
    writer.write({"clause": "", "owes": "", "sha256": "", "basis": "", **row} for row in rows)
    return path


def _note(export: LedgerExport, kept: list[Kept], stored: Any) -> None:
    assert export.requested_by is not None
    export.document = Document.objects.create(
        area_id=export.area_id, kind="ledger", file_name=exports.file_name(export, clock.now()),
        content_type="application/zip", stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size,
        uploaded_by=export.requested_by,
    )  # fmt: skip
    export.row_count, export.data_hash = len(kept), kept[-1].sha256
    export.save()
