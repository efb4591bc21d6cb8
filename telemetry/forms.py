"""The set-point form: bounds and step come from the heater's own profile."""

from __future__ import annotations

import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.protocol.profiles import Write

POINT = "set_room_t"


class SetPointForm(forms.Form):
    """`request_id` is made when the form is drawn: sent twice, it stays one command."""

    value = forms.DecimalField(label=gettext_lazy("set room temperature, ℃"), max_digits=4, decimal_places=1)
    reason = forms.CharField(label=gettext_lazy("reason for the command"), max_length=200)
    request_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, write: Write, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.write = write
        self.fields["value"].help_text = _bounds(write)
        self.fields["value"].widget.attrs["class"] = "input--short num"
        self.fields["reason"].help_text = _("The household is told, and the reason is kept with the command.")

    def clean_value(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        low, high = self.write.range or (Fraction(value), Fraction(value))
        if not low <= Fraction(value) <= high:
            words = _("%(value)s ℃ is outside what this heater takes: %(bounds)s")
            raise ValidationError(words % {"value": f"{value:g}", "bounds": _bounds(self.write)})
        if self.write.step and (Fraction(value) - low) % self.write.step:
            raise ValidationError(
                _("%(value)s ℃ is between two steps: %(bounds)s")
                % {"value": f"{value:g}", "bounds": _bounds(self.write)}
            )
        return value

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).strip()


def _bounds(write: Write) -> str:
    if write.range is None:
        return ""
    low, high = (f"{float(bound):g}" for bound in write.range)
    if write.step is None:
        return _("%(low)s to %(high)s ℃") % {"low": low, "high": high}
    return _("%(low)s to %(high)s ℃, in steps of %(step)s") % {
        "low": low,
        "high": high,
        "step": f"{float(write.step):g}",
    }
