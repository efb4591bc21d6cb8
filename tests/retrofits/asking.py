"""What the clauses' tests of the works share: a preset's own rules asked of a small county."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

from core.strict_yaml import read_yaml
from heating_portal import presets
from retrofits.faults import Faulty
from retrofits.models import GateRule, Installation, Task
from retrofits.services.installations import record_installation
from tests.retrofits.conftest import DAY, Works


@cache
def file_of(name: str, part: str) -> Any:
    return read_yaml((presets.FOLDER / name / part).read_text(encoding="utf-8"))


def asks(works: Works, name: str, *gates: str) -> list[str]:
    """Let the programme ask for these gates as the preset does; the clauses they cite."""
    rules = {rule["gate"]: rule for rule in file_of(name, "works.yaml")["gates"]}
    for gate in gates:
        rule = rules[gate]
        GateRule.objects.create(
            programme=works.programme, gate=gate, mode=rule["mode"], clause=rule["clause"],
            families=rule.get("families", []),
        )  # fmt: skip
    for one in file_of(name, "programme.yaml").get("thresholds", []):
        works.programme.thresholds.get_or_create(code=one["code"], defaults=one)
    return [rules[gate]["clause"] for gate in gates]


def shut(works: Works, task: Task, **changes: str) -> list[tuple[str, str]]:
    """Gates (and faults) that keep the installation from being recorded, each with its code; [] when it is recorded."""
    try:
        record_installation(task=task, entry=works.entry(**changes), by=works.clerk, on=DAY)
    except Faulty as refusal:
        assert not Installation.objects.filter(task=task).exists()
        return [(fault.field, fault.code) for fault in refusal.faults]
    assert Task.objects.get(pk=task.pk).state == "installed"
    return []


SHOWN: dict[str, Any] = {
    "efficiency_grade": 1, "voltage_v": 220, "frequency_hz": 50, "certificate_no": "CCC-1", "certificate_until": DAY,
    "insurance_no": "BX-1", "insurance_from": DAY, "insurance_until": DAY, "docking_issuer": "示例平台",
    "papers": ["parameters", "performance", "manual", "factory"], "uses": ["dwelling"],
    "thermal_power_kw": Decimal("2.64"), "interface": "rs485", "protocol": "modbus_rtu", "has_wireless": True,
    "is_remote": True, "sample_on": DAY, "protocol_paper": "协议 V1", "meets": ["低温启动"],
}  # fmt: skip
