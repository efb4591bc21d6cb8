"""Money set aside for the homes of sealed rosters, first sealed first; where it is short the home says so and waits.

A seal never waits for money: this pulls sealed rows that have no hold yet. What one home of a technology needs is data
of the programme (`reserve_per_home`: technology code or "*" -> {source: yuan}); without it nothing is held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from core import clock
from households.models import RosterRow
from programmes.models import Programme
from subsidies.bookkeeping import Key
from subsidies.models import Entitlement, Fund, FundEntry, FundHold, PayoutBatch
from subsidies.services import funds
from subsidies.services.locking import demand_right, hold

KIND = "CONVERSION"
"""The benefit kind a hold is for."""
AT_ONCE = 500
State, Kind = FundHold.State, FundEntry.Kind
Needs = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Held:
    """What one run did, in homes."""

    held: int = 0
    short: int = 0
    freed: int = 0


def reserve_pending(*, programme: Programme, by: User | str, now: dt.datetime | None = None) -> Held:
    """Hold money for every home of an approved roster that has no hold, in the order of sealing, then for those that
    were short; free what is not needed any more. Safe to repeat and to run side by side."""
    if isinstance(by, User):
        demand_right(by, "funds.record", programme.area_id)
    needs = needs_of(programme)
    if not needs:
        return Held()
    at, recorder = now or clock.now(), _recorder(programme, by)
    freed = _free_unneeded(programme, recorder, at)
    while _open_some(programme, needs):
        pass
    held = _hold_in_order(programme, recorder, at)
    return Held(held, FundHold.objects.filter(programme=programme, state=State.SHORT).count(), freed)


def needs_of(programme: Programme) -> dict[str, dict[str, int]]:
    """Technology code or "*" -> source -> fen one home needs; empty where the programme names nothing."""
    given = programme.settings.get("reserve_per_home") or {}
    return {code: {source: int(yuan) * 100 for source, yuan in parts.items()} for code, parts in given.items()}


@transaction.atomic
def take_over(*, batch: PayoutBatch, lines: Sequence[int], by: User, at: dt.datetime) -> None:
    """The holds of a batch's homes end as it is locked; their money is free for the batch that asks for it next."""
    homes = Entitlement.objects.filter(payout_lines__in=lines, benefit_kind=KIND).values("dwelling")
    found = FundHold.objects.select_for_update().filter(programme=batch.programme_id, dwelling__in=homes)
    taken = list(found.filter(state=State.HELD).order_by("pk"))
    _move(batch.programme_id, Kind.UNHELD, taken, by, at, batch)
    FundHold.objects.filter(pk__in=[one.pk for one in taken]).update(state=State.USED, batch=batch)
    found.filter(state=State.SHORT).update(
        state=State.FREED
    )  # in the draft before it was short: paid from what is free


@transaction.atomic
def take_back(*, batch: PayoutBatch, by: User, at: dt.datetime) -> None:
    """A batch that was sent back had its money freed: its homes hold theirs again, as far as it is still there. A hold
    may be more than its home's payment was, and the difference spent meanwhile: then the home is short and waits."""
    found = FundHold.objects.select_for_update().filter(batch=batch, state=State.USED)
    waiting = list(found.order_by("sealed_at", "roster_row__row_no", "pk"))
    served = _affordable(batch.programme_id, waiting)
    _move(batch.programme_id, Kind.HELD, served, by, at, batch)
    FundHold.objects.filter(pk__in=[one.pk for one in served]).update(state=State.HELD, batch=None)
    FundHold.objects.filter(batch=batch, state=State.USED).update(state=State.SHORT, batch=None)


def _open_some(programme: Programme, needs: Needs) -> int:
    """Give a hold, short at first, to some homes that have none. Returns how many."""
    with transaction.atomic():
        hold(f"holds:{programme.pk}")
        rows = _rows_without(programme, needs)
        made = [_opened(programme, row, needs) for row in rows]
        FundHold.objects.bulk_create(made)
        return len(made)


def _rows_without(programme: Programme, needs: Needs) -> list[RosterRow]:
    living = FundHold.objects.filter(programme=programme).exclude(state=State.FREED)
    found = RosterRow.objects.filter(roster__programme=programme, roster__state="approved", exclusion="")
    found = found.filter(~Exists(FundHold.objects.filter(roster_row=OuterRef("pk"))))
    found = found.filter(~Exists(living.filter(dwelling=OuterRef("dwelling"))))
    found = found if "*" in needs else found.filter(technology__code__in=needs)
    paid = Entitlement.objects.filter(programme=programme, benefit_kind=KIND, dwelling=OuterRef("dwelling"))
    found = found.filter(~Exists(paid.exclude(state=Entitlement.State.VOID).filter(_beyond())))
    latest = found.select_related("roster", "technology").order_by("dwelling_id", "-roster__approved_at", "-pk")
    return list(latest.distinct("dwelling_id")[:AT_ONCE])


def _beyond() -> Q:
    """Entitlements that need no hold: nothing is due, or a batch has them already."""
    return ~Q(outcome="due") | Q(state__in=[Entitlement.State.BATCHED, Entitlement.State.PAID])


def _opened(programme: Programme, row: RosterRow, needs: Needs) -> FundHold:
    wanted = needs.get(row.technology.code) or needs["*"]
    parts = [[source, programme.year_from, fen] for source, fen in wanted.items() if fen > 0]
    return FundHold(
        programme=programme, area_id=row.roster.area_id, roster_row=row, dwelling_id=row.dwelling_id, parts=parts,
        sealed_at=row.roster.approved_at or clock.now(), amount_fen=sum(fen for _s, _y, fen in parts),
        state=State.SHORT,
    )  # fmt: skip


@transaction.atomic
def _hold_in_order(programme: Programme, by: User | None, at: dt.datetime) -> int:
    """Give the free money to short homes, first sealed first."""
    hold(f"holds:{programme.pk}")
    if not any(fund.free_fen > 0 for fund in Fund.objects.filter(programme=programme)):
        _mark_rows(programme)  # nothing to give: a county that waits is not read home by home every minute
        return 0
    waiting = list(
        FundHold.objects.select_for_update().filter(programme=programme, state=State.SHORT)
        .order_by("sealed_at", "roster_row__row_no", "pk")
    )  # fmt: skip
    served = _affordable(programme.pk, waiting)
    _move(programme.pk, Kind.HELD, served, by, at)
    _mark(served, State.HELD), _mark_rows(programme)
    return len(served)


def _affordable(programme_id: int, waiting: Sequence[FundHold]) -> list[FundHold]:
    """Those of the holds, in their order, whose money is free; the first that does not fit ends its sources' turn. The
    funds stay locked."""
    locked = funds.locked_funds(programme_id) if waiting else {}
    free = {key: fund.free_fen for key, fund in locked.items()}
    served = []
    for one in waiting:
        if all(free.get(key, 0) >= fen for key, fen in keys_of(one).items()):
            served.append(one)
            for key, fen in keys_of(one).items():
                free[key] -= fen
        else:
            free.update(dict.fromkeys(keys_of(one), 0))
    return served


@transaction.atomic
def _free_unneeded(programme: Programme, by: User | None, at: dt.datetime) -> int:
    """Homes of which nothing is due after all, or whose row is no longer in an approved roster."""
    found = FundHold.objects.select_for_update(of=("self",)).filter(
        programme=programme, state__in=[State.HELD, State.SHORT]
    )
    settled = Entitlement.objects.filter(programme=programme, dwelling=OuterRef("dwelling"), benefit_kind=KIND)
    settled = settled.exclude(state=Entitlement.State.VOID).exclude(outcome="due")
    gone = [
        one for one in found.annotate(is_over=Exists(settled)).select_related("roster_row__roster")
        if one.is_over or one.roster_row.roster.state != "approved"
    ]  # fmt: skip
    _move(programme.pk, Kind.UNHELD, [one for one in gone if one.state == State.HELD], by, at)
    _mark(gone, State.FREED)
    return len(gone)


def keys_of(one: FundHold) -> dict[Key, int]:
    """Source and year -> fen."""
    return {(source, year): fen for source, year, fen in one.parts}


def _move(
    programme_id: int, kind: str, found: Iterable[FundHold], by: User | None, at: dt.datetime,
    batch: PayoutBatch | None = None,
) -> None:  # fmt: skip
    """One entry per fund for all of them together, and the running totals with it."""
    sums: dict[Key, int] = {}
    for one in found:
        for key, fen in keys_of(one).items():
            sums[key] = sums.get(key, 0) + fen
    for key, fund in (funds.locked_funds(programme_id) if sums else {}).items():
        if key in sums:
            step = sums[key] if kind == Kind.HELD else -sums[key]
            Fund.objects.filter(pk=fund.pk).update(held_fen=F("held_fen") + step)
            FundEntry.objects.create(
                fund=fund, area_id=fund.area_id, kind=kind, amount_fen=sums[key], at=at, recorded_by=by, batch=batch,
                round_no=batch.round_no if batch else 0,
            )  # fmt: skip


def _mark(found: Iterable[FundHold], state: str) -> None:
    FundHold.objects.filter(pk__in=[one.pk for one in found]).update(state=state)


def _mark_rows(programme: Programme) -> None:
    """The roster shows at once whether a home's money is there."""
    for state, word in ((State.HELD, "reserved"), (State.SHORT, "short")):
        rows = RosterRow.objects.filter(fund_hold__programme=programme, fund_hold__state=state)
        rows.exclude(funds_state=word).update(funds_state=word)


def _recorder(programme: Programme, by: User | str) -> User | None:
    """Entries name a person: who pressed, else who recorded the money that is held now. None: there is no money."""
    if isinstance(by, User):
        return by
    last = FundEntry.objects.filter(fund__programme=programme, kind=Kind.RECEIVED).order_by("-pk").first()
    return last.recorded_by if last else None
