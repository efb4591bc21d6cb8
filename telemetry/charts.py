"""One heater over a span of time, thinned on the server: what the chart, the bands and the table below it show.

A span of time without readings stays empty (None): no value is ever carried over a gap. Buckets are at least two
polling periods wide, so one lost poll is no gap and three in a row always are one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models import Command, Heater
from devices.protocol.points import MODES
from telemetry.days import Day, Stretch

Label = str | Promise
COMFORT_C = 18.0
MEASURES = ("supply_dc", "return_dc", "outdoor_dc", "room_dc", "set_room_dc")
DAILY = (
    "supply_min_dc", "supply_avg_dc", "supply_max_dc", "room_min_dc", "room_avg_dc", "room_max_dc", "outdoor_avg_dc",
)  # fmt: skip
_DEFROST = MODES.index("defrost")


@dataclass(frozen=True)
class Span:
    """A choice of the page: how far back, in buckets how wide at least, and how times are written."""

    code: str
    label: Label
    length: dt.timedelta
    bucket_s: int
    time_format: str


SPANS: dict[str, Span] = {
    span.code: span
    for span in (
        Span("1h", gettext_lazy("1 hour"), dt.timedelta(hours=1), 60, "%H:%M"),
        Span("24h", gettext_lazy("24 hours"), dt.timedelta(hours=24), 300, "%H:%M"),
        Span("7d", gettext_lazy("7 days"), dt.timedelta(days=7), 1800, "%m-%d %H:%M"),
        Span("season", gettext_lazy("heating season"), dt.timedelta(days=366), 86400, "%m-%d"),
    )
}


@dataclass(frozen=True)
class Bucket:
    """Means of one span of time in tenths of a degree; `n` readings, 0 where nothing was said."""

    at: dt.datetime
    n: int = 0
    supply_dc: int | None = None
    return_dc: int | None = None
    outdoor_dc: int | None = None
    room_dc: int | None = None
    set_room_dc: int | None = None
    running: bool | None = None
    fault: int | None = None
    mode: int | None = None

    @property
    def state(self) -> str:
        """none, fault, frost, heat, idle (switched off) or on (answers without saying)."""
        if not self.n:
            return "none"
        if self.fault:
            return "fault"
        if self.running is None:
            return "on"
        if not self.running:
            return "idle"
        return "frost" if self.mode == _DEFROST else "heat"


@dataclass(frozen=True)
class Track:
    """The buckets of a heater, the last one holding the present moment."""

    span: Span
    width_s: int
    period_s: int
    buckets: tuple[Bucket, ...]

    @property
    def times(self) -> list[str]:
        return [timezone.localtime(bucket.at).strftime(self.span.time_format) for bucket in self.buckets]

    @property
    def start(self) -> dt.datetime:
        return self.buckets[0].at

    def values(self, measure: str) -> list[float | None]:
        """Degrees per bucket, None in a gap."""
        found = (getattr(bucket, measure) for bucket in self.buckets)
        return [None if value is None else value / 10 for value in found]

    def extremes(self, measure: str) -> tuple[float, float] | None:
        known = [value for value in self.values(measure) if value is not None]
        return (min(known), max(known)) if known else None


def track(heater: Heater, span: Span, now: dt.datetime, period_s: int) -> Track:
    """Readings of the heater back from `now`; at most 366 buckets."""
    width = max(span.bucket_s, 2 * period_s)
    last = int(now.timestamp()) // width
    count = max(2, int(span.length.total_seconds()) // width)
    start = dt.datetime.fromtimestamp((last - count + 1) * width, dt.UTC)
    with connection.cursor() as cursor:
        cursor.execute(_BUCKETS, [width, heater.pk, start, now])
        found = {int(row[0]): row[1:] for row in cursor.fetchall()}
    moments = [(i, dt.datetime.fromtimestamp(i * width, dt.UTC)) for i in range(last - count + 1, last + 1)]
    return Track(span, width, period_s, tuple(Bucket(at, *found.get(i, ())) for i, at in moments))


_BUCKETS = """
SELECT floor(extract(epoch FROM at) / %s)::bigint, count(*),
    round(avg(supply_dc))::int, round(avg(return_dc))::int, round(avg(outdoor_dc))::int, round(avg(room_dc))::int,
    (array_agg(set_room_dc ORDER BY at DESC))[1], bool_or(running), max(fault), mode() WITHIN GROUP (ORDER BY mode)
FROM telemetry_reading WHERE heater_id = %s AND at >= %s AND at <= %s GROUP BY 1
"""


def chart(heater: Heater, drawn: Track, floor_c: float, *, medium: str = "water") -> dict[str, Any]:
    """What `frontend/js/charts.js` draws: two linked panels, gaps and faults as bands, set-points as marks."""
    supply, back = flow_words(medium)
    marks = _marks(heater, drawn)
    return {
        "times": drawn.times,
        "panels": [
            {"unit": "℃", "series": [
                _line(supply, "--t-supply", drawn.values("supply_dc")),
                _line(back, "--t-return", drawn.values("return_dc")),
            ]},
            {"unit": "℃", "lines": _thresholds(floor_c), "marks": marks, "series": [
                _line(_("room"), "--t-indoor", drawn.values("room_dc")),
                _line(_("set-point"), "--t-set", drawn.values("set_room_dc"), "step"),
                _line(_("outdoor"), "--t-outdoor", drawn.values("outdoor_dc")),
            ]},
        ],
        "bands": [*gaps(drawn), *_faults(drawn)],
    }  # fmt: skip


def season_chart(found: Mapping[dt.date, Day], season: Stretch, floor_c: float, medium: str) -> dict[str, Any]:
    """Per day: lowest, mean and highest of water and room, mean outdoors. From the hourly rows."""
    days = season.each_day
    degrees = [_degrees(getattr(found.get(day), name, None) for day in days) for name in DAILY]
    supply, _back = flow_words(medium)
    low, high = _("%(what)s, lowest of the day"), _("%(what)s, highest of the day")
    return {
        "times": [f"{day:%m-%d}" for day in days],
        "panels": [
            {"unit": "℃", "series": [
                _line(supply, "--t-supply", degrees[1]),
                _line(low % {"what": supply}, "--t-supply", degrees[0], "dashed"),
                _line(high % {"what": supply}, "--t-supply", degrees[2], "dashed"),
            ]},
            {"unit": "℃", "lines": _thresholds(floor_c), "series": [
                _line(_("room"), "--t-indoor", degrees[4]),
                _line(low % {"what": _("room")}, "--t-indoor", degrees[3], "dashed"),
                _line(high % {"what": _("room")}, "--t-indoor", degrees[5], "dashed"),
                _line(_("outdoor"), "--t-outdoor", degrees[6]),
            ]},
        ],
        "bands": _bands(days, lambda day: day not in found, _("no data"), "--idle-soft"),
    }  # fmt: skip


def _degrees(tenths: Iterable[int | None]) -> list[float | None]:
    return [None if value is None else value / 10 for value in tenths]


def flow_words(medium: str) -> tuple[str, str]:
    """What supply and return are called: water in pipes, air through a unit."""
    return (_("outlet air"), _("intake air")) if medium == "air" else (_("supply water"), _("return water"))


def gaps(drawn: Track) -> list[dict[str, Any]]:
    """Bands over the empty buckets. The present bucket has not ended: it is no gap yet."""
    closed = drawn.buckets if drawn.buckets[-1].n else drawn.buckets[:-1]
    return _bands(closed, lambda bucket: not bucket.n, _("no data"), "--idle-soft")


def _faults(drawn: Track) -> list[dict[str, Any]]:
    return _bands(drawn.buckets, lambda bucket: bool(bucket.fault), _("fault"), "--bad", 0.14)


def _bands(
    items: Sequence[Any], wanted: Callable[[Any], bool], label: str, token: str, opacity: float = 0.9
) -> list[dict[str, Any]]:
    """Runs of wanted items; a band reaches to the middle of the neighbours, so that one lost bucket can be seen."""
    return [
        {"from": max(0, first - 1), "to": min(len(items) - 1, last + 1), "label": label, "token": token,
         "opacity": opacity}
        for first, last in runs(wanted(item) for item in items)
    ]  # fmt: skip


def runs(flags: Iterable[bool]) -> list[tuple[int, int]]:
    """First and last index of every run of true flags."""
    found = []
    for flag, group in groupby(enumerate(flags), key=lambda pair: pair[1]):
        if flag:
            indexes = [index for index, _flag in group]
            found.append((indexes[0], indexes[-1]))
    return found


def _line(name: str, token: str, values: list[float | None], style: str = "line") -> dict[str, Any]:
    return {"name": name, "token": token, "values": values, "style": style}


def _thresholds(floor_c: float) -> list[dict[str, Any]]:
    lines = [{"value": floor_c, "label": _("floor %(c)g") % {"c": floor_c}}]
    return (
        lines
        if floor_c >= COMFORT_C
        else [*lines, {"value": COMFORT_C, "label": _("comfort %(c)g") % {"c": 18}, "above": True}]
    )


def _marks(heater: Heater, drawn: Track) -> list[dict[str, Any]]:
    """Set-points that arrived at the heater in this span."""
    arrived = heater.commands.filter(state=Command.State.VERIFIED, point="set_room_t", finished_at__gte=drawn.start)
    first = drawn.start.timestamp()
    found = []
    for command in arrived.order_by("finished_at")[:50]:
        at = int((command.finished_at.timestamp() - first) // drawn.width_s)
        if at < len(drawn.buckets):
            found.append({"at": at, "label": _("set %(c)s") % {"c": f"{command.asked:g}"}})
    return found


@dataclass(frozen=True)
class Piece:
    """A run of buckets in the same state, in percent of the band."""

    state: str
    start: str
    width: str


@dataclass(frozen=True)
class Band:
    """The state band and the quality strip under a chart. Counts are of runs; `got` of `wanted` polls answered."""

    pieces: list[Piece]
    counts: dict[str, int]
    strip: list[Piece]
    got: int
    wanted: int


def band(drawn: Track, heard_before: bool) -> Band:
    """`heard_before`: readings older than the span exist; else nothing was due before the first one."""
    states = [bucket.state for bucket in drawn.buckets]
    if states[-1] == "none" and len(states) > 1:
        states[-1] = states[-2]  # the present bucket has not ended
    first = 0 if heard_before else next((i for i, b in enumerate(drawn.buckets) if b.n), len(states))
    pieces, counts = _pieces(states), {}
    for piece in pieces:
        counts[piece.state] = counts.get(piece.state, 0) + 1
    per_bucket = drawn.width_s / drawn.period_s
    # The bucket of the very first reading began before it: what it holds is all that could be expected.
    begun = 0 if heard_before or first >= len(states) - 1 else 1
    got = sum(b.n for b in drawn.buckets[:-1])
    wanted = round(per_bucket * max(0, len(states) - 1 - first - begun))
    wanted += drawn.buckets[first].n if begun else 0
    strip = [
        "before" if i < first else "good" if begun and i == first else _quality(bucket.n, per_bucket)
        for i, bucket in enumerate(drawn.buckets[:-1])
    ]
    return Band(pieces, counts, _pieces(strip), min(got, wanted), wanted)


def _quality(got: int, wanted: float) -> str:
    return "lost" if not got else "late" if got < 0.9 * wanted - 0.5 else "good"


def _pieces(states: Sequence[str]) -> list[Piece]:
    found, at, whole = [], 0, len(states)
    for state, group in groupby(states):
        length = len(list(group))
        found.append(Piece(state, f"{100 * at / whole:.2f}%", f"{100 * length / whole:.2f}%"))
        at += length
    return found


def season_band(found: Mapping[dt.date, Day], season: Stretch, now: dt.datetime, heard_before: bool) -> Band:
    """As `band`, a piece per day, `got` and `wanted` in closed hours; the day of the first word begins with it."""
    days, today = season.each_day, timezone.localdate(now)
    heard = [found[day].hours if day in found else 0 for day in days]
    states = [_state_of_day(found.get(day)) for day in days]
    begun = 0 if heard_before else next((i for i, hours in enumerate(heard) if hours), len(days))
    if states[-1] == "none" and len(states) > 1 and days[-1] == today:
        states[-1] = states[-2]  # the present day has not ended
    due = [timezone.localtime(now).hour if day == today else 24 for day in days]
    if not heard_before and begun < len(days):
        due[begun] = heard[begun]
    pieces = _pieces(states)
    counts: dict[str, int] = {}
    for piece in pieces:
        counts[piece.state] = counts.get(piece.state, 0) + 1
    strip = [
        "before" if i < begun else _quality(hours, wanted) if wanted else "good"
        for i, (hours, wanted) in enumerate(zip(heard, due, strict=True))
    ]
    wanted = sum(due[begun:])
    return Band(pieces, counts, _pieces(strip), min(sum(heard), wanted), wanted)


def _state_of_day(day: Day | None) -> str:
    """heat where it ran at all, idle where it said it was off all day, on where it does not say, none unheard."""
    if day is None or not day.hours:
        return "none"
    if day.minutes_on is None:
        return "on"
    return "heat" if day.minutes_on else "idle"
