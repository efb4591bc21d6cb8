"""Filters of the lists, as they stand in the address."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.models import Acceptance, Rectification, Task

YES_NO = [("", _("all")), ("true", _("yes")), ("false", _("no"))]


def villages(request: object) -> QuerySet[Area]:
    """Villages inside the area chosen in the top bar."""
    code = chosen_area_code(request)  # type: ignore[arg-type]
    return Area.objects.within(code).filter(level=Area.Level.VILLAGE) if code else Area.objects.none()


class RouteFilter(df.ChoiceFilter):
    """Technologies of the chosen programme, by code; they were read with the programme."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(field_name="technology__code", choices=(), **kwargs)

    @property
    def field(self) -> Any:
        programme = chosen_programme(self.parent.request)
        routes = programme.routes if programme else []  # type: ignore[attr-defined]
        self.extra["choices"] = [(one["code"], one["name"]) for one in routes]
        return super().field


class TaskFilter(df.FilterSet):
    q = df.CharFilter(label=_("name or dwelling number"), method="search")
    state = df.ChoiceFilter(label=_("state"), choices=Task.State.choices)
    technology = RouteFilter(label=_("technology"))
    area = df.ModelChoiceFilter(label=_("village"), queryset=villages)

    class Meta:
        model = Task
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Task], name: str, value: str) -> QuerySet[Task]:
        text = value.strip()[:40]
        condition = Q(dwelling__household__head_name__contains=text) | Q(dwelling__dwelling_no__startswith=text.upper())
        return rows.filter(condition)


class RectificationFilter(df.FilterSet):
    open = df.BooleanFilter(
        label=_("still open"), field_name="done_on", lookup_expr="isnull", widget=forms.Select(choices=YES_NO)
    )
    area = df.ModelChoiceFilter(label=_("village"), queryset=villages)

    class Meta:
        model = Rectification
        fields: tuple[str, ...] = ()


class AcceptanceFilter(df.FilterSet):
    result = df.ChoiceFilter(label=_("result"), choices=Acceptance.Result.choices)
    area = df.ModelChoiceFilter(label=_("village"), queryset=villages)

    class Meta:
        model = Acceptance
        fields: tuple[str, ...] = ()
