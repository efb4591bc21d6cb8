"""The demonstration's joint acceptance, loaded under the gates and the panel of the Litong preset."""

from __future__ import annotations

import pytest

from heating_portal.demo import joint, people
from heating_portal.demo.progress import Progress
from retrofits.models import JointAcceptance, PanelSeat, Task
from tests.presets.story import joint_sheets
from tests.retrofits.test_pages import client_of, page

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_six_people_of_six_departments_accept_the_villages_homes() -> None:
    people.person.cache_clear()
    for _time in range(2):  # a killed load is simply run again
        programme = joint.load(Progress(1_000, lambda _words: None))
    joint_sheets()
    assert set(Task.objects.filter(programme=programme).values_list("state", flat=True)) == {"accepted", "installed"}
    assert programme.gate_rules.filter(gate__in=["ADMITTED", "TRAINED", "WARRANTY"]).count() == 3
    assert PanelSeat.objects.count() == 10
    passed = JointAcceptance.objects.get(state="passed")
    office = client_of(people.person("office", "640302"))
    printed = office.get(page("joint-print", passed.pk)).content.decode()
    assert all(seat.signer.person_name in printed for seat in passed.seats.select_related("signer"))
