"""Forms of what stands before and beside the works: contracts, firms, products, gas supply, prices, outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core.money import MoneyError, parse_yuan
from devices.models import DeviceModel, Supplier
from retrofits.models import (
    Bundle,
    Confirmation,
    Contract,
    Product,
    Qualification,
    SupplyStep,
    TariffChoice,
    TransitionalHome,
    UserFee,
)

_SEPARATORS = re.compile(r"[,，;；、\n]+")
INPUT = {"class": "input"}


def text(label: Any, limit: int = 120, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    widget = forms.TextInput(attrs={**INPUT, "autocomplete": "off"})
    return forms.CharField(label=label, max_length=limit, required=required, help_text=help_text, widget=widget)


FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2199, 12, 31)
"""Between them a day can be meant; a calendar's field takes “23” typed for the year as the year 23."""


def day(label: Any, *, required: bool = True) -> forms.DateField:
    attrs = {**INPUT, "type": "date", "min": str(FIRST_DAY), "max": str(LAST_DAY)}
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs=attrs, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )  # fmt: skip


def pick(label: Any, choices: Iterable[Any], *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(choices), required=required, widget=forms.Select(attrs=INPUT))


def one_of(label: Any, rows: Any, *, required: bool = True, key: str | None = None) -> Any:
    widget = forms.Select(attrs=INPUT)
    return forms.ModelChoiceField(rows, label=label, required=required, to_field_name=key, widget=widget)


def whole(label: Any, *, required: bool = True, high: int = 100_000) -> forms.IntegerField:
    widget = forms.NumberInput(attrs=INPUT)
    return forms.IntegerField(label=label, required=required, min_value=0, max_value=high, widget=widget)


def number(label: Any, *, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=0, max_digits=14, decimal_places=2,
        widget=forms.NumberInput(attrs={**INPUT, "step": "0.01"}),
    )  # fmt: skip


def degrees(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=-50, max_value=50, max_digits=4, decimal_places=1,
        widget=forms.NumberInput(attrs={**INPUT, "step": "0.1"}),
    )  # fmt: skip


def tick(label: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False)


def offer(form: forms.Form, name: str, choices: Iterable[tuple[Any, str]]) -> None:
    """Rows already read as the choices of a field that is only drawn; what is sent is asked of the database."""
    form.fields[name].choices = [("", "---------"), *choices]  # type: ignore[attr-defined]


class YuanField(forms.CharField):
    """An amount typed in yuan; its clean value is integer fen, None where it is left empty."""

    def __init__(self, label: Any, *, required: bool = True) -> None:
        super().__init__(label=label, required=required, max_length=20, widget=forms.TextInput(attrs=INPUT))

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        written = super().clean(value)
        if not written:
            return None
        try:
            return parse_yuan(written)
        except MoneyError:
            words = _("“%(amount)s” is not an amount in yuan")
            raise forms.ValidationError(words, params={"amount": written}) from None


class NamesField(forms.CharField):
    """Several names with commas between; the clean value is their list."""

    def __init__(self, label: Any, *, required: bool = True) -> None:
        super().__init__(label=label, required=required, max_length=600, widget=forms.TextInput(attrs=INPUT))

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        parts = (name.strip() for name in _SEPARATORS.split(super().clean(value)))
        return list(dict.fromkeys(name for name in parts if name))


class ContractForm(forms.Form):
    """The supply contract; the household's word on the product's data is a tick of its own (J-40)."""

    number = text(Contract._meta.get_field("number").verbose_name, 60)
    supplier = one_of(_("enterprise"), Supplier.objects.order_by("name"))
    device_model = one_of(_("product"), DeviceModel.objects.order_by("model_no"), required=False)
    signed_on = day(_("signed on"))
    signer_name = text(_("signed by"), 40)
    confirms_product = tick(_("the household confirms the product's data"))
    warranty_months = whole(_("warranty, months"), required=False, high=600)
    contents = forms.MultipleChoiceField(
        label=_("what the contract names"), choices=Contract.Item.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip


class ConfirmForm(forms.Form):
    kind = pick(_("what was done"), Confirmation.Kind.choices)
    done_on = day(_("done on"))
    signer_name = text(_("signed by"), 40, required=False)
    season = whole(_("year in which the season began"), required=False, high=2100)
    note = text(_("note"), 300, required=False)


class TariffForm(forms.Form):
    """The household's electricity price of one season (T-34, T-35, J-79)."""

    season = whole(_("year in which the season began"), high=2100)
    tariff = pick(_("electricity price"), TariffChoice.Tariff.choices)
    effective_on = day(_("in force from"))
    price_source = text(_("where the price comes from (for a traded price)"), 120, required=False)
    signer_name = text(_("signed by"), 40)


class FeeForm(forms.Form):
    """What the user of central heating in town pays (T-27)."""

    kind = pick(_("fee"), UserFee.Kind.choices)
    season = whole(_("year in which the season began"), required=False, high=2100)
    amount_fen = YuanField(_("amount/CNY"))
    due_on = day(_("to be paid by"))
    paid_on = day(_("paid on"), required=False)
    receipt_no = text(_("receipt"), 40, required=False)


class PvForm(forms.Form):
    """Photovoltaics on the roof (T-14)."""

    capacity_kw = number(_("installed capacity, kW"))
    connected_on = day(_("connected to the grid on"))
    grid_no = text(_("grid account"), 40)
    operator = text(_("operated by"), required=False)


class ReasonForm(forms.Form):
    gate = forms.CharField(widget=forms.HiddenInput)
    reason = text(_("reason"), 300)


class DeviceForm(forms.Form):
    kind = forms.SlugField(label=_("kind of device"), max_length=30, widget=forms.TextInput(attrs=INPUT))
    model_no = text(_("model"), 60)
    factory_code = text(_("factory address code"), 60)


class BundleForm(forms.Form):
    bundle = one_of(_("set of devices"), Bundle.objects.none())


class AdmissionForm(forms.Form):
    supplier = one_of(_("enterprise"), Supplier.objects.order_by("name"))
    is_pilot = tick(_("demonstration site only, at the enterprise's cost"))


class ReviewForm(forms.Form):
    experts = text(_("experts"), 200)
    words = text(_("what the experts found"), 300)
    warranty_months = whole(_("warranty, months"), high=600)
    service_point = text(_("service point"), 200)
    service_phone = text(_("service phone"), 30, required=False)


class QualificationForm(forms.Form):
    work = pick(_("kind of work"), Qualification.Work.choices)
    name = text(_("certificate"))
    number = text(_("number of the certificate"), 60)
    issuer = text(_("issuer"), required=False)
    valid_from = day(_("valid from"))
    valid_until = day(_("valid until"), required=False)


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the model's papers show. An empty field means "not shown"."""

    papers = forms.MultipleChoiceField(
        label=_("papers"), choices=Product.Paper.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    uses = forms.MultipleChoiceField(
        label=_("fit for"), choices=Product.Use.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    meets = NamesField(_("local requirements it meets"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Product
        fields = [
            "thermal_power_kw", "efficiency_grade", "voltage_v", "frequency_hz", "certificate_no", "certificate_until",
            "insurance_no", "insurance_from", "insurance_until", "docking_no", "docking_issuer", "material",
            "is_direct", "uses_off_peak", "is_low_power", "interface", "protocol", "has_wireless", "is_remote",
            "sample_on", "protocol_paper",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, (forms.CheckboxSelectMultiple, forms.HiddenInput)):
                field.widget.attrs.update(INPUT)
            if isinstance(field, forms.DateField):
                field.widget = forms.DateInput(attrs={**INPUT, "type": "date"}, format="%Y-%m-%d")


class SupplyForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    step = pick(_("step"), SupplyStep.Step.choices)
    done_on = day(_("done on"))
    valid_until = day(_("valid until"), required=False)
    party = text(_("unit"))
    paper_no = text(_("number of the paper"), 80)
    note = text(_("note"), 300, required=False)


class TransitionForm(forms.Form):
    dwelling_no = text(_("dwelling number"), 26)
    reason = pick(_("why it waits"), TransitionalHome.Reason.choices)
    fuel = pick(_("heats meanwhile with"), TransitionalHome.Fuel.choices)
    since = day(_("since"))
    network_km = number(_("distance to the network, km"), required=False)


class EndForm(forms.Form):
    on = day(_("supplied since"))
    note = text(_("what it heats with now"), 300)


class PriceForm(forms.Form):
    """A model's one price with standard and service contract (T-09)."""

    device_model = one_of(_("product"), DeviceModel.objects.order_by("model_no"))
    price_fen = YuanField(_("unified price/CNY"))
    standard = text(_("standard of the works"))
    service_contract = text(_("contract of service and maintenance"), 60)
    service_unit = text(_("who serves and maintains"))
    decided_on = day(_("decided on"))
    reason = text(_("Reason for the change"), 300, required=False)


class BurdenForm(forms.Form):
    """What heating takes of the income of a place's homes, per home and season (D-18)."""

    area = one_of(_("place"), Area.objects.none())
    season = whole(_("year in which the season began"), high=2100)
    homes = whole(_("homes asked"))
    income_before_fen = YuanField(_("income of a home before"))
    spend_before_fen = YuanField(_("spent on heating before"))
    income_after_fen = YuanField(_("income of a home after"))
    spend_after_fen = YuanField(_("spent on heating after"))
    source = text(_("source"), 200)


class PilotForm(forms.Form):
    """What was measured at a demonstration site (L-36)."""

    tested_from = day(_("tested from"))
    tested_until = day(_("tested until"))
    homes = whole(_("homes tested"))
    room_temp_c = degrees(_("mean room temperature, ℃"))
    outdoor_temp_c = degrees(_("mean outdoor temperature, ℃"))
    energy_kwh = number(_("energy used, kWh"))
    heated_m2 = number(_("heated area"))
    summary = text(_("summary"), 1000)
