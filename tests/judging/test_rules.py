"""Each rule on both sides of each of its boundaries. Tables, no database."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.judging.facts import Facts, Hour, Limits
from telemetry.judging.rules import BY_KIND, RULES

LIMITS = Limits()
MISSED = {"answered": False, "reason": "timeout"}
REFUSES = {"answered": False, "reason": "refused"}
HOUR = {"at": 0.0, "n": 12, "wanted": 12}


def state(kind: str, limits: Limits = LIMITS, **facts: Any) -> bool | str | None:
    """True bad, False good, None in between, "nothing known"."""
    seen = BY_KIND[kind].look(Facts(heater=1, at=1000.0, **facts), limits)
    return "unknown" if seen is None else seen[0]


@pytest.mark.parametrize(
    "kind, facts, wanted",
    [
        ("unit_silent", MISSED | {"misses": 2}, None),
        ("unit_silent", MISSED | {"misses": 3}, True),
        ("unit_silent", MISSED | {"misses": 3, "line_dead": True}, None),
        ("unit_silent", {}, False),
        ("line_silent", MISSED | {"misses": 3, "line_dead": True, "stands_for_line": True}, True),
        ("line_silent", MISSED | {"misses": 2, "line_dead": True, "stands_for_line": True}, None),
        ("line_silent", MISSED | {"misses": 3, "line_dead": True}, None),
        ("line_silent", MISSED | {"misses": 9, "stands_for_line": True}, None),
        ("line_silent", {}, False),
        ("line_silent", REFUSES | {"misses": 9}, False),
        ("unit_silent", REFUSES | {"misses": 9}, False),
        ("errors_only", REFUSES | {"misses": 2}, None),
        ("errors_only", REFUSES | {"misses": 3}, True),
        ("errors_only", MISSED | {"misses": 9}, None),
        ("errors_only", {}, False),
        ("fault", {"fault": 1}, True),
        ("fault", {"fault": 0}, False),
        ("fault", {"fault": None}, "unknown"),
        ("supply_low", {"running": True, "supply_dc": 249}, True),
        ("supply_low", {"running": True, "supply_dc": 250}, None),
        ("supply_low", {"running": True, "supply_dc": 279}, None),
        ("supply_low", {"running": True, "supply_dc": 280}, False),
        ("supply_low", {"running": False, "supply_dc": 100}, False),
        ("supply_low", {"running": True, "supply_dc": 100, "defrosting": True}, "unknown"),
        ("supply_low", {"running": None, "supply_dc": 100}, "unknown"),
        ("supply_low", {"running": True, "supply_dc": None}, "unknown"),
        ("freezing", {"running": False, "supply_dc": 60, "return_dc": 49}, True),
        ("freezing", {"running": False, "supply_dc": 60, "return_dc": 50}, None),
        ("freezing", {"running": False, "supply_dc": 69, "return_dc": None}, None),
        ("freezing", {"running": False, "supply_dc": 70, "return_dc": None}, False),
        ("freezing", {"running": True, "supply_dc": 10}, False),
        ("freezing", {"running": False, "supply_dc": 10, "medium": "air"}, "unknown"),
        ("freezing", {"running": False}, "unknown"),
        ("room_cold", {"room_dc": 159}, True),
        ("room_cold", {"room_dc": 160}, None),
        ("room_cold", {"room_dc": 164}, None),
        ("room_cold", {"room_dc": 165}, False),
        ("room_cold", {"room_dc": 179, "floor_dc": 180}, True),
        ("room_cold", {}, "unknown"),
        ("room_cool", {"room_dc": 159}, None),
        ("room_cool", {"room_dc": 160}, True),
        ("room_cool", {"room_dc": 179}, True),
        ("room_cool", {"room_dc": 180}, None),
        ("room_cool", {"room_dc": 185}, False),
        ("room_cool", {"room_dc": 170, "floor_dc": 180}, "unknown"),
        ("second_master", {"foreign": 1}, True),
        ("second_master", {"foreign": 0}, False),
        ("second_master", {}, "unknown"),
        ("duplicate_id", {"foreign": 0, "duplicate_s": 599.0}, True),
        ("duplicate_id", {"foreign": 0, "duplicate_s": 600.0}, None),
        ("duplicate_id", {"foreign": 0, "duplicate_s": 3600.0}, False),
        ("duplicate_id", {"foreign": 0}, False),
        ("duplicate_id", {}, "unknown"),
        ("short_cycling", {"hours": (Hour(**HOUR, starts=4),)}, True),
        ("short_cycling", {"hours": (Hour(**HOUR, starts=3),)}, None),
        ("short_cycling", {"hours": (Hour(**HOUR, starts=2),)}, False),
        ("short_cycling", {"hours": (Hour(**HOUR),)}, "unknown"),
        ("quality", {"hours": (Hour(0.0, 69, 100),)}, True),
        ("quality", {"hours": (Hour(0.0, 70, 100),)}, None),
        ("quality", {"hours": (Hour(0.0, 89, 100),)}, None),
        ("quality", {"hours": (Hour(0.0, 90, 100),)}, False),
        ("quality", {"hours": (Hour(0.0, 100, 100, flagged=31),)}, True),
        ("quality", {"hours": (Hour(0.0, 100, 100, flagged=30),)}, None),
        ("quality", {"hours": (Hour(0.0, 100, 100, flagged=10),)}, False),
        ("quality", {"hours": (Hour(0.0, 0, 100),)}, "unknown"),
        ("quality", {"hours": (Hour(0.0, 5),)}, "unknown"),
        ("coal_return", {}, "unknown"),
        ("welfare", {}, "unknown"),
    ],
)
def test_both_sides_of_each_boundary(kind: str, facts: dict[str, Any], wanted: bool | str | None) -> None:
    assert state(kind, **facts) == wanted


def test_a_programme_sets_its_own_limits_and_nothing_else() -> None:
    own = LIMITS.with_settings({"supply_low_dc": 300, "no_such": 5, "freeze_dc": "warm", "starts": True})
    assert (own.supply_low_dc, own.freeze_dc, own.starts) == (300, 50, 4)
    assert state("supply_low", own, running=True, supply_dc=299) is True


def test_every_alert_that_can_be_raised_has_a_kind_and_every_kind_a_rule() -> None:
    from telemetry.models import Alert

    assert {rule.kind for rule in RULES} == set(Alert.Kind.values)
