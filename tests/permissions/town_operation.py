"""Readings that wait, a company's file, the cross-check and cases of claims back per town."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from core import clock
from households.models import MeterReading
from subsidies.models import Clawback, Entitlement, OperationCheck, ReadingImport

if TYPE_CHECKING:
    from tests.permissions.town import Town


def build(town: Town) -> None:
    """One of each for every accepted home: a held line, a row of the cross-check, a case; and files."""
    for home in town.homes["accepted"]:
        held = MeterReading.objects.create(
            dwelling=home, area=town.village, carrier="electricity", meter_no=f"{town.code}H{home.pk}",
            starts_on=dt.date(2022, 4, 1), ends_on=dt.date(2022, 4, 10), start_reading=9, end_reading=3, state="held",
            findings=[{"code": "BACKWARDS", "start": "9", "end": "3"}], entered_by=town.clerk,
            entered_person_no=town.clerk.person_no, entered_at=clock.now(),
        )  # fmt: skip
        town.keep("held_reading", held)
        OperationCheck.objects.create(
            programme=town.county, dwelling=home, area=town.village, season="2021-2022", carrier="electricity",
            claimed=1500, heater_no="", verdict="no_data", checked_at=clock.now(),
        )  # fmt: skip
        paid = Entitlement.objects.filter(dwelling=home, benefit_kind="CONVERSION").get()
        case = Clawback.objects.create(
            programme=town.county, area=town.village, dwelling=home, entitlement=paid, benefit_kind="CONVERSION",
            period="once", amount_fen=town.fen, shares={town.code.lower(): town.fen}, reason="other",
            words=f"{town.word}追回", proposed_by=town.clerk, proposed_person_no=town.clerk.person_no,
            proposed_at=clock.now(),
        )  # fmt: skip
        town.keep("clawback", case)
    for n in range(town.size):
        town.keep("reading_import", ReadingImport.objects.create(
            programme=town.county, area=town.area, carrier="electricity", file=town.document("meter_readings"),
            file_sha256=f"{n:04d}{town.code}".rjust(64, "0")[-64:], state="checked", counts={"lines": 1, "problems": 1},
            problems=[{"where": "A!1", "code": "UNKNOWN_HOME", "value": town.word}], plan_digest="ab" * 32,
            uploaded_by=town.clerk,
        ))  # fmt: skip
