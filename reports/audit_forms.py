"""Forms of the auditor's bench."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.money import parse_yuan
from reports.models import AuditFinding, AuditSample


def _percent(label: Any, least: Any, most: Any, initial: int, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(least), max_value=Decimal(most), max_digits=4, decimal_places=1, initial=initial,
        **more,
    )  # fmt: skip


class SampleForm(forms.Form):
    title = forms.CharField(label=_("What is examined"), max_length=120)
    stratify = forms.ChoiceField(label=_("Strata"), choices=AuditSample.Stratify.choices)
    confidence = _percent(_("Confidence, %"), 50, "99.9", 95)
    margin = _percent(_("Margin, %"), "0.5", 50, 5)
    expected = _percent(
        _("Expected error rate, %"), "0.5", 50, 5, help_text=_("50 is the most careful guess and draws the most")
    )
    substitutes = forms.IntegerField(label=_("Substitutes per stratum"), min_value=0, max_value=20, initial=2)
    seed = forms.CharField(
        label=_("Seed"), max_length=40, required=False, help_text=_("Empty: chance makes one, and it is written down")
    )


class YuanField(forms.CharField):
    """An amount as people write it, in yuan; cleaned to fen or None."""

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_yuan(text)
        except ValueError as error:
            raise forms.ValidationError(
                _("Write an amount in yuan with at most two decimals, e.g. 5400.00.")
            ) from error


class FindingForm(forms.Form):
    title = forms.CharField(label=_("In short"), max_length=120)
    words = forms.CharField(label=_("What was found"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))
    weight = forms.ChoiceField(label=_("Gravity"), choices=AuditFinding.Weight.choices)
    clause = forms.CharField(label=_("Clause"), max_length=60, required=False)
    amount = YuanField(label=_("Amount/CNY"), max_length=20, required=False)
    dwelling = forms.CharField(label=_("Dwelling number"), max_length=30, required=False)
    owner = forms.CharField(label=_("Unit that answers"), max_length=80)
    due_on = forms.DateField(label=_("Answer until"), widget=forms.DateInput(attrs={"type": "date"}))


class TemplateForm(forms.Form):
    name = forms.CharField(label=_("Name of the workbook"), max_length=80)
    file = forms.FileField(label=_("Workbook (.xlsx)"))
    map = forms.CharField(
        label=_("Map by hand"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Empty: the headings of the workbook decide. One line each: B = head_name, A2 = {place}"),
    )  # fmt: skip


class EvaluationForm(forms.Form):
    """What the yearly evaluation found; amounts left empty are not known yet."""

    evaluated_on = forms.DateField(label=_("Day of the evaluation"), widget=forms.DateInput(attrs={"type": "date"}))
    evaluated_by = forms.CharField(label=_("Evaluated by"), max_length=120)
    score = forms.DecimalField(
        label=pgettext_lazy("evaluation", "Points"),
        min_value=0,
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        required=False,
    )
    grade = forms.CharField(label=pgettext_lazy("evaluation", "Grade"), max_length=20, required=False)
    words = forms.CharField(
        label=_("Findings"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    planned = YuanField(label=_("Central money planned/CNY"), max_length=20, required=False)
    decided = YuanField(label=_("Central money decided/CNY"), max_length=20, required=False)
    paper = forms.FileField(label=_("Document (photo, scan, PDF)"), required=False)
