"""The form of a change request: one set of fields per kind, judged with the importer's normalisers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from households import change_rules as rules
from households.change_queries import label_of
from households.models import Dwelling, Household
from households.problem_wording import sentence
from households.roster import normalise

_INPUT = {"class": "input", "autocomplete": "off"}
_NORMALISERS: dict[str, Any] = {
    "id_number": lambda text: normalise.normalise_id(text, on=clock.today()),
    "phone": normalise.normalise_phone,
    "bank_card": normalise.normalise_card,
}
_LIMITS = {"head_name": 40, "id_number": 30, "phone": 30, "bank_card": 40, "door_no": 60, "dwelling_type": 20,
           "account_holder": 40, "exclusion_note": 200}  # fmt: skip
_SHOWN = frozenset({"head_name", "door_no", "heated_area_m2", "dwelling_type"})
"""Values that stand in the field when a correction begins; numbers of people never do."""


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class PapersField(forms.FileField):
    """One or several files; each is judged when it is stored."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(PapersField, self).clean(one, initial) for one in data or [None] if one or self.required]


class ChangeForm(forms.Form):
    """Built for one kind of change of one dwelling."""

    def __init__(self, kind: rules.Kind, dwelling: Dwelling, *args: Any, **kwargs: Any) -> None:
        self.kind, self.dwelling = kind, dwelling
        if kind.code == rules.CORRECT:
            kwargs.setdefault("initial", {name: self._now(name) for name in kind.values if name in _SHOWN})
        super().__init__(*args, **kwargs)
        if kind.code == rules.MERGE:
            self.fields["other"] = forms.CharField(
                label=_("Number of the dwelling that stays"), max_length=26, widget=forms.TextInput(attrs=_INPUT)
            )
        for name in kind.values:
            self.fields[name] = _field(name, name in kind.needed)
        self.fields["reason"] = forms.CharField(
            label=_("Reason for asking"), max_length=300, widget=forms.TextInput(attrs=_INPUT)
        )
        self.fields["papers"] = PapersField(
            label=_("Papers handed in"), required=kind.paper,
            widget=SeveralFiles(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.webp"}),
            help_text=_("Photo or PDF of the signed statement or certificate, at most 20 MB each."),
        )  # fmt: skip

    def _now(self, name: str) -> Any:
        household = self.dwelling.household
        return getattr(household if hasattr(household, name) else self.dwelling, name)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in _NORMALISERS.keys() & data.keys():
            self._normalise(name, str(data[name]))
        if data.get("account_holder") and not data.get("holder_relation"):
            self.add_error("holder_relation", _("Say how the account holder is related to the head of household."))
        return data

    def _normalise(self, name: str, text: str) -> None:
        typed = _NORMALISERS[name](text)
        if text and typed.code.startswith("E_"):
            self.add_error(name, sentence(typed.code, dict(typed.params or {}), value=text))
        elif text:
            self.cleaned_data[name] = str(typed.value or "")

    def wanted(self) -> dict[str, Any]:
        """Cleaned values by field; a correction leaves out what stands there already."""
        found = {
            name: self.cleaned_data[name] for name in self.kind.values if self.cleaned_data.get(name) not in (None, "")
        }
        if self.kind.code == rules.MERGE:
            found["same_house"] = found["same_house"] == "yes"
        if self.kind.code == rules.CORRECT:
            found = {name: value for name, value in found.items() if value != self._now(name)}
        return found


def _field(name: str, required: bool) -> forms.Field:
    label = label_of(name)
    if name == "heated_area_m2":
        return forms.DecimalField(label=label, min_value=1, max_digits=8, decimal_places=2, required=required,
                                  widget=forms.NumberInput(attrs=_INPUT))  # fmt: skip
    if name in _CHOICES:
        return forms.ChoiceField(label=label, choices=_CHOICES[name], required=required,
                                 widget=forms.Select(attrs={"class": "input"}))  # fmt: skip
    return forms.CharField(
        label=label, max_length=_LIMITS[name], required=required, widget=forms.TextInput(attrs=_INPUT)
    )


_CHOICES: dict[str, Any] = {
    "exclusion": [
        one for one in Dwelling.Exclusion.choices if one[0] != Dwelling.Exclusion.VOLUNTARY_GIVE_UP
    ],
    "holder_relation": [("", "—"), *Household.HolderRelation.choices],
    "same_house": [("yes", _("yes: one house was entered twice")), ("no", _("no: two houses of one household"))],
}  # fmt: skip


class DecisionForm(forms.Form):
    """Words of a decision; returning needs some."""

    words = forms.CharField(
        label=_("Words of the decision"), max_length=300, required=False, widget=forms.TextInput(attrs=_INPUT)
    )
