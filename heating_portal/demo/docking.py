"""Docking tests of the demonstration's models, from the supplier's sample to the confirmation. Every step's words say
that nothing was really tested: the boards are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime

from accounts.acting import acting
from devices.conformance.findings import STEPS, Step
from devices.models import DeviceModel, DockingTest
from devices.services.certificates import issue_certificate
from devices.services.docking import Sample, open_test, record_step
from heating_portal.demo.people import person

DISTRICT = "140502"
WORDS = "演示数据，未实测"
PAPER = "示例通讯协议.txt"


def confirm_models(on: date) -> None:
    """A passed test and a confirmation for every model with a profile. Safe to run again; nothing where the district
    has no people (a story that loads another preset alone)."""
    try:
        supplier, platform = person("supplier", DISTRICT), person("ops", DISTRICT)
    except LookupError:
        return
    now = datetime(on.year, on.month, on.day, 3, tzinfo=UTC)
    for number, model in enumerate(DeviceModel.objects.filter(docking_tests=None).exclude(profile=None).order_by("pk")):
        line = f"dtu:86199000009{number:04d}"
        sample = Sample(line, 1, "B-1.0", "D-1.0", on, PAPER, [f"{WORDS} {model.model_no}\n".encode()])
        with acting(supplier, "demonstration"):
            test = open_test(device_model=model, sample=sample, by=supplier, now=now)
            for step in STEPS:
                record_step(test=test, found=Step(step, "", True, WORDS, []), now=now)
        with acting(platform, "demonstration"):
            issue_certificate(test=DockingTest.objects.get(pk=test.pk), by=platform, now=now)
