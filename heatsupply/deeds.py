"""What people enter on the pages of heat supply: each deed with its form, who may do it and the service behind it.

Deeds come in three kinds: of a place (the board), of a company (its page), of one row (a button). Views find the row,
services judge; this table only joins the two.
"""

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
from heatsupply import network_forms as forms
from heatsupply.models import (
    Compound,
    EfficiencyWork,
    ExchangeStation,
    HeatingCompany,
    HeatNetwork,
    HeatPaper,
    HeatSource,
    NetworkCheck,
    PipeSegment,
    RenewalPlan,
    RenewalSegment,
    SupplyIssue,
)
from heatsupply.models.owned import OWN
from heatsupply.network_importing import import_segments
from heatsupply.rules.pipe_rows import PipeRow
from heatsupply.rules.pipes import FULL_YEARS
from heatsupply.services import compounds, fuel, networks, plans
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


def _segment_file(company: HeatingCompany, form: Any, by: User) -> Any:
    sent = form.cleaned_data["file"]
    return import_segments(
        network=form.cleaned_data["network"], name=sent.name, content=sent.read(), this_year=clock.today().year, by=by
    )


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
    return plans.score_company(
        company=company, year=form.cleaned_data["year"], percents=form.percents(),
        remark=form.cleaned_data["remark"], on=clock.today(), by=by,
    )  # fmt: skip


def _price(company: HeatingCompany, form: Any, by: User) -> Any:
    return fuel.record_price(area=company.area, company=company, **form.cleaned_data, by=by)


def _paper(company: HeatingCompany, form: Any, by: User) -> Any:
    return keep_paper(company.area, company, form, by)


def keep_paper(area: Area, company: HeatingCompany | None, form: Any, by: User) -> HeatPaper:
    data = dict(form.cleaned_data)
    data.pop("area", None)
    sent = data.pop("file")
    if sent and sent.size > plans.MAX_PAPER:
        raise Refused("PAPER_UNUSABLE", _("Send the paper as a PDF of at most 10 MB."))
    return plans.keep_paper(area=area, company=company, **data, content=sent.read() if sent else b"", by=by)


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

PLACE_FORMS: dict[str, tuple[str | Promise, type[Any]]] = {
    "new_company": (_("Register a heating company"), forms.CompanyForm),
    "new_issue": (_("Note an issue"), forms.IssueForm),
    "new_paper": (_("Keep a paper of the place"), forms.PlacePaperForm),
    "new_price": (_("Record a price of the place"), forms.PlacePriceForm),
}


def enter_for_place(deed: str, form: Any, by: User) -> Any:
    """One of `PLACE_FORMS`, valid."""
    data = dict(form.cleaned_data)
    if deed == "new_company":
        return networks.register_company(**data, by=by)
    if deed == "new_issue":
        return plans.open_issue(**data, by=by)
    if deed == "new_price":
        return fuel.record_price(company=None, **data, by=by)
    return keep_paper(data["area"], None, form, by)


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


RowAct = Callable[[Any, Any, User], Any]
"""(row, the valid form of day, words and state, person)."""


def _retire(row: Any, form: Any, by: User) -> Any:
    return networks.retire_source(source=row, by=by)


def _today(service: Callable[..., Any], row_name: str, day: str, *, today: bool = False) -> RowAct:
    def act(row: Any, form: Any, by: User) -> Any:
        more = {"today": clock.today()} if today else {}
        return service(**{row_name: row, day: form.on_or_today()}, **more, by=by)

    return act


def _put_right(row: Any, form: Any, by: User) -> Any:
    return networks.put_right(check=row, done_on=form.on_or_today(), done_words=form.cleaned_data["words"], by=by)


def _paper_state(row: Any, form: Any, by: User) -> Any:
    return plans.move_paper(paper=row, state=form.cleaned_data["state"], remark=form.cleaned_data["words"], by=by)


def _issue_state(row: Any, form: Any, by: User) -> Any:
    data = form.cleaned_data
    return plans.move_issue(issue=row, state=data["state"], progress=data["words"], on=form.on_or_today(), by=by)


ROW_DEEDS: dict[str, tuple[type[Any], RowAct]] = {
    "start": (HeatSource, _today(networks.start_source, "source", "on")),
    "retire": (HeatSource, _retire),
    "put_right": (NetworkCheck, _put_right),
    "finish": (EfficiencyWork, _today(compounds.finish_work, "work", "done_on")),
    "approve": (RenewalPlan, _today(plans.approve_plan, "plan", "on")),
    "laid": (RenewalSegment, _today(plans.lay_anew, "line", "done_on", today=True)),
    "paper_state": (HeatPaper, _paper_state),
    "issue_state": (SupplyIssue, _issue_state),
}


def row_of(deed: str, user: User, key: str) -> Any:
    """The row a button names, where the person may read it; None otherwise."""
    model = ROW_DEEDS[deed][0]
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
    if model is RenewalSegment:
        rows = RenewalSegment.objects.filter(plan__in=RenewalPlan.objects.visible_to(user)).select_related("plan")
        return rows.filter(pk=number).first()
    return model.objects.visible_to(user).filter(pk=number).first()
