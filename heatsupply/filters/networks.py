"""Filters of pipes and compounds, as they stand in the address."""

from __future__ import annotations

import django_filters as df
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from heatsupply.models import Compound, HeatingCompany, PipeSegment
from heatsupply.rules.pipes import CONDITIONS, FULL_YEARS
from heatsupply.services.networks import due_condition
from programmes.chosen import chosen_area_code

ALL = _("all")
YES_NO = [("", ALL), ("true", _("yes")), ("false", _("no"))]
CONDITION_CHOICES = [("leaking", _("leaking")), ("heat_loss", _("loses heat")), ("corroded", _("corroded"))]


def companies(request: object) -> QuerySet[HeatingCompany]:
    code = chosen_area_code(request)  # type: ignore[arg-type]
    return HeatingCompany.objects.visible_to(request.user).within(code)  # type: ignore[attr-defined,no-any-return]


class SegmentFilter(df.FilterSet):
    """Which pipes are due stands with the request: the page has read it from the programme."""

    q = df.CharFilter(label=_("number of the segment"), field_name="code", lookup_expr="startswith")
    due = df.BooleanFilter(label=_("to be renewed"), method="by_due", widget=forms.Select(choices=YES_NO))
    condition = df.ChoiceFilter(label=_("condition"), choices=CONDITION_CHOICES, method="by_condition",
                                empty_label=ALL)  # fmt: skip
    level = df.ChoiceFilter(label=_("level of the network"), choices=PipeSegment.Level.choices, empty_label=ALL)
    company = df.ModelChoiceFilter(label=_("company"), field_name="network__company", queryset=companies,
                                   empty_label=ALL)  # fmt: skip

    class Meta:
        model = PipeSegment
        fields: tuple[str, ...] = ()

    def by_due(self, rows: QuerySet[PipeSegment], name: str, value: bool) -> QuerySet[PipeSegment]:
        # A pipe without a year and without a condition is not due: unknown is not old.
        condition = getattr(self.request, "pipes_due", due_condition(clock.today().year, FULL_YEARS))
        due = rows.filter(condition)
        return due if value else rows.exclude(pk__in=due.values("pk"))

    def by_condition(self, rows: QuerySet[PipeSegment], name: str, value: str) -> QuerySet[PipeSegment]:
        return rows.filter(conditions__contains=[value]) if value in CONDITIONS else rows


class CompoundFilter(df.FilterSet):
    q = df.CharFilter(label=_("compound"), field_name="name", lookup_expr="contains")
    handed = df.BooleanFilter(label=_("handed over"), method="by_handed", widget=forms.Select(choices=YES_NO))
    keeper = df.ChoiceFilter(
        label=_("maintained by"), choices=[("none", _("not settled")), *Compound.Keeper.choices[1:]],
        method="by_keeper", empty_label=ALL,
    )  # fmt: skip
    waiting = df.BooleanFilter(label=_("waits for acceptance"), method="by_waiting",
                               widget=forms.Select(choices=YES_NO))  # fmt: skip
    company = df.ModelChoiceFilter(label=_("company"), queryset=companies, empty_label=ALL)

    class Meta:
        model = Compound
        fields: tuple[str, ...] = ()

    def by_handed(self, rows: QuerySet[Compound], name: str, value: bool) -> QuerySet[Compound]:
        return rows.filter(handed_over_on__isnull=not value)

    def by_keeper(self, rows: QuerySet[Compound], name: str, value: str) -> QuerySet[Compound]:
        return rows.filter(keeper="" if value == "none" else value)

    def by_waiting(self, rows: QuerySet[Compound], name: str, value: bool) -> QuerySet[Compound]:
        waits = Q(is_new=True, accepted_on__isnull=True)
        return rows.filter(waits) if value else rows.exclude(waits)
