"""Forms of clean coal: what is asked for; services judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from heatsupply.models import CoalBatch
from retrofits.works_forms import INPUT, YuanField, day, one_of, text, tick, whole

MOST_KG = 10_000_000


def decimal(label: Any, places: int, low: int, high: int, *, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=low, max_value=high, max_digits=places + 3, decimal_places=places,
        widget=forms.TextInput(attrs={**INPUT, "inputmode": "decimal"}),
    )  # fmt: skip


class CoalPointForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    name = text(_("name"), 80)
    address = text(_("address"))
    phone = text(_("telephone"), 30)
    keeper = text(_("responsible person"), 40, required=False)
    longitude = decimal(_("longitude"), 6, 70, 140, required=False)
    latitude = decimal(_("latitude"), 6, 15, 55, required=False)
    opened_on = day(_("open since"))
    has_sign = tick(_("sign is up"))
    has_rules = tick(_("rules are up"))


class CheckForm(forms.Form):
    on = day(_("looked at on"))
    has_sign = tick(_("sign is up"))
    has_rules = tick(_("rules are up"))
    closes = tick(_("closed from this day on"))


class BatchForm(forms.Form):
    batch_no = text(_("batch"), 40)
    maker = text(_("maker"), 80)
    received_on = day(_("delivered on"))
    received_kg = whole(_("received/kg"), high=MOST_KG)


class OfPointForm(forms.Form):
    """A form about one batch of a point."""

    batch = one_of(_("batch"), CoalBatch.objects.none())

    def __init__(self, *args: Any, batches: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["batch"].queryset = batches  # type: ignore[attr-defined]


class CoalTestForm(OfPointForm):
    sampled_on = day(_("sampled on"))
    laboratory = text(_("laboratory"), 80)
    report_no = text(_("number of the report"), 60)
    sulphur_percent = decimal(_("sulphur/%"), 3, 0, 100)
    ash_percent = decimal(_("ash/%"), 3, 0, 100)


class SaleForm(OfPointForm):
    household_no = text(_("household number"), 24)
    sold_on = day(_("sold on"))
    kg = whole(_("kilograms"), high=MOST_KG)
    amount_fen = YuanField(_("paid/CNY"))
    receipt_no = text(_("receipt"), 40)
