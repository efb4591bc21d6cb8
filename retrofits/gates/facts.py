"""What the gates look at, and what they answer. Plain Python: no Django, no clock, no database."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Limit:
    """A number of the document with its operator: 15.0 fails "> 15"."""

    operator: str
    value: Decimal
    unit: str = ""

    def holds(self, value: Decimal | int) -> bool:
        return COMPARE[self.operator](Decimal(value), self.value)

    def __str__(self) -> str:
        return f"{self.operator} {self.value.normalize():f} {self.unit}".rstrip()


@dataclass(frozen=True)
class Step:
    """A step of a place towards gas: done on a day, perhaps only until another."""

    done_on: date
    valid_until: date | None = None


@dataclass(frozen=True)
class Place:
    """None means that nobody has written it down; it is never read as yes or no."""

    in_heat_network: bool | None = None
    grid_capacity_ok: bool | None = None
    steps: Mapping[str, Step] = field(default_factory=dict)
    area_class: str = ""


@dataclass(frozen=True)
class Certificate:
    work: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True)
class Firm:
    """The firm that installs. `admissions` are spans of days; an open end is None."""

    name: str
    admissions: tuple[tuple[date, date | None], ...] = ()
    certificates: tuple[Certificate, ...] = ()
    warranty_months: int | None = None
    has_won_lot: bool = False


@dataclass(frozen=True)
class Device:
    """A model as the catalogue shows it; None means "not shown"."""

    label: str
    thermal_power_kw: Decimal | None = None
    efficiency_grade: int | None = None
    voltage_v: int | None = None
    frequency_hz: int | None = None
    docked_on: date | None = None
    docking_issuer: str = ""
    certificate_no: str = ""
    certificate_until: date | None = None
    insurance_no: str = ""
    insurance_from: date | None = None
    insurance_until: date | None = None
    papers: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    is_low_power: bool | None = None
    interface: str = ""
    protocol: str = ""
    has_wireless: bool | None = None
    is_remote: bool | None = None
    sample_on: date | None = None
    protocol_paper: str = ""
    meets: frozenset[str] = frozenset()
    docked_until: date | None = None


@dataclass(frozen=True)
class FailedSample:
    """A batch of the model that a laboratory did not pass; it blocks from its day until it is lifted."""

    report_no: str
    sampled_on: date
    lifted_on: date | None = None

    def blocks_on(self, day: date) -> bool:
        return self.sampled_on <= day and (self.lifted_on is None or day < self.lifted_on)


@dataclass(frozen=True)
class Contract:
    firm: str
    signed_on: date
    signer_name: str = ""
    confirms_product: bool = False
    warranty_months: int | None = None
    model: str = ""
    contents: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """Everything known of one task on one day. `seasons` are whole heating seasons (first and last day) proven
    stable; `missing_devices` counts what the chosen bundle still lacks, by kind."""

    on: date
    family: str
    technology: str = ""
    is_on_approved_roster: bool = False
    place: Place = Place()
    firm: Firm | None = None
    device: Device | None = None
    failed_samples: tuple[FailedSample, ...] = ()
    contract: Contract | None = None
    neighbours: Mapping[str, int] = field(default_factory=dict)
    offers_electric: bool = False
    confirmed: Mapping[str, date] = field(default_factory=dict)
    asks_bundle: bool = False
    has_bundle: bool = False
    missing_devices: Mapping[str, int] = field(default_factory=dict)
    installed_on: date | None = None
    seasons: tuple[tuple[date, date], ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    heated_area_m2: Decimal | None = None
    watts_per_m2: Decimal | None = None
    dwelling_type: str = ""
    contract_items: frozenset[str] = frozenset()
    local_requirements: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refusal:
    """Why a gate stays shut: a stable code and the values a sentence is made of."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[Facts], Refusal | None]


def shut(code: str, **values: Any) -> Refusal:
    return Refusal(code, values)
