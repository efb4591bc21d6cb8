"""One invented village of twelve households in Taishan: a small copy of the preset, its people, its rosters."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from accounts.models import Area, User
from core.strict_yaml import read_yaml
from heating_portal import presets
from heating_portal.demo import people
from heating_portal.demo import presets as demo_presets
from heating_portal.demo.rosters import CLEAN, WrittenRoster, write_rosters
from programmes.models import Programme
from subsidies.loading import load_policy
from subsidies.models import Policy
from subsidies.services.policies import release_policy, take_over_draft
from subsidies.services.trials import run_trial

NAME = demo_presets.TAISHAN
TOWN, VILLAGE = "370902101", "370902101202"
TARGETS = (("ELECTRIC", 8), ("GAS", 4))
BY = "tests"
MAY, AUGUST, NOVEMBER = date(2021, 5, 20), date(2021, 8, 2), date(2021, 11, 1)
RELEASED_AT = datetime(2021, 10, 14, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Village:
    """The loaded programme and where its files lie. `person(role)` holds that role over the village."""

    programme: Programme
    folder: Path

    def person(self, role: str) -> User:
        return people.person(role, VILLAGE)

    @property
    def area(self) -> Area:
        return Area.objects.get(code=VILLAGE)

    @property
    def town(self) -> Area:
        return Area.objects.get(code=TOWN)

    @property
    def policy(self) -> Policy:
        return Policy.objects.get(programme=self.programme, state=Policy.State.RELEASED)

    def roster(self, variant: str = CLEAN) -> WrittenRoster:
        """The town's roster as a real .xlsx file."""
        return write_roster(self.folder, variant)


def write_preset(folder: Path, targets: tuple[tuple[str, int], ...] = TARGETS) -> Path:
    """The Taishan preset cut down to one village; returns its folder."""
    source, small = presets.FOLDER / NAME, folder / NAME
    small.mkdir(parents=True)
    for name in ("policy.yaml", "accounts.yaml", "areas.csv", "works.yaml"):
        (small / name).write_bytes((source / name).read_bytes())
    programme = read_yaml((source / "programme.yaml").read_text(encoding="utf-8"))
    programme["targets"] = [_target(number, *target) for number, target in enumerate(targets, 1)]
    text = yaml.safe_dump(programme, allow_unicode=True, sort_keys=False)
    (small / "programme.yaml").write_text(text, encoding="utf-8")
    return small


def _target(row_no: int, technology: str, quantity: int) -> dict[str, Any]:
    values = {"row_no": row_no, "area": VILLAGE, "technology": technology, "year": 2021}
    return values | {"quantity": quantity, "unit": "household", "clause": "T-42"}


def write_roster(folder: Path, variant: str = CLEAN) -> WrittenRoster:
    """The roster of the cut-down preset in `folder`."""
    usual = demo_presets.PRESETS
    demo_presets.PRESETS = folder
    try:
        (only,) = write_rosters(NAME, folder / "rosters", variant=variant)
    finally:
        demo_presets.PRESETS = usual
    return only


def load_village(folder: Path, targets: tuple[tuple[str, int], ...] = TARGETS) -> Village:
    """Places, programme, people and a policy that two of them released."""
    people.person.cache_clear()
    small = write_preset(folder, targets)
    preset = presets.find(str(small))
    programme = presets.load(preset, by=BY)
    people.make_people(preset.read("accounts.yaml")["accounts"])
    village = Village(programme, folder)
    _release(load_policy(path=small / "policy.yaml", programme=programme, by=BY), village)
    return village


def _release(policy: Policy, village: Village) -> None:
    if policy.state == Policy.State.DRAFT:
        policy = take_over_draft(policy=policy, by=village.person("office"))
        run_trial(policy=policy, by=village.person("office"), now=RELEASED_AT)
        release_policy(policy=policy, sha256=policy.sha256, by=village.person("finance_review"), now=RELEASED_AT)


def areas_of(folder: Path) -> list[dict[str, str]]:
    """The lines of the preset's areas.csv."""
    with (folder / NAME / "areas.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
