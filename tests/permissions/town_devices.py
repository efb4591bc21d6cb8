"""What the desk of heater lines keeps: a docking test with its confirmation for all places, an order of the town."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

from core import clock
from devices.models import CommandOrder, DockingCertificate, DockingTest

if TYPE_CHECKING:
    from tests.permissions.town import Town

DAY = dt.date(2021, 12, 8)


def build(town: Town) -> None:
    test, made = DockingTest.objects.get_or_create(
        number="DT-2021-0001",
        defaults={
            "device_model": town.objects["device_model"], "profile": town.objects["profile"], "unit": 1,
            "line": "dtu:861990000000018", "board_firmware": "B-1", "dtu_firmware": "D-1", "sample_received_on": DAY,
            "steps": [{"number": n, "state": "passed"} for n in range(1, 11)], "opened_by": town.clerk,
            "opened_at": clock.now(), "state": "passed",
        },
    )  # fmt: skip
    if made:
        document = {"number": "DJ-2021-0001", "steps": [], "addresses": "", "profile": {"sha256": "0" * 64}}
        DockingCertificate.objects.create(
            number="DJ-2021-0001", code="abcdef", test=test, device_model=test.device_model, profile=test.profile,
            document=document, sha256="0" * 64, issued_by=town.clerk, issued_on=DAY, valid_until=DAY,
        )  # fmt: skip
    town.keep("docking_test", test), town.keep("docking_certificate", test.certificate)
    for _n in range(town.size):
        town.keep("command_order", CommandOrder.objects.create(
            area=town.village, request_id=uuid.uuid4(), point="set_room_t", asked=Decimal(18),
            reason=f"{town.word}原因", needs=["many"], requested_by=town.clerk, requested_at=clock.now(),
            decide_until=clock.now() + dt.timedelta(hours=1),
        ))  # fmt: skip
