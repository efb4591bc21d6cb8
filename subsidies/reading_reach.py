"""Whose use of energy a person may state: of every home in the places of the right, or of an own company's customers.

This app knows no companies: a later one says who the customers of an organisation are (`customers_are`). Until it does,
and for an energy the organisation doesn't supply, an organisation has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from accounts.models import User
from accounts.owning import BUREAU
from households.models import Dwelling, MeterReading

RECORD = "readings.record"
SOURCES = {"electricity": MeterReading.Source.POWER_COMPANY, "gas": MeterReading.Source.GAS_COMPANY}


@dataclass(frozen=True)
class Customers:
    """`homes(person, carrier)`: condition for dwellings; `carriers(person)`: energies the organisation supplies."""

    homes: Callable[[User, str], Q]
    carriers: Callable[[User], frozenset[str]]


_CUSTOMERS: list[Customers] = []


def customers_are(rule: Customers) -> None:
    _CUSTOMERS[:] = [rule]


def is_company(user: User) -> bool:
    """Whether the person states readings for an organisation only. Who also holds the right for everybody does not."""
    return bool(user.own_codes_for(RECORD)) and not user.whole_codes_for(RECORD)


def homes_for(user: User, carrier: str) -> Any:
    """Dwellings whose use of that energy the person may state."""
    rows = Dwelling.objects.within(*user.whole_codes_for(RECORD))
    if not is_company(user):
        return rows
    codes = [code for codes in user.own_codes_for(RECORD).values() for code in codes]
    own = [rule.homes(user, carrier) for rule in _CUSTOMERS]
    return Dwelling.objects.within(*codes).filter(own[0]) if own else rows


def customers_of(user: User, carrier: str) -> Any:
    """Homes a file this person sent may speak of; None for staff, whose files speak of their whole place. Who sent it
    for a company and left it since has no customers any more."""
    if user.whole_codes_for(RECORD):
        return None
    left = user.memberships.exclude(kind=BUREAU).exists()
    return homes_for(user, carrier) if left or is_company(user) else None


def carriers_for(user: User) -> list[str]:
    """Energies whose use the person may state, in the order of `SOURCES`."""
    if not is_company(user):
        return list(SOURCES)
    supplied = frozenset().union(*(rule.carriers(user) for rule in _CUSTOMERS))
    return [carrier for carrier in SOURCES if carrier in supplied]


def source_of(user: User, carrier: str) -> str:
    """Who states what this person types: the company itself, or staff."""
    return SOURCES[carrier] if is_company(user) else MeterReading.Source.CLERK


def refuse_foreign(user: User, homes: dict[str, set[int]]) -> None:
    """`homes`: keys of dwellings by energy. Raises `PermissionDenied` where one is no customer of the own company."""
    if is_company(user):
        for carrier, keys in homes.items():
            if homes_for(user, carrier).filter(pk__in=keys).count() != len(keys):
                raise PermissionDenied(RECORD)
