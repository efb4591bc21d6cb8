"""Filters of the list of supply points, as they stand in the address."""

from __future__ import annotations

import django_filters as df
from django import forms
from django.utils.translation import gettext_lazy as _

from heatsupply.models import CoalPoint
from retrofits.filters import villages

YES_NO = [("", _("all")), ("true", _("yes")), ("false", _("no"))]


class CoalFilter(df.FilterSet):
    area = df.ModelChoiceFilter(label=_("village"), queryset=villages, empty_label=_("all"))
    open = df.BooleanFilter(
        field_name="closed_on", lookup_expr="isnull", label=_("selling now"), widget=forms.Select(choices=YES_NO)
    )

    class Meta:
        model = CoalPoint
        fields: tuple[str, ...] = ()
