"""The seats of a payout's chain: data of the programme, more of them where more money is at stake, fixed when sent.

`payout_chain` in a programme's settings is a list of steps in their order:

    - {step: town, kind: review, title: 街道镇审核, unit: 街道镇人民政府, right: payouts.forward, within: town}
    - {step: office, kind: review, title: 领导小组办公室复核}
    - {step: finance, kind: approve, title: 财政审定, signatures: [{above_yuan: 0, count: 1}, {above_yuan: 5000000,
       count: 2}]}
    - {step: release, kind: release, title: 支付}

`kind` (default: the step's own name) is review, approve or release, in this order; approve at least once, release once
and last. `above_yuan`: only in batches of more than this. `within: town`: only where the batch lies inside one town.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

REVIEW, APPROVE, RELEASE = KINDS = ("review", "approve", "release")
DEFAULT_CHAIN = ({"step": REVIEW}, {"step": APPROVE}, {"step": RELEASE})
TOWN_CODE = 9
SEATS_AT_MOST = 12
_KEY = re.compile(r"[a-z][a-z_-]{0,19}")


class ChainError(ValueError):
    """A programme's `payout_chain` that can't be a chain; the text says why."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One signature of the chain, by a holder of `right`. `title` and `unit` are the document's own words, empty where
    it has none; `number` counts the seats of a step that asks for several."""

    step: str
    kind: str
    right: str
    title: str = ""
    unit: str = ""
    number: int = 1


def seats_of(settings: Mapping[str, Any], total_fen: int = 0, area_code: str = "") -> tuple[Seat, ...]:
    """The seats a batch of this sum and place needs by the programme's settings. Raises `ChainError`."""
    entries: Sequence[Mapping[str, Any]] = settings.get("payout_chain") or DEFAULT_CHAIN
    _check(entries)
    asked = [entry for entry in entries if _is_asked(entry, total_fen, area_code)]
    seats = tuple(seat for entry in asked for seat in _seats(entry, total_fen))
    if len(seats) > SEATS_AT_MOST:
        raise ChainError(f"payout_chain asks for {len(seats)} signatures; at most {SEATS_AT_MOST} are possible.")
    return seats


def stored(seats: Iterable[Seat]) -> list[dict[str, Any]]:
    """The seats as they are fixed in a batch."""
    return [asdict(seat) for seat in seats]


def chain_of(batch: Any) -> tuple[Seat, ...]:
    """The seats of a batch: those fixed when it was sent, before that those it would get now."""
    if batch.chain and batch.state != "draft":
        return tuple(Seat(**entry) for entry in batch.chain)
    return seats_of(batch.programme.settings, batch.total_fen, batch.area_id)


def next_seat(batch: Any, taken: int) -> Seat | None:
    """The seat that is due after `taken` votes of this round; None where nothing is to be signed."""
    seats = chain_of(batch) if batch.state in ("locked", "reviewed", "approved") else ()
    return seats[taken] if taken < len(seats) else None


def state_after(batch: Any, taken: int) -> str:
    """The batch's state once the seat after `taken` votes is agreed: reviewed, approved, released."""
    seats = chain_of(batch)
    if taken + 1 >= len(seats):
        return "released"
    return "approved" if seats[taken + 1].kind == RELEASE else "reviewed"


def _seats(entry: Mapping[str, Any], total_fen: int) -> list[Seat]:
    kind = _kind(entry)
    right = entry.get("right") or f"payouts.{kind}"
    first = Seat(entry["step"], kind, right, entry.get("title", ""), entry.get("unit", ""))
    further = range(2, _count(entry, total_fen) + 1)
    return [first, *(replace(first, step=f"{first.step}-{number}", number=number) for number in further)]


def _count(entry: Mapping[str, Any], total_fen: int) -> int:
    """How many sign this step: a number, or that of the highest band the sum is above."""
    asked = entry.get("signatures", 1)
    if isinstance(asked, int):
        return asked
    bands = sorted((int(band["above_yuan"]) * 100, int(band["count"])) for band in asked)
    return max([1, *(count for above, count in bands if total_fen > above)])


def _is_asked(entry: Mapping[str, Any], total_fen: int, area_code: str) -> bool:
    if entry.get("within") == "town" and len(area_code) < TOWN_CODE:
        return False
    return total_fen > int(entry["above_yuan"]) * 100 if "above_yuan" in entry else True


def _kind(entry: Mapping[str, Any]) -> str:
    return str(entry.get("kind") or entry["step"])


def _check(entries: Sequence[Mapping[str, Any]]) -> None:
    steps = [str(entry.get("step", "")) for entry in entries]
    wrong = [step for step in steps if not _KEY.fullmatch(step)]
    if wrong or len(set(steps)) < len(steps):
        raise ChainError(f"payout_chain: every step has a name of its own in small letters; there are {steps}.")
    kinds = [_kind(entry) for entry in entries]
    if set(kinds) - set(KINDS) or kinds != sorted(kinds, key=KINDS.index):
        raise ChainError(f"payout_chain is review, approve, release in this order; it is {', '.join(kinds)}.")
    always = [_kind(entry) for entry in entries if "above_yuan" not in entry and "within" not in entry]
    if APPROVE not in always or kinds.count(RELEASE) != 1 or RELEASE not in always or steps[-1] != RELEASE:
        raise ChainError("payout_chain: approve and release are asked for in every batch; release is one, and last.")
