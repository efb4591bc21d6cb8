"""Boards that lack registers inside a merged block: the good points come, and the next turn reads around the hole."""

from __future__ import annotations

import pytest

from devices.hub.client import BlockResult, SweepRequest
from devices.protocol.points import Quality
from devices.protocol.profiles import Profile
from telemetry import poller
from telemetry.holes import Hole, parts, with_holes
from tests.polling.test_rounds import JANUARY, PROFILE, answers, unit


def board(request: SweepRequest, lacks: frozenset[int], code: int = 2) -> list[BlockResult]:
    """The answers of a board without these registers: exception 2 for every block that touches one."""
    return [
        one
        if lacks.isdisjoint(range(one.block.addr, one.block.end))
        else one._replace(registers=None, error="refused", code=code)
        for one in answers(request)
    ]


def a_turn(profile: Profile, lacks: frozenset[int]) -> tuple[poller.Outcome, int]:
    """Both rounds; what they brought and how many blocks were asked."""
    one = unit(profile=profile)
    (first,) = poller.requests([one])
    results = board(first, lacks)
    for more in poller.again([one], results):
        results += board(more, lacks)
    return poller.understand([one], results), len(results)


# What the board lacks → points without a value, blocks asked in turns one, two, three. The profile has points at
# 100-103, 105, 106, 110-113, 140-142 and reads 100-113 as one block.
@pytest.mark.parametrize(
    ("lacks", "without", "asked"),
    [
        ({104}, set(), (5, 4, 4)),
        ({107, 108}, set(), (5, 4, 4)),
        ({103}, {"room_dc"}, (5, 8, 7)),
        ({140}, {"energy_dkwh"}, (4, 3, 3)),
        (set(), set(), (2, 2, 2)),
    ],
)
def test_good_points_come_around_what_a_board_lacks(lacks: set[int], without: set[str], asked: tuple[int, ...]) -> None:
    profile, holes = PROFILE, set[Hole]()
    for turn, wanted in enumerate(asked):
        outcome, blocks = a_turn(profile, frozenset(lacks))
        (sample,) = outcome.samples
        missing = {name for name, value in sample.values.items() if value is None}
        assert missing >= without and blocks == wanted, f"turn {turn}: {missing}, {blocks} blocks"
        assert bool(sample.flags & Quality.PARTIAL) == bool(missing) and sample.at == JANUARY
        holes |= outcome.holes.get(101, set())
        profile = with_holes(PROFILE, holes)
    assert missing == without, "after learning only what isn't there is missing"
    assert poller.understand([unit()], board(poller.requests([unit()])[0], frozenset())).holes == {}


def test_a_board_that_refuses_everything_answers_with_errors_and_a_gateway_without_one_is_silent() -> None:
    everything = frozenset(range(65536))
    outcome, blocks = a_turn(PROFILE, everything)
    assert outcome.missed == {101: "refused"} and not outcome.samples and not outcome.holes and blocks > 2
    one = unit()
    (request,) = poller.requests([one])
    for code in (10, 11):
        results = board(request, everything, code)
        assert poller.again([one], results) == []
        assert poller.understand([one], results).missed == {101: "timeout"}
    half = [*board(request, everything, 4)[:1], *answers(request, lost=-1)[1:]]
    assert poller.understand([one], half).missed == {101: "refused"}, "it answered one of them"


def test_one_register_can_not_be_taken_apart() -> None:
    (block,) = (one for one in poller.blocks_of(unit(), 0) if one.addr == 100)
    runs = parts(PROFILE, block)
    assert [(part.addr, part.count) for part in runs] == [(100, 4), (105, 2), (110, 4)]
    assert [(part.addr, part.count) for part in parts(PROFILE, runs[2])] == [(110, 1), (111, 1), (112, 2)]
    assert parts(PROFILE, parts(PROFILE, runs[0])[0]) == ()
    assert [(part.addr, part.count) for part in parts(PROFILE, block, frozenset({"room_t"}))] == [(103, 1)]
