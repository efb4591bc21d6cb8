"""Search across rooms: each kind through what the person may see, a few hits each, the list behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Area
from devices.models import Heater
from households.models import Dwelling
from reports.links import address
from reports.models import DwellingSummary
from reports.queries.matching import matching, villages_for
from reports.queries.scope import Scope
from subsidies.models import PayoutBatch

EACH = 10
LONGEST = 40
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    title: str
    detail: str
    url: str


@dataclass(frozen=True)
class Group:
    """Hits of one kind; `all_url` opens the list they come from."""

    title: str
    icon: str
    hits: list[Hit]
    all_url: str = ""


def search(scope: Scope, text: str) -> list[Group]:
    """Groups that found something. Looks through all places the person may see, not only the chosen one."""
    wanted = text.strip()[:LONGEST]
    if len(wanted) < SHORTEST:
        return []
    finders: tuple[Callable[[Scope, str], Group], ...] = (_households, _heaters, _batches)
    return [group for group in (find(scope, wanted) for find in finders) if group.hits]


def _households(scope: Scope, wanted: str) -> Group:
    villages = villages_for(wanted, Area.objects.visible_to(scope.user))
    rows = DwellingSummary.objects.visible_to(scope.user).filter(matching(wanted, villages))
    rows = rows.select_related("area", "programme")
    found = list(rows.order_by("dwelling_no", "-programme__year_from")[: 2 * EACH])
    unique = list({row.dwelling_no: row for row in reversed(found)}.values())[::-1][:EACH]
    hits = [Hit(f"{row.dwelling_no} {row.head_name}", _place(row), _file(row.dwelling_no)) for row in unique]
    hits = hits or _not_yet_listed(scope, wanted)
    return Group(_("Household files"), "users", hits, address("reports:household-list", q=wanted))


def _place(row: DwellingSummary) -> str:
    return f"{row.area.name} · {row.get_stage_display()}"


def _not_yet_listed(scope: Scope, wanted: str) -> list[Hit]:
    """Entered seconds ago and not yet in the list, or in no programme: found by number."""
    rows = Dwelling.objects.visible_to(scope.user).filter(dwelling_no__startswith=wanted.upper())
    found = rows.select_related("area", "household").order_by("dwelling_no")[:EACH]
    return [Hit(f"{one.dwelling_no} {one.household.head_name}", one.area.name, _file(one.dwelling_no)) for one in found]


def _file(dwelling_no: str) -> str:
    return address("reports:household-detail", dwelling_no)


def _heaters(scope: Scope, wanted: str) -> Group:
    rows = Heater.objects.visible_to(scope.user).filter(platform_no__startswith=wanted.upper()).select_related("area")
    hits = [_heater(one) for one in rows.order_by("platform_no")[:EACH]]
    return Group(_("Heaters"), "temperature", hits, address("telemetry:heater-list", q=wanted))


def _heater(one: Heater) -> Hit:
    url = address("telemetry:heater-detail", one.platform_no)
    return Hit(one.platform_no, f"{one.area.name} · {one.factory_no}", url)


def _batches(scope: Scope, wanted: str) -> Group:
    rows = PayoutBatch.objects.visible_to(scope.user).filter(number__icontains=wanted).select_related("area")
    hits = [_batch(one) for one in rows.order_by("number")[:EACH]]
    return Group(_("Payout batches"), "cash", hits, address("subsidies:batch-list"))


def _batch(one: Any) -> Hit:
    url = address("subsidies:batch-detail", one.number) or address("subsidies:batch-list")
    return Hit(one.number, f"{one.area.name} · {one.get_state_display()}", url)
