"""What a season of heat fees comes to: rates both ways, channels, arrears, service indicators with target and trend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, When
from django.db.models.functions import Substr

from heatsupply.models import FeeAccount, FeeLine, RoomSample, SurveyAnswer
from heatsupply.rules.indicators import Collection, Fees, collection, share
from heatsupply.terms.fees import floor_dc, satisfied_from
from programmes.models import Indicator, Programme

ONLINE = ("wechat", "alipay", "gov_app", "online")
NAMES: tuple[str, ...] = ("collection", "compliance", "satisfaction")
TARGETS = {"collection": "collection-rate", "satisfaction": "satisfaction", "compliance": "room-compliance"}


@dataclass
class CompanyFees:
    """Sums of one company in fen; `rate` is None where there was nothing to collect."""

    name: str
    accounts: int
    heated_m2: Any
    receivable_fen: int
    received_fen: int

    @property
    def rate(self) -> Fraction | None:
        return share(self.received_fen, self.receivable_fen)

    @property
    def owing_fen(self) -> int:
        return self.receivable_fen - self.received_fen


def fees_by_company(rows: QuerySet[FeeAccount]) -> QuerySet[Any]:
    """One line per company: name, county code, sums."""
    grouped = rows.order_by().values("company__name", county=Substr("company__area_id", 1, 6))
    return grouped.annotate(
        n=Count("pk"), m2=Sum("heated_m2"), receivable=Sum(F("charged_fen") - F("reduced_fen")),
        received=Sum("received_fen"),
    ).order_by("company__name")  # fmt: skip


def companies_of(lines: Iterable[Mapping[str, Any]]) -> list[CompanyFees]:
    return [
        CompanyFees(one["company__name"], one["n"], one["m2"], one["receivable"] or 0, one["received"] or 0)
        for one in lines
    ]


def both_rates(companies: Iterable[CompanyFees]) -> Collection:
    """“平均” read both ways: over all money, and as the mean of the companies' own rates (B-01)."""
    return collection(Fees(one.receivable_fen, one.received_fen) for one in companies)


def channels_of(rows: QuerySet[FeeAccount]) -> QuerySet[Any]:
    """Payments by channel: how many lines and how much; corrections count by their amount alone (B-30)."""
    lines = FeeLine.objects.filter(account__in=rows, kind=FeeLine.Kind.RECEIPT).order_by()
    return lines.values("channel").annotate(n=Count("pk", filter=Q(fen__gt=0)), fen=Sum("fen")).order_by("-fen")  # type: ignore[no-any-return]


def arrears_of(rows: QuerySet[FeeAccount]) -> QuerySet[Any]:
    """Accounts that owe, by class of user, class of arrears and measure (B-33, B-34)."""
    owing = rows.filter(owing_fen__gt=0).order_by().values("kind", "arrears", "measure")
    return (
        owing.values("kind", "arrears", "measure")
        .annotate(n=Count("pk"), fen=Sum("owing_fen"))
        .order_by("kind", "-fen")
    )


def seasons_owing(account: FeeAccount) -> QuerySet[FeeAccount]:
    """Other seasons of the same user at the same company, the newest first."""
    rows = FeeAccount.objects.filter(company_id=account.company_id, account_index=account.account_index)
    return rows.exclude(pk=account.pk).order_by("-season")


# --- Service indicators -------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """Part and whole of one indicator of one company in one season."""

    part: int = 0
    whole: int = 0

    @property
    def rate(self) -> Fraction | None:
        return share(self.part, self.whole)

    def add(self, other: Measured) -> None:
        self.part, self.whole = self.part + other.part, self.whole + other.whole


@dataclass
class ServiceRow:
    """A company, county or all of them in one season, with the season before beside it."""

    name: str
    now: dict[str, Measured] = field(default_factory=lambda: {name: Measured() for name in NAMES})
    before: dict[str, Measured] = field(default_factory=lambda: {name: Measured() for name in NAMES})

    def trend(self, name: str) -> Fraction | None:
        """Change of the rate since the season before; None where either is unknown."""
        now, before = self.now[name].rate, self.before[name].rate
        return None if now is None or before is None else now - before


def measured(
    programme: Programme, seasons: list[str], visible: Mapping[str, QuerySet[Any]]
) -> dict[str, QuerySet[Any]]:
    """Three questions, each by company, county and season: (part, whole) of money, samples and answers."""
    floor, content = floor_dc(programme), satisfied_from(programme)
    accounts = visible["accounts"].filter(programme=programme, season__in=seasons)
    rooms = visible["samples"].filter(programme=programme, season__in=seasons)
    answers = visible["answers"].filter(
        survey__programme=programme, survey__season__in=seasons, reached=SurveyAnswer.Reached.ANSWERED
    )
    return {
        "collection": _by(accounts, "season", Sum("received_fen"), Sum(F("charged_fen") - F("reduced_fen"))),
        "compliance": _by(rooms, "season", _count(room_dc__gte=floor), Count("pk")),
        "satisfaction": _by(answers, "survey__season", _count(score__gte=content), Count("pk")),
    }


def _by(rows: QuerySet[Any], season: str, part: Any, whole: Any) -> QuerySet[Any]:
    keys = rows.order_by().annotate(in_season=F(season), county=Substr("company__area_id", 1, 6))
    return keys.values("company__name", "county", "in_season").annotate(part=part, whole=whole)  # type: ignore[no-any-return]


def _count(**which: Any) -> Any:
    return Sum(Case(When(**which, then=1), default=0, output_field=IntegerField()))


def service_rows(
    found: Mapping[str, Iterable[Mapping[str, Any]]], season: str, counties: Mapping[str, str]
) -> tuple[list[ServiceRow], list[ServiceRow], ServiceRow]:
    """(companies, counties, everything) from the answers of `measured`."""
    firms: dict[str, ServiceRow] = {}
    places: dict[str, ServiceRow] = {}
    whole = ServiceRow("")
    for name, lines in found.items():
        for one in lines:
            value = Measured(int(one["part"] or 0), int(one["whole"] or 0))
            firm = firms.setdefault(one["company__name"], ServiceRow(one["company__name"]))
            place = places.setdefault(one["county"], ServiceRow(counties.get(one["county"], one["county"])))
            for row in (firm, place, whole):
                (row.now if one["in_season"] == season else row.before)[name].add(value)
    return sorted(firms.values(), key=lambda row: row.name), [places[code] for code in sorted(places)], whole


def targets_of(programme: Programme) -> dict[str, Indicator]:
    """The programme's indicators by our names; a rate nobody stated is missing."""
    rows = {row.code: row for row in Indicator.objects.filter(programme=programme, code__in=TARGETS.values())}
    return {name: rows[code] for name, code in TARGETS.items() if code in rows}


def mean_collection(rows: Iterable[ServiceRow]) -> Fraction | None:
    """The mean of the companies' own rates in the season of the rows."""
    return collection(Fees(one.now["collection"].whole, one.now["collection"].part) for one in rows).mean


def samples_by_source(lines: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, int]]:
    """(how it was taken, samples that comply, samples)."""
    names = dict(RoomSample.Source.choices)
    return [(str(names[one["source"]]), one["part"], one["whole"]) for one in lines]
