"""The demonstration at its real size: loaded by real processes, killed, completed."""

from __future__ import annotations

import pytest

from heating_portal.demo.progress import Progress
from tests.demonstration import KILLED_AFTER, Demonstration, manage

HISTORY = "SELECT count(*) FROM accounts_auditentry"


@pytest.mark.slow
@pytest.mark.xdist_group("browser")
def test_a_killed_load_is_completed_by_the_next(demonstration: Demonstration) -> None:
    assert KILLED_AFTER <= demonstration.left_by_the_killed < 600
    with demonstration.to_myself():
        manage(demonstration.env, "shell", "--command", "from tests.presets.story import check_story; check_story()")
        entries = demonstration.rows(HISTORY)
        manage(demonstration.env, "load_demo")
        assert demonstration.rows(HISTORY) == entries


def test_time_left_follows_the_measured_rate() -> None:
    now, said = [0.0], list[str]()
    progress = Progress(100, said.append, clock=lambda: now[0])
    progress.begin("a")
    now[0] = 10.0
    progress.tick(25)
    assert progress.left_s == 30
    assert "[ 25%] a" in said[-1]
