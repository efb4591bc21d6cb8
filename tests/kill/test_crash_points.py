"""F1: a process that dies at any point leaves everything or nothing, and the work done again is done once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kill.conftest import Theatre
from tests.kill.stage import Died
from tests.plugins.proofs import Proof, Size

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]
HEALTHY = {"invariants": {}, "chain": "", "unsealed": 0, "open jobs": 0, "failed jobs": 0}


# Deed and its arguments, in the order of the story: each begins where the one before has ended.
PAYOUT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lock", {}),
    ("sign", {"step": 0}),
    ("sign", {"step": 1}),
    ("sign", {"step": 2}),
    ("hand_out", {}),
    ("enter_return", {}),
    ("reconcile", {}),
)


@pytest.mark.proof("crash-points-import")
def test_an_import_killed_anywhere_is_stored_once(theatre: Theatre, size: Size, proof: Proof) -> None:
    killed = Killed(theatre, "uploaded", size(small=8, large=10_000), in_pieces=True)
    points = killed.everywhere("work", job=theatre.job)
    assert killed.theatre.stage.do("case", "health") == HEALTHY
    proof(f"import: killed at {killed.deaths} of {points} points, nothing lost, nothing twice")


@pytest.mark.proof("crash-points-payout")
def test_a_payout_killed_anywhere_is_paid_once(theatre: Theatre, size: Size, proof: Proof) -> None:
    killed = Killed(theatre, "drafted", size(small=6, large=10_000))
    points = sum(killed.everywhere(deed, folder=str(theatre.folder), **args) for deed, args in PAYOUT)
    assert killed.theatre.stage.do("case", "health") == HEALTHY
    states = killed.accounts()["states"]
    assert (states["subsidies_payoutline paid"], states["subsidies_payoutline failed"]) == (3, 1)
    proof(f"payout: killed at {killed.deaths} of {points} points of {len(PAYOUT)} steps, nothing lost, nothing twice")


@pytest.mark.proof("crash-points-desk")
def test_a_trial_run_and_a_seasons_amounts_killed_anywhere_are_there_once(
    theatre: Theatre, size: Size, proof: Proof
) -> None:
    """The worker that tries a policy over the accepted homes, the run that computes a season's amounts, and the worker
    that stores a heating company's file of fees in pieces."""
    theatre.copy("drafted", "desk")
    job = theatre.stage.do("desk", "desk_ready", folder=str(theatre.folder))
    killed = Killed(theatre, "desk", size(small=4, large=10_000))
    points = killed.everywhere("work", job=job)
    rows = killed.accounts()["rows"]
    assert rows["subsidies_policytrial"] == 2, "the release's own trial and this one"
    points += killed.everywhere("assess_season", folder=str(theatre.folder))
    assert killed.theatre.stage.do("case", "health") == HEALTHY
    assert killed.accounts()["rows"]["subsidies_entitlement"] > rows["subsidies_entitlement"]
    theatre.copy("case", "fees")
    fees = Killed(theatre, "fees", size(small=3, large=10_000), in_pieces=True)
    job = theatre.stage.do("fees", "fees_ready", folder=str(theatre.folder))
    theatre.copy("fees")
    points += fees.everywhere("work_in_pieces", job=job)
    assert fees.accounts()["rows"]["heatsupply_feeaccount"] == 10
    assert theatre.stage.do("case", "health") == HEALTHY
    proof(
        f"policy desk and fees: killed at {killed.deaths + fees.deaths} of {points} points, one trial, one amount each"
    )


class Killed:
    """Kills a deed at `at_most` points spread over all it passes, and looks after each death."""

    def __init__(self, theatre: Theatre, template: str, at_most: int, in_pieces: bool = False) -> None:
        self.theatre, self.template, self.at_most, self.deaths = theatre, template, at_most, 0
        self.in_pieces = in_pieces  # its one deed commits several times: a death may lie between two commits
        theatre.copy(template)

    def everywhere(self, deed: str, **args: Any) -> int:
        """After every death all of the deed is there or nothing; at the end it is done, once. Returns its points."""
        before, expected, points = self._rehearsal(deed, args)
        for point in spread(len(points), self.at_most):
            with pytest.raises(Died):
                self.theatre.stage.do("case", deed, die_at=point, **args)
            self.deaths += 1
            self.theatre.stage.do("case", "leases_lapse")
            found = self.accounts()
            if found == expected:
                break  # its last COMMIT was through: what follows runs on what is done
            if found != before:
                where = f"{deed} killed {words(points, point)}: {changed(before, found)}"
                assert self.in_pieces and between(before, found, expected), where
                self._go_on(deed, args, expected)
        self.theatre.stage.do("case", deed, **args)
        assert self.accounts() == expected, f"{deed} done again: {changed(expected, self.accounts())}"
        return len(points)

    def _go_on(self, deed: str, args: dict[str, Any], expected: dict[str, Any]) -> None:
        """Some pieces were through: done again, the rest follows, once. Then back to where the deed begins."""
        self.theatre.stage.do("case", deed, **args)
        assert self.accounts() == expected, f"{deed} gone on with: {changed(expected, self.accounts())}"
        self.theatre.copy(self.template)

    def accounts(self) -> dict[str, Any]:
        return dict(self.theatre.stage.do("case", "accounts"))

    def _rehearsal(self, deed: str, args: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
        """What is there before and after the deed undisturbed, and the points it passes; in a copy."""
        self.theatre.copy("case", "rehearsal")
        before = self.accounts()
        _result, points = self.theatre.stage.count("rehearsal", deed, **args)
        return before, dict(self.theatre.stage.do("rehearsal", "accounts")), points


def spread(count: int, at_most: int) -> Iterator[int]:
    """Up to `at_most` of the numbers 1 to `count`, evenly, always with the last."""
    wanted = min(count, at_most)
    yield from sorted({count - count * i // wanted for i in range(wanted)})


def words(points: list[str], number: int) -> str:
    return f"at point {number} ({points[number - 1]})"


def between(before: dict[str, Any], found: dict[str, Any], expected: dict[str, Any]) -> bool:
    """No number further from the beginning than the end is: nothing lost, nothing twice."""
    for part in {*before, *found, *expected}:
        first, middle, last = (side.get(part, {}) for side in (before, found, expected))
        for key in {*first, *middle, *last}:
            low, high = sorted((first.get(key, 0), last.get(key, 0)))
            if not low <= middle.get(key, 0) <= high:
                return False
    return True


def changed(before: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What differs, with both values."""
    return {
        f"{part} {key}": (before[part].get(key), found[part].get(key))
        for part in before
        for key in {**before[part], **found[part]}
        if before[part].get(key) != found[part].get(key)
    }
