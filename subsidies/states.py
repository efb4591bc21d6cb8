"""The lives of entitlement, batch and payout line as plain tables: services, buttons, triggers, tests, the manual.

The same tables become database triggers (`subsidies.guards`), so a step that is not in them can't be made by anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

Edge = tuple[str, str]

POLICY_EDGES: tuple[Edge, ...] = (("draft", "released"), ("released", "retired"), ("draft", "discarded"))
SETTLEMENT_EDGES: tuple[Edge, ...] = (("proposed", "confirmed"), ("proposed", "dropped"))
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
    ("payable", "void"),  # struck before a batch took it
    ("batched", "payable"),
    ("batched", "paid"),
    ("paid", "payable"),  # the bank sent back what it had confirmed
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
LINE_EDGES: tuple[Edge, ...] = (
    ("planned", "sent"),
    ("planned", "dropped"),
    ("sent", "paid"),
    ("sent", "failed"),
    ("paid", "failed"),  # sent back after it had been confirmed
)

EDITABLE, SIGNING, SEALED = "draft", ("locked", "reviewed", "approved"), ("released", "settled")


def may(edges: Sequence[Edge], source: str, target: str) -> bool:
    return (source, target) in edges
