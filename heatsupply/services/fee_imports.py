"""A company's workbook of heat fees: everything wrong told at once, tried first, stored as differences (B-01, B-33).

The file states a season's fee and what was received as of its day. Lines hold the differences to what is known, so the
same file a second time changes nothing, and a later one adds what came in since.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.blind_index import indexer
from core.refusals import Refused
from core.workbooks.read import Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused
from heatsupply.models import FeeAccount, FeeImport, FeeLine, HeatImport, HeatingCompany
from heatsupply.models.owned import MANAGE
from heatsupply.rules.fee_rows import HEADS, FeeRow, FeeSheet, read_fees
from heatsupply.rules.sheet_rows import Problem
from heatsupply.services.files import LIMITS, Judged, kind_of_file
from heatsupply.services.ledger import Movement, post
from heatsupply.services.permits import may_keep
from heatsupply.services.suspensions import ACCOUNT_PURPOSE
from heatsupply.terms.fees import season_of
from households.models import Dwelling
from programmes.models import Programme

COPIED = ("kind", "compound_name", "heated_m2", "account_no", "payer_name", "phone", "address", "dwelling_id")


@dataclass
class Taken:
    """What a file did, or would do: rows, new and changed accounts, fen charged and received anew, problems."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    charged_fen: int = 0
    received_fen: int = 0
    faulty_rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    made: FeeImport | None = None
    is_stored: bool = False

    def counts(self) -> dict[str, int]:
        names = ("rows", "new", "changed", "same", "charged_fen", "received_fen", "faulty_rows")
        return {name: getattr(self, name) for name in names}


@dataclass
class _Change:
    account: FeeAccount
    row: FeeRow
    is_new: bool
    is_changed: bool
    charge: int
    receipt: int


def import_fees(
    *, programme: Programme, company: HeatingCompany, season: str, path: Path, file_name: str, trial: bool = False,
    in_spite: bool = False, by: User, now: datetime,
) -> Taken:  # fmt: skip
    """Read the file, then as `take_sheet`. Raises `Refused` FILE_UNREADABLE, SEASON_UNKNOWN."""
    if not may_keep(by, company):
        raise PermissionDenied(MANAGE)
    told = FileTold(_read(path, timezone.localdate(now)), file_name, hashlib.sha256(path.read_bytes()).hexdigest())
    return take_sheet(programme=programme, company=company, season=season, told=told, trial=trial, in_spite=in_spite,
                      by=by, now=now)  # fmt: skip


def _read(path: Path, today: date) -> FeeSheet:
    try:
        return read_fees(read_workbook(path, limits=LIMITS), today)
    except WorkbookRefused as refusal:
        words = _("The workbook can't be read: %(why)s")
        raise Refused("FILE_UNREADABLE", words, why=str(refusal)) from refusal


@dataclass(frozen=True)
class FileTold:
    """What a file said, its name and fingerprint."""

    sheet: FeeSheet
    file_name: str
    sha256: str = ""


@transaction.atomic
def take_sheet(
    *, programme: Programme, company: HeatingCompany, season: str, told: FileTold, trial: bool = False,
    in_spite: bool = False, by: User, now: datetime,
) -> Taken:  # fmt: skip
    """Judge and (unless `trial`, or faulty rows without `in_spite`) store the good rows, in one transaction.

    Raises `Refused` SEASON_UNKNOWN.
    """
    if not may_keep(by, company):
        raise PermissionDenied(MANAGE)
    label = season_of(programme, season).label
    judged = judge_rows(programme, company, label, told.sheet.rows)
    taken = Taken(rows=told.sheet.seen, problems=[*told.sheet.problems, *judged.problems])
    for name in ("new", "changed", "same", "charged_fen", "received_fen"):
        setattr(taken, name, judged.counts[name])
    taken.faulty_rows = len({problem.row for problem in taken.problems if problem.row[1]})
    if trial or (taken.problems and not in_spite) or not judged.changes:
        return taken
    source = _source(programme, company, label, told.file_name, told.sha256, taken.counts(), by, now)
    _store(judged.changes, source, by, now)
    taken.made, taken.is_stored = source, True
    return taken


def _source(
    programme: Programme, company: HeatingCompany, season: str, name: str, sha256: str, counts: dict[str, Any],
    by: User, now: datetime,
) -> FeeImport:  # fmt: skip
    return FeeImport.objects.create(
        programme=programme, company=company, area_id=company.area_id, season=season, file_name=name[-120:],
        sha256=sha256, counts=counts, imported_by=by, imported_at=now,
    )  # fmt: skip


def judge_rows(programme: Programme, company: HeatingCompany, season: str, rows: Sequence[FeeRow]) -> Judged:
    """What the rows would do to the accounts of the season, which are locked until the transaction ends."""
    index, judged = indexer(ACCOUNT_PURPOSE), Judged()
    indexes = {row.account: index(row.account) for row in rows}
    known = _known(company, season, indexes.values())
    stated, homes = _stated(known.values()), _homes(company, rows)
    for row in rows:
        account = known.get(indexes[row.account])
        wrong = _wrong(row, account, programme, homes)
        if wrong:
            judged.problems.append(wrong)
            continue
        one = _change(row, account, stated, homes)
        if one.is_new:
            one.account.programme, one.account.company, one.account.season = programme, company, season
            one.account.area_id, one.account.account_index = company.area_id, indexes[row.account]
        _count(one, judged)
        judged.fates.append(f"{one.account.account_index} {one.is_new} {one.is_changed} {one.charge} {one.receipt}")
    return judged


def _known(company: HeatingCompany, season: str, indexes: Iterable[str]) -> dict[str, FeeAccount]:
    rows = FeeAccount.objects.select_for_update().filter(company=company, season=season)
    return {one.account_index: one for one in rows.filter(account_index__in=list(indexes)).order_by("pk")}


def _wrong(row: FeeRow, account: FeeAccount | None, programme: Programme, homes: dict[str, int]) -> Problem | None:
    if row.dwelling and row.dwelling not in homes:
        return row.problem("dwelling", "DWELLING_UNKNOWN", row.dwelling)
    if account and account.programme_id != programme.pk:
        return row.problem("account", "OTHER_PROGRAMME")
    if account and row.fee_fen < account.reduced_fen:
        return row.problem("fee", "FEE_BELOW_REDUCTIONS")
    return None


def _count(one: _Change, judged: Judged) -> None:
    """A row that changes nothing is counted as such and is no change."""
    counts: Counter[str] = judged.counts
    if not (one.is_new or one.is_changed or one.charge or one.receipt):
        counts["same"] += 1
        return
    judged.changes.append(one)
    counts["new" if one.is_new else "changed"] += 1
    counts["charged_fen"] += one.charge
    counts["received_fen"] += one.receipt
    counts["lowered"] += one.receipt < 0


def _change(
    row: FeeRow, account: FeeAccount | None, stated: dict[int, dict[str, int]], homes: dict[str, int]
) -> _Change:
    kept = account or FeeAccount()
    values: dict[str, Any] = {
        "kind": row.kind, "compound_name": row.compound, "heated_m2": row.heated_m2, "account_no": row.account,
        "payer_name": row.name, "phone": row.phone, "address": row.address, "dwelling_id": homes.get(row.dwelling),
    }  # fmt: skip
    differs = [name for name, value in values.items() if value not in (None, "") and getattr(kept, name) != value]
    for name in differs:
        setattr(kept, name, values[name])
    before = stated.get(kept.pk, {}) if account else {}
    charge = row.fee_fen - before.get(FeeLine.Kind.CHARGE, 0)
    received = before.get(FeeLine.Kind.RECEIPT, 0)
    is_net = row.received_fen == received - before.get(FeeLine.Kind.PAYBACK, 0)  # stated after what was paid back
    receipt = 0 if is_net else row.received_fen - received
    return _Change(kept, row, account is None, bool(differs), charge, receipt)


def _stated(accounts: Iterable[FeeAccount]) -> dict[int, dict[str, int]]:
    """What earlier files said and what was paid back since, by account and kind."""
    kinds = [FeeLine.Kind.CHARGE, FeeLine.Kind.RECEIPT, FeeLine.Kind.PAYBACK]
    lines = FeeLine.objects.filter(account__in=[one.pk for one in accounts], kind__in=kinds)
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for account, kind, fen in lines.order_by().values_list("account_id", "kind").annotate(fen=Sum("fen")):
        found[account][kind] = fen
    return found


def _homes(company: HeatingCompany, rows: Sequence[FeeRow]) -> dict[str, int]:
    """Dwellings of the company's place by their number."""
    numbers = {row.dwelling for row in rows if row.dwelling}
    if not numbers:
        return {}
    homes = Dwelling.objects.within(company.area_id).filter(dwelling_no__in=numbers)
    return dict(homes.values_list("dwelling_no", "pk"))


def _store(changes: list[_Change], source: FeeImport, by: User, now: datetime) -> None:
    bare = [one.account for one in changes if one.is_new and not (one.charge or one.receipt)]
    FeeAccount.objects.bulk_create(bare, batch_size=500)
    altered = [one.account for one in changes if one.is_changed and not one.is_new]
    FeeAccount.objects.bulk_update(altered, COPIED, batch_size=500)
    today = timezone.localtime(now).date()
    charges = [Movement(one.account, FeeLine.Kind.CHARGE, one.charge, today, {"source": source, "clause": "B-01"})
               for one in changes if one.charge]  # fmt: skip
    receipts = [
        Movement(one.account, FeeLine.Kind.RECEIPT, one.receipt, one.row.paid_on or today,
                 {"source": source, "clause": "B-30", "channel": one.row.channel})
        for one in changes if one.receipt
    ]  # fmt: skip
    post([*charges, *receipts], by=by, now=now)


class FeeFile:
    """Files of heat fees, as `services.files` asks."""

    heads = HEADS

    def read(self, book: Workbook, today: date) -> FeeSheet:
        return read_fees(book, today)

    def judge(self, made: HeatImport, rows: Sequence[FeeRow]) -> Judged:
        assert made.programme is not None
        return judge_rows(made.programme, made.company, made.season, rows)

    def store(self, made: HeatImport, judged: Judged, by: User, now: datetime) -> None:
        """Lines lead to one `FeeImport` of the whole file."""
        if made.taken is None and judged.changes:
            assert made.programme is not None
            made.taken = _source(made.programme, made.company, made.season, made.file.file_name, made.file_sha256,
                                 made.counts, by, now)  # fmt: skip
        if made.taken is not None:
            _store(judged.changes, made.taken, by, now)


kind_of_file(HeatImport.Kind.FEES, FeeFile())
