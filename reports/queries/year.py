"""The year at a glance: phases, key figures, towns, funnel, money, routes, heaters. Every number has a list."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Left, Length
from django.utils.translation import gettext as _

from accounts.models import Area
from core import clock
from core.areas import CODE_LENGTHS, TOWN, code_range
from core.seasons import SeasonError, SeasonRule
from core.together import Reading, asking, in_step, keep, read, sums_in, sums_of
from devices.models import Heater
from programmes.models import Programme, Target
from reports.links import address
from reports.models import BoardTotal
from reports.queries.scope import Scope
from reports.stages import ACCEPTED, FINISHED, IN_PAYMENT, LISTED, NOTICE_OVER, Stage, stages_in
from subsidies.models import Fund
from subsidies.wording import source_name
from telemetry.models import Alert
from telemetry.queries import Online
from telemetry.trouble import Trouble, trouble_of

BEHIND = 10
WORKS = "works"  # code of the phase whose days are the plan
Kind = BoardTotal.Kind
HEATER_SUMS = {
    name: Sum("number", filter=Q(kind=kind))
    for name, kind in (("total", "heaters"), ("online", "online"), ("never", "never"), ("faults", "faults"))
}
Targets = dict[tuple[str, int | None], int]


@dataclass(frozen=True)
class PhaseBar:
    """One phase of the year's line. `passed` of `days`; `now` while it runs; `left` days to its end."""

    name: str
    days: int
    passed: int
    now: bool
    left: int
    starts_on: dt.date
    ends_on: dt.date

    @property
    def done(self) -> bool:
        return self.passed >= self.days


def phases_of(programme: Programme, today: dt.date) -> list[PhaseBar]:
    """The document's phases, and the heating season that follows the first of them."""
    bars = [_bar(phase.name, phase.starts_on, phase.ends_on, today) for phase in programme.phases.all()]
    try:
        rule = SeasonRule.parse(programme.season_start, programme.season_end)
    except SeasonError:
        return bars
    season = rule.season_of(today) or rule.season(programme.year_from)
    return [*bars, _bar(_("heating season"), season.first_day, season.last_day, today)]


def _bar(name: str, first: dt.date, last: dt.date, today: dt.date) -> PhaseBar:
    days = (last - first).days + 1
    passed = min(max((today - first).days + 1, 0), days)
    return PhaseBar(name, days, passed, first <= today <= last, (last - today).days, first, last)


def plan_share(programme: Programme, today: dt.date) -> Decimal | None:
    """What the plan expects finished today in percent: the days of the works' phase, evenly; None without one."""
    phase = next((one for one in programme.phases.all() if one.code == WORKS), None)
    return None if phase is None else expected(phase.starts_on, phase.ends_on, today)


def expected(first: dt.date, last: dt.date, today: dt.date) -> Decimal:
    """How much of the days from `first` to `last` has passed, in percent with one decimal."""
    bar = _bar("", first, last, today)
    return (Decimal(100) * bar.passed / bar.days).quantize(Decimal("0.1"))


@dataclass
class Progress:
    """One line of the progress table: households asked for, finished, accepted, paid, and the plan's share today.

    `uncounted`: homes in these numbers that count toward no task; the rates leave them out.
    """

    name: str
    code: str = ""
    url: str = ""
    target: int = 0
    enrolled: int = 0
    finished: int = 0
    accepted: int = 0
    paid: int = 0
    plan: Decimal | None = None
    uncounted: int = 0
    uncounted_finished: int = 0
    uncounted_accepted: int = 0

    @property
    def whole(self) -> int:
        """What the rates are of: the document's number, or where it names none the households listed that count."""
        return self.target or self.enrolled - self.uncounted

    @property
    def rate(self) -> Decimal | None:
        return Decimal(100 * self.done) / self.whole if self.whole else None

    @property
    def done(self) -> int:
        """Finished homes that count: second homes converted at their owners' cost may not (Q12)."""
        return self.finished - self.uncounted_finished

    @property
    def passed(self) -> int:
        """Accepted homes that count."""
        return self.accepted - self.uncounted_accepted

    @property
    def to_plan(self) -> Decimal | None:
        """Percentage points ahead of the plan (negative: behind)."""
        return None if self.rate is None or self.plan is None else (self.rate - self.plan).quantize(Decimal("0.1"))

    @property
    def lag(self) -> Decimal | None:
        return None if self.to_plan is None else abs(self.to_plan)

    @property
    def arrow(self) -> str:
        """Up, down, or neither for exactly as planned."""
        return "" if not self.to_plan else "▲" if self.to_plan > 0 else "▼"

    @property
    def look(self) -> str:
        if not self.to_plan:
            return ""
        if self.to_plan > 0:
            return "ok"
        return "bad" if self.to_plan <= -BEHIND else "warn"


@dataclass(frozen=True)
class Step:
    """One step of the funnel: how many have passed it, how many stand right before it, and the list of those."""

    title: str
    passed: int
    stuck: int
    stuck_words: str
    url: str
    hot: bool = False


@dataclass(frozen=True)
class Source:
    """Money of one source over its budget years, in fen."""

    name: str
    received: int
    reserved: int
    paid: int

    @property
    def free(self) -> int:
        return self.received - self.reserved - self.paid


@dataclass
class Year:
    """What the page draws; lists are empty where the person may not read them."""

    programme: Programme
    today: dt.date
    phases: list[PhaseBar]
    plan: Decimal | None
    whole: Progress
    places: list[Progress]
    routes: list[tuple[Any, Progress]]
    funnel: list[Step]
    due_fen: int = 0
    paid_fen: int = 0
    rectify: int = 0
    in_payment_fen: int = 0
    paid_lines: int = 0
    sources: list[Source] = field(default_factory=list)
    heaters: Online | None = None
    alerts: int = 0
    cold: int = 0
    missing: int = 0
    sources_hidden: bool = False
    newest_alerts: list[Alert] = field(default_factory=list)
    trouble: Trouble | None = None

    @property
    def online_rate(self) -> Decimal | None:
        return Decimal(100 * self.heaters.online) / self.heaters.total if self.heaters and self.heaters.total else None

    @property
    def complete(self) -> int:
        """Households whose file lacks nothing."""
        return self.whole.enrolled - self.missing

    @property
    def funnel_top(self) -> int:
        """Height of the funnel: everybody listed or still to be listed."""
        return max([step.passed + step.stuck for step in self.funnel], default=0)

    @property
    def current(self) -> PhaseBar | None:
        return next((bar for bar in self.phases if bar.now), None)


def year_of(scope: Scope, today: dt.date) -> Year | None:
    """Everything of the chosen programme and place; None where no programme is chosen."""
    return read(year(scope, today))


def year(scope: Scope, today: dt.date) -> Reading[Year | None]:
    """`year_of` as a reading."""
    programme = scope.programme
    if programme is None:
        return None
    basis, money, heaters = yield from in_step(_basis(scope, programme), _money(scope), _heaters(scope))
    totals, targets, names = basis
    plan = plan_share(programme, today)
    whole = _progress(_("Total"), totals, plan=plan, target=sum(targets.values()))
    return Year(
        programme=programme, today=today, phases=phases_of(programme, today), plan=plan, whole=whole,
        places=_places(scope, totals, plan, targets, names), routes=_routes(scope, totals, plan, targets),
        funnel=_funnel(totals),
        due_fen=sum(row["due_fen"] for row in totals), paid_fen=sum(row["paid_fen"] for row in totals),
        rectify=_sum(totals, [Stage.RECTIFY]), missing=sum(row["missing"] for row in totals), **money, **heaters,
    )  # fmt: skip


def _basis(scope: Scope, programme: Programme) -> Reading[tuple[list[dict[str, Any]], Targets, list[tuple[str, str]]]]:
    """Sums, targets and the names of the places below; the programme keeps its phases and technologies."""
    phases, technologies = programme.phases.all(), programme.technologies.all()
    totals, targets, names = _totals(scope), targets_of(scope), _names(scope)
    yield [phases, technologies, totals, targets, names]
    keep(programme, "phases", phases)
    keep(programme, "technologies", technologies)
    return list(totals), as_targets(targets), list(names)


def _totals(scope: Scope) -> QuerySet[Any, dict[str, Any]]:
    """Sums by place below, route and stage; excluded dwellings are no task and count nowhere."""
    rows = scope.of_programme(scope.totals("overview.view"), "overview.view").filter(excluded=False).order_by()
    rows = rows.annotate(place=Left("area_id", scope.below)).values("place", "technology", "family", "stage")
    return rows.annotate(  # type: ignore[no-any-return]
        n=Sum("dwellings"), due_fen=Sum("due_fen"), paid_fen=Sum("paid_fen"), missing=Sum("with_missing"),
        aside=Sum("dwellings", filter=Q(claim="self_paid"), default=0),
    ).values("place", "technology", "family", "stage", "n", "due_fen", "paid_fen", "missing", "aside")  # fmt: skip


def _names(scope: Scope) -> QuerySet[Area, tuple[str, str]]:
    """(code, name) of the places one looks down at, in tree order."""
    low, high = code_range(scope.area_code)
    below = Area.objects.annotate(length=Length("code")).filter(code__gte=low, code__lt=high, length=scope.below)
    return below.order_by("code").values_list("code", "name")


def _sum(rows: list[dict[str, Any]], stages: list[str], of: str = "n") -> int:
    return sum(row[of] for row in rows if row["stage"] in stages)


def _progress(name: str, rows: list[dict[str, Any]], **more: Any) -> Progress:
    return Progress(
        name, enrolled=sum(row["n"] for row in rows), finished=_sum(rows, FINISHED), accepted=_sum(rows, ACCEPTED),
        paid=_sum(rows, [Stage.PAID]), uncounted=sum(row["aside"] for row in rows),
        uncounted_finished=_sum(rows, FINISHED, "aside"), uncounted_accepted=_sum(rows, ACCEPTED, "aside"), **more,
    )  # fmt: skip


def targets_of(scope: Scope) -> QuerySet[Target, tuple[str, int | None, Decimal]]:
    """Households the document asks for in this place, by place below and technology."""
    low, high = code_range(scope.area_code)
    rows = Target.objects.filter(programme=scope.programme, unit="household", area_id__gte=low, area_id__lt=high)
    rows = rows.order_by().annotate(place=Left("area_id", scope.below)).values_list("place", "technology_id")
    return rows.annotate(n=Sum("quantity"))


def as_targets(rows: QuerySet[Target, tuple[str, int | None, Decimal]]) -> Targets:
    return {(place, technology): int(n) for place, technology, n in rows}


def _added(targets: Targets, at: int) -> dict[Any, int]:
    """Targets summed over the other part of their key."""
    found: dict[Any, int] = defaultdict(int)
    for key, n in targets.items():
        found[key[at]] += n
    return found


def _places(
    scope: Scope, totals: list[dict[str, Any]], plan: Decimal | None, wanted: Targets, below: list[tuple[str, str]]
) -> list[Progress]:
    targets = _added(wanted, 0)
    by_place: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in totals:
        by_place[row["place"]].append(row)
    names = {code: name for code, name in below if code in targets or code in by_place}
    key = "town" if scope.below == CODE_LENGTHS[TOWN] else "village"
    lines = [
        _progress(
            names[code], by_place[code], code=code, plan=plan, target=targets.get(code, 0),
            url=address("reports:household-list", **_place_query(key, code)),
        )
        for code in names
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (-line.whole, line.code))


def _place_query(key: str, code: str) -> dict[str, str]:
    return {"town": code[: CODE_LENGTHS[TOWN]], **({"village": code} if key == "village" else {})}


def _routes(
    scope: Scope, totals: list[dict[str, Any]], plan: Decimal | None, wanted: Targets
) -> list[tuple[Any, Progress]]:
    targets = _added(wanted, 1)
    lines = []
    for route in scope.programme.technologies.all():  # type: ignore[union-attr]
        rows = [row for row in totals if row["technology"] == route.code]
        url = address("reports:household-list", technology=route.code)
        line = _progress(route.name, rows, plan=plan, target=int(targets.get(route.pk, 0)), url=url)
        if line.whole:
            lines.append((route, line))
    return lines


def _money(scope: Scope) -> Reading[dict[str, Any]]:
    """Fields of `Year`: payments, and money per source of the programme wherever the person may read funds."""
    sums = sums_of(
        scope.of_programme(BoardTotal, "payouts.view").filter(kind__in=[Kind.WAITING, Kind.ARRIVED]),
        waiting=Sum("fen", filter=Q(kind=Kind.WAITING)), n=Sum("number", filter=Q(kind=Kind.ARRIVED)),
    )  # fmt: skip
    funds = Fund.objects.visible_to(scope.user).filter(programme=scope.programme).order_by().values("source")
    funds = funds.annotate(received=Sum("received_fen"), reserved=Sum("reserved_fen"), paid=Sum("paid_fen"))
    funds, sees_funds = funds.order_by("source"), scope.user.has_right("funds.view")
    yield [sums, funds] if sees_funds else [sums]
    found = sums_in(sums)
    return {
        "in_payment_fen": found["waiting"] or 0, "paid_lines": found["n"] or 0, "sources_hidden": not sees_funds,
        "sources": [_source(row) for row in funds] if sees_funds else [],
    }  # fmt: skip


def _source(row: dict[str, Any]) -> Source:
    return Source(source_name(row["source"]), row["received"], row["reserved"], row["paid"])


def _heaters(scope: Scope) -> Reading[dict[str, Any]]:
    """Fields of `Year` for those who may see heaters."""
    if not scope.user.has_right("devices.view"):
        return {}
    alerts = scope.rows(Alert).filter(cleared_at__isnull=True)
    counted = sums_of(alerts, n=Count("id"), cold=Count("id", filter=Q(kind=Alert.Kind.ROOM_COLD)))
    newest = alerts.select_related("heater", "area").order_by("-opened_at")[:6]
    heaters = sums_of(scope.rows(BoardTotal, "devices.view").filter(programme__isnull=True), **HEATER_SUMS)
    hanging = scope.rows(Heater).filter(removed_on__isnull=True)
    trouble, _done = yield from in_step(
        trouble_of(hanging, scope.area_code, clock.now()), asking(counted, newest, heaters)
    )
    counts, numbers = sums_in(counted), {name: n or 0 for name, n in sums_in(heaters).items()}
    return {
        "heaters": Online(newest=None, **numbers), "alerts": counts["n"] or 0, "cold": counts["cold"] or 0,
        "newest_alerts": list(newest), "trouble": trouble,
    }  # fmt: skip


def _funnel(totals: list[dict[str, Any]]) -> list[Step]:
    """Listed → finished → accepted → notice over → in payment → paid."""
    steps = [
        (_("Listed and approved"), LISTED, Stage.REGISTERED, _("not yet on a list")),
        (_("Works finished"), FINISHED, Stage.LISTED, _("to be installed")),
        (_("Accepted"), ACCEPTED, "to_accept", _("to be accepted")),
        (_("Notice over"), NOTICE_OVER, "to_notice", _("to be noticed")),
        (_("In payment"), IN_PAYMENT, Stage.PAYABLE, _("to be put in a batch")),
        (_("Money arrived"), [Stage.PAID], Stage.BATCHED, _("on the way")),
    ]
    stuck = [_sum(totals, stages_in(before)) for _title, _passed, before, _words in steps]
    most = max(stuck[1:], default=0)
    return [
        Step(title, _sum(totals, passed), stuck[n], words, address("reports:household-list", stage=before),
             0 < most == stuck[n])
        for n, (title, passed, before, words) in enumerate(steps)
    ]  # fmt: skip
