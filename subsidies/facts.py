"""Facts for the rule engine, read from the house in bulk; and facts as JSON, so that amounts can be computed again.

The engine never sees a row, and nothing here judges: a value nobody recorded stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from core.seasons import Season, Span
from households.models import Dwelling, Roster
from households.services import class_periods
from retrofits.models import Acceptance, CostItem, PanelSeat, Task
from subsidies.models import Entitlement, EntitlementLine
from subsidies.rules import facts as rules
from subsidies.rules.outcomes import SourceLine
from subsidies.usage import usage_for

Facts = rules.Facts
#: Departments of the joint acceptance as rules name them, by a word of the name a programme gives them.
DEPARTMENTS = {
    "住建": "HOUSING", "发改": "DEVELOPMENT_REFORM", "财政": "FINANCE", "农业": "AGRICULTURE", "环保": "ECOLOGY",
    "生态": "ECOLOGY", "审计": "AUDIT",
}  # fmt: skip


def facts_for(
    acceptances: Sequence[Acceptance], *, on: date, season: Season | None = None
) -> list[tuple[Acceptance, Facts]]:
    """Facts of each accepted dwelling on a day, in the given order; eight queries whatever the number.

    `season` adds the meter readings that touch it and names it as the season to be assessed. Beneficiary classes are
    those of the day of acceptance, or of the season's last day: a later run must not answer differently.
    """
    dwellings = [acceptance.task.dwelling_id for acceptance in acceptances]
    costs, payments = _costs(acceptances), _payments(dwellings)
    usage = usage_for(dwellings, season) if season else {}
    classes = class_periods.classes_on({_family(one): _class_day(one, season) for one in acceptances})
    seats = _seats(acceptances)
    return [
        (
            acceptance,
            _facts(
                acceptance, on, season, costs.get(acceptance.task_id), payments[acceptance.task.dwelling_id],
                tuple(usage.get(acceptance.task.dwelling_id, ())), classes[_family(acceptance)],
                seats.get(acceptance.task_id, frozenset()),
            ),
        )
        for acceptance in acceptances
    ]  # fmt: skip


def with_related(acceptances: Any) -> Any:
    """The rows `facts_for` reads, joined in the same query."""
    return acceptances.select_related(
        "task__dwelling__area", "task__dwelling__household", "task__technology", "task__roster_row__roster",
        "task__installation__device_model__product",
    )  # fmt: skip


def _facts(
    acceptance: Acceptance, on: date, season: Season | None, costs: tuple[rules.CostItem, ...] | None,
    payments: tuple[rules.Payment, ...], usage: tuple[rules.Usage, ...], classes: frozenset[str],
    accepted_by: frozenset[str],
) -> Facts:  # fmt: skip
    task, dwelling = acceptance.task, acceptance.task.dwelling
    return Facts(
        on=on,
        zone=zone_of(dwelling.area.area_class),
        technology=technology_of(task),
        classes=classes,
        exclusions=_exclusions(dwelling, task),
        on_roster=task.roster_row.roster.state == Roster.State.APPROVED,
        installer_admitted=hasattr(task, "installation"),
        own_funds_in_place=task.self_funds_proven is True,
        accepted_on=acceptance.accepted_on,
        accepted_by=accepted_by,
        payments=payments,
        costs=costs,
        quantities=_quantities(task),
        meter_individual=_own_meter(dwelling),
        usage=usage,
        season_year=season.year if season else None,
    )


def _family(acceptance: Acceptance) -> int:
    return int(acceptance.task.dwelling.household_id)


def _class_day(acceptance: Acceptance, season: Season | None) -> date:
    return season.last_day if season else acceptance.accepted_on


def zone_of(area_class: str) -> str:
    """URBAN, RURAL, or "" where the place's class says neither."""
    words = area_class.lower()
    return "URBAN" if "urban" in words else "RURAL" if "rural" in words else ""


def technology_of(task: Task) -> str:
    """The route as rules name it: block heating by its own code, everything else by family."""
    code = task.technology.code
    return code if code.startswith("BLOCK_") else task.technology.family


def _exclusions(dwelling: Dwelling, task: Task) -> frozenset[str]:
    found = {dwelling.exclusion, task.roster_row.exclusion, "SECOND_HOME" if dwelling.is_second_home else ""}
    return frozenset(found - {""})


def _own_meter(dwelling: Dwelling) -> bool | None:
    """As recorded; where nothing is, a meter number of its own proves it: the register holds each number once."""
    if dwelling.meter_is_individual is not None:
        return dwelling.meter_is_individual
    return True if dwelling.meter_no else None


def _quantities(task: Task) -> dict[str, Decimal]:
    """The installed area where there is a record, else the dwelling's; the thermal power of the registered product."""
    record = getattr(task, "installation", None)
    area = record.heated_area_m2 if record else task.dwelling.heated_area_m2
    product = getattr(record.device_model, "product", None) if record and record.device_model else None
    power = product.thermal_power_kw if product else None
    known = {"heated_area_m2": area, "power_kw": power}
    return {name: Decimal(value) for name, value in known.items() if value is not None}


def _seats(acceptances: Sequence[Acceptance]) -> dict[int, frozenset[str]]:
    """Departments that have signed the living joint sheet of each task, by the codes rules use."""
    tasks = [one.task_id for one in acceptances]
    signed = PanelSeat.objects.filter(joint__homes__task__in=tasks, joint__homes__is_void=False)
    found: dict[int, frozenset[str]] = {}
    for task_id, name in signed.values_list("joint__homes__task_id", "department"):
        found[task_id] = found.get(task_id, frozenset()) | department_codes(name)
    return found


def department_codes(name: str) -> frozenset[str]:
    """A department's name as the code rules use; the name itself where rules know none."""
    return frozenset(code for word, code in DEPARTMENTS.items() if word in name) or frozenset({name})


def _costs(acceptances: Sequence[Acceptance]) -> dict[int, tuple[rules.CostItem, ...]]:
    """By task; a task without any recorded cost has no entry, which is not the same as no cost."""
    found: dict[int, list[rules.CostItem]] = defaultdict(list)
    items = CostItem.objects.filter(installation__task__in=[one.task_id for one in acceptances])
    for task_id, kind, fen in items.order_by("id").values_list("installation__task_id", "kind", "amount_fen"):
        found[task_id].append(rules.CostItem(kind, fen))
    return {task_id: tuple(entries) for task_id, entries in found.items()}


def _payments(dwellings: Sequence[int]) -> Mapping[int, tuple[rules.Payment, ...]]:
    """What was paid for these dwellings before, with its sources."""
    paid = Entitlement.objects.filter(dwelling__in=dwellings, state=Entitlement.State.PAID)
    paid = paid.select_related("task__technology")
    lines: dict[int, list[SourceLine]] = defaultdict(list)
    for pk, source, fen in EntitlementLine.objects.filter(entitlement__in=paid).values_list(
        "entitlement_id", "source", "amount_fen"
    ):
        lines[pk].append(SourceLine(source, fen))
    found: dict[int, list[rules.Payment]] = defaultdict(list)
    for one in paid:
        found[one.dwelling_id].append(_payment(one, tuple(lines[one.pk])))
    return defaultdict(tuple, {dwelling: tuple(entries) for dwelling, entries in found.items()})


def _payment(entitlement: Entitlement, lines: tuple[SourceLine, ...]) -> rules.Payment:
    year = None if entitlement.period == "once" else int(entitlement.period[:4])
    amount = entitlement.amount_fen or 0
    return rules.Payment(entitlement.benefit_kind, amount, technology_of(entitlement.task), year, lines)


def encode_facts(facts: Facts) -> dict[str, Any]:
    """Facts as JSON: dates as ISO text, quantities as exact text. `decode_facts` gives them back."""
    return {
        "on": facts.on.isoformat(),
        "beneficiary": facts.beneficiary,
        "zone": facts.zone,
        "technology": facts.technology,
        "classes": sorted(facts.classes),
        "exclusions": sorted(facts.exclusions),
        "on_roster": facts.on_roster,
        "installer_admitted": facts.installer_admitted,
        "own_funds_in_place": facts.own_funds_in_place,
        "accepted_on": facts.accepted_on.isoformat() if facts.accepted_on else None,
        "accepted_by": sorted(facts.accepted_by),
        "costs": None if facts.costs is None else [[c.kind, c.amount_fen, c.purpose] for c in facts.costs],
        "quantities": {name: str(value) for name, value in facts.quantities.items()},
        "meter_individual": facts.meter_individual,
        "season_year": facts.season_year,
        "usage": [_encode_usage(one) for one in facts.usage],
        "payments": [_encode_payment(one) for one in facts.payments],
    }


def decode_facts(stored: Mapping[str, Any]) -> Facts:
    """The inverse of `encode_facts`."""
    return Facts(
        on=date.fromisoformat(stored["on"]),
        beneficiary=stored["beneficiary"],
        zone=stored["zone"],
        technology=stored["technology"],
        classes=frozenset(stored.get("classes", ())),
        exclusions=frozenset(stored["exclusions"]),
        on_roster=stored["on_roster"],
        installer_admitted=stored["installer_admitted"],
        own_funds_in_place=stored["own_funds_in_place"],
        accepted_on=date.fromisoformat(stored["accepted_on"]) if stored["accepted_on"] else None,
        accepted_by=frozenset(stored.get("accepted_by", ())),
        costs=None if stored["costs"] is None else tuple(rules.CostItem(*one) for one in stored["costs"]),
        quantities={name: Decimal(value) for name, value in stored["quantities"].items()},
        meter_individual=stored["meter_individual"],
        season_year=stored["season_year"],
        usage=tuple(_decode_usage(stored["usage"])),
        payments=tuple(_decode_payments(stored["payments"])),
    )


def _encode_usage(one: rules.Usage) -> list[Any]:
    quantity = None if one.quantity is None else str(one.quantity)
    return [one.energy, one.span.first_day.isoformat(), one.span.last_day.isoformat(), quantity, one.tariff, one.meter]


def _decode_usage(stored: Iterable[list[Any]]) -> Iterable[rules.Usage]:
    for energy, first, last, quantity, *where in stored:
        span = Span(date.fromisoformat(first), date.fromisoformat(last))
        yield rules.Usage(energy, span, None if quantity is None else Decimal(quantity), *where)


def _encode_payment(one: rules.Payment) -> list[Any]:
    lines = [[line.source, line.amount_fen] for line in one.lines]
    return [one.kind, one.amount_fen, one.technology, one.season_year, lines]


def _decode_payments(stored: Iterable[list[Any]]) -> Iterable[rules.Payment]:
    for kind, fen, technology, year, lines in stored:
        yield rules.Payment(kind, fen, technology, year, tuple(SourceLine(*line) for line in lines))
