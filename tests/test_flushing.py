"""What a committing test leaves behind is gone for the next one, in tables Django doesn't manage too."""

from __future__ import annotations

import pytest

from core import clock
from telemetry.models import Reading
from telemetry.partitions import ensure_partitions
from tests.telemetry.plant import register

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("turn", [1, 2])]


def test_readings_are_cleared_away(turn: int) -> None:
    assert not Reading.objects.exists(), f"left by the turn before {turn}"
    ensure_partitions(clock.now())
    heater = register("dtu:861990000000018", 1, "linshi-ashp-08", "370999001001")
    Reading.objects.create(heater_id=heater.pk, at=clock.now())
    assert Reading.objects.count() == 1
