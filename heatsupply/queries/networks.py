"""The board of heat supply: companies, networks with their backup, pipes that are due, fuel, growth, what is lacking.

Everything of a place is asked in one statement; pipes are summed by the database, so the board costs the same however
many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from accounts.models import Area, User
from core.together import Reading
from heatsupply.models import (
    AreaReport,
    Compound,
    CreditScore,
    ExchangeStation,
    FuelStock,
    HeatingCompany,
    HeatNetwork,
    HeatPaper,
    HeatSource,
    NetworkCheck,
    NetworkSource,
    PipeSegment,
    SupplyIssue,
)
from heatsupply.rules.backup import Coverage, Fed, coverage
from heatsupply.rules.fuel import LOW_STOCK_DAYS, days_left, is_low
from heatsupply.rules.growth import Year, year_of
from heatsupply.rules.pipes import FULL_YEARS
from heatsupply.services.networks import due_condition
from programmes.models import Indicator, Programme, Threshold

AT_RISK = (HeatingCompany.Risk.MAY_STOP, HeatingCompany.Risk.MAY_ABANDON)
ZERO = Decimal(0)


@dataclass
class CompanyLine:
    """One company on the board; None where nothing was reported."""

    company: HeatingCompany
    capacity_mw: Decimal = ZERO
    heated_area_m2: int = 0
    due_m: Decimal = ZERO
    stocks: list[FuelStock] = field(default_factory=list)
    lacks_stock: bool = False
    lacks_plan: bool = False
    credit: CreditScore | None = None

    @property
    def low(self) -> list[FuelStock]:
        return [one for one in self.stocks if is_low(one.quantity, one.used_per_day)]

    @property
    def days(self) -> int | None:
        """Days the scarcest fuel lasts."""
        known = [days_left(one.quantity, one.used_per_day) for one in self.stocks]
        return min((one for one in known if one is not None), default=None)


@dataclass
class NetworkLine:
    """One network: what feeds it, its pipes, its stations and what was checked of them for the season."""

    network: HeatNetwork
    feeds: list[NetworkSource]
    fed: Fed
    length_m: Decimal = ZERO
    due_m: Decimal = ZERO
    due: int = 0
    stations: int = 0
    checks: list[NetworkCheck] = field(default_factory=list)

    @property
    def mains(self) -> list[NetworkSource]:
        return [one for one in self.feeds if one.role == NetworkSource.Role.MAIN]

    @property
    def backups(self) -> list[NetworkSource]:
        return [one for one in self.feeds if one.role == NetworkSource.Role.BACKUP]

    @property
    def to_check(self) -> int:
        """Its stations and its secondary network."""
        return self.stations + 1

    @property
    def open_checks(self) -> list[NetworkCheck]:
        return [one for one in self.checks if not one.meets_demand and one.done_on is None]


@dataclass(frozen=True)
class Growth:
    """A place's heated area year by year; `least` is what the programme asks, None where nothing."""

    place: str
    year: Year
    least: Fraction | None

    @property
    def is_met(self) -> bool | None:
        return None if self.least is None else self.year.is_met(self.least)

    @property
    def wanted(self) -> int | None:
        """Whole square metres, rounded up: less would not reach it."""
        return None if self.year.wanted_m2 is None else ceil(self.year.wanted_m2)


@dataclass(frozen=True)
class Terms:
    """What the programme says: years after which a pipe is due, and the growth asked of a year."""

    full_years: int
    growth: Mapping[int, Fraction]


@dataclass
class Board:
    season: int
    companies: list[CompanyLine]
    networks: list[NetworkLine]
    coverage: Coverage
    growth: list[Growth]
    waiting: list[Compound]
    papers: list[HeatPaper]
    issues: list[SupplyIssue]

    @property
    def due_m(self) -> Decimal:
        return sum((one.due_m for one in self.networks), ZERO)

    @property
    def length_m(self) -> Decimal:
        return sum((one.length_m for one in self.networks), ZERO)

    @property
    def low(self) -> list[CompanyLine]:
        return [one for one in self.companies if one.low or one.lacks_stock]

    @property
    def without_plan(self) -> list[CompanyLine]:
        return [one for one in self.companies if one.lacks_plan]


def season_at(today: date) -> int:
    """Year in which the season that runs or comes next begins: from May on the coming one."""
    return today.year if today.month >= 5 else today.year - 1


def board_day(programme: Programme | None, today: date) -> date:
    """The day the board stands on: today, but not before the programme's first year: that is what it asks about."""
    return max(today, date(programme.year_from, 1, 1)) if programme else today


def terms_wanted(programme: Programme | None) -> dict[str, QuerySet[Any]]:
    return {
        "thresholds": Threshold.objects.filter(programme=programme, code="PIPE_AGE_YEARS"),
        "indicators": Indicator.objects.filter(programme=programme, relative_to_year__isnull=False),
    }


def terms_from(thresholds: Iterable[Threshold], indicators: Iterable[Indicator]) -> Terms:
    years = next((int(one.value) for one in thresholds), FULL_YEARS)
    asked = {one.due_on.year if one.due_on else (one.relative_to_year or 0) + 1: Fraction(one.value) / 100
             for one in indicators}  # fmt: skip
    return Terms(years, asked)


def latest_stocks(rows: QuerySet[FuelStock]) -> QuerySet[FuelStock]:
    """Of each company and fuel the last day's."""
    last = rows.order_by("company_id", "fuel", "-on").distinct("company_id", "fuel").values("pk")
    return FuelStock.objects.filter(pk__in=last)  # type: ignore[no-any-return]


def low_stocks(user: User, area_code: str, right: str = "") -> QuerySet[FuelStock]:
    """Stocks that last less than a week (B-06), as `rules.fuel.is_low` says it."""
    rows = latest_stocks(FuelStock.objects.visible_to(user, right).within(area_code))
    return rows.filter(used_per_day__gt=0, quantity__lt=F("used_per_day") * LOW_STOCK_DAYS)  # type: ignore[no-any-return]


def without_stock(user: User, area_code: str, right: str = "") -> QuerySet[HeatingCompany]:
    """Companies that burn coal and have reported no stock of it (B-06): nobody knows how long theirs lasts."""
    burning = HeatSource.objects.filter(
        company=OuterRef("pk"), kind=HeatSource.Kind.COAL, state=HeatSource.State.RUNNING
    )
    told = FuelStock.objects.filter(company=OuterRef("pk"))
    rows = HeatingCompany.objects.visible_to(user, right).within(area_code).filter(closed_on=None)
    return rows.filter(Exists(burning)).exclude(Exists(told))  # type: ignore[no-any-return]


def plans_in_force(today: date) -> QuerySet[HeatPaper]:
    """Contingency plans in force on a day."""
    rows = HeatPaper.objects.filter(kind=HeatPaper.Kind.CONTINGENCY, state=HeatPaper.State.ISSUED)
    return rows.filter(Q(valid_until=None) | Q(valid_until__gte=today))  # type: ignore[no-any-return]


def without_plan(user: User, area_code: str, today: date, right: str = "") -> QuerySet[HeatingCompany]:
    """Companies that may stop or abandon supply and have no contingency plan in force (B-24)."""
    rows = HeatingCompany.objects.visible_to(user, right).within(area_code).filter(risk__in=AT_RISK, closed_on=None)
    return rows.exclude(Exists(plans_in_force(today).filter(company=OuterRef("pk"))))  # type: ignore[no-any-return]


def pipe_sums(rows: QuerySet[PipeSegment], year: int, full_years: int) -> QuerySet[Any, Any]:
    """Per network: metres, metres due in the year, pieces due."""
    due = due_condition(year, full_years)
    return (
        rows.order_by().values("network_id")
        .annotate(all_m=Sum("length_m"), due_m=Sum("length_m", filter=due), due=Count("pk", filter=due))
    )  # fmt: skip


def board_reading(user: User, area_code: str, programme: Programme | None, today: date) -> Reading[Board]:
    """The board of a place: two statements."""
    terms_asked = terms_wanted(programme)
    yield list(terms_asked.values())
    terms = terms_from(**{name: list(rows) for name, rows in terms_asked.items()})
    wanted = _wanted(user, area_code, today, terms.full_years)
    yield list(wanted.values())
    return board_of({name: list(rows) for name, rows in wanted.items()}, terms, today)


def _wanted(user: User, code: str, today: date, full_years: int) -> dict[str, QuerySet[Any, Any]]:
    def rows(model: Any) -> Any:
        return model.objects.visible_to(user).within(code)

    networks = rows(HeatNetwork)
    return {
        "companies": rows(HeatingCompany).filter(closed_on=None).select_related("area"),
        "sources": rows(HeatSource).exclude(state=HeatSource.State.RETIRED),
        "networks": networks.select_related("company", "area"),
        "feeds": NetworkSource.objects.filter(network__in=networks).select_related("source"),
        "pipes": pipe_sums(rows(PipeSegment), today.year, full_years),
        "stations": rows(ExchangeStation).order_by().values("network_id").annotate(n=Count("pk")),
        "checks": rows(NetworkCheck).filter(season=season_at(today)),
        "stocks": latest_stocks(rows(FuelStock)),
        "plans": plans_in_force(today).filter(company__in=rows(HeatingCompany)),
        "credits": CreditScore.objects.filter(
            pk__in=rows(CreditScore).order_by("company_id", "-year").distinct("company_id").values("pk")
        ),
        "reports": rows(AreaReport).select_related("company__area"),
        "waiting": rows(Compound).filter(is_new=True, in_use_since=None).select_related("company", "area")[:50],
        "papers": rows(HeatPaper).filter(company=None).select_related("area", "document")[:50],
        "issues": rows(SupplyIssue).select_related("area", "company").order_by("state", "due_on", "id")[:50],
        "places": Area.objects.within(code).filter(level=Area.Level.COUNTY) if code else Area.objects.none(),
    }  # fmt: skip


def board_of(found: Mapping[str, list[Any]], terms: Terms, today: date) -> Board:
    networks = network_lines(found)
    return Board(
        season_at(today), company_lines(found, networks), networks, coverage(one.fed for one in networks),
        growth_lines(found["reports"], found["places"], terms), found["waiting"], found["papers"], found["issues"],
    )  # fmt: skip


def network_lines(found: Mapping[str, list[Any]]) -> list[NetworkLine]:
    feeds, checks = _by(found["feeds"], "network_id"), _by(found["checks"], "network_id")
    pipes = {row["network_id"]: row for row in found["pipes"]}
    stations = {row["network_id"]: row["n"] for row in found["stations"]}
    lines = []
    for network in found["networks"]:
        sums = pipes.get(network.pk, {})
        lines.append(NetworkLine(
            network, feeds[network.pk], fed_of(network, feeds[network.pk]), sums.get("all_m") or ZERO,
            sums.get("due_m") or ZERO, sums.get("due", 0), stations.get(network.pk, 0), checks[network.pk],
        ))  # fmt: skip
    return lines


def fed_of(network: HeatNetwork, feeds: Iterable[NetworkSource]) -> Fed:
    """Only sources in operation count; what a CHP plant has contracted is what it gives (B-09, B-12)."""
    power: dict[str, Decimal] = defaultdict(Decimal)
    for feed in feeds:
        if feed.source.state == HeatSource.State.RUNNING:
            power[feed.role] += feed.source.contracted_mw or feed.source.capacity_mw
    roles = NetworkSource.Role
    return Fed(network.heated_area_m2, network.peak_mw, power[roles.MAIN], power[roles.BACKUP])


def company_lines(found: Mapping[str, list[Any]], networks: list[NetworkLine]) -> list[CompanyLine]:
    lines = {one.pk: CompanyLine(one) for one in found["companies"]}
    burns = set()
    for source in found["sources"]:
        if source.company_id in lines and source.state == HeatSource.State.RUNNING:
            lines[source.company_id].capacity_mw += source.capacity_mw
            burns |= {source.company_id} if source.kind == HeatSource.Kind.COAL else set()
    for one in networks:
        if one.network.company_id in lines:
            lines[one.network.company_id].heated_area_m2 += one.network.heated_area_m2
            lines[one.network.company_id].due_m += one.due_m
    for stock in found["stocks"]:
        if stock.company_id in lines:
            lines[stock.company_id].stocks.append(stock)
    planned, credits_of = {one.company_id for one in found["plans"]}, {one.company_id: one for one in found["credits"]}
    for key, line in lines.items():
        line.lacks_plan = line.company.is_at_risk and key not in planned
        line.lacks_stock = key in burns and not line.stocks
        line.credit = credits_of.get(key)
    return list(lines.values())


def growth_lines(reports: Iterable[AreaReport], counties: Iterable[Area], terms: Terms) -> list[Growth]:
    """Every year that has one before it or is asked for, the whole place first, then county by county."""
    rows, names = list(reports), {one.code: one.name for one in counties}
    years = sorted({one.year for one in rows if any(other.year == one.year - 1 for other in rows)} | set(terms.growth))
    lines = []
    for year in years if rows else []:
        lines.append(Growth("", _year(rows, year, terms), terms.growth.get(year)))
        for code, name in names.items() if len(names) > 1 else ():
            inside = [one for one in rows if one.company.area_id.startswith(code)]
            if inside:
                lines.append(Growth(name, _year(inside, year, terms), terms.growth.get(year)))
    return lines


def _year(rows: Iterable[AreaReport], year: int, terms: Terms) -> Year:
    return year_of({(one.company_id, one.year): one.heated_area_m2 for one in rows}, year,
                   terms.growth.get(year, Fraction(0)))  # fmt: skip


def _by(rows: Iterable[Any], key: str) -> defaultdict[Any, list[Any]]:
    grouped: defaultdict[Any, list[Any]] = defaultdict(list)
    for one in rows:
        grouped[getattr(one, key)].append(one)
    return grouped
