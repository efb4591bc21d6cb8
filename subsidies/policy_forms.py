"""Shape and wording of what people enter at the policy desk; nothing is decided here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from core.money import MoneyError, parse_yuan
from core.refusals import Refused
from programmes.models import Technology
from subsidies.fact_sources import STATABLE
from subsidies.forms import ReasonForm
from subsidies.models import StatedFact
from subsidies.questions import answer_words, question_of
from subsidies.rules.documents import MAX_BYTES
from subsidies.rules.facts import CostItem, Facts, Usage
from subsidies.rules.policy import Benefit, Option, Policy
from subsidies.rules.switches import case_name
from subsidies.stated import read_value, with_stated
from subsidies.value_words import money_fault

HOMES = 5
Choices = list[tuple[str, Any]]
MAX_NUMBER = Decimal(10**9)


class PolicyDocumentForm(forms.Form):
    """A policy document, typed or chosen as a file; a file counts."""

    file = forms.FileField(label=_("Policy document (.yaml)"), required=False)
    document = forms.CharField(
        label=_("Text of the document"),
        required=False,
        max_length=MAX_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"class": "input mono", "rows": 24, "spellcheck": "false", "wrap": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file"):
            data["document"] = self._decoded(data["file"])
        elif not (data.get("document") or "").strip() and not self.errors:
            self.add_error("document", _("Choose a file or type the document."))
        # A browser sends a text with the line ends of the network.
        data["document"] = (data.get("document") or "").replace("\r\n", "\n")
        return data

    def _decoded(self, file: Any) -> str:
        try:
            text: str = file.read(MAX_BYTES + 1).decode("utf-8")
            return text
        except UnicodeDecodeError:
            self.add_error("file", _("The document is not UTF-8 text; save it as UTF-8."))
            return ""


class SwitchesForm(ReasonForm):
    """One field per open question, and why an answer is changed."""

    def __init__(self, options: Mapping[str, Option], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for option in options.values():
            self.fields[f"q_{option.id}"] = _answer_field(option)

    def answers(self) -> dict[str, str]:
        """What was entered, by switch."""
        return {name[2:]: text for name, text in self.cleaned_data.items() if name.startswith("q_")}


class AsOfForm(forms.Form):
    """The day as of which amounts are computed again."""

    day = forms.DateField(
        label=_("As of"), widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d")
    )


class HomesForm(forms.Form):
    """Numbers of up to five dwellings."""

    homes = forms.CharField(
        label=_("Dwelling numbers, up to five"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "input mono", "autocomplete": "off"}),
        help_text=_("Separated by spaces. Empty: five of the accepted dwellings, spread over all of them."),
    )

    def numbers(self) -> list[str]:
        text = self.cleaned_data["homes"].replace(",", " ").replace("，", " ").replace("、", " ")
        return list(dict.fromkeys(text.split()))[:HOMES]


def families_of(technologies: Iterable[Technology]) -> Choices:
    """Every family of technologies under the names the programme gives its own."""
    own = list(technologies)
    names = {code: "、".join(str(one.name) for one in own if one.family == code) for code in Technology.Family.values}
    return [(code, names[code] or label) for code, label in Technology.Family.choices]


class TypedCaseForm(forms.Form):
    """One made-up household: an accepted one on an approved roster, with these facts."""

    technology = forms.ChoiceField(label=_("Technology"), required=False)
    cost = forms.CharField(label=_("Cost/CNY"), required=False, max_length=20)
    area = forms.CharField(label=_("Heated area/m²"), required=False, max_length=12)
    power = forms.CharField(label=_("Thermal power/kW"), required=False, max_length=12)
    electricity = forms.CharField(label=_("Electricity/kWh"), required=False, max_length=12)
    gas = forms.CharField(label=_("Gas/m³"), required=False, max_length=12)
    more = forms.CharField(label=_("Further facts"), required=False, max_length=200)

    def __init__(self, *args: Any, technologies: Iterable[Technology] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["technology"]).choices = [("", "—"), *families_of(technologies)]
        for name, field in self.fields.items():
            css = "input input--mini" if name in ("technology", "more") else "input input--mini num"
            field.widget.attrs.update({"class": css, "aria-label": field.label, "autocomplete": "off"})
            if name == "more":
                field.widget.attrs["placeholder"] = "device_class=AIR_HEATER room_count=4"
            elif name != "technology":
                field.widget.attrs["inputmode"] = "decimal"

    @property
    def is_filled(self) -> bool:
        return any(self.cleaned_data.get(name) for name in self.fields)

    def clean_cost(self) -> int | None:
        text = self.cleaned_data["cost"].strip()
        try:
            return parse_yuan(text) if text else None
        except MoneyError as error:
            raise forms.ValidationError(money_fault(error, text)) from None

    def clean_area(self) -> Decimal | None:
        return self._number("area")

    def clean_power(self) -> Decimal | None:
        return self._number("power")

    def clean_electricity(self) -> Decimal | None:
        return self._number("electricity")

    def clean_gas(self) -> Decimal | None:
        return self._number("gas")

    def clean_more(self) -> dict[str, Any]:
        """“room_count=4 zone=URBAN classes=LOW_INCOME,DESTITUTE”: facts by name, as the policy writes them."""
        found: dict[str, Any] = {}
        for part in self.cleaned_data["more"].replace("；", " ").replace(";", " ").split():
            name, _equals, text = part.partition("=")
            if name in ("zone", "classes") and text:
                found[name] = text if name == "zone" else frozenset(text.split(","))
            elif name in STATABLE and text:
                found[name] = self._stated(name, text)
            else:
                words = _("“%(part)s”: write a fact and its value, like room_count=4.")
                raise forms.ValidationError(words, params={"part": part})
        return found

    def _stated(self, name: str, text: str) -> StatedFact:
        try:
            return StatedFact(name=name, value=read_value(name, text))
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence) from None

    def _number(self, name: str) -> Decimal | None:
        text = self.cleaned_data[name].strip().replace(",", "")
        try:
            number = Decimal(text) if text else None
        except InvalidOperation:
            raise forms.ValidationError(_("“%(text)s” is not a number."), params={"text": text}) from None
        if number is not None and not (number.is_finite() and 0 <= number <= MAX_NUMBER):
            raise forms.ValidationError(_("“%(text)s” is not a number."), params={"text": text})
        return number

    def facts_for(self, policy: Policy, benefit: Benefit, on: dt.date) -> Facts:
        """The household as this benefit's rule sees it; every gate the file can open is open."""
        data = self.cleaned_data
        acceptance = policy.gate("acceptance")
        facts = Facts(
            on=on, technology=data["technology"], on_roster=True, installer_admitted=True, own_funds_in_place=True,
            accepted_on=on, accepted_by=frozenset(acceptance.panel if acceptance else ()), meter_individual=True,
            quantities=dict(self._quantities()),
        )  # fmt: skip
        plain = {name: value for name, value in data["more"].items() if not isinstance(value, StatedFact)}
        facts = replace(facts, **plain)
        if data["cost"] is not None:
            facts = replace(facts, costs=(CostItem(min(benefit.scope, default="ANY"), data["cost"]),))
        facts = self._with_usage(facts, policy, benefit)
        stated = {name: value for name, value in data["more"].items() if isinstance(value, StatedFact)}
        rule = policy.season_rule if benefit.runs else None
        return with_stated(facts, stated, rule.first_after(on) if rule else None)

    def _quantities(self) -> Iterator[tuple[str, Decimal]]:
        data = self.cleaned_data
        if data["area"] is not None:
            yield from ((name, data["area"]) for name in ("heated_area_m2", "assessed_area_m2", "renovated_area_m2"))
        if data["power"] is not None:
            yield "power_kw", data["power"]

    def _with_usage(self, facts: Facts, policy: Policy, benefit: Benefit) -> Facts:
        if benefit.runs is None or policy.season_rule is None:
            return facts
        season = policy.season_rule.first_after(facts.on)
        read = (("electricity_kwh", "electricity"), ("gas_m3", "gas"))
        usage = tuple(Usage(energy, season, self.cleaned_data[name]) for energy, name in read
                      if self.cleaned_data[name] is not None)  # fmt: skip
        return replace(facts, season_year=season.year, usage=usage)


def _answer_field(option: Option) -> forms.Field:
    question = question_of(option.id)
    label = f"{option.id} {question.asks if question else option.question}"
    shown = "" if option.value is None else case_name(option.value)
    if option.choices:
        choices = [(case_name(one), answer_words(one)) for one in option.choices]
        widget: forms.Widget = forms.Select(attrs={"class": "input input--mini", "aria-label": label})
        return forms.ChoiceField(choices=choices, initial=shown, widget=widget)
    attrs = {"class": "input input--mini", "aria-label": label, "autocomplete": "off"}
    return forms.CharField(required=False, max_length=40, initial=shown, widget=forms.TextInput(attrs=attrs))
