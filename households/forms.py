"""Shape and wording of what people type about rosters and households."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from households.issue_wording import FIELD_TITLES
from households.models import Dwelling, Household
from households.problem_wording import sentence
from households.roster import normalise
from households.services.households import EDITABLE, version_of
from programmes.chosen import programmes_for
from programmes.models import Programme

KEPT_WHEN_EMPTY = frozenset({"id_number", "bank_card", "phone", "household_book_no"})
"""Secret numbers are never shown in a form: typing replaces them, leaving them empty keeps them."""
_ACCEPTED = ".xlsx,.xls,.ods,.csv"


class UploadForm(forms.Form):
    """A roster file with the place it is for."""

    programme = forms.ModelChoiceField(
        Programme.objects.none(),
        label=_("Programme"),
        to_field_name="code",
        widget=forms.Select(attrs={"class": "input"}),
    )
    area = forms.ModelChoiceField(
        Area.objects.none(), label=_("Town or village"), widget=forms.Select(attrs={"class": "input"})
    )
    file = forms.FileField(
        label=_("Roster file"),
        help_text=_(
            "Excel or WPS (.xlsx, .xls), .ods or .csv, at most 30 MB. Title rows, merged cells and subtotals may stay."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": _ACCEPTED}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        programmes = programmes_for(user)
        field: Any = self.fields["programme"]
        field.queryset = Programme.objects.filter(pk__in=[programme.pk for programme in programmes])
        area: Any = self.fields["area"]
        places = Area.objects.visible_to(user, "rosters.import").filter(level__in=["town", "village"])
        area.queryset = places.order_by("code")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        programme, area = data.get("programme"), data.get("area")
        if programme and area and not is_inside(area.code, programme.area_id):
            self.add_error("area", _("This place does not belong to the programme."))
        return data


class ReasonForm(forms.Form):
    """A reason in a few words."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
    )


def _text(name: str, limit: int, *, required: bool = False) -> forms.CharField:
    attrs = {"class": "input", "autocomplete": "off"}
    return forms.CharField(
        label=FIELD_TITLES[name], max_length=limit, required=required, widget=forms.TextInput(attrs=attrs)
    )


def _plain(model: Any, name: str, limit: int, help_text: Any = "") -> forms.CharField:
    """An optional text, labelled as its column is."""
    attrs = {"class": "input", "autocomplete": "off"}
    label = capfirst(model._meta.get_field(name).verbose_name)
    return forms.CharField(
        label=label, max_length=limit, required=False, help_text=help_text, widget=forms.TextInput(attrs=attrs)
    )


def _choice(model: Any, name: str, choices: Any) -> forms.ChoiceField:
    """An optional choice, labelled as its column is."""
    label = capfirst(model._meta.get_field(name).verbose_name)
    widget = forms.Select(attrs={"class": "input"})
    return forms.ChoiceField(label=label, choices=[("", "—"), *choices], required=False, widget=widget)


class NewHouseholdForm(forms.Form):
    """Texts by roster field; the checks are those of the importer, so nothing is judged here."""

    def __init__(
        self, villages: Any, technologies: list[tuple[str, str]], *args: Any, needed: Collection[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"] = forms.ModelChoiceField(
            villages, label=FIELD_TITLES["village"], widget=forms.Select(attrs={"class": "input"})
        )
        for name, limit in (("head_name", 40), ("id_number", 30), ("phone", 30), ("bank_card", 40), ("door_no", 60)):
            self.fields[name] = _text(name, limit, required=name in needed)
        self.fields["heated_area_m2"] = _text("heated_area_m2", 20, required=True)
        self.fields["technology"] = forms.ChoiceField(
            label=FIELD_TITLES["technology"], choices=technologies, widget=forms.Select(attrs={"class": "input"})
        )
        for name, limit in (("dwelling_type", 20), ("residents", 4), ("meter_no", 30), ("note", 300)):
            self.fields[name] = _text(name, limit, required=name in needed)

    def texts(self) -> dict[str, str]:
        """By field; the technology by its name, as a list has it: a sentence about it must not name a code."""
        texts = {name: str(value) for name, value in self.cleaned_data.items() if name != "area" and value}
        names = dict(self.fields["technology"].choices)  # type: ignore[attr-defined]
        return texts | {"technology": str(names[texts["technology"]])}


class EditHouseholdForm(forms.Form):
    """Correct a household; judged with the importer's normalisers. `version` is what the person had open."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    head_name = _text("head_name", 40, required=True)
    id_number = _text("id_number", 30)
    phone = _text("phone", 30)
    bank_card = _text("bank_card", 40)
    bank_name = _plain(Household, "bank_name", 60)
    account_holder = _plain(Household, "account_holder", 40, _("Only where the account is not the head's."))
    holder_relation = _choice(Household, "holder_relation", Household.HolderRelation.choices)
    household_book_no = _plain(Household, "household_book_no", 30)
    residents = forms.IntegerField(
        label=FIELD_TITLES["residents"], min_value=0, max_value=99, required=False,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )  # fmt: skip
    income_class = _choice(Household, "income_class", Household.Income.choices)
    beneficiary_classes = forms.MultipleChoiceField(
        label=_("Beneficiary classes"), choices=Household.BeneficiaryClass.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    classes_since = forms.DateField(
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}),
        label=_("Changed classes hold from"), required=False,
        help_text=_("First day of what is ticked, and the day after the last of what is not; empty: today."),
    )  # fmt: skip
    door_no = _text("door_no", 60)
    heated_area_m2 = forms.DecimalField(
        label=FIELD_TITLES["heated_area_m2"], min_value=1, max_digits=8, decimal_places=2, required=False,
        widget=forms.NumberInput(attrs={"class": "input", "step": "0.01"}),
    )  # fmt: skip
    floor_area_m2 = forms.DecimalField(
        label=_("Floor area"), min_value=1, max_digits=8, decimal_places=2, required=False,
        widget=forms.NumberInput(attrs={"class": "input", "step": "0.01"}),
    )  # fmt: skip
    dwelling_type = _text("dwelling_type", 20)
    old_heating = _choice(Dwelling, "old_heating", Dwelling.OldHeating.choices)
    meter_no = _text("meter_no", 30)
    exclusion = forms.ChoiceField(
        label=_("Exclusion"), required=False, choices=[("", "—"), *Dwelling.Exclusion.choices],
        widget=forms.Select(attrs={"class": "input"}),
    )  # fmt: skip
    exclusion_note = forms.CharField(
        label=_("Ground of the exclusion"), max_length=200, required=False,
        widget=forms.TextInput(attrs={"class": "input"}),
    )  # fmt: skip
    remark = forms.CharField(
        label=_("Remark"), max_length=300, required=False, widget=forms.TextInput(attrs={"class": "input"})
    )
    reason = forms.CharField(
        label=_("Reason for the change"), max_length=300, widget=forms.TextInput(attrs={"class": "input"})
    )

    GROUPS = (
        (_("People"), ("head_name", "id_number", "phone", "household_book_no", "residents")),
        (_("Income and classes"), ("income_class", "beneficiary_classes", "classes_since")),
        (_("Bank account"), ("bank_card", "bank_name", "account_holder", "holder_relation")),
        (_("The house"), ("door_no", "dwelling_type", "floor_area_m2", "heated_area_m2", "old_heating", "meter_no")),
        (_("Eligibility"), ("exclusion", "exclusion_note", "remark")),
    )

    def lock(self, names: Iterable[str]) -> None:
        """Values an approved list states are shown, not typed: they change by request."""
        for name in names:
            self.fields[name].disabled = True

    def groups(self) -> list[tuple[Any, list[Any]]]:
        """Headings with their bound fields."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]

    @classmethod
    def initial_of(cls, dwelling: Dwelling) -> dict[str, Any]:
        """Present values. Identity and card stay empty: typing replaces them, leaving them empty keeps them."""
        household = dwelling.household
        found = {name: getattr(household if hasattr(household, name) else dwelling, name) for name in EDITABLE}
        return {**found, **dict.fromkeys(KEPT_WHEN_EMPTY, ""), "version": version_of(dwelling)}

    def clean_id_number(self) -> str:
        return self._typed(normalise.normalise_id(self.cleaned_data["id_number"], on=clock.today()), "id_number")

    def clean_phone(self) -> str:
        return self._typed(normalise.normalise_phone(self.cleaned_data["phone"]), "phone")

    def clean_bank_card(self) -> str:
        return self._typed(normalise.normalise_card(self.cleaned_data["bank_card"]), "bank_card")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("account_holder") and not data.get("holder_relation"):
            self.add_error("holder_relation", _("Say how the account holder is related to the head of household."))
        if data.get("exclusion") and not data.get("exclusion_note"):
            self.add_error("exclusion_note", _("Say why the dwelling is left out."))
        return data

    def changes(self) -> dict[str, Any]:
        """Cleaned values by field; empty secret numbers mean “unchanged”."""
        return {
            name: self.cleaned_data[name]
            for name in EDITABLE
            if not self.fields[name].disabled and (name not in KEPT_WHEN_EMPTY or self.cleaned_data[name])
        }

    def _typed(self, typed: normalise.Typed, name: str) -> str:
        text = self.cleaned_data[name]
        if text and typed.code.startswith("E_"):
            raise forms.ValidationError(sentence(typed.code, dict(typed.params or {}), value=text))
        return str(typed.value or "") if text else ""
