"""Filters of the lists, as they stand in the address."""

from __future__ import annotations

import django_filters as df
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.models import Acceptance, Rectification, Task


def villages(request: object) -> QuerySet[Area]:
    """Villages inside the area chosen in the top bar."""
    code = chosen_area_code(request)  # type: ignore[arg-type]
    return Area.objects.within(code).filter(level=Area.Level.VILLAGE) if code else Area.objects.none()


def routes(request: object) -> QuerySet[object]:
    programme = chosen_programme(request)  # type: ignore[arg-type]
    return programme.technologies.all() if programme else Task.technology.field.related_model.objects.none()  # type: ignore[no-any-return]


class TaskFilter(df.FilterSet):
    q = df.CharFilter(label=_("name or dwelling number"), method="search")
    state = df.ChoiceFilter(label=_("state"), choices=Task.State.choices)
    technology = df.ModelChoiceFilter(label=_("technology"), queryset=routes)
    area = df.ModelChoiceFilter(label=_("village"), queryset=villages)

    class Meta:
        model = Task
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Task], name: str, value: str) -> QuerySet[Task]:
        text = value.strip()[:40]
        condition = Q(dwelling__household__head_name__contains=text) | Q(dwelling__dwelling_no__startswith=text.upper())
        return rows.filter(condition)


class RectificationFilter(df.FilterSet):
    open = df.BooleanFilter(label=_("still open"), field_name="done_on", lookup_expr="isnull")
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
