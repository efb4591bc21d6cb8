"""Filters of the lists; each stands in the address under the name of its field."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN, code_range
from reports import stages
from reports.models import DwellingSummary, Paper
from reports.queries.matching import Place, door_villages, few, matching, may_be_door
from reports.queries.scope import Scope

ANY, NONE = "any", "none"
LONGEST = 40
MOST_PLACES = 1000


class _Several(forms.MultipleChoiceField):
    """Each choice once; an empty one in the address is none (`?town=&village=`, as addresses were kept before)."""

    def to_python(self, value: Any) -> list[str]:
        return list(dict.fromkeys(filter(None, super().to_python(value))))


class VillagesFilter(django_filters.MultipleChoiceFilter):
    """`?village=A&village=B`: those of one town, or without a town those that are named."""

    field_class = _Several

    def __init__(self, method: str) -> None:
        super().__init__(
            method=method, label=_("Village"), widget=forms.CheckboxSelectMultiple, help_text=_("Choose a town first."),
            error_messages={"invalid_choice": _("%(value)s is none of the villages offered here; choose again.")},
        )  # fmt: skip


class HouseholdFilter(django_filters.FilterSet):
    """`?q=&town=&village=&technology=&year=&stage=&missing=&returned=`; choices are the places and routes one may see.

    Villages may be several. The year is asked for only where the programme has several; `none` finds what has no
    technology or year yet.
    """

    q = django_filters.CharFilter(
        method="by_words", label=_("number, name, initials, last four, door, meter, device"), max_length=LONGEST
    )
    town = django_filters.ChoiceFilter(method="by_place", label=_("Town"), empty_label=_("all"))
    village = VillagesFilter(method="by_places")
    technology = django_filters.ChoiceFilter(method="by_route", label=_("Route"), empty_label=_("all"))
    year = django_filters.ChoiceFilter(method="by_year", label=_("Year"), empty_label=_("all"))
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
        text = str(self.data.get("q", ""))[:LONGEST]
        chosen = self.data.get("town", "")
        chosen = chosen if _is_code(chosen) else scope.area_code if len(scope.area_code) >= CODE_LENGTHS[TOWN] else ""
        asked = data.getlist("village") if data else []
        towns, found = _places(scope, chosen, text, asked)
        self.villages = few(found)
        self._choices("town", [(one.code, one.name) for one in towns])
        self._choices("village", [(one.code, one.name) for one in found if chosen or one.code in asked])
        self._choices("technology", [*scope.routes, (NONE, _("none yet"))])
        if scope.years:
            self._choices("year", [*((str(year), str(year)) for year in scope.years), (NONE, _("none yet"))])
        else:
            del self.filters["year"]

    @property
    def used(self) -> dict[str, Any]:
        """The values the form accepted, empty ones left out: what `qs` is narrowed by."""
        self.form.is_valid()
        return {key: value for key, value in getattr(self.form, "cleaned_data", {}).items() if value}

    def by_words(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(matching(value, self.villages))

    def by_place(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return rows.within(value)  # type: ignore[no-any-return]

    def by_places(self, rows: Any, name: str, value: list[str]) -> QuerySet[Any]:
        return rows.within(*value)  # type: ignore[no-any-return]

    def by_route(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(technology="" if value == NONE else value)

    def by_year(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(year=None if value == NONE else int(value))

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


def _places(scope: Scope, chosen: str, text: str, asked: list[str]) -> tuple[list[Place], list[Place]]:
    """Towns of the place, and its villages in the `chosen` town; without one (""), those asked for by their codes, or
    else those where `text` may be a door. One query.
    """
    wanted = Q(level=Area.Level.TOWN)
    if chosen:
        low, high = code_range(chosen)
        wanted |= Q(level=Area.Level.VILLAGE, code__gte=low, code__lt=high)
    elif asked:
        wanted |= Q(level=Area.Level.VILLAGE, code__in=asked)
    elif may_be_door(text):
        wanted |= door_villages(text)
    found = Area.objects.visible_to(scope.user).within(scope.area_code) if scope.area_code else Area.objects.none()
    rows = found.filter(wanted).order_by("level", "code").values_list("code", "name", "level")[:MOST_PLACES]
    known = [(Place(code, name), level) for code, name, level in rows]
    of_town = [place for place, level in known if level == Area.Level.TOWN]
    return of_town, [place for place, level in known if level == Area.Level.VILLAGE]


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in (2, 4, 6, 9, 12, 15)
