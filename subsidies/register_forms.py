"""Shape of what is entered about money beside the households'."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from programmes.models import PlannedFunds, Programme
from retrofits.models import Project
from subsidies.forms import YuanField

_INPUT = {"class": "input", "autocomplete": "off"}


class ProjectPaymentForm(forms.Form):
    """Construction money paid to a project."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"), widget=forms.Select(attrs=_INPUT))
    source = forms.ChoiceField(
        label=_("Source"), choices=PlannedFunds.Source.choices, widget=forms.Select(attrs=_INPUT)
    )
    budget_year = forms.IntegerField(label=_("Budget year"), min_value=2000, max_value=2100)
    amount = YuanField(label=_("Amount/CNY"))
    document_no = forms.CharField(label=_("Document"), max_length=80, widget=forms.TextInput(attrs=_INPUT))

    def __init__(self, projects: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]


class TownAwardForm(forms.Form):
    """A town awarded; the amount only where one was decided."""

    town = forms.ModelChoiceField(Area.objects.none(), label=_("Town"), widget=forms.Select(attrs=_INPUT))
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    words = forms.CharField(label=_("For what"), max_length=300, widget=forms.TextInput(attrs=_INPUT))
    amount = YuanField(label=_("Amount/CNY"), required=False)
    document_no = forms.CharField(label=_("Document"), max_length=80, widget=forms.TextInput(attrs=_INPUT))

    def __init__(self, programme: Programme, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        towns = Area.objects.filter(level="town", code__startswith=programme.area_id).order_by("code")
        self.fields["town"].queryset = towns  # type: ignore[attr-defined]
