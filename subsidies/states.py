"""The lives of entitlement, batch and payout line as plain tables: services, buttons, triggers, tests, the manual.

The same tables become database triggers (`subsidies.guards`), so a step that is not in them can't be made by anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

Edge = tuple[str, str]

POLICY_EDGES: tuple[Edge, ...] = (("draft", "released"), ("released", "retired"))
NOTICE_EDGES: tuple[Edge, ...] = (("open", "closed"),)
ENTITLEMENT_EDGES: tuple[Edge, ...] = (
    ("assessed", "noticed"),
    ("assessed", "payable"),  # the programme asks for no public notice
    ("assessed", "void"),
    ("noticed", "objected"),
    ("noticed", "payable"),
    ("objected", "noticed"),
    ("objected", "payable"),
    ("objected", "held"),
    ("held", "void"),
    ("payable", "batched"),
    ("batched", "payable"),
    ("batched", "paid"),
)
BATCH_EDGES: tuple[Edge, ...] = (
    ("draft", "locked"),
    ("draft", "void"),
    ("locked", "reviewed"),
    ("locked", "approved"),  # a programme whose chain has no review
    ("reviewed", "approved"),
    ("approved", "released"),
    ("released", "settled"),
    ("locked", "returned"),
    ("reviewed", "returned"),
    ("approved", "returned"),
    ("returned", "draft"),
    ("returned", "void"),
)
HOLD_EDGES: tuple[Edge, ...] = (
    ("short", "held"),
    ("short", "freed"),
    ("held", "used"),
    ("held", "freed"),
    ("used", "held"),
    ("used", "short"),
    ("used", "freed"),
)
LINE_EDGES: tuple[Edge, ...] = (("planned", "sent"), ("planned", "dropped"), ("sent", "paid"), ("sent", "failed"))

REVIEW, APPROVE, RELEASE = "review", "approve", "release"
STEP_NAMES = {
    REVIEW: gettext_lazy("review by the programme office"),
    APPROVE: gettext_lazy("approval by finance"),
    RELEASE: gettext_lazy("release to the bank"),
}
TARGETS = {REVIEW: "reviewed", APPROVE: "approved", RELEASE: "released"}
DEFAULT_CHAIN = ({"step": REVIEW}, {"step": APPROVE}, {"step": RELEASE})
EDITABLE, SIGNING, SEALED = "draft", ("locked", "reviewed", "approved"), ("released", "settled")


class ChainError(ValueError):
    """A programme's `payout_chain` that can't be a chain; the text says why."""


@dataclass(frozen=True, slots=True)
class Signing:
    """One step of the chain: from `source` to `target`, by a holder of `right`. `title` and `unit` are the document's
    own words, empty where it has none."""

    step: str
    source: str
    target: str
    right: str
    title: str = ""
    unit: str = ""


def chain_of(settings: Mapping[str, Any]) -> tuple[Signing, ...]:
    """The chain of a programme: `payout_chain` in its settings, a list of {step, right, title, unit}, or the default.

    Steps stand in the order review, approve, release; approve and release are compulsory. Raises `ChainError`.
    """
    entries: Sequence[Mapping[str, str]] = settings.get("payout_chain") or DEFAULT_CHAIN
    steps = [entry["step"] for entry in entries]
    if steps not in ([REVIEW, APPROVE, RELEASE], [APPROVE, RELEASE]):
        raise ChainError(f"payout_chain is review, approve, release or approve, release; it is {', '.join(steps)}.")
    sources = ["locked", *(TARGETS[step] for step in steps[:-1])]
    return tuple(_signing(entry, source) for entry, source in zip(entries, sources, strict=True))


def _signing(entry: Mapping[str, str], source: str) -> Signing:
    step = entry["step"]
    right = entry.get("right") or f"payouts.{step}"
    return Signing(step, source, TARGETS[step], right, entry.get("title", ""), entry.get("unit", ""))


def next_signing(settings: Mapping[str, Any], state: str) -> Signing | None:
    """The step that is due in this state, None where nothing is to be signed."""
    return next((one for one in chain_of(settings) if one.source == state), None)


def may(edges: Sequence[Edge], source: str, target: str) -> bool:
    return (source, target) in edges
