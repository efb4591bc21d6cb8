"""The filters a ledger's list offers. They only draw: `found` has read the same address already, as the export will."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN
from households.models import Dwelling
from reports import stages
from reports.filters import VillagesFilter
from reports.ledgers.base import Ledger
from reports.ledgers.gaps import GAPS
from reports.models import DwellingSummary, Paper
from reports.queries.scope import Scope
from retrofits.models import Admission
from subsidies.models import FundEntry
from subsidies.wording import SOURCES, source_name

LONGEST = 40
ALL = _("all")


def _choice(label: Any, choices: Any = ()) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(method="drawn", label=label, choices=choices, empty_label=ALL)


def _text(label: Any) -> django_filters.CharFilter:
    return django_filters.CharFilter(method="drawn", label=label, max_length=LONGEST)


class LedgerFilter(django_filters.FilterSet):
    """Holds every filter any ledger asks for; those this one does not ask for are dropped."""

    q = _text(_("number, name or last four"))
    batch = _text(_("Batch"))
    benefit = _text(_("Benefit"))
    season = _text(_("Season, e.g. 2021-22"))
    enterprise = _text(_("Code of the enterprise"))
    least = _text(_("Homes at least"))
    town = _choice(_("Town"))
    village = VillagesFilter(method="drawn")
    technology = _choice(_("Route"))
    year = _choice(_("Year"))
    stage = _choice(_("Stage"), stages.CHOICES)
    missing = _choice(_("Missing"), [("any", _("anything")), *Paper.choices])
    returned = _choice(_("Payment"), [("yes", _("sent back by the bank"))])
    gap = _choice(_("Gap"), [(code, words) for code, (words, _condition) in GAPS.items()])
    exclusion = _choice(_("Reason"), Dwelling.Exclusion.choices)
    source = _choice(_("Source"))
    movement = _choice(_("Movement"), FundEntry.Kind.choices)
    admission = _choice(_("State"), Admission.State.choices)
    both = _choice(_("Payment"), [("yes", _("both were paid"))])

    def __init__(self, data: Any, queryset: QuerySet[Any], *, scope: Scope, ledger: Ledger, **more: Any) -> None:
        super().__init__(data, queryset, **more)
        for name in set(self.filters) - set(ledger.asks):
            del self.filters[name]
        offered = {
            "technology": lambda: scope.routes,
            "year": lambda: _years(scope),
            "source": lambda: [(code, source_name(code)) for code in SOURCES],
        }
        for name, choices in offered.items():
            if name in self.filters:
                self.filters[name].extra["choices"] = choices()
        if {"town", "village"} & set(self.filters):
            self._places(scope)

    def _places(self, scope: Scope) -> None:
        """Towns of the place; villages once a town is chosen. One query."""
        length = CODE_LENGTHS[TOWN]
        town = str(self.data.get("town", ""))
        town = town if town.isascii() and town.isdigit() and len(town) == length else ""
        inner = town or (scope.area_code if len(scope.area_code) >= length else "")
        if not scope.area_code:
            return
        rows = Area.objects.visible_to(scope.user).within(scope.area_code).filter(level__in=["town", "village"])
        if not inner:
            rows = rows.filter(level=Area.Level.TOWN)
        known = list(rows.order_by("code").values_list("code", "name", "level")[:2000])
        places = {
            "town": [(code, name) for code, name, level in known if level == Area.Level.TOWN],
            "village": [(code, name) for code, name, _level in known if len(code) > length and code.startswith(inner)],
        }
        for name in {"town", "village"} & set(self.filters):
            self.filters[name].extra["choices"] = places[name]

    def drawn(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows

    class Meta:
        model = DwellingSummary
        fields: list[str] = []


def _years(scope: Scope) -> list[tuple[str, str]]:
    if scope.programme is None:
        return []
    return [(str(year), str(year)) for year in range(scope.programme.year_from, scope.programme.year_to + 1)]
