"""Progress that explains itself: each figure per place, technology and year, and the list of households behind it.

Figures are added up from `SummaryTotal` (one row per village, route, year and stage), never from the households, so
they cost the same for a thousand homes and for a million. Each figure is a choice of the household list's filter: the
number and the list's count come from the same condition (`reports.stages`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Left
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN, code_range
from programmes.models import Measure, Programme, Target, Unit
from reports.links import address
from reports.models import ProgressLine
from reports.queries.scope import Scope
from reports.stages import CONTRACTED, EXCLUDED, totals_in

NONE = "none"
# figure → (its heading, the choice of the list's stage filter that finds its households)
FIGURES: dict[str, tuple[Any, str]] = {
    "enrolled": (gettext_lazy("on the register"), ""),
    "confirmed": (gettext_lazy("confirmed on a list"), "all_listed"),
    "contracted": (gettext_lazy("contracted"), CONTRACTED),
    "installed": (gettext_lazy("installed"), "finished"),
    "accepted": (gettext_lazy("accepted"), "all_accepted"),
    "excluded": (gettext_lazy("excluded"), EXCLUDED),
    "paid": (gettext_lazy("paid"), "paid"),
    "self_paid": (gettext_lazy("self-paid"), "self_paid"),
    "counted_only": (gettext_lazy("counted only"), "counted_only"),
}
UNCOUNTED = totals_in("all_accepted") & totals_in("self_paid")
Key = tuple[str, str, int | None]


@dataclass(frozen=True)
class Narrowed:
    """What the page is narrowed to; all empty: the chosen place, every technology and year."""

    town: str = ""
    technology: str = ""
    year: str = ""

    @property
    def query(self) -> dict[str, str]:
        return {"town": self.town, "technology": self.technology, "year": self.year}

    def rows(self) -> Q:
        """Condition on rows that have `technology` and `year`; the town is looked at by its scope."""
        condition = Q()
        if self.technology:
            condition &= Q(technology="" if self.technology == NONE else self.technology)
        if self.year:
            condition &= Q(year=None if self.year == NONE else int(self.year))
        return condition


@dataclass(frozen=True)
class Cell:
    """A figure and the list behind it; `url` is "" where a row of the table has none."""

    code: str
    value: int
    url: str


@dataclass
class Line:
    """One line: its figures, `planned` (None: the document names no number here), and where it leads.

    `aside`: accepted homes that do not count toward the plan, second homes converted at their owners' cost (Q12).
    """

    name: str
    planned: Decimal | None = None
    figures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FIGURES, 0))
    query: dict[str, str] = field(default_factory=dict)
    inside: str = ""
    listed: bool = True
    aside: int = 0

    @property
    def cells(self) -> list[Cell]:
        return [Cell(code, value, self._list(FIGURES[code][1])) for code, value in self.figures.items()]

    def _list(self, stage: str) -> str:
        return address("reports:household-list", **self.query, stage=stage) if self.listed else ""

    @property
    def rate(self) -> Decimal | None:
        """Accepted households that count, in percent of the plan; None where nothing is planned."""
        if not self.planned:
            return None
        return (Decimal(100) * (self.figures["accepted"] - self.aside) / self.planned).quantize(
            Decimal("0.1"), ROUND_HALF_UP
        )

    def add(self, row: Mapping[str, Any]) -> None:
        for code in FIGURES:
            self.figures[code] += row[code]
        self.aside += row["aside"]

    def plan(self, quantity: Decimal) -> None:
        self.planned = (self.planned or Decimal(0)) + quantity


@dataclass(frozen=True)
class Progress:
    """The place as a whole, by the places in it, by technology, and by technology × year; `town`: the name of the
    town the page is narrowed to."""

    whole: Line
    places: list[Line]
    routes: list[Line]
    years: list[Line]
    town: str = ""


def added_up(totals: QuerySet[Any], length: int) -> list[dict[str, Any]]:
    """Figures by place (codes cut to `length`), technology and year: one statement over the stored totals.

    `aside`: accepted homes among them that do not count toward the plan.
    """
    grouped = totals.order_by().annotate(place=Left("area_id", length)).values("place", "technology", "year")
    conditions = {code: totals_in(stage) if stage else Q() for code, (_name, stage) in FIGURES.items()}
    conditions["aside"] = UNCOUNTED
    sums = {f"n_{code}": Sum("dwellings", filter=kept) for code, kept in conditions.items()}
    return [
        {"place": row["place"], "technology": row["technology"], "year": row["year"],
         **{code: row[f"n_{code}"] or 0 for code in conditions}}
        for row in grouped.annotate(**sums)
    ]  # fmt: skip


def planned_of(programme: Programme, area_code: str, length: int) -> dict[Key, Decimal]:
    """Households the document's breakdown asks for, under (place, technology, year); nothing where it names no place.

    A programme of one year has no other; of several, a number without a year keeps none.
    """
    low, high = code_range(area_code)
    rows = Target.objects.filter(
        programme=programme, measure=Measure.CONVERSION, unit=Unit.HOUSEHOLD, area_id__gte=low, area_id__lt=high
    ).order_by()
    only = programme.year_from if programme.year_from == programme.year_to else None
    found: dict[Key, Decimal] = defaultdict(Decimal)
    cut = rows.annotate(place=Left("area_id", length))
    for place, route, year, quantity in cut.values_list("place", "technology__code", "year", "quantity"):
        found[place, route or "", year or only] += quantity
    return dict(found)


def progress_of(scope: Scope, narrowed: Narrowed) -> Progress:
    """Everything the page draws; three statements whatever the number of households."""
    inner = inside(scope, narrowed)
    if inner.programme is None or not inner.area_code:
        return Progress(Line(_("Altogether")), [], [], [])
    right = "households.view" if scope.user.has_right("households.view") else "overview.view"
    rows = added_up(inner.of_programme(inner.totals(right), right).filter(narrowed.rows()), inner.below)
    planned = planned_of(inner.programme, inner.area_code, inner.below)
    planned = {key: number for key, number in planned.items() if _asked(key, narrowed)}
    places = {row["place"] for row in rows} | {key[0] for key in planned}
    names = dict(Area.objects.filter(code__in=places | {narrowed.town}).values_list("code", "name"))
    base, routes = _base(narrowed), dict(scope.routes)
    whole = _lines(rows, planned, lambda _key: "", lambda _key: Line(_("Altogether"), query=base))
    by_place = _lines(rows, planned, lambda key: key[0], lambda code: _place(code, names, base))
    by_route = _lines(rows, planned, lambda key: key[1], lambda code: _route(code, routes, base))
    by_year = _lines(rows, planned, lambda key: key[1:], lambda key: _route_year(key, routes, base))
    return Progress(
        whole.get("", Line(_("Altogether"), query=base)),
        [by_place[code] for code in sorted(by_place)],
        _ordered(by_route, routes),
        _ordered(by_year, routes) if scope.years else [],
        names.get(narrowed.town, ""),
    )


def inside(scope: Scope, narrowed: Narrowed) -> Scope:
    """The scope of the town that was chosen on the page, if it lies in the place chosen above."""
    town = narrowed.town if narrowed.town.startswith(scope.area_code) else ""
    return Scope(scope.user, scope.programme, town or scope.area_code)


def _asked(key: Key, narrowed: Narrowed) -> bool:
    """Whether a planned number belongs to what the page is narrowed to."""
    of_route = not narrowed.technology or key[1] == narrowed.technology.replace(NONE, "")
    return of_route and (not narrowed.year or str(key[2] or NONE) == narrowed.year)


def _base(narrowed: Narrowed) -> dict[str, str]:
    """Query of the list for all that the page shows; a place chosen in the top bar narrows the list by itself."""
    return {key: value for key, value in narrowed.query.items() if value}


def _lines(
    rows: Iterable[Mapping[str, Any]],
    planned: Mapping[Key, Decimal],
    group: Callable[[Key], Any],
    begun: Callable[[Any], Line],
) -> dict[Any, Line]:
    """Figures and planned numbers put together by `group`; `begun` makes the empty line of a group."""
    lines: dict[Any, Line] = {}

    def line_of(key: Key) -> Line:
        name = group(key)
        return lines[name] if name in lines else lines.setdefault(name, begun(name))

    for row in rows:
        line_of((row["place"], row["technology"], row["year"])).add(row)
    for key, quantity in planned.items():
        line_of(key).plan(quantity)
    return lines


def _place(code: str, names: Mapping[str, str], base: dict[str, str]) -> Line:
    """A town or village; a number the document gives to the whole county has no list behind it."""
    town = code[: CODE_LENGTHS[TOWN]]
    query = base | {"town": town} | ({"village": code} if len(code) > len(town) else {})
    opens = len(code) == CODE_LENGTHS[TOWN] and base.get("town") != code
    to = address("reports:progress", **(base | {"town": town})) if opens else ""
    return Line(names.get(code, code), query=query, inside=to, listed=len(code) >= CODE_LENGTHS[TOWN])


def _route(code: str, routes: Mapping[str, str], base: dict[str, str]) -> Line:
    query = base | {"technology": code or NONE}
    name = routes.get(code, code) or _("no technology yet")
    return Line(name, query=query, inside=address("reports:progress", **query))


def _route_year(key: tuple[str, int | None], routes: Mapping[str, str], base: dict[str, str]) -> Line:
    code, year = key
    line = _route(code, routes, base | {"year": str(year or NONE)})
    return replace(line, name=f"{line.name} · {year or _('no year yet')}")


def _ordered(lines: dict[Any, Line], routes: Mapping[str, str]) -> list[Line]:
    """As the programme lists its technologies, then by year; what has none yet comes last."""
    order = {code: n for n, code in enumerate(routes)}

    def rank(key: Any) -> tuple[int, int]:
        code, year = key if isinstance(key, tuple) else (key, 0)
        return order.get(code, len(order)), 9999 if year is None else year

    return [lines[key] for key in sorted(lines, key=rank)]


# --- The weeks before ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """What stood in a week, as it was written down then; `planned` None where nothing was planned."""

    monday: dt.date
    planned: int | None
    figures: dict[str, int]


def weeks_of(scope: Scope, narrowed: Narrowed, *, limit: int = 12) -> list[Week]:
    """The last weeks of the place, newest first; kept by town, so a single village has none."""
    inner = inside(scope, narrowed)
    kept = inner.of_programme(ProgressLine, path="week__programme").filter(narrowed.rows()).order_by()
    sums = kept.values("week__monday").annotate(asked=Sum("planned"), **{f"n_{code}": Sum(code) for code in FIGURES})
    return [
        Week(row["week__monday"], row["asked"], {code: row[f"n_{code}"] for code in FIGURES})
        for row in sums.order_by("-week__monday")[:limit]
    ]
