"""Short ways to a policy and to the facts of a dwelling that passes every gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from core.seasons import Span
from subsidies.rules.facts import CostItem, Facts, Usage
from subsidies.rules.loading import load_policy
from subsidies.rules.outcomes import Due, Outcome
from subsidies.rules.policy import Policy

PRESETS = Path(__file__).parents[2] / "presets"
PANEL = frozenset({"HOUSING", "DEVELOPMENT_REFORM", "FINANCE", "AGRICULTURE", "ECOLOGY", "AUDIT"})

HEAD = """\
policy: sample
title: Sample
place: "370999"
document_number: 示例〔2021〕1号
valid_from: 2021-01-01
season: {from: "11-01", to: "03-31"}
sources: [CENTRAL, PROVINCIAL, DISTRICT]
"""


@cache
def preset_text(name: str) -> bytes:
    return (PRESETS / name / "policy.yaml").read_bytes()


@cache
def preset(name: str, options: tuple[tuple[str, Any], ...] = ()) -> Policy:
    return load_policy(preset_text(name), dict(options))


@cache
def sample(amount: str, split: str = "{whole: DISTRICT}", more: str = "") -> Policy:
    """A policy with one benefit S-1 whose amount and split are given as YAML."""
    benefit = f"benefits:\n  - id: S-1\n    kind: CONVERSION\n    title: t\n    clause: 一\n    amount: {amount}\n"
    return load_policy(f"{HEAD}{benefit}    split: {split}\n    cost_scope: [DEVICE]\n{more}")


def dwelling(**changes: Any) -> Facts:
    """A rural electric dwelling with everything in order; ``cost`` in fen goes to the device."""
    cost = changes.pop("cost", None)
    costs = None if cost is None else (CostItem(changes.pop("cost_kind", "DEVICE"), cost),)
    base: Mapping[str, Any] = {
        "on": date(2022, 4, 10),
        "zone": "RURAL",
        "technology": "ELECTRIC",
        "on_roster": True,
        "installer_admitted": True,
        "own_funds_in_place": True,
        "accepted_on": date(2021, 10, 20),
        "accepted_by": PANEL,
        "meter_individual": True,
        "costs": costs,
    }
    return Facts(**{**base, **changes})


def used(energy: str, first: str, last: str, quantity: str | int | Decimal, **more: str) -> Usage:
    span = Span(date.fromisoformat(first), date.fromisoformat(last))
    return Usage(energy, span, Decimal(quantity), **more)


def due(outcome: Outcome) -> Due:
    assert isinstance(outcome, Due), outcome
    return outcome


def split_of(outcome: Outcome) -> dict[str, int]:
    return {line.source: line.amount_fen for line in due(outcome).lines}


def seasonal(amount: str, more: str = "") -> Policy:
    return sample(amount, more=f"    runs: {{counted_from: acceptance}}\n{more}")


@cache
def several(benefits: str, more: str = "") -> Policy:
    """Benefits given as short YAML mappings, one a line; each borne by the district unless it says otherwise."""
    lines = [f"  - {{title: t, clause: 一, split: {{whole: DISTRICT}}, {line}}}" for line in benefits.splitlines()]
    return load_policy(f"{HEAD}{more}benefits:\n" + "\n".join(lines) + "\n")


def result(outcome: Outcome) -> tuple[str, int | None]:
    return outcome.code, outcome.amount_fen if isinstance(outcome, Due) else None


def kwh(*quantities: tuple[str, str, Any], **more: str) -> Facts:
    return dwelling(usage=tuple(used("electricity_kwh", *each, **more) for each in quantities))
