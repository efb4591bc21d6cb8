"""The figures of a company's credit as the portal knows them: one reading per component, all asked in step (B-26)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone

from core.together import Reading, in_step, read, sums_in, sums_of
from heatsupply.components import READ_BY, WEIGHTS, Asked, Figure, figure, reads
from heatsupply.models import (
    ExchangeStation,
    FeeAccount,
    FeeLine,
    Fuel,
    FuelContract,
    FuelStock,
    HeatingCompany,
    HeatNetwork,
    HeatSource,
    NetworkCheck,
    NetworkSource,
    RoomSample,
    SurveyAnswer,
)
from heatsupply.queries.networks import fed_of, latest_stocks
from heatsupply.rules.backup import coverage
from heatsupply.terms.fees import floor_dc, satisfied_from, season_rule
from programmes.models import Programme


def figures_of(company: HeatingCompany, programme: Programme, year: int, today: date) -> dict[str, Figure]:
    """What is known of the components in the season that begins in `year`; what is not known is left out."""
    asked = Asked(company, programme, season_rule(programme).season(year), today)
    names = [name for name in WEIGHTS if name in READ_BY]
    found = read(in_step(*(READ_BY[name](asked) for name in names)))
    return {name: one for name, one in zip(names, found, strict=True) if one is not None}


def programme_of_place(company: HeatingCompany, year: int) -> Programme | None:
    """The programme under which the company's fees and samples of that season stand, else the place's of that year."""
    used = FeeAccount.objects.filter(company=company, season__startswith=str(year)).values("programme")[:1]
    above = [company.area_id[:length] for length in (2, 4, 6) if length <= len(company.area_id)]
    rows = Programme.objects.filter(Q(pk__in=used) | Q(area__in=above, year_from__lte=year, year_to__gte=year))
    return rows.annotate(is_used=Q(pk__in=used)).order_by("-is_used", "-area_id", "-pk").first()


def day_of(moment: datetime | date | None) -> date | None:
    return timezone.localdate(moment) if isinstance(moment, datetime) else moment


@reads("collection")
def collection(asked: Asked) -> Reading[Figure | None]:
    rows = FeeAccount.objects.filter(company=asked.company, programme=asked.programme, season=asked.season.label)
    money = sums_of(rows, received=Sum("received_fen"), receivable=Sum(F("charged_fen") - F("reduced_fen")))
    newest = sums_of(FeeLine.objects.filter(account__in=rows), on=Max("at"))
    yield [money, newest]
    sums = sums_in(money)
    part, whole = (Decimal(sums[name] or 0) / 100 for name in ("received", "receivable"))
    return figure(part, whole, day_of(sums_in(newest)["on"]))


@reads("warmth")
def warmth(asked: Asked) -> Reading[Figure | None]:
    rows = RoomSample.objects.filter(company=asked.company, programme=asked.programme, season=asked.season.label)
    good = Q(room_dc__gte=floor_dc(asked.programme))
    sums = sums_of(rows, part=Count("pk", filter=good), whole=Count("pk"), on=Max("measured_at"))
    yield [sums]
    return _of(sums_in(sums))


@reads("satisfaction")
def satisfaction(asked: Asked) -> Reading[Figure | None]:
    rows = SurveyAnswer.objects.filter(
        company=asked.company, survey__programme=asked.programme, survey__season=asked.season.label,
        reached=SurveyAnswer.Reached.ANSWERED,
    )  # fmt: skip
    content = Q(score__gte=satisfied_from(asked.programme))
    sums = sums_of(rows, part=Count("pk", filter=content), whole=Count("pk"), on=Max("asked_on"))
    yield [sums]
    return _of(sums_in(sums))


def _of(sums: dict[str, object]) -> Figure | None:
    on = sums["on"]
    return figure(sums["part"], sums["whole"], day_of(on if isinstance(on, date) else None))


@reads("checks")
def checks(asked: Asked) -> Reading[Figure | None]:
    """Of every station and every secondary network those looked at for the season and in order, or put right since."""
    rows = NetworkCheck.objects.filter(network__company=asked.company, season=asked.season.year)
    good = Count("pk", filter=Q(meets_demand=True) | Q(done_on__isnull=False))
    done = sums_of(rows, part=good, on=Max("checked_on"))
    stations = sums_of(ExchangeStation.objects.filter(network__company=asked.company), n=Count("pk"))
    networks = sums_of(HeatNetwork.objects.filter(company=asked.company), n=Count("pk"))
    yield [done, stations, networks]
    sums = sums_in(done)
    if sums["on"] is None:
        return None
    return figure(sums["part"], (sums_in(stations)["n"] or 0) + (sums_in(networks)["n"] or 0), sums["on"])


@reads("fuel")
def fuel(asked: Asked) -> Reading[Figure | None]:
    """What contracts in force give, of what running boilers need in a season: gas as stated, coal at the newest use."""
    running = HeatSource.objects.filter(company=asked.company, state=HeatSource.State.RUNNING)
    sources = running.filter(kind__in=[HeatSource.Kind.COAL, HeatSource.Kind.GAS])
    on = max(asked.season.first_day, min(asked.today, asked.season.last_day))
    contracts = FuelContract.objects.filter(company=asked.company, valid_from__lte=on, valid_until__gte=on)
    stocks = latest_stocks(FuelStock.objects.filter(company=asked.company))
    yield [sources, contracts, stocks]
    has = {kind: sum((one.quantity for one in contracts if one.fuel == kind), Decimal(0)) for kind in Fuel.values}
    needs: dict[str, Decimal] = {}
    for source in sources:
        if source.kind == HeatSource.Kind.GAS:
            needs[Fuel.GAS] = needs.get(Fuel.GAS, Decimal(0)) + Decimal(source.gas_need_m3 or 0)
        else:
            used = next((one.used_per_day for one in stocks if one.fuel == Fuel.COAL), Decimal(0))
            needs[Fuel.COAL] = used * asked.season.days
    if not needs or not all(needs.values()):
        return None
    scarce = min(needs, key=lambda kind: has[kind] / needs[kind])
    return figure(has[scarce], needs[scarce], max((one.signed_on for one in contracts), default=None))


@reads("backup")
def backup(asked: Asked) -> Reading[Figure | None]:
    networks = HeatNetwork.objects.filter(company=asked.company)
    feeds = NetworkSource.objects.filter(network__company=asked.company).select_related("source")
    yield [networks, feeds]
    by: dict[int, list[NetworkSource]] = {}
    for one in feeds:
        by.setdefault(one.network_id, []).append(one)
    share = coverage(fed_of(one, by.get(one.pk, [])) for one in networks).area_share
    area = sum(one.heated_area_m2 for one in networks)
    return None if share is None else figure(round(share * area), area, asked.today)
