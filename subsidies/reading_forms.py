"""Shape and wording of what people enter about readings and clawbacks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core import clock
from households.models import Dwelling, MeterReading
from subsidies.forms import ReasonForm, YuanField
from subsidies.models import Clawback

FIGURE = {"max_digits": 13, "decimal_places": 3, "min_value": Decimal(0)}


def _figure(label: Any, *, required: bool = False) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"class": "input num", "inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(label=label, required=required, widget=widget, **FIGURE)  # type: ignore[arg-type]


def _offer(form: forms.Form, carriers: list[str]) -> None:
    """Only the energies the person may state."""
    choices = [(value, label) for value, label in MeterReading.Carrier.choices if value in carriers]
    form.fields["carrier"].choices = choices  # type: ignore[attr-defined]


def _day(label: Any, **more: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **more)


class ReadingForm(forms.Form):
    """One household's line: two readings, or a quantity."""

    dwelling_no = forms.CharField(
        label=_("Dwelling number"),
        max_length=26,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    carrier = forms.ChoiceField(
        label=_("Energy"), choices=MeterReading.Carrier.choices, widget=forms.Select(attrs={"class": "input"})
    )
    meter = forms.CharField(
        label=_("Meter number"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    first = _day(_("First day"))
    last = _day(_("Last day"))
    start = _figure(_("Reading before the first day"))
    end = _figure(_("Reading at the end of the last day"))
    quantity = _figure(_("Quantity used, where there are no readings"))

    def __init__(self, *args: Any, carriers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, carriers)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first."))
        if last and last > clock.today():
            self.add_error("last", _("The day is still to come."))
        pair = (data.get("start"), data.get("end"))
        if not self.errors and None in pair and data.get("quantity") is None:
            self.add_error(None, _("Give both readings, or the quantity that was used."))
        return data


class GridForm(forms.Form):
    """A village's meters on one day: one figure for each dwelling; an empty cell states nothing."""

    carrier = forms.ChoiceField(
        label=_("Energy"), choices=MeterReading.Carrier.choices, widget=forms.Select(attrs={"class": "input"})
    )
    day = _day(_("Read at the end of"))

    def __init__(self, homes: list[Dwelling], *args: Any, carriers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, carriers)
        for home in homes:
            self.fields[f"end_{home.pk}"] = _figure(home.dwelling_no)

    def clean_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["day"]
        if day > clock.today():
            raise forms.ValidationError(_("The day is still to come."))
        return day

    def figures(self) -> dict[int, Decimal]:
        """What was typed, by dwelling key."""
        typed = ((name, value) for name, value in self.cleaned_data.items() if name.startswith("end_"))
        return {int(name.removeprefix("end_")): value for name, value in typed if value is not None}


class ReadingFileForm(forms.Form):
    area = forms.ModelChoiceField(
        Area.objects.none(), label=_("Place"), empty_label=None, widget=forms.Select(attrs={"class": "input"})
    )
    carrier = forms.ChoiceField(
        label=_("Energy"), choices=MeterReading.Carrier.choices, widget=forms.Select(attrs={"class": "input"})
    )
    file = forms.FileField(label=_("The company's file (.xlsx, .xls, .csv)"))

    def __init__(self, places: Any, *args: Any, carriers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = places  # type: ignore[attr-defined]
        _offer(self, carriers)


class HeldForm(ReasonForm):
    """What a person says about a held line."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("count", _("It counts, with this quantity")), ("aside", _("It is set aside"))],
        widget=forms.RadioSelect,
    )
    quantity = _figure(_("Quantity used"))
    field_order = ["decision", "quantity", "reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("decision") == "count" and data.get("quantity") is None and "quantity" not in self.errors:
            self.add_error("quantity", _("Say which quantity was used; 0 is a quantity, nothing is not."))
        return data


class SplitForm(ReasonForm):
    """Parts of a shared meter, one field for each dwelling on it."""

    def __init__(self, homes: list[Dwelling], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields.pop("reason")
        for home in homes:
            self.fields[f"parts_{home.pk}"] = forms.IntegerField(
                label=f"{home.household.head_name} · {home.dwelling_no}", min_value=0, max_value=10_000,
                widget=forms.NumberInput(attrs={"class": "input num"}),
            )  # fmt: skip
        self.fields["reason"] = reason

    def parts(self) -> dict[int, int]:
        return {
            int(name.removeprefix("parts_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("parts_")
        }


class ClawbackForm(forms.Form):
    amount = YuanField(label=_("Amount/CNY"))
    way = forms.ChoiceField(
        label=_("How it comes back"), choices=Clawback.Way.choices, initial=Clawback.Way.OFFSET,
        widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("Reason"), choices=Clawback.Reason.choices, widget=forms.Select(attrs={"class": "input"})
    )
    words = forms.CharField(
        label=_("What happened, and what proves it"), max_length=500,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )  # fmt: skip


class ClawbackDecisionForm(ReasonForm):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("confirm", _("Confirm the claim")), ("drop", _("Drop the claim"))],
        widget=forms.RadioSelect,
    )
    field_order = ["decision", "reason"]


class MoneyBackForm(forms.Form):
    """Money the household returned."""

    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    amount = YuanField(label=_("Amount/CNY"))
    document_no = forms.CharField(
        label=_("Document number"), max_length=80, widget=forms.TextInput(attrs={"class": "input"})
    )
    on = _day(_("Received on"))
