"""Hold time, hysteresis, season, works and vacancy, step by step. No database."""

from __future__ import annotations

from typing import Any

from telemetry.judging.engine import Key, Pending, judge
from telemetry.judging.facts import Facts, Hour, Limits
from telemetry.judging.rules import BY_KIND

KEY = (1, "room_cold")
COLD, BETWEEN, WARM = 155, 162, 170


class Desk:
    """Plays a heater through time and keeps what the database would."""

    def __init__(self, kind: str = "room_cold") -> None:
        self.rules, self.open, self.pending = [BY_KIND[kind]], dict[Key, Any](), dict[Key, Pending]()

    def see(self, at: float, room_dc: int | None = COLD, **facts: Any) -> bool:
        verdict = judge(
            [Facts(1, at, room_dc=room_dc, **facts)],
            self.open.__contains__,
            self.pending,
            lambda _f: Limits(),
            self.rules,
        )
        for key in verdict.dropped:
            del self.pending[key]
        self.pending |= verdict.waiting
        self.open = {key: value for key, value in self.open.items() if key not in verdict.cleared} | verdict.opened
        return bool(self.open)


def test_cold_for_an_hour_and_not_a_second_less() -> None:
    desk = Desk()
    assert [desk.see(at) for at in (0, 1700, 3300, 3599, 3600)] == [False, False, False, False, True]
    assert desk.open[KEY]["since"] == 0 and desk.open[KEY]["room_dc"] == COLD and desk.open[KEY]["limit_dc"] == 160
    assert desk.pending == {}


def test_a_look_between_starts_the_hour_anew_but_leaves_an_open_alert() -> None:
    desk = Desk()
    desk.see(0), desk.see(1700), desk.see(1800, BETWEEN)
    assert desk.pending == {}
    assert [desk.see(at) for at in (1900, 3600, 5300, 5500)] == [False, False, False, True]
    assert desk.see(5600, BETWEEN) and desk.see(5700, 164)
    assert not desk.see(5800, 165)


def test_what_was_cold_on_both_sides_of_a_gap_was_not_cold_for_its_length() -> None:
    desk = Desk()
    desk.see(0)
    assert not desk.see(1801) and desk.pending[KEY].since == 1801
    desk = Desk()
    desk.see(0)
    assert not desk.see(1800) and desk.pending[KEY].since == 0


def test_no_value_changes_nothing() -> None:
    desk = Desk()
    desk.see(0)
    desk.see(1000, None)
    assert desk.pending[KEY] == Pending(0, 0)


def test_outside_the_season_nothing_is_begun_and_what_is_open_ends() -> None:
    desk = Desk()
    assert not any(desk.see(at, in_season=False) for at in (0, 1800, 3600, 5400))
    for at in (6000, 7800, 9600):
        desk.see(at)
    assert desk.open
    assert not desk.see(9700, in_season=False)


def test_under_maintenance_nothing_is_begun_and_what_is_open_stays() -> None:
    desk = Desk()
    assert not any(desk.see(at, maintenance=True) for at in (0, 1800, 3600, 5400))
    for at in (6000, 7800, 9600):
        desk.see(at)
    assert desk.see(9700, maintenance=True)
    assert not desk.see(9800, WARM, maintenance=True), "what is good again is over, works or not"


OFF = tuple(Hour(3600.0 * n, 12, 12, minutes_on=0, room_dc=180 - 6 * n, outdoor_dc=-80) for n in range(12))
