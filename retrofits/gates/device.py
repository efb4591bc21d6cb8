"""Gates about the device: power, efficiency, papers of annex 2, electrical rating."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

from retrofits.gates.facts import Check, Device, Facts, Refusal, shut

GAS_POWER, GAS_GRADE = "GAS_BOILER_KW", "GAS_BOILER_GRADE"
VOLTAGE, FREQUENCY = "SUPPLY_VOLTAGE_V", "SUPPLY_FREQUENCY_HZ"
ALL_PAPERS = frozenset({"parameters", "performance", "manual", "factory"})
DWELLING = "dwelling"


def _of_device(check: Callable[[Facts, Device], Refusal | None]) -> Check:
    """A check that needs a device; without one the gate says so."""

    def asked(facts: Facts) -> Refusal | None:
        return check(facts, facts.device) if facts.device else shut("DEVICE_UNKNOWN")

    asked.__doc__ = check.__doc__
    return asked


@_of_device
def gas_power(facts: Facts, device: Device) -> Refusal | None:
    """L-49: a gas boiler of more than 15 kW, strictly as the document words it (A-11)."""
    limit = facts.limits[GAS_POWER]
    if device.thermal_power_kw is None:
        return shut("POWER_UNKNOWN", device=device.label)
    if limit.holds(device.thermal_power_kw):
        return None
    return shut("POWER", device=device.label, value=device.thermal_power_kw, limit=str(limit))


@_of_device
def gas_grade(facts: Facts, device: Device) -> Refusal | None:
    """J-13: efficiency not below grade 2; a missing grade is refused."""
    limit = facts.limits[GAS_GRADE]
    if device.efficiency_grade is None:
        return shut("GRADE_UNKNOWN", device=device.label)
    if device.efficiency_grade >= 1 and limit.holds(device.efficiency_grade):
        return None
    return shut("GRADE", device=device.label, value=device.efficiency_grade, limit=str(limit))


@_of_device
def sizing(facts: Facts, device: Device) -> Refusal | None:
    """J-36: the system is chosen to fit the area of the house."""
    least, area = facts.watts_per_m2, facts.heated_area_m2
    if least is None or not area:
        return None
    if device.thermal_power_kw is None:
        return shut("POWER_UNKNOWN", device=device.label)
    given = (device.thermal_power_kw * 1000 / area).quantize(Decimal("0.1"), ROUND_DOWN)
    return None if given >= least else shut("UNDERSIZED", device=device.label, value=given, area=area, least=least)


@_of_device
def docking(facts: Facts, device: Device) -> Refusal | None:
    """J-29: a data-docking confirmation with issuer and day, before the installation."""
    if device.docked_on is None or not device.docking_issuer:
        return shut("NOT_DOCKED", device=device.label)
    if device.docked_on > facts.on:
        return shut("DOCKED_LATER", device=device.label, day=device.docked_on)
    if device.docked_until and device.docked_until < facts.on:
        return shut("DOCKING_EXPIRED", device=device.label, day=device.docked_until)
    return None


@_of_device
def certificate(facts: Facts, device: Device) -> Refusal | None:
    """J-32: compulsory certification that holds on the day."""
    if not device.certificate_no or device.certificate_until is None:
        return shut("NO_CERTIFICATE", device=device.label)
    if device.certificate_until < facts.on:
        return shut("CERTIFICATE_EXPIRED", device=device.label, day=device.certificate_until)
    return None


@_of_device
def insurance(facts: Facts, device: Device) -> Refusal | None:
    """J-33: a product insurance that covers the day."""
    if not device.insurance_no or device.insurance_from is None or device.insurance_until is None:
        return shut("NOT_INSURED", device=device.label)
    if device.insurance_from <= facts.on <= device.insurance_until:
        return None
    return shut("INSURANCE_GAP", device=device.label, start=device.insurance_from, end=device.insurance_until)


@_of_device
def papers(facts: Facts, device: Device) -> Refusal | None:
    """J-34: parameters, performance, manual and factory certificate."""
    missing = sorted(ALL_PAPERS - device.papers)
    return shut("PAPERS_MISSING", device=device.label, papers=tuple(missing)) if missing else None


@_of_device
def interface(facts: Facts, device: Device) -> Refusal | None:
    """J-21, J-24: an RS-485 interface that speaks Modbus, a wireless unit, watched from afar."""
    asked = (
        ("interface", device.interface == "rs485"),
        ("protocol", device.protocol.startswith("modbus")),
        ("has_wireless", device.has_wireless),
        ("is_remote", device.is_remote),
    )
    lacking = tuple(name for name, shown in asked if not shown)
    return shut("NOT_CONNECTABLE", device=device.label, features=lacking) if lacking else None


@_of_device
def sample(facts: Facts, device: Device) -> Refusal | None:
    """J-28: a sample of the control board with its wireless unit, and the document of the protocol, by the day."""
    if device.sample_on is None or not device.protocol_paper:
        return shut("NO_SAMPLE", device=device.label)
    return None if device.sample_on <= facts.on else shut("SAMPLE_LATER", device=device.label, day=device.sample_on)


def sampled(facts: Facts) -> Refusal | None:
    """J-53: a model whose batch failed the sampling is not installed until the block is lifted.

    What is no registered model was not sampled either: other gates ask for a registered one where that matters.
    """
    if facts.device is None:
        return None
    failed = next((one for one in facts.failed_samples if one.blocks_on(facts.on)), None)
    if failed is None:
        return None
    return shut("SAMPLE_FAILED", device=facts.device.label, report=failed.report_no, day=failed.sampled_on)


@_of_device
def local(facts: Facts, device: Device) -> Refusal | None:
    """J-44: annex 2 is the least; what the place asks for beyond it is met too."""
    lacking = tuple(sorted(facts.local_requirements - device.meets))
    return shut("LOCAL_UNMET", device=device.label, requirements=lacking) if lacking else None


@_of_device
def use(facts: Facts, device: Device) -> Refusal | None:
    """J-35: fit for rural dwellings."""
    return None if DWELLING in device.uses else shut("NOT_FOR_DWELLINGS", device=device.label)


@_of_device
def supply(facts: Facts, device: Device) -> Refusal | None:
    """J-38: 220 V, 50 Hz."""
    voltage, frequency = facts.limits[VOLTAGE], facts.limits[FREQUENCY]
    if device.voltage_v is None or device.frequency_hz is None:
        return shut("RATING_UNKNOWN", device=device.label)
    if voltage.holds(device.voltage_v) and frequency.holds(device.frequency_hz):
        return None
    return shut("RATING", device=device.label, voltage=device.voltage_v, frequency=device.frequency_hz)
