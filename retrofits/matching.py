"""Which photo belongs to which home: by what its file is called, where and when it was taken. Plain, no tables.

A match is a proposal: it is shown before anything is filed. Where two homes fit alike nothing is proposed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

NAME, PLACE, TIME = "name", "place", "time"
FAR, AMBIGUOUS, NOT_FOUND = "FAR", "AMBIGUOUS", "NOT_FOUND"
NEAR_M = 40
"""A photo lies at a home within this distance, if the next home is at least twice as far."""
FAR_M = 300
"""A photo named after a home but taken further away is shown to the clerk."""
BETWEEN, BESIDE = timedelta(minutes=10), timedelta(minutes=3)
"""Gap to the neighbours in time when both show one home, and when there is only one neighbour."""
STAGE_WORDS = {
    # A single character counts only where it stands by itself: 前旧县村 is a village.
    "before": re.compile(r"before|改造前|施工前|(?<![一-鿿])前(?![一-鿿])"),
    "during": re.compile(r"during|改造中|施工中|(?<![一-鿿])中(?![一-鿿])"),
    "after": re.compile(r"after|改造后|施工后|(?<![一-鿿])后(?![一-鿿])"),
}
EARTH_M = 6_371_000


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling that photos are wanted of; `key` is the caller's. Degrees WGS 84, None where nobody measured."""

    key: int
    dwelling_no: str
    household_no: str
    head_name: str
    longitude: Decimal | None = None
    latitude: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo as it came."""

    key: int
    file_name: str
    taken_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """`home` is proposed (None: nothing fits); `problem` says why a person has to look."""

    home: int | None
    how: str = ""
    distance_m: int | None = None
    problem: str = ""


def match_shots(shots: Sequence[Shot], homes: Sequence[Home]) -> dict[int, Match]:
    """A match for every shot: first by name, then by position, then by the neighbours in time."""
    by_key = {home.key: home for home in homes}
    found: dict[int, Match] = {}
    for shot in shots:
        match = _by_name(shot, homes) or _by_place(shot, homes)
        if match is not None:
            found[shot.key] = _with_distance(shot, match, by_key)
    sure = {key: match for key, match in found.items() if match.home is not None and not match.problem}
    for shot in shots:
        if shot.key not in found:
            match = _by_time(shot, shots, sure) or Match(None, problem=NOT_FOUND)
            found[shot.key] = _with_distance(shot, match, by_key)
    return found


def stage_of(file_name: str, otherwise: str) -> str:
    """before, during or after, where the name says one of them and not two."""
    words = file_name.lower()
    said = [stage for stage, pattern in STAGE_WORDS.items() if pattern.search(words)]
    return said[0] if len(said) == 1 else otherwise


def distance_m(a: Shot | Home, b: Shot | Home) -> int | None:
    """Metres between two places, None where one is unknown."""
    if a.longitude is None or a.latitude is None or b.longitude is None or b.latitude is None:
        return None
    low, high = math.radians(a.latitude), math.radians(b.latitude)
    across = math.radians(float(b.longitude - a.longitude)) * math.cos((low + high) / 2)
    return round(EARTH_M * math.hypot(high - low, across))


def _by_name(shot: Shot, homes: Sequence[Home]) -> Match | None:
    """The dwelling's number, the household's, or a head's name nobody else has."""
    name = shot.file_name.upper()
    rules: tuple[Callable[[Home], bool], ...] = (
        lambda home: _names(name, home.dwelling_no),
        lambda home: _names(name, home.household_no),
        lambda home: len(home.head_name) > 1 and home.head_name.upper() in name,
    )
    for rule in rules:
        hits = _longest([home for home in homes if rule(home)])
        if len(hits) == 1:
            return Match(hits[0].key, NAME)
        if hits:
            return _by_place(shot, hits) or Match(None, problem=AMBIGUOUS)
    return None


def _longest(hits: list[Home]) -> list[Home]:
    """Without those whose head's name is only the beginning of another's: 张三 where 张三丰 is written."""
    names = {home.head_name for home in hits}
    return [home for home in hits if not any(home.head_name != one and home.head_name in one for one in names)]


def _names(text: str, number: str) -> bool:
    """The number stands there by itself: QJD-03-0014 is not in QJD-03-00147."""
    return bool(number) and re.search(rf"(?<![A-Z0-9]){re.escape(number.upper())}(?![A-Z0-9])", text) is not None


def _by_place(shot: Shot, homes: Iterable[Home]) -> Match | None:
    near = sorted((metres, home.key) for home in homes if (metres := distance_m(shot, home)) is not None)
    if not near or near[0][0] > NEAR_M:
        return None
    if len(near) > 1 and near[1][0] < max(2 * near[0][0], near[0][0] + 8):
        return Match(None, problem=AMBIGUOUS)
    return Match(near[0][1], PLACE)


def _by_time(shot: Shot, shots: Sequence[Shot], sure: Mapping[int, Match]) -> Match | None:
    """Between two photos of one home, or shortly beside the only neighbour."""
    if shot.taken_at is None:
        return None
    at, placed = shot.taken_at, [one for one in shots if one.key in sure and one.taken_at is not None]
    gaps = [(one.taken_at - at, sure[one.key].home) for one in placed if one.taken_at is not None]
    zero = timedelta(0)
    before = max((gap for gap in gaps if gap[0] <= zero), default=None, key=lambda gap: gap[0])
    after = min((gap for gap in gaps if gap[0] > zero), default=None, key=lambda gap: gap[0])
    if before and after:
        close = -before[0] <= BETWEEN and after[0] <= BETWEEN and before[1] == after[1]
        return Match(before[1], TIME) if close else None
    beside = before or after
    return Match(beside[1], TIME) if beside and abs(beside[0]) <= BESIDE else None


def _with_distance(shot: Shot, match: Match, homes: Mapping[int, Home]) -> Match:
    if match.home is None:
        return match
    metres = distance_m(shot, homes[match.home])
    problem = FAR if metres is not None and metres > FAR_M else match.problem
    return Match(match.home, match.how, metres, problem)
