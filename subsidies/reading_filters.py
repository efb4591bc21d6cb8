"""What lists of readings, of the cross-check and of clawbacks can be narrowed by; all of it in the address."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.blind_index import normal_form
from households.models import MeterReading
from subsidies.models import Clawback, OperationCheck

_DAY = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")


class ReadingFilter(filters.FilterSet):
    search = filters.CharFilter(method="by_text", label=_("Name, dwelling or meter number"))
    state = filters.ChoiceFilter(choices=MeterReading.State.choices, label=_("State"))
    carrier = filters.ChoiceFilter(choices=MeterReading.Carrier.choices, label=_("Energy"))
    source = filters.ChoiceFilter(choices=MeterReading.Source.choices, label=_("Stated by"))
    since = filters.DateFilter(field_name="ends_on", lookup_expr="gte", label=_("from day"), widget=_DAY)
    until = filters.DateFilter(field_name="starts_on", lookup_expr="lte", label=_("to day"), widget=_DAY)

    class Meta:
        model = MeterReading
        fields: tuple[str, ...] = ()

    def by_text(self, rows: QuerySet[MeterReading], name: str, value: str) -> QuerySet[MeterReading]:
        text = value.strip()[:40]
        number = Q(dwelling__dwelling_no__istartswith=text) | Q(meter_no=normal_form(text))
        return rows.filter(number | Q(dwelling__household__head_name__icontains=text))


class OperationFilter(filters.FilterSet):
    search = filters.CharFilter(method="by_text", label=_("Name, dwelling or heater number"))
    season = filters.ChoiceFilter(label=_("Season"))
    verdict = filters.ChoiceFilter(choices=OperationCheck.Verdict.choices, label=_("Finding"))

    class Meta:
        model = OperationCheck
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, seasons: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["season"].extra["choices"] = [(one, one) for one in seasons or _seasons(self.queryset)]

    def by_text(self, rows: QuerySet[OperationCheck], name: str, value: str) -> QuerySet[OperationCheck]:
        text = value.strip()[:40]
        number = Q(dwelling__dwelling_no__istartswith=text) | Q(heater_no=text)
        return rows.filter(number | Q(dwelling__household__head_name__icontains=text))


def _seasons(rows: QuerySet[OperationCheck]) -> list[str]:
    return list(rows.order_by("-season").values_list("season", flat=True).distinct())


class ClawbackFilter(filters.FilterSet):
    search = filters.CharFilter(method="by_text", label=_("Name or dwelling number"))
    state = filters.ChoiceFilter(choices=Clawback.State.choices, label=_("State"))
    reason = filters.ChoiceFilter(choices=Clawback.Reason.choices, label=_("Reason"))

    class Meta:
        model = Clawback
        fields: tuple[str, ...] = ()

    def by_text(self, rows: QuerySet[Clawback], name: str, value: str) -> QuerySet[Clawback]:
        text = value.strip()[:40]
        number = Q(dwelling__dwelling_no__istartswith=text)
        return rows.filter(number | Q(dwelling__household__head_name__icontains=text))
