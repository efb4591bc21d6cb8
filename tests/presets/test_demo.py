"""The demonstration at its real size: loaded through services, interrupted, completed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from accounts.models import AuditEntry
from devices.models import Heater
from heating_portal.demo import loading, works
from heating_portal.demo.progress import Progress
from heating_portal.demo.rosters import JINCHENG, TAISHAN
from households.models import Household, Roster, RosterSeal
from retrofits.models import Acceptance, Installation, Task
from tests import flushing

flushing.install()


class Killed(BaseException):
    """Stands for kill -9 in the middle of the load."""


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loading, "FILES", tmp_path)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_load_is_completed_by_the_next(
    monkeypatch: pytest.MonkeyPatch, no_files: None, tmp_path: Path
) -> None:
    real, calls = works.record_acceptance, Counter[str]()

    def killed_at_the_hundredth(**given: Any) -> Acceptance:
        calls["accept"] += 1
        if calls["accept"] == 100:
            raise Killed
        return real(**given)

    monkeypatch.setattr(works, "record_acceptance", killed_at_the_hundredth)
    with pytest.raises(Killed):
        loading.load(lambda words: None)
    assert 0 < Acceptance.objects.count() < 100
    monkeypatch.setattr(works, "record_acceptance", real)
    loading.load(lambda words: None)
    check_story(tmp_path)
    entries = AuditEntry.objects.count()
    loading.load(lambda words: None)
    assert AuditEntry.objects.count() == entries


def check_story(files: Path) -> None:
    assert Household.objects.count() == 820 + 600
    assert Heater.objects.filter(dwelling__isnull=False).count() == 185
    heaters = Heater.objects.order_by("factory_no")
    fleet = loading.presets.find(JINCHENG).read("fleet.yaml")["heaters"]
    on_line = {heater.installation.task.dwelling.dwelling_no: (heater.bus.line, heater.unit) for heater in heaters}
    assert [on_line[number] for number in sorted(on_line, key=village_then_number)] == [
        (line, unit) for _i, line, unit, _p in fleet
    ]
    assert set(Task.objects.values_list("state", flat=True)) == {"listed", "installed", "accepted", "rectify"}
    assert Roster.objects.filter(programme__code="jincheng-2020").exclude(state="approved").count() == 3
    assert Task.objects.filter(programme__code=TAISHAN.replace("_", "-"), state="accepted").count() == 592
    assert [path.suffix for path in files.iterdir()] == [".xlsx"]
    nobody_did_two_duties()


def village_then_number(dwelling_no: str) -> tuple[str, str]:
    return Task.objects.get(dwelling__dwelling_no=dwelling_no).area_id, dwelling_no


def nobody_did_two_duties() -> None:
    for roster in Roster.objects.all():
        signers = list(RosterSeal.objects.filter(roster=roster).values_list("person_no", flat=True))
        assert len({*signers, roster.prepared_by.person_no}) == len(signers) + 1
    installers = set(Installation.objects.values_list("recorded_by__person_no", flat=True))
    inspectors = set(Acceptance.objects.values_list("inspector__person_no", flat=True))
    assert installers & inspectors == set()


def test_time_left_follows_the_measured_rate() -> None:
    now, said = [0.0], list[str]()
    progress = Progress(100, said.append, clock=lambda: now[0])
    progress.begin("a")
    now[0] = 10.0
    progress.tick(25)
    assert progress.left_s == 30
    assert "[ 25%] a" in said[-1]
