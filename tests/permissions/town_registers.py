"""Venues, meters, a change that waits and a double entry per town."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import clock
from households.models import (
    ChangeDocument,
    ChangeRequest,
    DuplicatePair,
    Dwelling,
    Meter,
    MeterSupply,
    PublicVenue,
    VenueEnrolment,
)

if TYPE_CHECKING:
    from tests.permissions.town import Town


def build(town: Town) -> None:
    """As many of each as the town has homes of one state."""
    homes = [home for some in town.homes.values() for home in some]
    for n in range(town.size):
        _venue(town, n)
        _meter(town, homes[n], n)
        _change(town, homes[n])
        _pair(town, homes[2 * n], homes[2 * n + 1])


def _venue(town: Town, n: int) -> None:
    venue = PublicVenue.objects.create(
        venue_no=f"{town.code}-G{n:02d}", area=town.village, name=f"{town.word}小学{n}", subtype="SCHOOL",
        heated_area_m2=360, address=f"{town.word}路", contact_name=f"{town.word}校长", remark=f"{town.word}备注",
    )  # fmt: skip
    VenueEnrolment.objects.create(
        programme=town.county, venue=venue, area=town.village, technology=town.county.technologies.get(),
        entered_by=town.clerk,
    )  # fmt: skip
    town.keep("venue", venue)


def _meter(town: Town, home: Dwelling, n: int) -> None:
    meter = Meter.objects.create(number=f"{town.code}G{n}", carrier="gas", area=town.village, remark=f"{town.word}表")
    MeterSupply.objects.create(meter=meter, dwelling=home, carrier="gas")
    town.keep("meter", meter), town.keep("metered", home)


def _change(town: Town, home: Dwelling) -> None:
    change = ChangeRequest.objects.create(
        number=f"{home.dwelling_no}-C1", kind="give_up", level="town", area=town.village, dwelling=home,
        roster_row=town.roster_rows[home.pk], wanted={"exclusion_note": f"{town.word}放弃"}, seen_version=2,
        reason=f"{town.word}理由", asked_by=town.clerk, asked_person_no=town.clerk.person_no, asked_at=clock.now(),
    )  # fmt: skip
    town.keep("change", change)
    paper = town.document("change_paper", home)
    town.objects.pop("document_change_paper", None)
    town.keep("change_paper", ChangeDocument.objects.create(change=change, document=paper))


def _pair(town: Town, first: Dwelling, second: Dwelling) -> None:
    town.keep("pair", DuplicatePair.objects.create(
        first=first, second=second, area=town.village, other_area=town.village, reasons=["SAME_HOUSE"], weight=20,
        found_at=clock.now(),
    ))  # fmt: skip
