"""The city's board: its counties as rows of the same progress table, with money, heaters, alerts and who lags.

Sums only, asked with the right to see the overview; the rows behind them stay with their own rights. Every question
reads stored totals of villages or towns, so the board costs the same for ten thousand homes and for a million.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Left, Length
from django.utils.translation import gettext as _

from accounts.models import Area
from core.areas import CITY, CODE_LENGTHS, COUNTY, PROVINCE, TOWN, code_range
from core.together import Reading
from programmes.models import Phase, Programme, Target
from reports.links import address
from reports.models import BoardTotal, ProgressLine, TownTotal
from reports.queries.scope import Scope
from reports.queries.year import BEHIND, HEATER_SUMS, WORKS, Progress, Source, expected
from reports.stages import ACCEPTED, FINISHED, Stage
from subsidies.models import Fund
from subsidies.wording import source_name
from telemetry.models import Alert

RIGHT = "overview.view"
WEEKS, LAGGARDS = 12, 12
TOWN_LENGTH = CODE_LENGTHS[TOWN]
Rows = list[dict[str, Any]]


@dataclass
class Place:
    """One county (in a province: one city). `heaters` and `online` are None where none is installed."""

    line: Progress
    programmes: list[Programme] = field(default_factory=list)
    due_fen: int = 0
    paid_fen: int = 0
    sources: list[Source] = field(default_factory=list)
    heaters: int | None = None
    online: int | None = None
    alerts: int = 0
    behind: list[Progress] = field(default_factory=list)
    weeks: list[int] = field(default_factory=list)

    @property
    def connected(self) -> bool:
        """Whether a programme of the year runs there; one that hasn't come yet has no numbers, not noughts."""
        return bool(self.programmes)


@dataclass(frozen=True)
class Board:
    """Rows worst first, their sum, money by source over all of them, and the towns that lag most."""

    year: int
    years: list[int]
    places: list[Place]
    whole: Place
    laggards: list[Progress]


def length_below(area_code: str) -> int:
    """Length of the codes of the rows: cities of a province, counties of a city, 0 where one looks at a county."""
    wanted = {CODE_LENGTHS[PROVINCE]: CITY, CODE_LENGTHS[CITY]: COUNTY}.get(len(area_code), "")
    return CODE_LENGTHS[wanted] if wanted else 0


def board(scope: Scope, offered: Sequence[Programme], year: int, today: dt.date) -> Reading[Board]:
    """All programmes of the year in the chosen city or province."""
    length, code = length_below(scope.area_code), scope.area_code
    years = sorted({year for one in offered for year in range(one.year_from, one.year_to + 1)})
    running = [one for one in offered if one.year_from <= year <= one.year_to]
    asked = {
        "totals": _totals(scope, running), "targets": _targets(running, code), "funds": _funds(scope, running, length),
        "heaters": _heaters(scope, length), "alerts": _alerts(scope, length), "names": _names(code, length),
        "phases": Phase.objects.filter(programme__in=running, code=WORKS),
        "weeks": _weeks(scope, running, length),
    }  # fmt: skip
    yield list(asked.values())
    found = {name: list(rows) for name, rows in asked.items()}
    return _made(year, years, running, length, found, today)


def _totals(scope: Scope, running: list[Programme]) -> QuerySet[Any, dict[str, Any]]:
    rows = scope.rows(TownTotal, RIGHT).filter(programme__in=running, excluded=False).order_by()
    rows = rows.annotate(place=F("area_id")).values("place", "programme_id", "stage")
    aside = Sum("dwellings", filter=Q(claim="self_paid"), default=0)
    return rows.annotate(n=Sum("dwellings"), due=Sum("due_fen"), paid=Sum("paid_fen"), aside=aside)  # type: ignore[no-any-return]


def _targets(running: list[Programme], code: str) -> QuerySet[Any, dict[str, Any]]:
    low, high = code_range(code)
    rows = Target.objects.filter(programme__in=running, unit="household", area_id__gte=low, area_id__lt=high)
    rows = rows.order_by().annotate(place=Left("area_id", TOWN_LENGTH)).values("place", "programme_id")  # type: ignore[assignment]
    return rows.annotate(n=Sum("quantity"))  # type: ignore[return-value]


def _funds(scope: Scope, running: list[Programme], length: int) -> QuerySet[Any, dict[str, Any]]:
    rows = scope.rows(Fund, RIGHT).filter(programme__in=running).order_by()
    rows = rows.annotate(place=Left("area_id", length)).values("place", "source")
    sums = {name: Sum(f"{name}_fen") for name in ("received", "reserved", "paid")}
    return rows.annotate(**sums).order_by("place", "source")  # type: ignore[no-any-return]


def _heaters(scope: Scope, length: int) -> QuerySet[Any, dict[str, Any]]:
    rows = scope.rows(BoardTotal, RIGHT).filter(programme__isnull=True).order_by()
    return rows.annotate(place=Left("area_id", length)).values("place").annotate(**HEATER_SUMS)  # type: ignore[no-any-return]


def _alerts(scope: Scope, length: int) -> QuerySet[Any, dict[str, Any]]:
    rows = scope.rows(Alert, RIGHT).filter(cleared_at__isnull=True).order_by()
    return rows.annotate(place=Left("area_id", length)).values("place").annotate(n=Count("pk"))  # type: ignore[no-any-return]


def _names(code: str, length: int) -> QuerySet[Area, tuple[str, str]]:
    low, high = code_range(code)
    areas = Area.objects.annotate(length=Length("code")).filter(code__gte=low, code__lt=high)
    return areas.filter(length__in=[length, TOWN_LENGTH]).order_by("code").values_list("code", "name")


def _weeks(scope: Scope, running: list[Programme], length: int) -> QuerySet[Any, dict[str, Any]]:
    rows = scope.rows(ProgressLine, RIGHT).filter(week__programme__in=running).order_by()
    rows = rows.annotate(place=Left("area_id", length)).values("place", "week__monday").annotate(n=Sum("accepted"))
    return rows.order_by("week__monday")  # type: ignore[no-any-return]


def _made(
    year: int, years: list[int], running: list[Programme], length: int, found: dict[str, Any], today: dt.date
) -> Board:
    names = dict(found["names"])
    shares = {one.programme_id: expected(one.starts_on, one.ends_on, today) for one in found["phases"]}
    towns = _towns(found["totals"], found["targets"], shares, names)
    places = [_place(code, names, running, towns, found, year) for code in names if len(code) == length]
    whole = _added_up(places)
    ordered = sorted(places, key=lambda one: (not one.connected, lag(one.line), one.line.code))
    late = sorted((town for one in places for town in one.behind), key=lag)
    return Board(year, years, ordered, whole, late[:LAGGARDS])


def lag(line: Progress) -> Decimal:
    """Points to the plan, the furthest behind first; without a plan the finished share."""
    known = line.to_plan if line.to_plan is not None else line.rate
    return Decimal(1000) if known is None else known


def _towns(totals: Rows, targets: Rows, shares: Mapping[int, Decimal], names: Mapping[str, str]) -> list[Progress]:
    """One line per town and programme; what a document gives to a whole county stands under the county's code."""
    wanted = {(row["place"], row["programme_id"]): int(row["n"]) for row in targets}
    by_town: dict[tuple[str, int], Rows] = defaultdict(list)
    for row in totals:
        by_town[row["place"], row["programme_id"]].append(row)
    return [
        _line(names.get(key[0], key[0]), key[0], by_town.get(key, []), wanted.get(key, 0), shares.get(key[1]))
        for key in sorted({*wanted, *by_town})
    ]


def _line(name: str, code: str, rows: Rows, target: int, plan: Decimal | None) -> Progress:
    def n(stages: Iterable[str], of: str = "n") -> int:
        return sum(row[of] for row in rows if row["stage"] in stages)

    return Progress(
        name, code, address("reports:county-open", code), target, sum(row["n"] for row in rows), n(FINISHED),
        n(ACCEPTED), n([Stage.PAID]), plan, sum(row["aside"] for row in rows), n(FINISHED, "aside"),
        n(ACCEPTED, "aside"),
    )  # fmt: skip


def _place(
    code: str, names: Mapping[str, str], running: list[Programme], towns: list[Progress], found: dict[str, Any],
    year: int,
) -> Place:  # fmt: skip
    own = [one for one in running if one.area_id.startswith(code) or code.startswith(one.area_id)]
    inside = [one for one in towns if one.code.startswith(code)]
    heaters = _of(found["heaters"], code)
    rows = [row for row in found["totals"] if row["place"].startswith(code)]
    return Place(
        _summed(names[code], code, inside, f"?year={year}"), own, sum(row["due"] or 0 for row in rows),
        sum(row["paid"] or 0 for row in rows), _sources(row for row in found["funds"] if row["place"] == code),
        heaters["total"] if heaters else None, (heaters["online"] or 0) if heaters else None,
        (_of(found["alerts"], code) or {"n": 0})["n"],
        [one for one in inside if len(one.code) == TOWN_LENGTH and _lags(one)],
        [row["n"] for row in found["weeks"] if row["place"] == code][-WEEKS:],
    )  # fmt: skip


def _of(rows: Rows, code: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["place"] == code), None)


def _lags(line: Progress) -> bool:
    return line.to_plan is not None and line.to_plan <= -BEHIND


def _sources(rows: Iterable[Mapping[str, Any]]) -> list[Source]:
    return [Source(source_name(row["source"]), row["received"], row["reserved"], row["paid"]) for row in rows]


ADDED = ("enrolled", "finished", "accepted", "paid", "uncounted", "uncounted_finished", "uncounted_accepted")


def _summed(name: str, code: str, lines: list[Progress], query: str = "") -> Progress:
    """The sum of a county's lines: its whole is the document's number where it names one, as on the year overview."""
    parts = {key: sum(getattr(one, key) for one in lines) for key in ("target", *ADDED)}
    return Progress(name, code, address("reports:county-open", code) + query, plan=_weighed(lines), **parts)


def _weighed(lines: list[Progress]) -> Decimal | None:
    """Plans weighed by their homes; None as soon as one that has homes has no plan."""
    counted = [one for one in lines if one.whole]
    plans = [one.plan * one.whole for one in counted if one.plan is not None]
    if not counted or len(plans) < len(counted):
        return None
    return (sum(plans, Decimal(0)) / sum(one.whole for one in counted)).quantize(Decimal("0.1"))


@dataclass
class SumOfPlaces(Progress):
    """A sum of places of which some are measured by a document's number and some by their lists."""

    of_places: int = 0

    @property
    def whole(self) -> int:
        return self.of_places


def _all(lines: list[Progress]) -> Progress:
    parts = {key: sum(getattr(one, key) for one in lines) for key in ADDED}
    return SumOfPlaces(_("Total"), plan=_weighed(lines), of_places=sum(one.whole for one in lines), **parts)


def _added_up(places: list[Place]) -> Place:
    connected = [one for one in places if one.connected]
    sources: dict[str, list[Source]] = defaultdict(list)
    for one in connected:
        for source in one.sources:
            sources[source.name].append(source)
    return Place(
        _all([one.line for one in connected]),
        [programme for one in connected for programme in one.programmes], sum(one.due_fen for one in connected),
        sum(one.paid_fen for one in connected),
        [Source(name, *(sum(getattr(s, key) for s in some) for key in ("received", "reserved", "paid")))
         for name, some in sources.items()],
        _known(one.heaters for one in connected), _known(one.online for one in connected),
        sum(one.alerts for one in connected),
    )  # fmt: skip


def _known(numbers: Iterable[int | None]) -> int | None:
    """The sum of those that are known; None where none is."""
    known = [one for one in numbers if one is not None]
    return sum(known) if known else None
