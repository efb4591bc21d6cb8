"""Forms of projects, buildings and tender lots."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from devices.models import DeviceModel, Supplier
from households.models import PublicVenue
from programmes.models import PlannedFunds, Technology
from retrofits.models import (
    Building,
    EmissionTest,
    Project,
    ProjectMeasure,
    ProjectPaper,
    SharedCost,
)
from retrofits.works_forms import INPUT, NamesField, YuanField, day, number, one_of, pick, text, tick, whole


class ProjectForm(forms.Form):
    """A project's own facts; `code` and `area` only while it is new, `version` and `reason` when it is corrected."""

    name = text(_("name"))
    subject = pick(_("subject"), Project.Subject.choices)
    works = pick(_("kind of work"), Project.Works.choices)
    venue = one_of(_("public venue (where the subject is one)"), PublicVenue.objects.none(), required=False)
    building = one_of(_("building (where the subject is one)"), Building.objects.none(), required=False)
    technology = one_of(_("technology"), Technology.objects.none(), required=False)
    lead_unit = text(_("lead unit"), 80, required=False)
    responsible_units = NamesField(_("responsible units"), required=False)
    cooperating_units = NamesField(_("cooperating units"), required=False)
    year_from = whole(_("first year"), high=2100)
    year_to = whole(_("last year"), high=2100)
    clause = text(_("clause"), 40, required=False)
    note = text(_("note"), 300, required=False)

    def __init__(self, *args: Any, places: Any = None, offered: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """`offered`: the rows to choose from, by field: venue, building, technology."""
        super().__init__(*args, **kwargs)
        for name, rows in (offered or {}).items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        if places is None:
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput)
            self.fields["reason"] = text(_("Reason for the change"), 300)
        else:
            self.fields["code"] = forms.SlugField(
                label=_("project number"), max_length=40, widget=forms.TextInput(INPUT)
            )
            self.fields["area"] = one_of(_("place"), places)

    @staticmethod
    def initial_of(project: Project) -> dict[str, Any]:
        names = (
            "name", "subject", "works", "venue", "building", "technology", "lead_unit", "year_from", "year_to",
            "clause", "note", "version",
        )  # fmt: skip
        units = {name: "、".join(getattr(project, name)) for name in ("responsible_units", "cooperating_units")}
        return {name: getattr(project, name) for name in names} | units


class ProjectPaperForm(forms.Form):
    kind = pick(_("paper"), ProjectPaper.Kind.choices)
    number = text(_("number"), 80)
    issuer = text(_("issuer"))
    dated_on = day(_("dated"))


class MeasureForm(forms.Form):
    name = text(_("what is built"), 80)
    unit = pick(_("unit"), ProjectMeasure.Unit.choices)
    planned = number(_("planned quantity"))
    is_within = tick(_("a part of another line"))


class ProgressForm(forms.Form):
    measure = one_of(_("what is built"), ProjectMeasure.objects.none())
    on = day(_("day"))
    done = number(_("done altogether"))
    note = text(_("note"), 300, required=False)


class FundsForm(forms.Form):
    """Planned money by source in yuan; an empty source is none of the project's."""

    total = YuanField(_("stated total, CNY"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in PlannedFunds.Source.choices:
            self.fields[code] = YuanField(label, required=False)

    def amounts(self) -> dict[str, int]:
        given = {code: self.cleaned_data[code] for code in PlannedFunds.Source.values}
        return {code: fen for code, fen in given.items() if fen is not None}


class ShareForm(forms.Form):
    name = text(_("cost"), 80, help_text=_("Begin with the kind of cost: subsidies are computed from it."))
    amount = YuanField(_("amount/CNY"))
    split_by = pick(_("split"), SharedCost.By.choices)
    village = one_of(_("village"), Area.objects.none())


class EmissionForm(forms.Form):
    """One pollutant measured at a boiler, beside the limit that the standard sets for it (D-23)."""

    pollutant = pick(_("pollutant"), EmissionTest.Pollutant.choices)
    value = number(_("measured, mg/m³"))
    limit = number(_("limit of the standard, mg/m³"))
    tested_on = day(_("measured on"))
    tester = text(_("measured by"))
    report_no = text(_("number of the report"), 60)


class SupportForm(forms.Form):
    """What a new-energy project gives (D-21)."""

    giver = one_of(_("new-energy project"), Project.objects.none())
    amount_fen = YuanField(_("amount/CNY"))
    agreed_on = day(_("agreed on"))
    paper_no = text(_("number of the paper"), 80)


class BuildingForm(forms.Form):
    floor_area_m2 = number(_("floor area"), required=False)
    area = one_of(_("place"), Area.objects.none())
    number = text(_("building number"), 40)
    name = text(_("name"))
    kind = pick(_("kind of building"), Building.Kind.choices)
    homes = whole(_("homes"), required=False)
    built_year = whole(_("built in"), required=False, high=2100)
    owner_unit = text(_("owner"), required=False)
    field_order = ("area", "number", "name", "kind", "floor_area_m2")


class LotForm(forms.Form):
    """A lot with up to five criteria, a line each: "价格 40 price", "质量 35"."""

    number = text(_("lot"), 40)
    title = text(_("subject"))
    departments = NamesField(_("departments that hold it"))
    opened_on = day(_("opened on"))
    ceiling = YuanField(_("highest price/CNY"), required=False)
    refers_to_data_access = tick(_("asks for the data access of annex 2"))
    price_weight = whole(_("weight of the price, %"), high=100)
    criteria = forms.CharField(
        label=_("other criteria"), max_length=600, widget=forms.Textarea(attrs={**INPUT, "rows": 4}),
        help_text=_("One per line: name, then its weight in percent."),
    )  # fmt: skip

    def clean_criteria(self) -> list[tuple[str, int]]:
        found = []
        for line in self.cleaned_data["criteria"].splitlines():
            name, _space, weight = line.strip().replace("%", "").rpartition(" ")
            if line.strip() and not (name.strip() and weight.isascii() and weight.isdigit() and len(weight) < 4):
                raise forms.ValidationError(_("“%(line)s” is no name with a weight."), params={"line": line[:40]})
            if line.strip():
                found.append((name.strip()[:80], int(weight)))
        return found[:10]


class BidForm(forms.Form):
    """A bid with its points per criterion of the lot."""

    supplier = one_of(_("enterprise"), Supplier.objects.order_by("name"))
    device_model = one_of(_("product"), DeviceModel.objects.order_by("model_no"), required=False)
    price = YuanField(_("price/CNY"))

    def __init__(self, names: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names
        for place, name in enumerate(names):
            self.fields[f"points_{place}"] = whole(name, high=100)

    def points(self) -> dict[str, Decimal]:
        return {name: Decimal(self.cleaned_data[f"points_{place}"]) for place, name in enumerate(self.names)}
