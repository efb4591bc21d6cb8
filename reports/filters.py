"""Filters of the lists; each stands in the address under the name of its field."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from reports import stages
from reports.models import DwellingSummary, Paper
from reports.queries.dwellings import matching
from reports.queries.scope import Scope

ANY = "any"


class HouseholdFilter(django_filters.FilterSet):
    """`?q=&town=&village=&technology=&stage=&missing=&returned=`; choices are the places and routes one may see."""

    q = django_filters.CharFilter(method="by_words", label=_("number, name, initials, last four"), max_length=40)
    town = django_filters.ChoiceFilter(method="by_place", label=_("Town"), empty_label=_("all"))
    village = django_filters.ChoiceFilter(method="by_place", label=_("Village"), empty_label=_("all"))
    technology = django_filters.ChoiceFilter(label=_("Route"), empty_label=_("all"))
    stage = django_filters.ChoiceFilter(
        method="by_stage", choices=stages.CHOICES, label=_("Stage"), empty_label=_("all")
    )
    missing = django_filters.ChoiceFilter(
        method="by_missing", choices=[(ANY, _("anything")), *Paper.choices], label=_("Missing"), empty_label=_("all")
    )
    returned = django_filters.ChoiceFilter(
        method="by_returned", choices=[("yes", _("sent back by the bank"))], label=_("Payment"), empty_label=_("all")
    )

    def __init__(self, data: Any, queryset: QuerySet[Any], *, scope: Scope, **more: Any) -> None:
        super().__init__(data, queryset, **more)
        towns = scope.places(Area.Level.TOWN)
        self._choices("town", [(one.code, one.name) for one in towns])
        chosen = self.data.get("town") or (scope.area_code if not towns or len(towns) == 1 else "")
        inside = scope.places(Area.Level.VILLAGE, chosen) if _is_code(chosen) else []
        self._choices("village", [(one.code, one.name) for one in inside])
        self._choices("technology", scope.routes)

    @property
    def used(self) -> dict[str, Any]:
        """The values the form accepted, empty ones left out."""
        return {key: value for key, value in self.form.cleaned_data.items() if value} if self.form.is_valid() else {}

    def by_words(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(matching(value))

    def by_place(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return rows.within(value)  # type: ignore[no-any-return]

    def by_stage(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(stages.rows_in(value))

    def by_missing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        rows = rows.filter(missing_papers__gt=0, exclusion="")
        return rows if value == ANY else rows.filter(missing__contains=[value])

    def by_returned(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(payment_failed=True, exclusion="")

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.filters[name].extra["choices"] = choices

    class Meta:
        model = DwellingSummary
        fields: list[str] = []


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in (2, 4, 6, 9, 12, 15)
