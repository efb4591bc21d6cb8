"""Read the parts of a preset that rosters need: places and targets (plain Python, no database)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.strict_yaml import read_yaml

PRESETS = Path(__file__).resolve().parents[2] / "presets"
JINCHENG, TAISHAN, LITONG = "jincheng_2020", "taishan_2021", "litong_2021"


@dataclass(frozen=True, slots=True)
class Place:
    """One line of ``areas.csv``."""

    code: str
    level: str
    name: str
    parent: str
    aliases: tuple[str, ...]
    is_scattered: bool


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One line of a programme's targets: so many households of one village by one technology."""

    town: Place
    village: Place
    technology: str
    technology_name: str
    households: int


def places(preset: str) -> dict[str, Place]:
    """Area code -> place, in the order of the file (parents first)."""
    with (PRESETS / preset / "areas.csv").open(encoding="utf-8", newline="") as file:
        return {line["code"]: _place(line) for line in csv.DictReader(file)}


def _place(line: dict[str, str]) -> Place:
    aliases = tuple(alias for alias in line["aliases"].split("|") if alias)
    return Place(line["code"], line["level"], line["name"], line["parent"], aliases, line["is_scattered"] == "1")


def programme(preset: str) -> dict[str, Any]:
    """The whole ``programme.yaml``."""
    data: dict[str, Any] = read_yaml((PRESETS / preset / "programme.yaml").read_text(encoding="utf-8"))
    return data


def target_rows(preset: str) -> list[TargetRow]:
    """Targets in the order of the document's table."""
    known, data = places(preset), programme(preset)
    names = {technology["code"]: technology["name"] for technology in data["technologies"]}
    return [
        TargetRow(
            known[known[target["area"]].parent],
            known[target["area"]],
            target["technology"],
            names[target["technology"]],
            target["quantity"],
        )
        for target in data["targets"]
    ]
