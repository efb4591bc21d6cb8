"""Deeds of a company: what stands behind the forms of its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from heatsupply.deeds.places import keep_paper
from heatsupply.forms import networks as forms
from heatsupply.models import (
    Compound,
    ExchangeStation,
    HeatImport,
    HeatingCompany,
    HeatNetwork,
    HeatSource,
    PipeSegment,
)
from heatsupply.models.owned import OWN
from heatsupply.queries.credit import figures_of, programme_of_place
from heatsupply.rules.pipe_rows import PipeRow
from heatsupply.rules.pipes import FULL_YEARS
from heatsupply.services import compounds, credits, files, fuel, networks, plans
from heatsupply.services.networks import due_condition
from heatsupply.services.permits import may_keep

Act = Callable[[HeatingCompany, Any, User], Any]
"""(company, the valid form, person) → what the service made."""


@dataclass(frozen=True)
class CompanyDeed:
    """`county_only`: judged by the county, not by the company itself."""

    title: str | Promise
    form: type[Any]
    act: Act
    county_only: bool = False


def _plain(service: Callable[..., Any], **more: Callable[[], Any]) -> Act:
    """The form's values as they are, with the company; `more` are values read at that moment."""

    def act(company: HeatingCompany, form: Any, by: User) -> Any:
        return service(company=company, **form.cleaned_data, **{name: value() for name, value in more.items()}, by=by)

    return act


def _of_row(service: Callable[..., Any], name: str, **more: Callable[[], Any]) -> Act:
    """The form names the row itself."""

    def act(company: HeatingCompany, form: Any, by: User) -> Any:
        values = {key: value() for key, value in more.items()}
        return service(**form.cleaned_data, **values, by=by)

    act.__name__ = f"{service.__name__}_of_{name}"
    return act


def _segment(company: HeatingCompany, form: Any, by: User) -> Any:
    data = dict(form.cleaned_data)
    network = data.pop("network")
    if data["year_laid"] and not networks.FIRST_YEAR <= data["year_laid"] <= clock.today().year:
        raise Refused("SEGMENT_FAULTY", _("A pipe was laid between 1950 and this year."))
    if not data["length_m"]:
        raise Refused("SEGMENT_FAULTY", _("A length above zero is wanted."))
    return networks.add_segment(network=network, row=PipeRow(**data | {"conditions": tuple(data["conditions"])}), by=by)


def _segment_file(company: HeatingCompany, form: Any, by: User) -> HeatImport:
    """Tried by a job first; its page shows what it would do."""
    sent = form.cleaned_data["file"]
    made, _fresh = files.send_file(
        kind=HeatImport.Kind.PIPES, company=company, network=form.cleaned_data["network"], content=sent.chunks(),
        file_name=sent.name, by=by, now=clock.now(),
    )  # fmt: skip
    return made


def _condition(company: HeatingCompany, form: Any, by: User) -> Any:
    data = form.cleaned_data
    segment = PipeSegment.objects.filter(network=data["network"], code=data["code"].strip()).first()
    if segment is None:
        raise Refused("SEGMENT_UNKNOWN", _("There is no segment %(number)s here."), number=data["code"])
    return networks.note_condition(segment=segment, conditions=data["conditions"], by=by)


def _compound(company: HeatingCompany, form: Any, by: User) -> Any:
    data = dict(form.cleaned_data)
    area, station = data.pop("area"), data.pop("station")
    return compounds.add_compound(company=company, area=area, station=station, plot=compounds.Plot(**data), by=by)


def _plan(company: HeatingCompany, form: Any, by: User) -> Any:
    data = form.cleaned_data
    rows = PipeSegment.objects.filter(network__company=company).select_related("network")
    codes = {code.strip() for code in data["codes"].replace("，", ",").replace("、", ",").split(",") if code.strip()}
    chosen = rows.filter(code__in=codes) if codes else rows.filter(due_condition(data["year"], FULL_YEARS))
    segments = list(chosen)
    unknown = codes - {one.code for one in segments}
    if unknown:
        raise Refused("SEGMENT_UNKNOWN", _("There is no segment %(number)s here."), number="、".join(sorted(unknown)))
    return plans.draft_plan(company=company, year=data["year"], name=data["name"], cost_fen=data["cost_fen"],
                            funds=form.funds(), segments=segments, by=by)  # fmt: skip


def _credit(company: HeatingCompany, form: Any, by: User) -> Any:
    """Figures are read at this moment, of the season the form names."""
    year, today = form.cleaned_data["year"], clock.today()
    programme = programme_of_place(company, year)
    known = figures_of(company, programme, year, today) if programme else {}
    return credits.score_company(
        company=company, year=year, read=known, percents=form.percents(), reason=form.cleaned_data["reason"],
        remark=form.cleaned_data["remark"], on=today, by=by,
    )  # fmt: skip


def _price(company: HeatingCompany, form: Any, by: User) -> Any:
    return fuel.record_price(area=company.area, company=company, **form.cleaned_data, by=by)


def _paper(company: HeatingCompany, form: Any, by: User) -> Any:
    return keep_paper(company.area, company, form, by)


COMPANY_FORMS: dict[str, CompanyDeed] = {
    "source": CompanyDeed(_("Heat source"), forms.SourceForm, _plain(networks.add_source)),
    "heat_contract": CompanyDeed(
        _("Contracted heat"), forms.HeatContractForm, _of_row(networks.contract_heat, "source")
    ),
    "network": CompanyDeed(_("Network"), forms.NetworkForm, _plain(networks.add_network)),
    "feed": CompanyDeed(_("Source of a network"), forms.FeedForm, _of_row(networks.feed_network, "network")),
    "segment": CompanyDeed(_("Pipe segment"), forms.SegmentForm, _segment),
    "segments": CompanyDeed(_("Pipe segments from a workbook"), forms.SegmentFileForm, _segment_file),
    "condition": CompanyDeed(_("Condition of a pipe"), forms.ConditionForm, _condition),
    "station": CompanyDeed(_("Exchange station"), forms.StationForm, _of_row(networks.add_station, "network")),
    "check": CompanyDeed(
        _("Check of a station or a secondary network"), forms.CheckForm,
        _of_row(networks.record_check, "network", today=clock.today),
    ),
    "compound": CompanyDeed(_("Compound"), forms.CompoundForm, _compound),
    "use": CompanyDeed(_("Start of use"), forms.UseForm, _of_row(compounds.start_use, "compound")),
    "work": CompanyDeed(_("Work that saves heat"), forms.WorkForm, _of_row(compounds.plan_work, "compound")),
    "fuel_contract": CompanyDeed(_("Fuel contract"), forms.FuelContractForm, _plain(fuel.sign_contract)),
    "stock": CompanyDeed(_("Fuel stock"), forms.StockForm, _plain(fuel.report_stock, today=clock.today)),
    "plan": CompanyDeed(_("Renewal plan"), forms.PlanForm, _plan),
    "area": CompanyDeed(_("Heated area of a year"), forms.AreaReportForm, _plain(plans.report_area, today=clock.today)),
    "paper": CompanyDeed(_("Contingency plan or cost audit"), forms.PaperForm, _paper),
    "accept": CompanyDeed(
        _("Acceptance of new facilities"), forms.AcceptForm,
        _of_row(compounds.accept_facilities, "compound", today=clock.today), county_only=True,
    ),
    "keeper": CompanyDeed(
        _("Who maintains shared pipes"), forms.KeeperForm, _of_row(compounds.settle_keeper, "compound"),
        county_only=True,
    ),
    "handover": CompanyDeed(
        _("Hand-over of shared pipes"), forms.HandoverForm, _plain(compounds.hand_over), county_only=True
    ),
    "price": CompanyDeed(_("Price"), forms.PriceForm, _price, county_only=True),
    "risk": CompanyDeed(
        _("Risk"), forms.RiskForm, _plain(networks.rate_risk, on=clock.today), county_only=True
    ),
    "credit": CompanyDeed(_("Credit of a year"), forms.CreditForm, _credit, county_only=True),
}  # fmt: skip


def company_form(deed: str, company: HeatingCompany, user: User, *args: Any) -> Any:
    """The form of a deed with the rows its fields may name: the company's own, sources of the whole city for a feed."""
    if not may_keep(user, company):
        raise PermissionDenied(OWN)
    city = HeatSource.objects.visible_to(user).within(company.area_id[:4])
    own: QuerySet[Any] = HeatSource.objects.filter(company=company)
    return forms.with_rows(
        COMPANY_FORMS[deed].form(*args), network=HeatNetwork.objects.filter(company=company),
        source=city if deed == "feed" else own,
        station=ExchangeStation.objects.filter(network__company=company),
        compound=Compound.objects.filter(company=company), area=Area.objects.within(company.area_id),
    )  # fmt: skip
