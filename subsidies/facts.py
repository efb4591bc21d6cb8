"""Facts for the rule engine, read from the house in bulk.

The engine never sees a row, and nothing here judges: a value nobody recorded stays unknown. What no register holds may
be stated by a person (`services.stated`); where each fact comes from stands in `fact_sources`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.utils import timezone

from core.seasons import Season
from core.together import read_together
from devices.models import Heater
from households.models import Dwelling, Household, Roster
from households.services import class_periods
from retrofits.costs import kind_of
from retrofits.models import Acceptance, Admission, CostItem, CostShare, InstalledDevice, PanelSeat, Task
from subsidies.device_classes import class_of
from subsidies.models import Entitlement, EntitlementLine, PayoutLine, StatedFact
from subsidies.rules import facts as rules
from subsidies.rules.outcomes import SourceLine
from subsidies.stated import with_stated
from subsidies.usage import reading_rows, usage_for

Facts = rules.Facts
#: Departments of the joint acceptance as rules name them, by a word of the name a programme gives them.
DEPARTMENTS = {
    "住建": "HOUSING", "发改": "DEVELOPMENT_REFORM", "财政": "FINANCE", "农业": "AGRICULTURE", "环保": "ECOLOGY",
    "生态": "ECOLOGY", "审计": "AUDIT",
}  # fmt: skip
#: The key of a shared cost as rules name it.
SHARE_KEYS = {"even": "household", "area": "area", "head": "persons"}
#: So few are asked about on a page: there one statement is worth more than the driver's quicker reading.
FEW = 50
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?=年|[-./]|$)")


def facts_for(
    acceptances: Sequence[Acceptance], *, on: date, season: Season | None = None
) -> list[tuple[Acceptance, Facts]]:
    """Facts of each accepted dwelling on a day, in the given order; the same few queries whatever the number.

    `season` adds the meter readings that touch it and names it as the season to be assessed. Beneficiary classes are
    those of the day of acceptance, or of the season's last day: a later run must not answer differently.
    """
    return Collected(acceptances, [season] if season else []).facts(on, season)


def with_related(acceptances: Any) -> Any:
    """The rows `facts_for` reads, joined in the same query."""
    return acceptances.select_related(
        "task__dwelling__area", "task__dwelling__household", "task__technology", "task__roster_row__roster",
        "task__installation__device_model__product", "task__programme",
    )  # fmt: skip


class Collected:
    """Everything the registers hold about some accepted dwellings and these seasons, read once."""

    def __init__(self, acceptances: Sequence[Acceptance], seasons: Sequence[Season]) -> None:
        self.acceptances = acceptances
        self._homes = [one.task.dwelling_id for one in acceptances]
        tasks = [one.task_id for one in acceptances]
        paid = Entitlement.objects.filter(dwelling__in=self._homes, state=Entitlement.State.PAID)
        self._costs = _cost_rows(tasks)
        self._shared = _share_rows(self._homes, {one.task.programme_id for one in acceptances})
        self._seats = _seat_rows(tasks)
        self._paid = paid.select_related("task__technology").order_by("id")
        self._shares = EntitlementLine.objects.filter(entitlement__in=paid).order_by("id")
        self._settled = PayoutLine.objects.filter(entitlement__in=paid, state=PayoutLine.State.PAID)
        self._removed = _removed_heaters(self._homes)
        self._devices = _device_counts(tasks)
        self._villages = _household_counts({one.task.dwelling.area_id for one in acceptances})
        self._admissions = Admission.objects.filter(programme__in={one.task.programme_id for one in acceptances})
        self._stated = StatedFact.objects.filter(dwelling__in=self._homes).order_by("id")
        self._periods, self._registered = class_periods.class_rows({_family(one) for one in acceptances})
        self._readings = reading_rows(self._homes, seasons)
        if len(acceptances) <= FEW:
            read_together(
                self._costs, self._shared, self._seats, self._paid, self._shares, self._settled, self._removed,
                self._devices, self._villages, self._admissions, self._stated, self._periods, self._registered,
                self._readings,
            )  # fmt: skip
        self._by_task = _grouped(self._costs)
        self._by_home = _laid(self._shared)
        self._payments = self._paid_before()
        self._departments = _departments(self._seats)
        self._counts = {"device": dict(self._devices), "village": dict(self._villages)}
        self._ages = {heater.dwelling_id: heater for heater in self._removed}

    def facts(self, on: date, season: Season | None) -> list[tuple[Acceptance, Facts]]:
        """Of each dwelling on a day, for a season of those that were read."""
        usage = usage_for(self._readings, season) if season else {}
        days = {_family(one): _class_day(one, season) for one in self.acceptances}
        classes = class_periods.on_days(days, self._periods, self._registered)
        stated = _stated(self._stated, season.year if season else None)
        return [
            (one, with_stated(
                self._of(one, on, season, tuple(usage.get(one.task.dwelling_id, ())), classes[_family(one)]),
                stated.get((one.task.programme_id, one.task.dwelling_id), {}), season,
            ))
            for one in self.acceptances
        ]  # fmt: skip

    def _of(
        self, one: Acceptance, on: date, season: Season | None, usage: tuple[rules.Usage, ...], classes: frozenset[str]
    ) -> Facts:
        task, dwelling = one.task, one.task.dwelling
        costs = self._by_task.get(one.task_id, ()) + self._by_home.get((task.programme_id, dwelling.pk), ())
        return Facts(
            on=on,
            zone=zone_of(dwelling.area.area_class),
            technology=technology_of(task),
            device_class=class_of(task),
            classes=classes,
            exclusions=self._exclusions(dwelling, task),
            on_roster=task.roster_row.roster.state == Roster.State.APPROVED,
            installer_admitted=self._is_admitted(task),
            own_funds_in_place=task.self_funds_proven is True,  # only those entered before papers were named
            accepted_on=one.accepted_on,
            accepted_by=self._departments.get(one.task_id, frozenset()),
            payments=self._payments[dwelling.pk],
            costs=costs or None,
            quantities=self._quantities(task),
            meter_individual=_own_meter(dwelling),
            usage=usage,
            season_year=season.year if season else None,
        )

    def _quantities(self, task: Task) -> dict[str, Decimal]:
        """The installed area where there is a record, else the dwelling's; the register's own is the declared one."""
        dwelling, record = task.dwelling, getattr(task, "installation", None)
        product = getattr(record.device_model, "product", None) if record and record.device_model else None
        devices = self._counts["device"]
        known = {
            "heated_area_m2": record.heated_area_m2 if record else dwelling.heated_area_m2,
            "declared_area_m2": dwelling.heated_area_m2,
            "power_kw": product.thermal_power_kw if product else None,
            "person_count": dwelling.household.residents,
            "household_count": self._counts["village"].get(dwelling.area_id),
            "device_count": 1 + devices.get(task.pk, 0) if record else None,
            "device_age_years": _age(self._ages.get(dwelling.pk)),
            "demolition_year": _named_year(dwelling.exclusion_note),
        }
        return {name: Decimal(value) for name, value in known.items() if value is not None}

    def _exclusions(self, dwelling: Dwelling, task: Task) -> frozenset[str]:
        """As the file and the roster say; and a firm that is in the programme only for a demonstration site pays."""
        found = {dwelling.exclusion, task.roster_row.exclusion, "SECOND_HOME" if dwelling.is_second_home else ""}
        pilot = any(row.is_pilot for row in self._alive(task))
        return frozenset((found | ({"ENTERPRISE_PAID"} if pilot else set())) - {""})

    def _is_admitted(self, task: Task) -> bool:
        """Admitted on the day of installation; where the programme keeps no admissions, the record stands for it."""
        if not hasattr(task, "installation"):
            return False
        kept = [row for row in self._admissions if row.programme_id == task.programme_id]
        return not kept or bool(self._alive(task))

    def _alive(self, task: Task) -> list[Admission]:
        """Admissions of the installer that held on the day of the installation."""
        record = getattr(task, "installation", None)
        rows = self._admissions if record else ()
        return [
            row for row in rows
            if (row.programme_id, row.supplier_id) == (task.programme_id, record.supplier_id) and row.admitted_on
            and row.admitted_on <= record.installed_on and (row.ended_on is None or record.installed_on <= row.ended_on)
        ]  # fmt: skip

    def _paid_before(self) -> Mapping[int, tuple[rules.Payment, ...]]:
        """What was paid for these dwellings before, with its sources and the day of the bank's answer."""
        lines: dict[int, list[SourceLine]] = defaultdict(list)
        for share in self._shares:
            lines[share.entitlement_id].append(SourceLine(share.source, share.amount_fen))
        days = {line.entitlement_id: timezone.localdate(line.settled_at) for line in self._settled if line.settled_at}
        found: dict[int, tuple[rules.Payment, ...]] = defaultdict(tuple)
        for one in self._paid:
            found[one.dwelling_id] += (_payment(one, tuple(lines[one.pk]), days.get(one.pk)),)
        return found


def _named_year(note: str) -> int | None:
    """The one year a note names; of several nobody knows which is meant."""
    years = {int(year) for year in _YEAR.findall(note)}
    return years.pop() if len(years) == 1 else None


def _family(acceptance: Acceptance) -> int:
    return int(acceptance.task.dwelling.household_id)


def _class_day(acceptance: Acceptance, season: Season | None) -> date:
    return season.last_day if season else acceptance.accepted_on


def zone_of(area_class: str) -> str:
    """URBAN or RURAL where the place's class says so, else the class itself as a code (ecological: ECOLOGICAL)."""
    words = area_class.lower()
    if "urban" in words or "rural" in words:
        return "URBAN" if "urban" in words else "RURAL"
    return area_class.upper().replace("-", "_") if area_class.isascii() else ""


def technology_of(task: Task) -> str:
    """The route as rules name it: block heating by its own code, everything else by family."""
    code = task.technology.code
    return code if code.startswith("BLOCK_") else task.technology.family


def department_codes(name: str) -> frozenset[str]:
    """A department's name as the code rules use; the name itself where rules know none."""
    return frozenset(code for word, code in DEPARTMENTS.items() if word in name) or frozenset({name})


def _own_meter(dwelling: Dwelling) -> bool | None:
    """As recorded; where nothing is, a meter number of its own proves it: the register holds each number once."""
    if dwelling.meter_is_individual is not None:
        return dwelling.meter_is_individual
    return True if dwelling.meter_no else None


def _cost_rows(tasks: Sequence[int]) -> Any:
    items = CostItem.objects.filter(installation__task__in=tasks)
    return items.order_by("id").values_list("installation__task_id", "kind", "amount_fen")


def _grouped(rows: Iterable[tuple[int, str, int]]) -> dict[int, tuple[rules.CostItem, ...]]:
    """By task; a task without any recorded cost has no entry, which is not the same as no cost."""
    found: dict[int, tuple[rules.CostItem, ...]] = defaultdict(tuple)
    for task_id, kind, fen in rows:
        found[task_id] += (rules.CostItem(kind, fen),)
    return dict(found)


def _share_rows(homes: Sequence[int], programmes: Iterable[int]) -> Any:
    """(programme, dwelling, name and key of the cost, fen): what dwellings carry of their projects' costs."""
    rows = CostShare.objects.filter(dwelling__in=homes, cost__project__programme__in=list(programmes))
    return rows.order_by("id").values_list(
        "cost__project__programme_id", "dwelling_id", "cost__name", "cost__split_by", "amount_fen"
    )


def _laid(rows: Iterable[tuple[int, int, str, str, int]]) -> dict[tuple[int, int], tuple[rules.CostItem, ...]]:
    """By programme and dwelling; the kind is the one with which the cost's name begins."""
    found: dict[tuple[int, int], tuple[rules.CostItem, ...]] = defaultdict(tuple)
    for programme, home, name, key, fen in rows:
        found[programme, home] += (rules.CostItem(kind_of(name), fen, shared_by=SHARE_KEYS[key]),)
    return dict(found)


def _seat_rows(tasks: Sequence[int]) -> Any:
    """(task, department) of those that have signed the living joint sheet of each task."""
    signed = PanelSeat.objects.filter(joint__homes__task__in=tasks, joint__homes__is_void=False)
    return signed.values_list("joint__homes__task_id", "department")


def _departments(rows: Iterable[tuple[int, str]]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for task_id, name in rows:
        found[task_id] = found.get(task_id, frozenset()) | department_codes(name)
    return found


def _removed_heaters(homes: Sequence[int]) -> Any:
    """Heaters taken down, the last one last."""
    return Heater.objects.filter(dwelling__in=homes, removed_on__isnull=False).order_by("removed_on", "id")


def _age(heater: Heater | None) -> int | None:
    """Whole years from its installation to the day it was taken down."""
    if heater is None or heater.removed_on is None:
        return None
    first, last = heater.installed_on, heater.removed_on
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _device_counts(tasks: Sequence[int]) -> Any:
    """(task, devices beside the main one)."""
    rows = InstalledDevice.objects.filter(installation__task__in=tasks).order_by()
    return rows.values("installation__task_id").annotate(n=Count("pk")).values_list("installation__task_id", "n")


def _household_counts(villages: Iterable[str]) -> Any:
    """(village, households) of the register, without those merged into others."""
    rows = Household.objects.filter(area__in=list(villages), merged_into__isnull=True).order_by()
    return rows.values("area_id").annotate(n=Count("pk")).values_list("area_id", "n")


def _stated(rows: Iterable[StatedFact], year: int | None) -> dict[tuple[int, int], dict[str, StatedFact]]:
    """By programme and dwelling the newest statement of each name: of this season, or of no season."""
    found: dict[tuple[int, int], dict[str, StatedFact]] = defaultdict(dict)
    for row in rows:
        if row.season_year == year or row.season_year is None:
            known = found[row.programme_id, row.dwelling_id].get(row.name)
            if known is None or row.season_year is not None or known.season_year is None:
                found[row.programme_id, row.dwelling_id][row.name] = row
    return found


def _payment(entitlement: Entitlement, lines: tuple[SourceLine, ...], day: date | None) -> rules.Payment:
    year = None if entitlement.period.startswith("once") else int(entitlement.period[:4])
    amount = entitlement.amount_fen or 0
    return rules.Payment(entitlement.benefit_kind, amount, technology_of(entitlement.task), year, lines, day)
