"""The board of heat supply, one company, and the two long lists: pipes and compounds."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.beside import read_beside
from core.tables import Column, build_table, render_table
from core.together import read
from heatsupply.components import LABELS, SOURCES
from heatsupply.deeds.companies import COMPANY_FORMS
from heatsupply.deeds.places import PLACE_FORMS
from heatsupply.exporting import feature_collection
from heatsupply.filters.networks import CompoundFilter, SegmentFilter
from heatsupply.forms import networks as forms
from heatsupply.models import (
    Compound,
    CreditScore,
    EfficiencyWork,
    ExchangeStation,
    FuelContract,
    FuelStock,
    HeatingCompany,
    HeatNetwork,
    HeatPaper,
    HeatSource,
    NetworkCheck,
    NetworkSource,
    PipeSegment,
    PriceRecord,
    RenewalPlan,
)
from heatsupply.models.credit import AreaReport, RenewalFunds, RenewalSegment, SupplyIssue
from heatsupply.models.owned import MANAGE, VIEW
from heatsupply.queries.credit import figures_of, programme_of_place
from heatsupply.queries.networks import (
    board_day,
    board_reading,
    network_lines,
    pipe_sums,
    season_at,
    terms_from,
    terms_wanted,
)
from heatsupply.rules.backup import coverage
from heatsupply.rules.pipes import why_due
from heatsupply.rules.prices import is_behind, steps
from heatsupply.services.networks import due_condition, gas_secured
from heatsupply.services.permits import may_keep
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.views.evidence import file_response

MOST_EXPORTED = 20_000
MONTH_BEGUN = 10
"""From October on a year's own season is looked at, before that the one that ended in spring."""
DUE_WORDS = {
    "AGE": gettext_lazy("full age"), "CONDITION_LEAKING": gettext_lazy("leaking"),
    "CONDITION_HEAT_LOSS": gettext_lazy("loses heat"), "CONDITION_CORRODED": gettext_lazy("corroded"),
}  # fmt: skip
FUELS, END = (PriceRecord.Kind.COAL, PriceRecord.Kind.GAS), PriceRecord.Kind.END


@requires(VIEW)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Companies, networks with backup and due pipes, warnings, growth, issues and papers of the chosen place."""
    user: Any = request.user
    code, programme = chosen_area_code(request), chosen_programme(request)
    board = read(board_reading(user, code, programme, board_day(programme, clock.today())))
    manages = user.has_right(MANAGE)
    context = {
        "board": board, "manages": manages,
        "forms": _place_forms(request, code) if manages else [],
        "issue_states": SupplyIssue.State.choices, "paper_states": HeatPaper.State,
    }  # fmt: skip
    return render(request, "heatsupply/home.html", context)


def _place_forms(request: HttpRequest, code: str) -> list[tuple[str, Any, Any]]:
    """(deed, title, form) of what is entered for a place, over one list of places."""
    places = Area.objects.visible_to(request.user, MANAGE).within(code) if code else Area.objects.none()
    offered = list(places.filter(level__in=(Area.Level.CITY, Area.Level.COUNTY)).values_list("pk", "name"))
    made = []
    for deed, (title, form_class) in PLACE_FORMS.items():
        form = form_class(auto_id=f"{deed}_%s")
        form.fields["area"].choices = [("", "---------"), *offered]
        made.append((deed, title, form))
    return made


@requires(VIEW)
@require_GET
def company_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything of one company, with the forms its keepers use."""
    company = get_visible_or_404(HeatingCompany.objects.select_related("area"), request.user, pk=pk)
    user: Any = request.user
    today = board_day(chosen_programme(request), clock.today())
    found = read_beside(**_of_company(company, user, season_at(today)), **terms_wanted(chosen_programme(request)))
    terms = terms_from(found["thresholds"], found["indicators"])
    found["pipes"] = list(pipe_sums(PipeSegment.objects.filter(network__company=company), today.year, terms.full_years))
    networks = network_lines(found | {"stations": _stations_by(found["stations"])})
    prices = steps((one.kind, one.valid_from, one.amount) for one in found["prices"])
    keeps, manages = may_keep(user, company), user.has_right(MANAGE, company.area_id)
    offered = _company_forms(company, found, keeps=keeps, manages=manages)
    _show_figures(offered, company, today)
    context = {
        **found, "company": company, "networks": networks, "coverage": coverage(one.fed for one in networks),
        "prices": [(PriceRecord.Kind(one.kind).label, one) for one in prices],
        "prices_behind": is_behind(prices, FUELS, END), "today": today, "season": season_at(today),
        "gas": gas_secured(company, today) if any(one.gas_need_m3 for one in found["sources"]) else None,
        "plans": _plans(found), "credits": _credits(found["credits"]), "keeps": keeps, "manages": manages,
        "forms": offered, "paper_states": HeatPaper.State,
        "lacks_plan": company.is_at_risk and not any(
            one.kind == HeatPaper.Kind.CONTINGENCY and one.state == HeatPaper.State.ISSUED
            and (one.valid_until is None or one.valid_until >= today) for one in found["papers"]
        ),
    }  # fmt: skip
    return render(request, "heatsupply/company.html", context)


def _of_company(company: HeatingCompany, user: Any, season: int) -> dict[str, Any]:
    networks = HeatNetwork.objects.filter(company=company)
    return {
        "sources": HeatSource.objects.filter(company=company),
        "networks": networks.select_related("company", "area"),
        "feeds": NetworkSource.objects.filter(network__company=company).select_related("source"),
        "stations": ExchangeStation.objects.filter(network__company=company).select_related("network"),
        "checks": NetworkCheck.objects.filter(network__company=company, season=season)
        .select_related("network", "station"),
        "compounds": Compound.objects.filter(company=company).select_related("area")[:200],
        "works": EfficiencyWork.objects.filter(compound__company=company).select_related("compound")[:50],
        "contracts": FuelContract.objects.filter(company=company)[:50],
        "stocks": FuelStock.objects.filter(company=company)[:12],
        "prices": PriceRecord.objects.filter(Q(company=company) | Q(company=None, area_id=company.area_id)),
        "plan_rows": RenewalPlan.objects.filter(company=company).select_related("drafted_by", "approved_by")[:20],
        "plan_lines": RenewalSegment.objects.filter(plan__company=company).select_related("segment")[:500],
        "plan_funds": RenewalFunds.objects.filter(plan__company=company),
        "papers": HeatPaper.objects.filter(company=company).select_related("document")[:30],
        "credits": CreditScore.objects.filter(company=company)[:6],
        "reports": AreaReport.objects.filter(company=company)[:8],
        "places": Area.objects.within(company.area_id).filter(level__in=(Area.Level.COUNTY, Area.Level.TOWN))[:200],
        "neighbours": HeatSource.objects.visible_to(user).within(company.area_id[:4])
        .exclude(state=HeatSource.State.RETIRED).select_related("company").order_by("company__name", "name")[:100],
    }  # fmt: skip


def _stations_by(stations: list[ExchangeStation]) -> list[dict[str, int]]:
    counted: dict[int, int] = {}
    for one in stations:
        counted[one.network_id] = counted.get(one.network_id, 0) + 1
    return [{"network_id": key, "n": n} for key, n in counted.items()]


def _plans(found: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "plan": plan, "lines": [one for one in found["plan_lines"] if one.plan_id == plan.pk],
            "funds": [one for one in found["plan_funds"] if one.plan_id == plan.pk],
        }
        for plan in found["plan_rows"]
    ]  # fmt: skip


def _credits(scores: list[CreditScore]) -> list[dict[str, Any]]:
    return [
        {"score": one, "points": f"{one.points_tenths / 10:.1f}", "parts": [_part(part) for part in one.components]}
        for one in scores
    ]


def _part(kept: dict[str, Any]) -> dict[str, Any]:
    """A component as drawn: where its figure comes from, its day, and what was read where it was overruled."""
    on = kept.get("on")
    return {
        **kept, "label": LABELS.get(kept["code"], kept["code"]), "source": SOURCES.get(kept["code"], ""),
        "on": date.fromisoformat(on) if on else None, "overruled": bool(kept.get("reason")) and "read" in kept,
    }  # fmt: skip


def _show_figures(forms_of: list[tuple[str, Any, Any]], company: HeatingCompany, today: date) -> None:
    """Beside the fields of the credit form what the portal reads for the last season."""
    form = next((form for deed, _title, form in forms_of if deed == "credit"), None)
    year = today.year if today.month >= MONTH_BEGUN else today.year - 1
    programme = programme_of_place(company, year) if form is not None else None
    if form is not None and programme is not None:
        form.show_figures(year, figures_of(company, programme, year, today))


def _company_forms(
    company: HeatingCompany, found: dict[str, Any], *, keeps: bool, manages: bool
) -> list[tuple[str, Any, Any]]:
    """(deed, title, form); rows to choose from are those already read."""
    rows = {
        "network": found["networks"], "station": found["stations"], "compound": found["compounds"],
        "area": found["places"],
    }  # fmt: skip
    made = []
    for deed, one in COMPANY_FORMS.items():
        if not (manages or (keeps and not one.county_only)):
            continue
        form = one.form(auto_id=f"{deed}_%s")
        for name, offered in rows.items():
            if name in form.fields:
                form.fields[name].choices = [("", "---------"), *((row.pk, str(row)) for row in offered)]
        if "source" in form.fields:
            offered = found["neighbours"] if deed == "feed" else found["sources"]
            form.fields["source"].choices = [("", "---------"), *((row.pk, row.name) for row in offered)]
        made.append((deed, one.title, form))
    return made


# --- Pipes and compounds ------------------------------------------------------------------------------------------


def segment_columns(full_years: int, year: int) -> tuple[Column, ...]:
    """Of the list of pipes, which are due by the programme's years."""
    return (*SEGMENTS, Column("due", gettext_lazy("Due because of"), value=lambda row: "、".join(
        str(DUE_WORDS[one]) for one in why_due(row.year_laid, row.conditions, year, full_years)
    )))  # fmt: skip


SEGMENTS = (
    Column("code", gettext_lazy("Segment"), kind="id", order_by="code"),
    Column("network.company.name", gettext_lazy("Company"), order_by="network__company__name"),
    Column("network.name", gettext_lazy("Network"), order_by="network__name"),
    Column("level", gettext_lazy("Level"), value=lambda row: row.get_level_display(), order_by="level", priority=2),
    Column("length_m", gettext_lazy("Length/m"), kind="number", order_by="length_m", total=Sum("length_m"),
           total_label=gettext_lazy("metres")),
    Column("diameter_mm", gettext_lazy("Diameter/mm"), kind="mono", order_by="diameter_mm", priority=3),
    Column("year_laid", gettext_lazy("Laid in"), kind="mono", order_by="year_laid"),
    Column("conditions", gettext_lazy("Condition"), priority=2,
           value=lambda row: "、".join(str(forms.CONDITION_WORDS[one]) for one in row.conditions)),
)  # fmt: skip


@requires(VIEW)
@require_GET
def segment_list(request: HttpRequest) -> HttpResponse:
    """Pipes with filters; `?as=geojson` is the export for a city's information model (B-41)."""
    user: Any = request.user
    code, today = chosen_area_code(request), board_day(chosen_programme(request), clock.today())
    years = terms_from(**read_beside(**terms_wanted(chosen_programme(request)))).full_years
    rows = PipeSegment.objects.visible_to(user).within(code).select_related("network__company")
    if request.GET.get("as") == "geojson":
        return _geojson(request, rows, code, today.year, years)
    request.pipes_due = due_condition(today.year, years)  # type: ignore[attr-defined]
    table = build_table(
        request, rows, segment_columns(years, today.year), filterset=SegmentFilter, unit=_("segments"),
        default_sort="year_laid",
        row_url=lambda row: reverse("heat:company-detail", args=[row.network.company_id]),
        empty=(_("No pipes yet"), _("Companies enter them one by one or send a workbook.")),
    )  # fmt: skip
    return render_table(request, "heatsupply/list.html", table, {"title": _("Heat pipes"), "exports": True})


def _geojson(request: HttpRequest, rows: Any, code: str, year: int, years: int) -> HttpResponse:
    stations = ExchangeStation.objects.visible_to(request.user).within(code).select_related("network__company")
    sources = HeatSource.objects.visible_to(request.user).within(code).select_related("company")
    found = read_beside(
        rows=rows.order_by("pk")[:MOST_EXPORTED], stations=stations[:MOST_EXPORTED], sources=sources[:MOST_EXPORTED]
    )
    body = feature_collection(found["rows"], found["stations"], found["sources"], year=year, full_years=years)
    answer = JsonResponse(body, content_type="application/geo+json", json_dumps_params={"ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="heat-network.geojson"'
    return answer


COMPOUNDS = (
    Column("name", gettext_lazy("Compound"), order_by="name", link=True),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("company.name", gettext_lazy("Company"), order_by="company__name"),
    Column("homes", gettext_lazy("Homes"), kind="number", order_by="homes", total=Sum("homes"),
           total_label=gettext_lazy("homes")),
    Column("metered_homes", gettext_lazy("Metered one by one"), kind="number", order_by="metered_homes",
           total=Sum("metered_homes"), total_label=gettext_lazy("metered"), priority=2),
    Column("pipe_owner", gettext_lazy("Owner of the shared pipes"), value=lambda row: row.get_pipe_owner_display(),
           priority=2),
    Column("handed_over_on", gettext_lazy("Handed over"), kind="when", order_by="handed_over_on"),
    Column("keeper", gettext_lazy("Maintained by"), value=lambda row: row.get_keeper_display(), order_by="keeper"),
    Column("cost_owner", gettext_lazy("At the cost of"), value=lambda row: row.get_cost_owner_display(), priority=2),
    Column("use", gettext_lazy("Use"), template="heatsupply/use_cell.html", value=lambda row: row),
)  # fmt: skip


@requires(VIEW)
@require_GET
def compound_list(request: HttpRequest) -> HttpResponse:
    """Compounds: whose shared pipes, who keeps them, what waits for acceptance."""
    rows = Compound.objects.visible_to(request.user).within(chosen_area_code(request)).select_related("company", "area")
    table = build_table(
        request, rows, COMPOUNDS, filterset=CompoundFilter, unit=_("compounds"), default_sort="name",
        row_url=lambda row: reverse("heat:company-detail", args=[row.company_id]) if row.company_id else "",
        empty=(_("No compounds yet"), _("They are entered on the page of their heating company.")),
    )  # fmt: skip
    return render_table(request, "heatsupply/list.html", table, {"title": _("Compounds")})


@requires(VIEW)
@require_GET
def paper_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The PDF of a paper, to whoever may read the paper."""
    paper = get_visible_or_404(HeatPaper.objects.select_related("document"), request.user, pk=pk)
    if paper.document is None:
        raise Http404
    return file_response(paper.document)
