"""The tables of moves are whole: every state can be left or is an end, every end is reached, rights exist."""

from __future__ import annotations

import pytest

from accounts.rights import RIGHTS
from supervision.clocks import PROPOSED, Clock, clock_for, deadlines
from supervision.kinds import CATEGORIES, GROUP_OF, GROUPS, Category, Kind
from supervision.models.cases import OVER
from supervision.services.cases import PREFIX
from supervision.states import MOVES
from tests.supervision.conftest import DAY, HOUR, NOW


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_has_a_group_categories_a_clock_a_number_and_a_life_that_ends(kind: str) -> None:
    moves = MOVES[kind]
    assert GROUP_OF[kind].code in GROUPS
    assert CATEGORIES[kind]
    assert PROPOSED[kind].close > 0
    assert PREFIX[Kind(kind)]
    reached, before = {"open", "draft"} if kind == "order" else {"open"}, set[str]()
    while reached != before:
        before = set(reached)
        reached |= {str(move.target) for move in moves if move.source in reached}
    assert {str(move.source) for move in moves} <= reached
    assert reached & set(OVER)
    for state in reached - set(OVER):
        assert [move for move in moves if move.source == state], f"{kind} never leaves {state}"


@pytest.mark.parametrize("kind", Kind.values)
def test_no_deed_is_ambiguous_and_every_right_exists(kind: str) -> None:
    keys = [(move.deed, move.source) for move in MOVES[kind]]
    assert len(keys) == len(set(keys))
    assert {move.right for move in MOVES[kind]} <= set(RIGHTS)


def test_clocks_the_programme_wins_over_the_proposal_and_the_category_over_the_kind() -> None:
    hazard, own = (Kind.HAZARD, Category.CO), {(Kind.HAZARD, ""): Clock(None, 48)}
    assert clock_for(*hazard, {}).close == 24
    assert clock_for(Kind.HAZARD, Category.SITE, {}).close == 7 * 24
    assert clock_for(*hazard, own).close == 48
    assert clock_for(*hazard, own | {hazard: Clock(None, 6)}).close == 6
    assert deadlines(Clock(4, 48), NOW) == (NOW + 4 * HOUR, NOW + 2 * DAY)
    assert deadlines(Clock(None, 24), NOW) == (None, NOW + DAY)
