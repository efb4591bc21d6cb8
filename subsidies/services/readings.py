"""Meter readings in: typed, from a company's file or from a heater; each line counts, agrees, or waits for a person."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from core.seasons import Span
from households.models import Document, Dwelling, MeterReading, MeterSupply
from programmes.models import Programme
from subsidies.metering.lines import Line, LineError, Verdict, examine
from subsidies.metering.season import divide
from subsidies.metering_limits import limits_for
from subsidies.reading_reach import RECORD, refuse_foreign
from subsidies.services.locking import demand_right

State = MeterReading.State
LIVING = (State.COUNTED, State.CONFIRMS, State.HELD)
AT_ONCE = 500


@dataclass(frozen=True)
class Entry:
    """One stated line for a dwelling. `span` both days included; `start` and `end` the counter before and after."""

    dwelling: Dwelling
    carrier: str
    span: Span
    source: str
    start: Decimal | None = None
    end: Decimal | None = None
    quantity: Decimal | None = None
    factor: Decimal = Decimal(1)
    meter: str = ""
    tariff: str = ""
    cell: str = ""

    def line(self) -> Line:
        return Line(self.span, self.source, self.quantity, self.start, self.end, self.factor, self.meter, self.tariff)


@dataclass(frozen=True)
class Judged:
    """An entry with what becomes of it; `share` is its part of a shared meter where the split is decided."""

    entry: Entry
    verdict: Verdict

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(finding.code for finding in self.verdict.findings)


@dataclass
class Recorded:
    """What one call stored."""

    rows: list[MeterReading] = field(default_factory=list)
    known: int = 0

    def count(self, state: str) -> int:
        return sum(1 for row in self.rows if row.state == state)


@dataclass
class Surroundings:
    """What the dwellings of a file hang on and what is known of them; read once, kept up while lines are judged."""

    lines: dict[tuple[int, str], list[Line]]
    numbers: dict[tuple[int, str], str]
    sharing: dict[tuple[int, str], Sequence[MeterSupply]]
    undecided: set[int]

    def judge(self, programme: Programme, entry: Entry) -> Judged:
        """Judge one entry beside what is known and what was judged before it."""
        key = (entry.dwelling.pk, entry.carrier)
        others = self.sharing.get(key, ())
        shared = key[0] in self.undecided if not others else any(one.parts is None for one in others)
        bounds = limits_for(programme, entry.carrier)
        if others:
            bounds = replace(bounds, per_day=bounds.per_day * len(others))
        verdict = examine(
            entry.line(), self.lines.setdefault(key, []), bounds, registered=self.numbers.get(key, ""), shared=shared
        )
        if others and verdict.state == "counted" and verdict.quantity is not None:
            verdict = replace(verdict, quantity=_share(others, entry.dwelling.pk, verdict.quantity))
        if verdict.state != "same":
            line = replace(entry.line(), quantity=verdict.quantity, held=verdict.state == "held", key=-1)
            self.lines[key] = [one for one in self.lines[key] if one.key not in verdict.displaced] + [line]
        return Judged(entry, verdict)


@transaction.atomic
def record_readings(
    *, programme: Programme, entries: Iterable[Entry], by: User | str, document: Document | None = None,
    today: dt.date | None = None, now: dt.datetime | None = None,
) -> Recorded:  # fmt: skip
    """Store stated lines; one that is there already stays as it is, so that sending twice is sending once.

    A reading of a shared meter becomes one line for every dwelling on it. `by` is a person, or the name of the nightly
    work. Raises Refused FUTURE, NOTHING_STATED, and PermissionDenied for homes that are no customers of a company.
    """
    named = list(entries)
    wanted = on_every_dwelling(named)
    if isinstance(by, User):
        refuse_foreign(by, _homes_by_carrier(named))
        for code in {entry.dwelling.area_id for entry in wanted}:
            demand_right(by, RECORD, code)
    _refuse_future(wanted, today or clock.today())
    homes = sorted({entry.dwelling.pk for entry in wanted})
    list(Dwelling.objects.select_for_update().filter(pk__in=homes).order_by("pk").values_list("pk", flat=True))
    around = surroundings(homes)
    judged = judge_all(programme, wanted, around)
    return _store(judged, by, document, now or clock.now())


def _homes_by_carrier(entries: Iterable[Entry]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        found[entry.carrier].add(entry.dwelling.pk)
    return found


def judge_all(programme: Programme, entries: Iterable[Entry], around: Surroundings) -> list[Judged]:
    """In the order of their days, so that a file's own lines are each other's neighbours. Writes nothing."""
    ordered = sorted(entries, key=lambda one: (one.dwelling.pk, one.carrier, one.tariff, one.span))
    try:
        return [around.judge(programme, entry) for entry in ordered]
    except LineError:
        raise Refused("NOTHING_STATED", _("Give both readings, or the quantity that was used.")) from None


def surroundings(homes: Sequence[int]) -> Surroundings:
    """Five queries for any number of dwellings."""
    lines: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for row in MeterReading.objects.filter(dwelling__in=homes, state__in=LIVING).order_by("starts_on", "id"):
        lines[row.dwelling_id, row.carrier].append(line_of(row))
    numbers, sharing = _meters(homes)
    homes_alone = Dwelling.objects.filter(pk__in=homes).values_list("pk", "meter_no", "meter_is_individual")
    undecided = set()
    for pk, number, individual in homes_alone:
        if number:
            numbers.setdefault((pk, "electricity"), number)
        if individual is False and (pk, "electricity") not in sharing:
            undecided.add(pk)
    return Surroundings(lines, numbers, sharing, undecided)


def line_of(row: MeterReading) -> Line:
    """A stored row as the plain modules see it."""
    return Line(
        Span(row.starts_on, row.ends_on), row.source, row.quantity, row.start_reading, row.end_reading, row.factor,
        row.meter_no, row.tariff, row.pk, row.state == State.HELD,
    )  # fmt: skip


def _meters(homes: Sequence[int]) -> tuple[dict[tuple[int, str], str], dict[tuple[int, str], Sequence[MeterSupply]]]:
    """Meter numbers by dwelling and energy, and for shared meters all that hang on them in a fixed order."""
    own = list(MeterSupply.objects.filter(dwelling__in=homes).select_related("meter"))
    numbers = {(one.dwelling_id, one.carrier): one.meter.number for one in own}
    shared = [one for one in own if one.meter.is_shared]
    by_meter: dict[int, list[MeterSupply]] = defaultdict(list)
    if shared:
        for one in MeterSupply.objects.filter(meter__in=[one.meter_id for one in shared]).order_by("dwelling_id"):
            by_meter[one.meter_id].append(one)
    return numbers, {(one.dwelling_id, one.carrier): by_meter[one.meter_id] for one in shared}


def _share(others: Sequence[MeterSupply], dwelling: int, quantity: Decimal) -> Decimal:
    shares = divide(quantity, [one.parts or 0 for one in others])
    return next(share for one, share in zip(others, shares, strict=True) if one.dwelling_id == dwelling)


def on_every_dwelling(entries: list[Entry]) -> list[Entry]:
    """A shared meter's reading speaks for every dwelling on it; said twice in one call, it is said once."""
    homes = sorted({entry.dwelling.pk for entry in entries})
    _numbers, sharing = _meters(homes)
    others = {one.dwelling_id for supplies in sharing.values() for one in supplies}
    known = {home.pk: home for home in Dwelling.objects.filter(pk__in=others)} if others else {}
    found: dict[tuple[Any, ...], Entry] = {}
    for entry in entries:
        supplies = sharing.get((entry.dwelling.pk, entry.carrier), ())
        targets = [known[one.dwelling_id] for one in supplies] or [entry.dwelling]
        for home in targets:
            key = (home.pk, entry.carrier, entry.tariff, entry.span, entry.start, entry.end, entry.quantity)
            if not supplies:
                key = (*key, entry.cell)
            found.setdefault(key, replace(entry, dwelling=home))
    return list(found.values())


def _refuse_future(entries: Iterable[Entry], today: dt.date) -> None:
    late = next((entry for entry in entries if entry.span.last_day > today), None)
    if late is not None:
        words = _("%(day)s is still to come; a reading is entered when it was taken.")
        raise Refused("FUTURE", words, day=late.span.last_day.isoformat())


def _store(judged: Iterable[Judged], by: User | str, document: Document | None, now: dt.datetime) -> Recorded:
    done = Recorded()
    displaced: list[int] = []
    for one in judged:
        if one.verdict.state == "same":
            done.known += 1
            continue
        displaced += one.verdict.displaced
        done.rows.append(_row(one, by, document, now))
    MeterReading.objects.filter(pk__in=displaced, state=State.COUNTED).update(state=State.CONFIRMS)
    MeterReading.objects.bulk_create(done.rows, batch_size=AT_ONCE)
    return done


def _row(one: Judged, by: User | str, document: Document | None, now: dt.datetime) -> MeterReading:
    entry, verdict = one.entry, one.verdict
    person = by if isinstance(by, User) else None
    return MeterReading(
        dwelling=entry.dwelling, area_id=entry.dwelling.area_id, carrier=entry.carrier, meter_no=entry.meter[:30],
        tariff=entry.tariff, starts_on=entry.span.first_day, ends_on=entry.span.last_day, start_reading=entry.start,
        end_reading=entry.end, factor=entry.factor, quantity=verdict.quantity, source=entry.source,
        state=verdict.state, findings=[encode_finding(f.code, f.params) for f in verdict.findings], document=document,
        cell=entry.cell[:60], entered_by=person, entered_person_no=person.person_no if person else "", entered_at=now,
    )  # fmt: skip


def encode_finding(code: str, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": code, **params}
