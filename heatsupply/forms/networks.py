"""Forms of companies, networks, fuel and plans: what is asked for and how it is worded; services judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core import clock
from heatsupply.components import LABELS, SOURCES, Figure
from heatsupply.models import (
    Compound,
    EfficiencyWork,
    ExchangeStation,
    Fuel,
    HeatingCompany,
    HeatNetwork,
    HeatPaper,
    HeatSource,
    NetworkSource,
    PipeSegment,
    PriceRecord,
    RenewalFunds,
)
from heatsupply.rules.pipe_rows import read_line
from retrofits.works_forms import INPUT, YuanField, day, number, one_of, pick, text, tick, whole

CONDITION_WORDS = {"leaking": _("leaking"), "heat_loss": _("loses heat"), "corroded": _("corroded")}
MOST_M2 = 10**10


def degrees_of(label: Any, high: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=-high, max_value=high, max_digits=9, decimal_places=6,
        widget=forms.TextInput(attrs={**INPUT, "inputmode": "decimal"}),
    )  # fmt: skip


def some_of(label: Any, choices: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=list(choices), required=False, widget=forms.CheckboxSelectMultiple
    )


class CompanyForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    name = text(_("company"), 80)
    kind = pick(_("kind"), HeatingCompany.Kind.choices)
    service_phone = text(_("service phone"), 30, required=False)


class RiskForm(forms.Form):
    risk = pick(_("risk"), HeatingCompany.Risk.choices)
    reason = text(_("why"), 300)


class SourceForm(forms.Form):
    name = text(_("heat source"), 80)
    kind = pick(_("kind"), HeatSource.Kind.choices)
    capacity_mw = number(_("capacity, MW"))
    gas_need_m3 = whole(_("gas needed in a season, m³"), required=False, high=10**10)
    retrofits = some_of(_("three retrofits done"), HeatSource.Retrofit.choices)
    lng = degrees_of(_("longitude"), 180)
    lat = degrees_of(_("latitude"), 90)


class HeatContractForm(forms.Form):
    source = one_of(_("heat source"), HeatSource.objects.none())
    contracted_mw = number(_("contracted heat, MW"))
    contract_no = text(_("heat contract"), 60)
    contract_until = day(_("contract until"))


class NetworkForm(forms.Form):
    name = text(_("network"), 80)
    heated_area_m2 = whole(_("heated area, m²"), high=MOST_M2)
    peak_mw = number(_("peak load, MW"), required=False)


class FeedForm(forms.Form):
    network = one_of(_("network"), HeatNetwork.objects.none())
    source = one_of(_("heat source"), HeatSource.objects.none())
    role = pick(_("role"), NetworkSource.Role.choices)


class SegmentForm(forms.Form):
    network = one_of(_("network"), HeatNetwork.objects.none())
    code = text(_("segment"), 40)
    level = pick(_("level of the network"), PipeSegment.Level.choices)
    length_m = number(_("length, m"))
    diameter_mm = whole(_("diameter, mm"), required=False, high=3000)
    year_laid = whole(_("laid in"), required=False, high=2100)
    conditions = some_of(_("condition"), CONDITION_WORDS.items())
    line = text(_("course"), 4000, required=False, help_text=_("Points “longitude,latitude” with blanks between."))

    def clean_line(self) -> Any:
        try:
            return read_line(self.cleaned_data["line"])
        except ValueError:
            raise forms.ValidationError(_("Write points like 104.1736,36.5448 104.1800,36.5450")) from None


class SegmentFileForm(forms.Form):
    network = one_of(_("network"), HeatNetwork.objects.none())
    file = forms.FileField(
        label=_("workbook"), widget=forms.ClearableFileInput(attrs={**INPUT, "accept": ".xlsx,.xls,.csv,.ods"}),
        help_text=_("Columns: 管段编号, 管网级别, 长度, 管径, 敷设年份, 状况, 坐标"),
    )  # fmt: skip


class ConditionForm(forms.Form):
    network = one_of(_("network"), HeatNetwork.objects.none())
    code = text(_("segment"), 40)
    conditions = some_of(_("condition"), CONDITION_WORDS.items())


class StationForm(forms.Form):
    network = one_of(_("network"), HeatNetwork.objects.none())
    code = text(_("number"), 40)
    name = text(_("exchange station"), 80)
    capacity_mw = number(_("capacity, MW"))
    demand_mw = number(_("demand, MW"), required=False)
    lng = degrees_of(_("longitude"), 180)
    lat = degrees_of(_("latitude"), 90)


class CheckForm(forms.Form):
    """Without a station the check is of the secondary network."""

    network = one_of(_("network"), HeatNetwork.objects.none())
    station = one_of(_("exchange station"), ExchangeStation.objects.none(), required=False)
    season = whole(_("season that begins in"), high=2100)
    checked_on = day(_("checked on"))
    meets_demand = tick(_("meets the demand"))
    findings = text(_("what was found"), 300, required=False)
    due_on = day(_("to be put right by"), required=False)


class CompoundForm(forms.Form):
    area = one_of(_("place"), Area.objects.none())
    name = text(_("compound"), 80)
    station = one_of(_("exchange station"), ExchangeStation.objects.none(), required=False)
    homes = whole(_("homes"))
    metered_homes = whole(_("homes heated and metered one by one"))
    heated_area_m2 = whole(_("heated area, m²"), high=MOST_M2)
    built_year = whole(_("built in"), required=False, high=2100)
    pipe_owner = pick(_("owner of the shared pipes"), Compound.Owner.choices)
    is_new = tick(_("new compound: facilities are accepted before use"))


class KeeperForm(forms.Form):
    compound = one_of(_("compound"), Compound.objects.none())
    keeper = pick(_("maintained by"), Compound.Keeper.choices)
    cost_owner = pick(_("maintained at the cost of"), Compound.Cost.choices)
    renewed_year = whole(_("shared pipes renewed in"), required=False, high=2100)


class HandoverForm(forms.Form):
    compound = one_of(_("compound"), Compound.objects.none())
    handed_over_on = day(_("handed over on"))
    handover_no = text(_("hand-over paper"), 60)


class AcceptForm(forms.Form):
    compound = one_of(_("compound"), Compound.objects.none())
    accepted_on = day(_("facilities accepted on"))
    accepted_by = text(_("accepted by"))
    acceptance_no = text(_("acceptance report"), 60)


class UseForm(forms.Form):
    compound = one_of(_("compound"), Compound.objects.none())
    on = day(_("in use since"))


class WorkForm(forms.Form):
    compound = one_of(_("compound"), Compound.objects.none())
    kind = pick(_("kind of work"), EfficiencyWork.Kind.choices)
    year = whole(_("year"), high=2100)
    homes = whole(_("homes"))


class FuelContractForm(forms.Form):
    fuel = pick(_("fuel"), Fuel.choices)
    quantity = number(_("quantity"))
    supplier_name = text(_("bought from"), 80)
    number = text(_("number"), 60)
    signed_on = day(_("signed on"))
    valid_from = day(_("from"))
    valid_until = day(_("until"))


class StockForm(forms.Form):
    fuel = pick(_("fuel"), Fuel.choices)
    on = day(_("day"))
    quantity = number(_("stock"))
    used_per_day = number(_("used per day"))


class PriceForm(forms.Form):
    kind = pick(_("price"), PriceRecord.Kind.choices)
    valid_from = day(_("valid from"))
    amount = forms.DecimalField(
        label=_("amount"), min_value=0, max_digits=14, decimal_places=4,
        widget=forms.TextInput(attrs={**INPUT, "inputmode": "decimal"}),
    )  # fmt: skip
    paper_no = text(_("number of the paper"), 80)


class PlanForm(forms.Form):
    """Segments by their numbers; left empty, all that are due in the year."""

    year = whole(_("year"), high=2100)
    name = text(_("plan"), 80)
    cost_fen = YuanField(_("cost/CNY"))
    codes = text(
        _("pipe segments"), 4000, required=False, help_text=_("Numbers with commas between; empty: all that are due.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for source, label in RenewalFunds.Source.choices:
            self.fields[source] = YuanField(label, required=False)

    def funds(self) -> dict[str, int]:
        return {source: self.cleaned_data.get(source) or 0 for source in RenewalFunds.Source.values}


class CreditForm(forms.Form):
    """Figures are read; a percentage is typed only over one of them, or where there is none, and then with words."""

    year = forms.IntegerField(
        label=_("season that begins in"), min_value=2000, max_value=2100, widget=forms.NumberInput(attrs=INPUT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            self.fields[name] = forms.DecimalField(
                label=label, required=False, min_value=0, max_value=100, max_digits=5, decimal_places=2,
                widget=forms.TextInput(attrs={**INPUT, "inputmode": "decimal"}), help_text=SOURCES[name],
            )  # fmt: skip
        self.fields["reason"] = text(
            _("where typed figures come from"), 200, required=False,
            help_text=_("Empty percentages are read by the portal; what is typed over them needs words."),
        )  # fmt: skip
        self.fields["remark"] = text(_("remark"), 300, required=False)

    def percents(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name) for name in LABELS}

    def show_figures(self, year: int, found: Mapping[str, Figure]) -> None:
        """Say beside each field what the portal reads for the season of `year`."""
        self.fields["year"].initial = year
        for name in LABELS:
            one = found.get(name)
            said = gettext("not known yet") if one is None else f"{one.percent}%"
            self.fields[name].help_text = f"{SOURCES[name]} · {year}: {said}"


class AreaReportForm(forms.Form):
    year = whole(_("year"), high=2100)
    heated_area_m2 = whole(_("heated area, m²"), high=MOST_M2)


class PaperForm(forms.Form):
    kind = pick(_("paper"), HeatPaper.Kind.choices)
    title = text(_("title"))
    number = text(_("number"), 80, required=False)
    dated_on = day(_("dated"))
    valid_until = day(_("valid until"), required=False)
    file = forms.FileField(label=_("PDF"), required=False,
                           widget=forms.ClearableFileInput(attrs={**INPUT, "accept": "application/pdf"}))  # fmt: skip


class PlacePaperForm(PaperForm):
    area = one_of(_("place"), Area.objects.none())
    field_order = ("area",)


class PlacePriceForm(PriceForm):
    area = one_of(_("place"), Area.objects.none())
    field_order = ("area",)


class IssueForm(forms.Form):
    area = one_of(_("county"), Area.objects.none())
    title = text(_("issue"))
    owner_unit = text(_("unit that settles it"), 80)
    clause = text(_("clause"), 40, required=False)
    due_on = day(_("due on"), required=False)


class OnForm(forms.Form):
    """A button with today's day, or another one."""

    on = day(_("day"), required=False)
    words = text(_("words"), 300, required=False)
    state = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)
    file = forms.FileField(required=False)

    def on_or_today(self) -> Any:
        return self.cleaned_data.get("on") or clock.today()


def with_rows(form: Any, **rows: QuerySet[Any]) -> Any:
    """The form with these rows to choose from, those it asks for."""
    for name, choices in rows.items():
        if name in form.fields:
            form.fields[name].queryset = choices
    return form
