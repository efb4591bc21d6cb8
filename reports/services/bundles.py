"""A path or a sample with everything that proves it: ledger, index of proof, stored files, manifest with hashes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from core.bundles import BundleWriter, pieces_of
from core.files import open_file
from core.refusals import Refused
from core.workbooks.write import DATE, TEXT, Column, Labels, LedgerWriter, Value
from reports.ledgers.base import Extent
from reports.ledgers.bundle import BUNDLE
from reports.models import LedgerExport
from reports.queries.evidence import Evidence, evidence_of
from reports.queries.proof import proof_of

ZIP = "application/zip"
MAX_PAYMENTS, MAX_FILES, MAX_BYTES = 500, 5000, 1 << 30
LEDGER, INDEX = "ledger.xlsx", "proof.xlsx"
Progress = Callable[[int, int], None]


def refuse_too_many(extent: Extent) -> None:
    """Raises Refused TOO_LARGE, NOTHING_THERE before anything is written down."""
    count = BUNDLE.found(extent).order_by().count()
    if not count:
        raise Refused("NOTHING_THERE", gettext_lazy("No payment lies on this path."))
    if count > MAX_PAYMENTS:
        words = gettext_lazy(
            "%(count)d payments lie on this path; a bundle holds %(most)d. Choose a village or a sample."
        )
        raise Refused("TOO_LARGE", words, count=count, most=MAX_PAYMENTS)


def write_bundle(
    path: Path, export: LedgerExport, extent: Extent, ledger_file: Path, progress: Progress | None = None
) -> None:
    """Wrap the ledger that was written with the index of proof and the files. Raises Refused TOO_LARGE."""
    lines = list(BUNDLE.payments(extent)[: MAX_PAYMENTS + 1])
    files = list(evidence_of(lines))
    size = sum(one.document.size_bytes for one in files)
    if len(lines) > MAX_PAYMENTS or len(files) > MAX_FILES or size > MAX_BYTES:
        words = gettext_lazy("The bundle would hold %(files)d files of %(mib)d MB. Choose a smaller part.")
        raise Refused("TOO_LARGE", words, files=len(files), mib=size >> 20)
    with BundleWriter(path, _stated(export)) as bundle, tempfile.TemporaryDirectory() as folder:
        with ledger_file.open("rb") as file:
            bundle.add(LEDGER, pieces_of(file), proves=_("the payments"))
        for done, one in enumerate(files, 1):
            _add(bundle, one)
            if progress:
                progress(done, len(files))
        index = Path(folder) / INDEX
        hashes = {one.name: one.sha256 for one in bundle.files}
        _write_index(index, export, lines, files, hashes)
        with index.open("rb") as file:
            bundle.add(INDEX, pieces_of(file), proves=_("the links of proof and the files behind them"))


def _stated(export: LedgerExport) -> dict[str, Any]:
    return {
        "programme": export.programme.code, "place": export.area_id, "conditions": export.query,
        "taken_out_by": str(export.requested_by or ""), "reason": export.reason, "export": export.pk,
        "taken_out_at": f"{timezone.localtime(clock.now()):%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip


def _add(bundle: BundleWriter, one: Evidence) -> None:
    """A stored file as it was received; one the store lost is named, never left out in silence."""
    number = one.line.entitlement.dwelling.dwelling_no if one.line else ""
    about = {"proves": one.what, "dwelling": number, "received_sha256": one.document.sha256}
    try:
        source = open_file(one.document.stored_name)
    except FileNotFoundError:
        missing = _("This file is missing from the store. Tell the system administrator.")
        bundle.add(f"{one.name}.txt", [missing.encode()], **about)
        return
    with source:
        bundle.add(one.name, pieces_of(source), **about)


def _index_columns() -> list[Column]:
    return [
        Column("dwelling_no", _("Number"), width=18), Column("head_name", _("Head of household"), width=12),
        Column("amount", _("Paid money"), "money", unit=_("CNY"), total=True),
        Column("link", _("Link of proof"), TEXT, width=16), Column("words", _("What it says"), TEXT, width=36),
        Column("on", _("Day"), DATE, width=12), Column("fault", _("What breaks it"), TEXT, width=30),
        Column("file", _("File"), TEXT, width=50), Column("sha256", "SHA-256", TEXT, width=66),
    ]  # fmt: skip


def _index_lines(lines: list[Any], files: list[Evidence], hashes: dict[str, str]) -> Iterator[dict[str, Value]]:
    """Per payment its amount, its nine links, then its files."""
    for line in lines:
        who: dict[str, Value] = {
            "dwelling_no": line.entitlement.dwelling.dwelling_no, "head_name": line.entitlement.household.head_name,
        }  # fmt: skip
        yield who | {"amount": line.amount_fen, "link": _("Payment"), "words": line.bank_reference}
        for link in proof_of(line).links:
            on = timezone.localdate(link.at) if hasattr(link.at, "date") else link.at
            yield who | {"link": link.title, "words": link.words, "on": on, "fault": link.fault}
        for one in files:
            if one.line is line:
                yield who | {"link": one.what, "file": one.name, "sha256": hashes.get(one.name, _("missing"))}


def _write_index(
    path: Path, export: LedgerExport, lines: list[Any], files: list[Evidence], hashes: dict[str, str]
) -> None:
    writer = LedgerWriter(
        path, _index_columns(), titles=[f"{export.programme.name} {_('Index of proof')}"],
        query={key: str(value) for key, value in _stated(export).items()}, sheet_name=_("Index of proof"),
        labels=Labels(_("Total"), _("Query"), _("rows"), _("SHA-256 of the rows")), created=clock.now(),
    )  # fmt: skip
    writer.write(_index_lines(lines, files, hashes))
