"""Companies, sources, networks, pipes, stations: entered, contracted, started, checked (B-09, B-11 … B-15, B-19)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.refusals import Refused
from heatsupply.models import (
    ExchangeStation,
    Fuel,
    FuelContract,
    HeatingCompany,
    HeatNetwork,
    HeatSource,
    NetworkCheck,
    NetworkSource,
    PipeSegment,
)
from heatsupply.rules.pipe_rows import PipeRow
from heatsupply.rules.pipes import CONDITIONS
from heatsupply.services.permits import demand_keeper, demand_manager

GAS_GATE, PIPES = "B-11", "B-14"
FIRST_YEAR = 1950


@transaction.atomic
def register_company(*, area: Area, name: str, kind: str, service_phone: str = "", by: User) -> HeatingCompany:
    """A company under a name of its own; accounts whose unit bears the name are its people.

    Raises `Refused` COMPANY_FAULTY, COMPANY_KNOWN.
    """
    demand_manager(by, area.code)
    name = name.strip()[:80]
    if not name or kind not in HeatingCompany.Kind.values:
        raise Refused("COMPANY_FAULTY", _("A company needs a name and its kind."))
    if HeatingCompany.objects.filter(name=name).exists():
        raise Refused("COMPANY_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=name)
    return HeatingCompany.objects.create(area=area, name=name, kind=kind, service_phone=service_phone.strip()[:30])


@transaction.atomic
def rate_risk(*, company: HeatingCompany, risk: str, reason: str, on: date, by: User) -> HeatingCompany:
    """How safe its supply is (B-24); who may stop or abandon supply needs a contingency plan, which the board asks for.

    Raises `Refused` REASON_MISSING, RISK_FAULTY.
    """
    demand_manager(by, company.area_id)
    if risk not in HeatingCompany.Risk.values:
        raise Refused("RISK_FAULTY", _("Choose one of the risks of the list."))
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say in words why the company is rated so."))
    company.risk, company.risk_words, company.risk_on = risk, reason.strip()[:300], on
    company.save(update_fields=["risk", "risk_words", "risk_on"])
    return company


@transaction.atomic
def add_source(
    *, company: HeatingCompany, name: str, kind: str, capacity_mw: Decimal, gas_need_m3: int | None = None,
    retrofits: Sequence[str] = (), lng: Decimal | None = None, lat: Decimal | None = None, by: User,
) -> HeatSource:  # fmt: skip
    """A planned source. Gas boilers name the gas of a season, for the gate before they start.

    Raises `Refused` SOURCE_FAULTY, SOURCE_KNOWN.
    """
    demand_keeper(by, company)
    if kind not in HeatSource.Kind.values or not name.strip() or capacity_mw <= 0:
        raise Refused("SOURCE_FAULTY", _("A heat source needs a name, its kind and a capacity above zero."))
    if kind == HeatSource.Kind.GAS and not gas_need_m3:
        raise Refused("SOURCE_FAULTY", _("Gas boilers need the gas of a season in m³."))
    if company.sources.filter(name=name.strip()).exists():
        raise Refused("SOURCE_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=name.strip())
    return HeatSource.objects.create(
        company=company, area_id=company.area_id, name=name.strip()[:80], kind=kind, capacity_mw=capacity_mw,
        gas_need_m3=gas_need_m3, retrofits=sorted(set(retrofits) & set(HeatSource.Retrofit.values)), lng=lng, lat=lat,
    )  # fmt: skip


@transaction.atomic
def contract_heat(
    *, source: HeatSource, contracted_mw: Decimal, contract_no: str, contract_until: date, by: User
) -> HeatSource:
    """Heat the plant has promised to deliver before it makes power for others (以热定电, B-09).

    Raises `Refused` HEAT_ABOVE_CAPACITY, CONTRACT_FAULTY.
    """
    demand_keeper(by, source)
    if contracted_mw <= 0 or not contract_no.strip():
        raise Refused("CONTRACT_FAULTY", _("A heat contract needs its number and a heat above zero."))
    if contracted_mw > source.capacity_mw:
        said = _("%(asked)s MW are more than the %(has)s MW of the source.")
        raise Refused("HEAT_ABOVE_CAPACITY", said, asked=contracted_mw, has=source.capacity_mw)
    source.contracted_mw, source.contract_no, source.contract_until = (
        contracted_mw, contract_no.strip()[:60], contract_until,
    )  # fmt: skip
    source.save(update_fields=["contracted_mw", "contract_no", "contract_until"])
    return source


def gas_secured(company: HeatingCompany, on: date) -> Decimal:
    """Gas under the contracts of the company that are in force on a day, in m³."""
    rows = FuelContract.objects.filter(company=company, fuel=Fuel.GAS, valid_from__lte=on, valid_until__gte=on)
    return rows.aggregate(sum=Sum("quantity"))["sum"] or Decimal(0)


@transaction.atomic
def start_source(*, source: HeatSource, on: date, by: User) -> HeatSource:
    """Into operation. Gas boilers start only where contracts in force cover them and those that run (以气定改, B-11).

    Raises `Refused` GAS_NOT_SECURED, SOURCE_STATE (409).
    """
    demand_keeper(by, source)
    kept: HeatSource = HeatSource.objects.select_for_update().get(pk=source.pk)
    if kept.state == HeatSource.State.RUNNING:
        raise Refused("SOURCE_STATE", _("It is in operation already."), conflict=True)
    if kept.kind == HeatSource.Kind.GAS:
        _demand_gas(kept, on)
    kept.state = HeatSource.State.RUNNING
    kept.save(update_fields=["state"])
    return kept


def _demand_gas(source: HeatSource, on: date) -> None:
    # The company's row is locked, so that two boilers never count the same gas.
    company = HeatingCompany.objects.select_for_update().get(pk=source.company_id)
    running = company.sources.filter(kind=HeatSource.Kind.GAS, state=HeatSource.State.RUNNING)
    need = (running.aggregate(sum=Sum("gas_need_m3"))["sum"] or 0) + (source.gas_need_m3 or 0)
    has = gas_secured(company, on)
    if has < need:
        said = _(
            "Gas first (%(clause)s): contracts in force give %(has)s m³, %(need)s m³ are needed. Record a contract."
        )
        raise Refused("GAS_NOT_SECURED", said, clause=GAS_GATE, has=f"{has:f}", need=need)


@transaction.atomic
def retire_source(*, source: HeatSource, by: User) -> HeatSource:
    """Out of operation for good. Raises `Refused` SOURCE_STATE (409)."""
    demand_keeper(by, source)
    if source.state == HeatSource.State.RETIRED:
        raise Refused("SOURCE_STATE", _("It is retired already."), conflict=True)
    source.state = HeatSource.State.RETIRED
    source.save(update_fields=["state"])
    return source


@transaction.atomic
def add_network(
    *, company: HeatingCompany, name: str, heated_area_m2: int, peak_mw: Decimal | None = None, by: User
) -> HeatNetwork:
    """Raises `Refused` NETWORK_FAULTY, NETWORK_KNOWN."""
    demand_keeper(by, company)
    if not name.strip() or heated_area_m2 <= 0 or (peak_mw is not None and peak_mw <= 0):
        raise Refused("NETWORK_FAULTY", _("A network needs a name, a heated area and a peak load above zero."))
    if company.networks.filter(name=name.strip()).exists():
        raise Refused("NETWORK_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=name.strip())
    return HeatNetwork.objects.create(
        company=company, area_id=company.area_id, name=name.strip()[:80], heated_area_m2=heated_area_m2,
        peak_mw=peak_mw,
    )  # fmt: skip


@transaction.atomic
def feed_network(*, network: HeatNetwork, source: HeatSource, role: str, by: User) -> NetworkSource:
    """A source becomes main or backup of a network (B-12); the county also joins a neighbour's: 互为备用.

    Raises `Refused` FEED_FAULTY, FEED_KNOWN.
    """
    demand_keeper(by, network)
    demand_keeper(by, source)
    if role not in NetworkSource.Role.values or source.state == HeatSource.State.RETIRED:
        raise Refused("FEED_FAULTY", _("Choose main or backup and a source that is not retired."))
    if not source.area_id.startswith(network.area_id[:4]):
        raise Refused("FEED_FAULTY", _("The source lies in another city."))
    if network.feeds.filter(source=source).exists():
        said = _("%(source)s feeds this network already; a backup is another source than the main one.")
        raise Refused("FEED_KNOWN", said, conflict=True, source=source.name)
    return NetworkSource.objects.create(network=network, source=source, role=role)


@transaction.atomic
def add_segment(*, network: HeatNetwork, row: PipeRow, by: User) -> PipeSegment:
    """One piece of pipe. Raises `Refused` as `add_segments` does."""
    add_segments(network=network, rows=[row], by=by)
    return PipeSegment.objects.get(network=network, code=row.code)


@transaction.atomic
def add_segments(*, network: HeatNetwork, rows: Sequence[PipeRow], by: User) -> int:
    """New pieces of a network. Raises `Refused` SEGMENT_KNOWN naming every number that is there; nothing is stored."""
    demand_keeper(by, network)
    known = set(network.segments.filter(code__in=[row.code for row in rows]).values_list("code", flat=True))
    if known:
        said = _("Registered already: %(codes)s. Nothing was stored.")
        raise Refused("SEGMENT_KNOWN", said, conflict=True, codes="、".join(sorted(known)[:20]))
    made = [
        PipeSegment(
            network=network, area_id=network.area_id, code=row.code, level=row.level, length_m=row.length_m,
            diameter_mm=row.diameter_mm, year_laid=row.year_laid, conditions=list(row.conditions),
            line=[list(point) for point in row.line],
        )
        for row in rows
    ]  # fmt: skip
    return len(PipeSegment.objects.bulk_create(made, batch_size=1000))


@transaction.atomic
def note_condition(*, segment: PipeSegment, conditions: Iterable[str], by: User) -> PipeSegment:
    """What is wrong with a pipe (B-15); an empty list says that it was put right. Raises `Refused` CONDITION_FAULTY."""
    demand_keeper(by, segment)
    given = set(conditions)
    if given - set(CONDITIONS):
        raise Refused("CONDITION_FAULTY", _("Choose conditions of the list."))
    segment.conditions = [one for one in CONDITIONS if one in given]
    segment.save(update_fields=["conditions"])
    return segment


@transaction.atomic
def add_station(
    *, network: HeatNetwork, code: str, name: str, capacity_mw: Decimal, demand_mw: Decimal | None = None,
    lng: Decimal | None = None, lat: Decimal | None = None, by: User,
) -> ExchangeStation:  # fmt: skip
    """Raises `Refused` STATION_FAULTY, STATION_KNOWN."""
    demand_keeper(by, network)
    if not (code.strip() and name.strip()) or capacity_mw <= 0:
        raise Refused("STATION_FAULTY", _("A station needs its number, a name and a capacity above zero."))
    if network.stations.filter(code=code.strip()).exists():
        raise Refused("STATION_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=code.strip())
    return ExchangeStation.objects.create(
        network=network, area_id=network.area_id, code=code.strip()[:40], name=name.strip()[:80],
        capacity_mw=capacity_mw, demand_mw=demand_mw, lng=lng, lat=lat,
    )  # fmt: skip


@transaction.atomic
def record_check(
    *, network: HeatNetwork, station: ExchangeStation | None, season: int, checked_on: date, meets_demand: bool,
    findings: str = "", due_on: date | None = None, by: User, today: date,
) -> NetworkCheck:  # fmt: skip
    """A station, or without one the secondary network, was looked at for a season (B-19).

    What does not meet the demand needs words and a day. Raises `Refused` CHECK_FAULTY, CHECK_KNOWN.
    """
    demand_keeper(by, network)
    if station is not None and station.network_id != network.pk:
        raise Refused("CHECK_FAULTY", _("This station belongs to another network."))
    if checked_on > today or not 2000 <= season <= today.year + 1:
        raise Refused("CHECK_FAULTY", _("The day lies in the future, or there is no such season."))
    if not meets_demand and not (findings.strip() and due_on and due_on >= checked_on):
        raise Refused("CHECK_FAULTY", _("Say what does not meet the demand and by which day it is put right."))
    if network.checks.filter(station=station, season=season).exists():
        raise Refused("CHECK_KNOWN", _("It was checked for this season already."), conflict=True)
    return NetworkCheck.objects.create(
        network=network, station=station, season=season, checked_on=checked_on, meets_demand=meets_demand,
        findings=findings.strip()[:300], due_on=None if meets_demand else due_on, recorded_by=by,
    )  # fmt: skip


@transaction.atomic
def put_right(*, check: NetworkCheck, done_on: date, done_words: str, by: User) -> NetworkCheck:
    """What a check found was put right. Raises `Refused` CHECK_FAULTY, CHECK_STATE (409)."""
    demand_keeper(by, check)
    if check.meets_demand or check.done_on:
        raise Refused("CHECK_STATE", _("Nothing of it is open."), conflict=True)
    if not done_words.strip() or done_on < check.checked_on:
        raise Refused("CHECK_FAULTY", _("Say what was done, on a day after the check."))
    check.done_on, check.done_words = done_on, done_words.strip()[:300]
    check.save(update_fields=["done_on", "done_words"])
    return check


def due_condition(year: int, years: int) -> Q:
    """Segments that are due in a year: full age (B-14), or any condition (B-15)."""
    return Q(year_laid__lte=year - years) | ~Q(conditions=[])
