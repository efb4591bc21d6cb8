"""Facts about one dwelling, venue or project: everything a rule may look at, and nothing else.

Money is integer fen, quantities are ``Decimal``, dates are dates. A fact that is not known is absent (None,
or not in ``quantities``); a rule that needs it answers ``Undefined(FACT_MISSING)`` and never assumes 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from core.seasons import Span
from subsidies.rules.codes import EXCLUSION_CODES, NUMBER_FACTS, USAGE_FACTS
from subsidies.rules.outcomes import SourceLine

_MOST_DIGITS = 18


class FactError(ValueError):
    """A fact that can't be true (negative cost, unknown name, float)."""


@dataclass(frozen=True, slots=True)
class CostItem:
    """One cost position, e.g. ``CostItem("DEVICE", 890_000)``; kinds are named by the policy's cost scopes.

    ``purpose`` is the benefit kind the cost belongs to (``CONVERSION``, ``EFFICIENCY``); empty: to any. ``shared_by``:
    the key (of ``codes.SHARE_KEYS``) by which it was laid on the dwellings of a project; empty: the dwelling's own.
    """

    kind: str
    amount_fen: int
    purpose: str = ""
    shared_by: str = ""

    def __post_init__(self) -> None:
        _require(type(self.amount_fen) is int and self.amount_fen >= 0, f"cost {self.kind}: fen, not negative")


@dataclass(frozen=True, slots=True)
class Usage:
    """Metered quantity of ``energy`` (one of ``USAGE_FACTS``) in the days of ``span``, both included.

    ``quantity`` None means that the readings make no sense (end below start): held, never guessed.
    """

    energy: str
    span: Span
    quantity: Decimal | None
    tariff: str = ""
    meter: str = ""

    def __post_init__(self) -> None:
        _require(self.energy in USAGE_FACTS, f"usage of {self.energy!r}: not one of {', '.join(USAGE_FACTS)}")
        _check_quantity(self.energy, self.quantity)

    @classmethod
    def from_readings(
        cls, energy: str, span: Span, start: Decimal, end: Decimal, *, tariff: str = "", meter: str = ""
    ) -> Usage:
        """From the meter's readings at the beginning and end; an end below the start has no quantity."""
        return cls(energy, span, end - start if end >= start else None, tariff, meter)


@dataclass(frozen=True, slots=True)
class Payment:
    """An earlier payment to the same dwelling. ``lines`` per source are needed for seasonal benefits.

    ``paid_on`` is needed where a policy allows a benefit again after some years.
    """

    kind: str
    amount_fen: int
    technology: str = ""
    season_year: int | None = None
    lines: tuple[SourceLine, ...] = ()
    paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """An amount fixed by a decision of the office, in fen, with the number of its document."""

    amount_fen: int
    document_number: str = ""

    def __post_init__(self) -> None:
        _require(type(self.amount_fen) is int and self.amount_fen >= 0, "decision: fen, not negative")


@dataclass(frozen=True, slots=True)
class Facts:
    """See the module; field groups below follow the order of the gates.

    ``exclusions`` are codes already established by the household file (with windows, evidence and approved
    exceptions); a policy that does not list a code ignores it. ``season_year`` is the year in which the
    season to be assessed begins, default the running or last season on ``on``. ``usage`` may hold readings
    of several seasons and energies. ``own_funds_evidence``: what proves the household's own money, as the policy
    names it.
    """

    on: date
    beneficiary: str = "HOUSEHOLD"
    zone: str = ""
    technology: str = ""
    device_class: str = ""
    venue_type: str = ""
    classes: frozenset[str] = frozenset()
    exclusions: frozenset[str] = frozenset()
    self_paid: bool = False
    on_roster: bool = False
    installer_admitted: bool = False
    own_funds_in_place: bool = False
    accepted_on: date | None = None
    accepted_by: frozenset[str] = frozenset()
    payments: tuple[Payment, ...] = ()
    costs: tuple[CostItem, ...] | None = None
    enterprise_share_fen: int = 0
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    meter_individual: bool | None = None
    usage: tuple[Usage, ...] = ()
    season_year: int | None = None
    decision: Decision | None = None
    season_fee_fen: int | None = None
    fee_paid: bool | None = None
    fault: str = ""
    cause: str = ""
    device_scrapped: bool | None = None
    own_funds_evidence: str = ""
    second_home_approved: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantities", MappingProxyType(dict(self.quantities)))
        for name, value in self.quantities.items():
            _require(name in NUMBER_FACTS, f"{name!r} is not a known quantity")
            _check_quantity(name, value)
        unknown = self.exclusions.difference(EXCLUSION_CODES)
        _require(not unknown, f"unknown exclusion {', '.join(sorted(unknown))}")
        _require(type(self.enterprise_share_fen) is int, "enterprise share: fen")
        _require(self.enterprise_share_fen >= 0, "enterprise share: not negative")

    def total_cost_fen(self, purpose: str) -> int | None:
        """All cost items of the purpose in fen, or None when no costs are recorded."""
        return None if self.costs is None else sum(item.amount_fen for item in self._costs(purpose))

    def cost_in(self, scope: frozenset[str], purpose: str) -> int | None:
        """Cost items of the purpose whose kind is in ``scope``, in fen."""
        if self.costs is None:
            return None
        return sum(item.amount_fen for item in self._costs(purpose) if item.kind in scope)

    def shared_keys(self, scope: frozenset[str], purpose: str) -> frozenset[str]:
        """The keys by which shared costs in ``scope`` were laid on this dwelling."""
        return frozenset(item.shared_by for item in self._costs(purpose) if item.kind in scope) - {""}

    def _costs(self, purpose: str) -> list[CostItem]:
        return [item for item in self.costs or () if item.purpose in ("", purpose)]


def _check_quantity(name: str, value: object) -> None:
    """Words are only put together where something is wrong: of a trial's facts hundreds of thousands are right."""
    if value is None:
        return
    if not isinstance(value, Decimal):
        raise _refused(f"{name}: a Decimal, got {type(value).__name__}")
    if not (value.is_finite() and value >= 0):
        raise _refused(f"{name}: {value} is negative or not a number")
    # A few characters can name a number whose digits would fill the memory.
    if not (value.adjusted() < _MOST_DIGITS and exponent_of(value) >= -_MOST_DIGITS):
        raise _refused(f"{name}: too many digits")


def exponent_of(value: Decimal) -> int:
    """Minus the number of decimals of a finite number."""
    return int(value.as_tuple().exponent)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise _refused(message)


def _refused(message: str) -> FactError:
    return FactError(f"Facts are refused: {message}.")
