"""Filters of the lists, as they stand in the address."""

from __future__ import annotations

from functools import cache

import django_filters as df
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from retrofits.filters import YES_NO, villages
from supervision.forms import choices_of
from supervision.kinds import Category, Group, Kind, Source
from supervision.models import Case
from supervision.models.cases import OVER
from supervision.queries import late

ALL = _("all")


class CaseFilter(df.FilterSet):
    q = df.CharFilter(label=_("number or words of the title"), method="search")
    state = df.ChoiceFilter(label=_("state"), choices=[("unfinished", _("not finished")), *Case.State.choices],
                            method="by_state", empty_label=ALL)  # fmt: skip
    late = df.BooleanFilter(label=_("late"), method="only_late", widget=forms.Select(choices=YES_NO))
    kind = df.ChoiceFilter(label=_("kind"), choices=Kind.choices, empty_label=ALL)
    category = df.ChoiceFilter(label=_("category"), choices=Category.choices, empty_label=ALL)
    source = df.ChoiceFilter(label=_("reported through"), choices=Source.choices, empty_label=ALL)
    area = df.ModelChoiceFilter(label=_("village"), queryset=villages, empty_label=ALL)

    class Meta:
        model = Case
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        text = value.strip()[:40]
        return rows.filter(Q(number__startswith=text.upper()) | Q(title__contains=text))

    def by_state(self, rows: QuerySet[Case], name: str, value: str) -> QuerySet[Case]:
        return rows.exclude(state__in=OVER) if value == "unfinished" else rows.filter(state=value)

    def only_late(self, rows: QuerySet[Case], name: str, value: bool) -> QuerySet[Case]:
        found = late(rows, clock.now())
        return found if value else rows.exclude(pk__in=found.values("pk"))


@cache
def filter_of(group: Group) -> type[CaseFilter]:
    """The filters of the list of one group: only its own kinds and categories are offered."""
    kinds = [(one, Kind(one).label) for one in group.kinds]
    own = {
        "kind": df.ChoiceFilter(label=_("kind"), choices=kinds, empty_label=ALL),
        "category": df.ChoiceFilter(label=_("category"), choices=choices_of(group.kinds), empty_label=ALL),
    }
    return type(f"{group.code.title()}Filter", (CaseFilter,), own)
