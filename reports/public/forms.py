"""What the world types at the door of the household's own page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

LOOK = {"class": "input", "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class NumberForm(forms.Form):
    number = forms.CharField(
        label=_("household number"), max_length=24, widget=forms.TextInput(attrs=LOOK),
        help_text=_("It stands on the slip, on the notice board and on the acceptance sheet."),
    )  # fmt: skip


class DoorForm(NumberForm):
    code = forms.CharField(label=_("one-time code"), max_length=20, widget=forms.TextInput(attrs=LOOK))
