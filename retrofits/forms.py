"""Shape of the installation form: the twelve items, supplier, line and up to six cost positions, all as text.

What is right or wrong is said by `retrofits.records`, the same for this form and for a workbook.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.masks import mask_phone
from devices.models import DeviceModel, Supplier
from retrofits.costs import COST_KINDS
from retrofits.faults import Fault
from retrofits.models import Task
from retrofits.records import LABELS, OF_THE_HEATER, CostEntry, InstallationEntry

COST_LINES = 4
TEXTS = [name for name in LABELS if name not in ("supplier", "costs", "line", "unit")]


class AskedText(forms.CharField):
    """Shown as required; whether it is there is judged by `retrofits.records`, together with everything else."""

    def validate(self, value: Any) -> None:
        return


class AskedChoice(forms.ChoiceField):
    """The same for a choice."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


def _text(label: Any, *, asked: bool = True, **attrs: str) -> forms.CharField:
    return AskedText(label=label, required=asked, max_length=200, widget=forms.TextInput(attrs=attrs))


class InstallationForm(forms.Form):
    """`entry()` gives the entry as written; `add_faults` puts the service's words beside the fields."""

    use_required_attribute = False
    supplier = AskedChoice(label=LABELS["supplier"])
    unit = _text(LABELS["unit"], inputmode="numeric")
    line = _text(LABELS["line"], asked=False, placeholder="dtu:861990000000018")

    def __init__(self, task: Task, *args: Any, firms: Any = None, **kwargs: Any) -> None:
        """`firms`: the enterprises to choose from; None offers all."""
        super().__init__(*args, **kwargs)
        self.task = task
        self.fields.update({name: _text(LABELS[name]) for name in TEXTS})
        firms = (Supplier.objects.all() if firms is None else firms).order_by("name").values_list("code", "name")
        self.fields["supplier"].choices = [("", "—"), *firms]  # type: ignore[attr-defined]
        self.fields["line"].help_text = _("only for a serial bus; otherwise the wireless unit's code is the line")
        self.fields["heated_area_m2"].label = f"{LABELS['heated_area_m2']} / m²"
        if not task.technology.has_heater:
            for name in (*OF_THE_HEATER, "line"):
                del self.fields[name]
        self._cost_fields()
        self.order_fields([*TEXTS, "supplier", "unit", "line"])

    def _cost_fields(self) -> None:
        kinds = [("", "—"), *COST_KINDS.items()]
        for n in range(1, COST_LINES + 1):
            self.fields[f"cost_kind_{n}"] = AskedChoice(label=_("cost for"), choices=kinds, required=n == 1)
            self.fields[f"cost_amount_{n}"] = _text(_("amount/CNY"), asked=n == 1, inputmode="decimal")
            self.fields[f"cost_invoice_{n}"] = _text(_("invoice"), asked=False)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("cost_")]

    @property
    def cost_rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        numbers = range(1, COST_LINES + 1)
        return [(self[f"cost_kind_{n}"], self[f"cost_amount_{n}"], self[f"cost_invoice_{n}"]) for n in numbers]

    def entry(self) -> InstallationEntry:
        given = {name: value for name, value in self.cleaned_data.items() if not name.startswith("cost_")}
        phone = str(self.task.dwelling.household.phone)
        if phone and given["occupant_phone"] == mask_phone(phone):
            given["occupant_phone"] = phone  # left as the page showed it: the file's own number
        costs = [
            CostEntry(*(self.cleaned_data[f"cost_{part}_{n}"] for part in ("kind", "amount", "invoice")))
            for n in range(1, COST_LINES + 1)
        ]
        return InstallationEntry(**given, costs=tuple(cost for cost in costs if cost.kind or cost.amount))

    def add_faults(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.add_error(fault.field if fault.field in self.fields else None, fault.sentence)


def known_values(task: Task) -> dict[str, str]:
    """What the household's file already knows: nobody is asked twice. The phone stays masked on the page."""
    dwelling, household = task.dwelling, task.dwelling.household
    values = {
        "town_name": task.area.parent.name if task.area.parent else "",
        "village_name": task.area.name,
        "door_no": str(dwelling.door_no),
        "occupant_name": household.head_name,
        "occupant_phone": mask_phone(str(household.phone)),
        "heated_area_m2": dwelling.heated_area_m2,
        "longitude": dwelling.longitude,
        "latitude": dwelling.latitude,
    }
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def model_numbers() -> list[str]:
    """Model numbers for the browser's suggestions."""
    return sorted(set(DeviceModel.objects.values_list("model_no", flat=True)[:500]))


class WorkbookForm(forms.Form):
    file = forms.FileField(
        label=_("workbook (.xlsx)"), widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"})
    )
    is_ledger = forms.BooleanField(label=_("an enterprise's own ledger: compare, record nothing"), required=False)
