"""Reads of the registers beside households: what counts toward a task, meters and who hangs on them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Value

from accounts.models import Area
from accounts.records import ScopedQuerySet
from households.equivalents import TaskCount, count_tasks
from households.models import Dwelling, Enrolment, Meter, MeterSupply, Roster, RosterRow, VenueEnrolment
from programmes.counting import Counting, counting_of
from programmes.models import Programme

LISTED_HOUSEHOLD = frozenset({"head_name", "id_number"})
LISTED_DWELLING = frozenset({"door_no", "heated_area_m2", "dwelling_type", "exclusion", "exclusion_note"})
LISTED_VALUES = LISTED_HOUSEHOLD | LISTED_DWELLING
"""Values an approved list states. They change by request only (`services.changes`)."""


def task_count(programme: Programme, *codes: str, rule: Counting | None = None) -> TaskCount:
    """Households put forward and venues as equivalents inside places; excluded dwellings don't count, further homes of
    a household as the rules say (Q12). One query, a second for the rules where `rule` is not given."""
    rule = rule or counting_of(programme)
    homes = Enrolment.objects.within(*codes).filter(programme=programme, dwelling__exclusion="").order_by()
    none = Value(None, DecimalField(max_digits=10, decimal_places=2))
    further = Count("pk", filter=Q(dwelling__is_second_home=True))
    counted = homes.values("programme").annotate(n=Count("pk"), more=further, m2=none).values_list("n", "more", "m2")
    venues = VenueEnrolment.objects.within(*codes).filter(programme=programme).order_by()
    areas = venues.annotate(n=Value(0), more=Value(0), m2=F("venue__heated_area_m2")).values_list("n", "more", "m2")
    rows = list(counted.union(areas, all=True))
    found = [m2 for _n, _more, m2 in rows if m2 is not None]
    second = sum(more for _n, more, _m2 in rows)
    return count_tasks(
        sum(n for n, _more, _m2 in rows) - second, found, rule.venue_m2, decimals=rule.decimals, second_homes=second,
        second_home=rule.second_home,
    )  # fmt: skip


def binding_rows() -> QuerySet[RosterRow]:
    """Rows of approved lists that no newer approved list of the same village has replaced."""
    approved = Roster.State.APPROVED
    newer = Roster.objects.filter(
        programme=OuterRef("roster__programme"),
        area=OuterRef("roster__area"),
        state=approved,
        version_no__gt=OuterRef("roster__version_no"),
    )
    return RosterRow.objects.filter(~Exists(newer), roster__state=approved)


def listed_dwellings(keys: list[int]) -> set[int]:
    """Those of the dwellings (primary keys) that stand on an approved list: their listed values are not edited."""
    return set(binding_rows().filter(dwelling__in=keys).values_list("dwelling_id", flat=True))


def locked_values(dwelling: Dwelling) -> frozenset[str]:
    """Fields of a dwelling and its household that an approved list holds fast; two queries.

    The head's values are held where any dwelling of the household is listed.
    """
    family = list(Dwelling.objects.filter(household=dwelling.household_id).values_list("pk", flat=True))
    listed = listed_dwellings(family)
    own = LISTED_DWELLING if dwelling.pk in listed else frozenset()
    return own | (LISTED_HOUSEHOLD if listed else frozenset())


@dataclass(frozen=True)
class MeterLine:
    """One meter of a dwelling as the household file shows it. `meter` is None where only a roster named the number."""

    carrier: str
    number: str
    is_shared: bool | None
    meter: Meter | None


def meters_of(dwelling: Dwelling) -> list[MeterLine]:
    """The dwelling's meters; a number that came by roster and was never looked at stands last."""
    supplies = MeterSupply.objects.filter(dwelling=dwelling).select_related("meter").order_by("carrier")
    found = [MeterLine(s.carrier, s.meter.number, s.meter.is_shared, s.meter) for s in supplies]
    if dwelling.meter_no and dwelling.meter_no not in {line.number for line in found}:
        shared = None if dwelling.meter_is_individual is None else not dwelling.meter_is_individual
        found.append(MeterLine(Meter.Carrier.ELECTRICITY, dwelling.meter_no, shared, None))
    return found


def narrowed(rows: ScopedQuerySet, chosen: str) -> ScopedQuerySet:
    """Rows inside the area chosen in the top bar; all of them where none is chosen."""
    return rows.within(chosen) if chosen else rows


def villages_and_towns(places: QuerySet[Area]) -> QuerySet[Area]:
    return places.filter(level__in=[Area.Level.TOWN, Area.Level.VILLAGE]).order_by("code")
