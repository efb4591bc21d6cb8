"""The registers in which organisations stand: what an administrator may bind an account to, and how it is told apart.

Later apps register theirs in `owning.py`; agencies keep their members themselves and are not offered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from accounts.models import Membership, User
from accounts.owning import BUREAU, KINDS
from accounts.rights import ROLES

RIGHT = "grants.manage"
MOST = 500
"""Organisations of a kind offered in one list."""


@dataclass(frozen=True)
class Register:
    """`within(codes)` gives the rows an administrator of these places may bind; `words(row)` tells twins apart."""

    model: type[Model]
    within: Callable[[list[str]], QuerySet[Any]]
    words: Callable[[Any], str]


_REGISTERS: dict[str, Register] = {}


def register(kind: str, of: Register) -> None:
    _REGISTERS[kind] = of


def kind_of(role: str) -> str:
    """The kind of organisation this role's people have to be bound to; "" for all other roles."""
    kind = ROLES[role].own_only
    return kind if kind in _REGISTERS else ""


def bond_of(role: str) -> str:
    """The kind of organisation people of this role may be bound to: departments, for all that are no organisation's."""
    return ROLES[role].own_only or BUREAU


def offered(by: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices of a select, grouped by kind: `("firm:12", "Example Ltd · code")`."""
    codes = by.area_codes_for(RIGHT)
    groups = [(str(KINDS[kind]), [(f"{kind}:{row.pk}", one.words(row)) for row in one.within(codes)[:MOST]])
              for kind, one in sorted(_REGISTERS.items())]  # fmt: skip
    return [(label, rows) for label, rows in groups if rows]


def find(value: str, by: User) -> tuple[str, int] | None:
    """(kind, key) of a choice, None where there is no such organisation in the administrator's places."""
    kind, _colon, key = value.partition(":")
    if kind not in _REGISTERS or not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    rows = _REGISTERS[kind].within(by.area_codes_for(RIGHT))
    return (kind, int(key)) if rows.filter(pk=int(key)).exists() else None


def named(bonds: Iterable[Membership]) -> list[tuple[Membership, str]]:
    """Each bond with the words of its organisation; a row that is gone is told by its key."""
    held = list(bonds)
    found: dict[tuple[str, int], str] = {}
    for kind, one in _REGISTERS.items():
        keys = [bond.organisation_id for bond in held if bond.kind == kind]
        rows = one.model._base_manager.filter(pk__in=keys) if keys else []
        found |= {(kind, row.pk): one.words(row) for row in rows}
    return [(bond, found.get((bond.kind, bond.organisation_id), f"#{bond.organisation_id}")) for bond in held]
