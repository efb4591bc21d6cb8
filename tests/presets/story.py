"""What the loaded demonstration holds; run in the shell of its portal."""

from __future__ import annotations

from django.conf import settings

from devices.models import Heater
from heating_portal import presets
from heating_portal.demo import joint
from heating_portal.demo.presets import JINCHENG, TAISHAN
from households.models import Household, Roster, RosterSeal
from retrofits.models import Acceptance, Installation, JointAcceptance, Task


def check_story() -> None:
    """AssertionError where it is not as it should be."""
    assert Household.objects.count() == 820 + 600 + joint.HOMES
    polled = Heater.objects.filter(dwelling__isnull=False, removed_on__isnull=True)
    assert polled.count() == 185
    heaters = polled.order_by("factory_no")
    fleet = presets.find(JINCHENG).read("fleet.yaml")["heaters"]
    on_line = {heater.installation.task.dwelling.dwelling_no: (heater.bus.line, heater.unit) for heater in heaters}
    assert [on_line[number] for number in sorted(on_line, key=village_then_number)] == [
        (line, unit) for _i, line, unit, _p in fleet
    ]
    assert set(Task.objects.values_list("state", flat=True)) == {"listed", "installed", "accepted", "rectify"}
    assert Roster.objects.filter(programme__code="jincheng-2020").exclude(state="approved").count() == 3
    assert Task.objects.filter(programme__code=TAISHAN.replace("_", "-"), state="accepted").count() == 592
    assert [path.suffix for path in (settings.VAR_DIR / "demo-files").iterdir()] == [".xlsx"]
    joint_sheets()
    nobody_did_two_duties()


def joint_sheets() -> None:
    """L-41: one sheet passed by six different persons of six departments, one still open."""
    sheets = JointAcceptance.objects.filter(programme__code="litong-2021").order_by("area_id")
    assert [(sheet.state, sheet.seats.count()) for sheet in sheets] == [("passed", 6), ("open", 4)]
    seats = sheets[0].seats.all()
    assert len({seat.person_no for seat in seats}) == len({seat.department for seat in seats}) == 6


def village_then_number(dwelling_no: str) -> tuple[str, str]:
    return Task.objects.get(dwelling__dwelling_no=dwelling_no).area_id, dwelling_no


def nobody_did_two_duties() -> None:
    for roster in Roster.objects.all():
        signers = list(RosterSeal.objects.filter(roster=roster).values_list("person_no", flat=True))
        assert len({*signers, roster.prepared_by.person_no}) == len(signers) + 1
    installers = set(Installation.objects.values_list("recorded_by__person_no", flat=True))
    inspectors = set(Acceptance.objects.values_list("inspector__person_no", flat=True))
    assert installers & inspectors == set()
