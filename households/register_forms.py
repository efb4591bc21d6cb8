"""Forms of the registers beside households: venues, meters, what is known of places."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.identity import phone_problem
from households.models import Meter, PublicVenue
from households.services.places import AREA_CLASSES

_SEPARATORS = re.compile(r"[,，;；、\n]+")
_UNKNOWN = [("", _("not known")), ("yes", _("yes")), ("no", _("no"))]
_FLAGS = {"yes": True, "no": False, "": None}


def _text(label: Any, limit: int, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
    return forms.CharField(label=label, max_length=limit, required=required, help_text=help_text, widget=widget)


def reason_field() -> forms.CharField:
    """Why something is changed; every correction of the register asks for it."""
    return _text(_("Reason for the change"), 300, required=True)


def _select(label: Any, choices: Any, *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=required, widget=forms.Select(attrs={"class": "input"})
    )


class VenueForm(forms.Form):
    """A public venue; `version` and `reason` only where one is corrected."""

    name = _text(_("Name of the venue"), 80, required=True)
    subtype = _select(_("Kind of venue"), PublicVenue.Subtype.choices)
    heated_area_m2 = forms.DecimalField(
        label=_("Heated area, m²"), min_value=1, max_digits=10, decimal_places=2,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )  # fmt: skip
    address = _text(_("Address"), 120)
    contact_name = _text(_("Contact person"), 40)
    contact_phone = _text(_("Contact's phone"), 20)
    remark = _text(_("Remark"), 300)

    def __init__(self, places: Any, routes: Any, *args: Any, venue: PublicVenue | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.venue = venue
        if venue is None:
            self._ask_place(places, routes)
        else:
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
            self.fields["reason"] = reason_field()

    def _ask_place(self, places: Any, routes: Any) -> None:
        widget = forms.Select(attrs={"class": "input"})
        self.fields["area"] = forms.ModelChoiceField(places, label=_("Town or village"), widget=widget)
        self.fields["technology"] = forms.ModelChoiceField(
            routes, label=_("Technology"), to_field_name="code", widget=forms.Select(attrs={"class": "input"})
        )

    @staticmethod
    def initial_of(venue: PublicVenue) -> dict[str, Any]:
        """Present values; the phone stays unseen and is kept unless a new one is typed."""
        names = ("name", "subtype", "heated_area_m2", "address", "contact_name", "remark", "version")
        return {name: getattr(venue, name) for name in names}

    def clean_contact_phone(self) -> str:
        phone = str(self.cleaned_data["contact_phone"]).replace(" ", "")
        problem = phone_problem(phone) if phone else None
        if problem and problem.code != "PHONE_LANDLINE":
            words = _("“%(value)s” is no phone number: 11 digits, or a landline with its area code.")
            raise forms.ValidationError(words, params={"value": phone})
        return phone

    def changes(self) -> dict[str, Any]:
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("version", "reason")}
        return data if data.get("contact_phone") else {k: v for k, v in data.items() if k != "contact_phone"}


class MeterForm(forms.Form):
    """Hang a dwelling on a meter."""

    dwelling_no = _text(_("Dwelling number"), 26, required=True)
    carrier = _select(_("Energy"), Meter.Carrier.choices)
    number = _text(_("Meter number"), 30, required=True)
    is_shared = forms.BooleanField(label=_("Several dwellings share this meter"), required=False)
    reason = reason_field()

    def clean_dwelling_no(self) -> str:
        return str(self.cleaned_data["dwelling_no"]).strip().upper()


class PlaceForm(forms.Form):
    """What is known of a place. Unknown is an answer of its own."""

    aliases = _text(_("Other names"), 400, help_text=_("As rosters write them, with commas between."))
    area_class = _select(_("Area class"), [("", _("not known")), *AREA_CLASSES], required=False)
    in_heat_network = _select(_("Inside the heat network"), _UNKNOWN, required=False)
    in_no_coal_zone = _select(_("Inside the no-coal zone"), _UNKNOWN, required=False)
    gas_available = _select(_("Gas is contracted"), _UNKNOWN, required=False)
    grid_capacity_ok = _select(_("The grid has the capacity"), _UNKNOWN, required=False)
    reason = reason_field()

    FLAGS = ("in_heat_network", "in_no_coal_zone", "gas_available", "grid_capacity_ok")

    @classmethod
    def initial_of(cls, area: Any) -> dict[str, Any]:
        words = {True: "yes", False: "no", None: ""}
        flags = {name: words[getattr(area, name)] for name in cls.FLAGS}
        return {"aliases": "，".join(area.aliases), "area_class": area.area_class, **flags}

    def clean_aliases(self) -> list[str]:
        names = [name.strip() for name in _SEPARATORS.split(self.cleaned_data["aliases"])]
        found = list(dict.fromkeys(name for name in names if name))
        if any(len(name) > 60 for name in found):
            raise forms.ValidationError(_("One of the names is longer than 60 characters. Put commas between them."))
        return found

    def changes(self) -> dict[str, Any]:
        data = self.cleaned_data
        kept = {"aliases": data["aliases"], "area_class": data["area_class"]}
        return kept | {name: _FLAGS[data[name]] for name in self.FLAGS}
