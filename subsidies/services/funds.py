"""Money of one source and budget year: received, reserved for a batch, given back, paid. Every change is an entry.

Callers hold the batch's row lock before they come here; fund rows are always locked all together and in the same
order, so two batches wait for each other and never deadlock. The running totals carry a CHECK: what is not there can't
be spent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.money import format_yuan
from core.refusals import Refused
from programmes.models import Programme
from subsidies.bookkeeping import Key
from subsidies.models import EntitlementLine, Fund, FundEntry, PayoutBatch, PayoutLine
from subsidies.services.locking import demand_right, hold
from subsidies.wording import source_name

Kind = FundEntry.Kind
TOTALS = {
    Kind.GRANTED: "granted_fen",
    Kind.RECEIVED: "received_fen",
    Kind.RETURNED: "returned_fen",
    Kind.CLAWED: "clawed_fen",
}
"""The running total that an entry recorded by hand goes into."""
CARRIED: Mapping[str, Mapping[str, int]] = {
    Kind.PAID: {"reserved_fen": -1, "paid_fen": 1},
    Kind.RELEASED: {"reserved_fen": -1},
    Kind.BOUNCED: {"paid_fen": -1},
}
"""Running totals that an entry of a payment line goes into, and which way."""


class FundsShort(Refused):
    """Not enough money; `missing` maps (source, budget year) to the fen that are lacking."""

    def __init__(self, missing: Mapping[Key, int]) -> None:
        self.missing = dict(missing)
        listed = "；".join(_short(key, fen) for key, fen in self.missing.items())
        super().__init__("FUNDS_SHORT", _("The funds are short: %(listed)s."), listed=listed)


def _short(key: Key, fen: int) -> str:
    words = _("%(source)s %(year)s: %(fen)s yuan")
    return str(words) % {"source": source_name(key[0]), "year": key[1], "fen": format_yuan(fen)}


@transaction.atomic
def record_receipt(
    *, programme: Programme, source: str, budget_year: int, amount_fen: int, document_no: str, request_id: UUID,
    by: User, on: dt.date | None = None, now: dt.datetime | None = None,
) -> FundEntry:  # fmt: skip
    """Write down money received. The same `request_id` again returns the first entry.

    `on` is the day it came in, default today. Raises Refused AMOUNT, DOCUMENT_NEEDED.
    """
    key, at = (source, budget_year), _moment(on, now)
    return _record(Kind.RECEIVED, programme, key, amount_fen, document_no, request_id, by, at)


@transaction.atomic
def record_grant(
    *, programme: Programme, source: str, budget_year: int, amount_fen: int, document_no: str, request_id: UUID,
    by: User, on: dt.date | None = None, now: dt.datetime | None = None,
) -> FundEntry:  # fmt: skip
    """Write down money promised by a document (指标下达); it can be spent once it has arrived. Refusals as above."""
    key, at = (source, budget_year), _moment(on, now)
    return _record(Kind.GRANTED, programme, key, amount_fen, document_no, request_id, by, at)


@transaction.atomic
def give_to_source(
    *, fund: Fund, amount_fen: int, document_no: str, request_id: UUID, by: User, now: dt.datetime | None = None
) -> FundEntry:
    """Money nothing is promised from goes back to its source (结余交回). Raises `FundsShort` above what is free."""
    locked = _to_record(fund)
    if not FundEntry.objects.filter(request_id=request_id).exists() and amount_fen > locked.free_fen:
        raise FundsShort({(locked.source, locked.budget_year): amount_fen - locked.free_fen})
    key = (locked.source, locked.budget_year)
    return _record(Kind.RETURNED, fund.programme, key, amount_fen, document_no, request_id, by, now or clock.now())


@transaction.atomic
def record_recovery(
    *, fund: Fund, amount_fen: int, document_no: str, request_id: UUID, by: User, line: PayoutLine | None = None,
    now: dt.datetime | None = None,
) -> FundEntry:  # fmt: skip
    """Money a household gave back (追缴): free again in the fund it was paid from. `line` is the payment it is about.

    Raises Refused AMOUNT where more would come back than was paid.
    """
    locked = _to_record(fund)
    known = FundEntry.objects.filter(request_id=request_id).exists()
    if not known and amount_fen > locked.paid_fen - locked.clawed_fen:
        raise Refused("AMOUNT", _("More would come back than was paid from this fund."))
    key = (locked.source, locked.budget_year)
    return _record(Kind.CLAWED, fund.programme, key, amount_fen, document_no, request_id, by, now or clock.now(), line)


def _to_record(fund: Fund) -> Fund:
    """The fund under its lock, after the one that every recording by hand waits for first."""
    hold(f"funds:{fund.programme_id}")
    return locked_funds(fund.programme_id)[fund.source, fund.budget_year]


def _record(
    kind: str, programme: Programme, key: Key, amount_fen: int, document_no: str, request_id: UUID, by: User,
    at: dt.datetime, line: PayoutLine | None = None,
) -> FundEntry:  # fmt: skip
    demand_right(by, "funds.record", programme.area_id)
    hold(f"funds:{programme.pk}")
    earlier = FundEntry.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return earlier
    if amount_fen <= 0:
        raise Refused("AMOUNT", _("An amount received is more than zero."))
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the document by which the money came."))
    fund, _made = Fund.objects.get_or_create(
        programme=programme, source=key[0], budget_year=key[1], defaults={"area_id": programme.area_id}
    )
    column = TOTALS[kind]
    Fund.objects.filter(pk=fund.pk).update(**{column: F(column) + amount_fen})
    return FundEntry.objects.create(
        fund=fund, area_id=fund.area_id, kind=kind, amount_fen=amount_fen, line=line,
        document_no=document_no.strip()[:80], request_id=request_id, at=at, recorded_by=by,
    )  # fmt: skip


def shares_of(lines: Iterable[int]) -> dict[int, dict[Key, int]]:
    """Payout line id -> fund -> fen: the entitlement's shares, less what is kept back; no shares of nothing."""
    rows = PayoutLine.objects.filter(pk__in=list(lines)).only("pk", "entitlement", "offsets")
    wanted = {line.pk: line for line in rows}
    of_due = {line.entitlement_id: pk for pk, line in wanted.items()}
    shares: dict[int, dict[Key, int]] = {pk: {} for pk in wanted}
    found = EntitlementLine.objects.filter(entitlement__in=of_due).order_by("source", "budget_year")
    for due, source, year, fen in found.values_list("entitlement", "source", "budget_year", "amount_fen"):
        less = sum(part for _ref, name, part in wanted[of_due[due]].offsets if name == source)
        if fen > less:
            shares[of_due[due]][(source, year)] = fen - less
    return shares


def needs_of(lines: Iterable[int]) -> dict[Key, int]:
    """Fen per source and budget year that the payout lines with these keys need, in the fixed order."""
    ids = list(lines)
    shares = EntitlementLine.objects.filter(entitlement__payout_lines__in=ids)
    sums = shares.values_list("source", "budget_year").annotate(fen=Sum("amount_fen")).order_by("source", "budget_year")
    needs = {(source, year): fen for source, year, fen in sums}
    some_kept_back = PayoutLine.objects.filter(pk__in=ids, offset_fen__gt=0).exists()
    return _exact_needs(ids) if some_kept_back else needs


def _exact_needs(ids: Iterable[int]) -> dict[Key, int]:
    """The same line by line, where something is kept back."""
    needs: dict[Key, int] = {}
    for parts in shares_of(ids).values():
        for key, fen in parts.items():
            needs[key] = needs.get(key, 0) + fen
    return dict(sorted(needs.items()))


def reserve(*, batch: PayoutBatch, lines: Iterable[int], by: User, at: dt.datetime) -> dict[Key, int]:
    """Set the money of a batch aside, all or nothing. Raises `FundsShort` with what is missing."""
    needs = needs_of(lines)
    funds = locked_funds(batch.programme_id)
    missing = {key: fen - _free(funds.get(key)) for key, fen in needs.items() if fen > _free(funds.get(key))}
    if missing:
        raise FundsShort(missing)
    for key, fen in needs.items():
        Fund.objects.filter(pk=funds[key].pk).update(reserved_fen=F("reserved_fen") + fen)
    _batch_entries(batch, Kind.RESERVED, {funds[key]: fen for key, fen in needs.items()}, by, at)
    return needs


def give_back(*, batch: PayoutBatch, by: User, at: dt.datetime) -> None:
    """Release what this round of the batch had reserved."""
    reserved = FundEntry.objects.filter(batch=batch, round_no=batch.round_no, kind=Kind.RESERVED, line__isnull=True)
    held = {entry.fund_id: entry.amount_fen for entry in reserved}
    funds = {fund: held[fund.pk] for fund in locked_funds(batch.programme_id).values() if fund.pk in held}
    for fund, fen in funds.items():
        Fund.objects.filter(pk=fund.pk).update(reserved_fen=F("reserved_fen") - fen)
    _batch_entries(batch, Kind.RELEASED, funds, by, at)


def settle(
    *, batch: PayoutBatch, paid: Iterable[PayoutLine], failed: Iterable[PayoutLine], by: User, at: dt.datetime
) -> None:
    """Turn the reservation of paid lines into payments, give that of failed ones back: an entry per line and source."""
    outcomes = [*((Kind.PAID, line) for line in paid), *((Kind.RELEASED, line) for line in failed)]
    _move_lines(batch, outcomes, by, at)


def unpay(*, batch: PayoutBatch, papers: Mapping[PayoutLine, str], by: User, at: dt.datetime) -> None:
    """What the bank sent back once it was paid is free again in the funds it came from: an entry per line and source,
    with the bank's paper. Raises Refused RECOVERED where the money was written down as recovered already."""
    needs = needs_of([line.pk for line in papers])
    for key, fund in locked_funds(batch.programme_id).items():
        if fund.paid_fen - needs.get(key, 0) < fund.clawed_fen:
            words = _("%(fund)s: more is written down as recovered than would then be paid. Was this money among it?")
            raise Refused("RECOVERED", words, conflict=True, fund=f"{source_name(key[0])} {key[1]}")
    _move_lines(batch, [(Kind.BOUNCED, line) for line in papers], by, at, papers)


def _move_lines(
    batch: PayoutBatch, moves: Sequence[tuple[str, PayoutLine]], by: User, at: dt.datetime,
    papers: Mapping[PayoutLine, str] | None = None,
) -> None:  # fmt: skip
    """An entry of this kind per line and share; without a paper of its own it names those by which the money came."""
    shares = shares_of([line.pk for _kind, line in moves])
    funds = locked_funds(batch.programme_id)
    numbers = documents_of(funds.values())
    entries = [
        _line_entry(batch, line, funds[key], kind, fen, (papers or {}).get(line) or numbers.get(funds[key].pk, ""), by,
                    at)
        for kind, line in moves
        for key, fen in shares[line.pk].items()
    ]  # fmt: skip
    FundEntry.objects.bulk_create(entries, batch_size=1000)
    _book(entries)


def documents_of(funds: Iterable[Fund]) -> dict[int, str]:
    """Fund id -> numbers of the documents by which its money came, at most 80 letters."""
    found: dict[int, list[str]] = {}
    entries = FundEntry.objects.filter(fund__in=[fund.pk for fund in funds], kind__in=[Kind.GRANTED, Kind.RECEIVED])
    for fund, number in entries.order_by("pk").values_list("fund", "document_no"):
        found.setdefault(fund, []).append(number)
    return {fund: "、".join(dict.fromkeys(numbers))[:80] for fund, numbers in found.items()}


def _book(entries: Iterable[FundEntry]) -> None:
    """Carry line entries into the running totals, one update per fund."""
    sums: dict[tuple[int, str], int] = {}
    for entry in entries:
        sums[(entry.fund_id, entry.kind)] = sums.get((entry.fund_id, entry.kind), 0) + entry.amount_fen
    for (fund_id, kind), fen in sorted(sums.items()):
        changes = {column: F(column) + way * fen for column, way in CARRIED[kind].items()}
        Fund.objects.filter(pk=fund_id).update(**changes)


def _line_entry(
    batch: PayoutBatch, line: PayoutLine, fund: Fund, kind: str, fen: int, paper: str, by: User, at: dt.datetime
) -> FundEntry:
    return FundEntry(
        fund=fund, area_id=fund.area_id, kind=kind, amount_fen=fen, batch=batch, line=line, round_no=batch.round_no,
        document_no=paper, at=at, recorded_by=by,
    )  # fmt: skip


def _batch_entries(batch: PayoutBatch, kind: str, amounts: Mapping[Fund, int], by: User, at: dt.datetime) -> None:
    FundEntry.objects.bulk_create(
        FundEntry(fund=fund, area_id=fund.area_id, kind=kind, amount_fen=fen, batch=batch, round_no=batch.round_no,
                  at=at, recorded_by=by)
        for fund, fen in amounts.items()
    )  # fmt: skip


def locked_funds(programme_id: int) -> dict[Key, Fund]:
    """All funds of the programme under their locks, in order. Never only some: whoever took one and then needed another
    before it (a return by sources, a hold of one source) waited in a circle with a batch that takes both."""
    found = Fund.objects.filter(programme=programme_id).select_for_update().order_by("source", "budget_year")
    return {(fund.source, fund.budget_year): fund for fund in found}


def _free(fund: Fund | None) -> int:
    return fund.free_fen if fund else 0


def _moment(on: dt.date | None, now: dt.datetime | None) -> dt.datetime:
    """The day of receipt as a moment (noon in Shanghai), or now."""
    if on is None:
        return now or clock.now()
    return dt.datetime.combine(on, dt.time(4), tzinfo=dt.UTC)
