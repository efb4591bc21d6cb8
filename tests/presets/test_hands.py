"""Two processes share a list of parts: each part is done once, and a part that fails is never forgotten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from heating_portal.demo.hands import TWO_HANDS, with_both_hands
from heating_portal.demo.progress import Progress

PARTS = [[1, 2], [3, 4], [5, 6], [7, 8], [9]]


def counted() -> Progress:
    return Progress(sum(map(len, PARTS)), lambda line: None)


def test_every_part_is_done_once_by_two_processes_where_there_are_cores_for_them(tmp_path: Path) -> None:
    def work(part: list[int]) -> None:
        for number in part:
            with (tmp_path / str(number)).open("x") as file:  # fails when it is there
                file.write(str(os.getpid()))

    progress = counted()
    with_both_hands(PARTS, work, progress)
    assert sorted(int(one.name) for one in tmp_path.iterdir()) == list(range(1, 10))
    assert len({one.read_text() for one in tmp_path.iterdir()}) == 1 + TWO_HANDS
    assert progress.done == progress.total


@pytest.mark.skipif(not TWO_HANDS, reason="one core, or no Linux: there is no other process")
def test_a_part_that_fails_in_the_other_process_fails_here(capfd: pytest.CaptureFixture[str]) -> None:
    def work(part: list[int]) -> None:
        if 9 in part:
            raise ValueError("nine")

    with pytest.raises(RuntimeError, match="second process"):
        with_both_hands(PARTS, work, counted())
    assert "nine" in capfd.readouterr().err


def test_one_part_less_is_done_by_one_process(tmp_path: Path) -> None:
    seen: list[int] = []
    with_both_hands(PARTS[:3], seen.extend, counted())
    assert seen == [1, 2, 3, 4, 5, 6]
