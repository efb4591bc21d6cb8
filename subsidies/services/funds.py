"""Money of one source and budget year: received, reserved for a batch, given back, paid. Every change is an entry.

Callers hold the batch's row lock before they come here; fund rows are always locked in the same order, so two batches
wait for each other and never deadlock. The running totals carry a CHECK: what is not there can't be spent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.money import format_yuan
from core.refusals import Refused
from programmes.models import Programme
from subsidies.models import EntitlementLine, Fund, FundEntry, PayoutBatch, PayoutLine
from subsidies.services.locking import demand_right, hold
from subsidies.wording import source_name

Kind = FundEntry.Kind
Key = tuple[str, int]
"""Source and budget year."""


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
        programme=programme, source=source, budget_year=budget_year, defaults={"area_id": programme.area_id}
    )
    Fund.objects.filter(pk=fund.pk).update(received_fen=F("received_fen") + amount_fen)
    return FundEntry.objects.create(
        fund=fund, area_id=fund.area_id, kind=Kind.RECEIVED, amount_fen=amount_fen,
        document_no=document_no.strip()[:80], request_id=request_id, at=_moment(on, now), recorded_by=by,
    )  # fmt: skip


def needs_of(lines: Iterable[int]) -> dict[Key, int]:
    """Fen per source and budget year that the payout lines with these keys need, in the fixed order."""
    shares = EntitlementLine.objects.filter(entitlement__payout_lines__in=list(lines))
    sums = shares.values_list("source", "budget_year").annotate(fen=Sum("amount_fen")).order_by("source", "budget_year")
    return {(source, year): fen for source, year, fen in sums}


def reserve(*, batch: PayoutBatch, lines: Iterable[int], by: User, at: dt.datetime) -> dict[Key, int]:
    """Set the money of a batch aside, all or nothing. Raises `FundsShort` with what is missing."""
    needs = needs_of(lines)
    funds = _locked_funds(batch.programme_id, needs)
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
    funds = {fund: held[fund.pk] for fund in _in_order(Fund.objects.filter(pk__in=held))}
    for fund, fen in funds.items():
        Fund.objects.filter(pk=fund.pk).update(reserved_fen=F("reserved_fen") - fen)
    _batch_entries(batch, Kind.RELEASED, funds, by, at)


def settle(
    *, batch: PayoutBatch, paid: Iterable[PayoutLine], failed: Iterable[PayoutLine], by: User, at: dt.datetime
) -> None:
    """Turn the reservation of paid lines into payments, give that of failed ones back: an entry per line and source."""
    paid, failed = list(paid), list(failed)
    entitlements = [line.entitlement_id for line in (*paid, *failed)]
    shares: dict[int, list[EntitlementLine]] = {}
    for share in EntitlementLine.objects.filter(entitlement__in=entitlements, amount_fen__gt=0).order_by("id"):
        shares.setdefault(share.entitlement_id, []).append(share)
    keys = {(share.source, share.budget_year) for parts in shares.values() for share in parts}
    funds = _locked_funds(batch.programme_id, keys)
    entries = [
        _line_entry(batch, line, funds[(share.source, share.budget_year)], kind, share.amount_fen, by, at)
        for kind, lines in ((Kind.PAID, paid), (Kind.RELEASED, failed))
        for line in lines
        for share in shares[line.entitlement_id]
    ]
    FundEntry.objects.bulk_create(entries, batch_size=1000)
    _book(entries)


def _book(entries: Iterable[FundEntry]) -> None:
    """Carry line entries into the running totals, one update per fund."""
    sums: dict[tuple[int, str], int] = {}
    for entry in entries:
        sums[(entry.fund_id, entry.kind)] = sums.get((entry.fund_id, entry.kind), 0) + entry.amount_fen
    for (fund_id, kind), fen in sorted(sums.items()):
        changes: dict[str, Any] = {"reserved_fen": F("reserved_fen") - fen}
        if kind == Kind.PAID:
            changes["paid_fen"] = F("paid_fen") + fen
        Fund.objects.filter(pk=fund_id).update(**changes)


def _line_entry(
    batch: PayoutBatch, line: PayoutLine, fund: Fund, kind: str, fen: int, by: User, at: dt.datetime
) -> FundEntry:
    return FundEntry(
        fund=fund, area_id=fund.area_id, kind=kind, amount_fen=fen, batch=batch, line=line, round_no=batch.round_no,
        at=at, recorded_by=by,
    )  # fmt: skip


def _batch_entries(batch: PayoutBatch, kind: str, amounts: Mapping[Fund, int], by: User, at: dt.datetime) -> None:
    FundEntry.objects.bulk_create(
        FundEntry(fund=fund, area_id=fund.area_id, kind=kind, amount_fen=fen, batch=batch, round_no=batch.round_no,
                  at=at, recorded_by=by)
        for fund, fen in amounts.items()
    )  # fmt: skip


def _locked_funds(programme_id: int, keys: Iterable[Key]) -> dict[Key, Fund]:
    wanted = set(keys)
    found = _in_order(Fund.objects.filter(programme=programme_id, source__in={source for source, _year in wanted}))
    return {(fund.source, fund.budget_year): fund for fund in found}


def _in_order(funds: Any) -> Any:
    return funds.select_for_update().order_by("source", "budget_year")


def _free(fund: Fund | None) -> int:
    return fund.free_fen if fund else 0


def _moment(on: dt.date | None, now: dt.datetime | None) -> dt.datetime:
    """The day of receipt as a moment (noon in Shanghai), or now."""
    if on is None:
        return now or clock.now()
    return dt.datetime.combine(on, dt.time(4), tzinfo=dt.UTC)
