"""Public venues: entered with a number, counted apart from households, seen only in one's area."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from core.refusals import Refused
from households import register_queries
from households.models import PublicVenue, VenueEnrolment
from households.services import venues
from tests import people
from tests.registers.conftest import FAR_TOWN, TOWN, VILLAGE, World, browser, enrolled

FORM = {
    "name": "甲一村卫生室", "subtype": "CLINIC", "heated_area_m2": "119.99", "area": VILLAGE, "technology": "ELECTRIC",
    "address": "", "contact_name": "王测试", "contact_phone": "19900001234", "remark": "",
}  # fmt: skip


def enter(world: World, **changes: Any) -> PublicVenue:
    values = {name: FORM[name] for name in venues.FIELDS} | {"heated_area_m2": Decimal("119.99")} | changes
    return venues.register_venue(
        programme=world.programme, area=world.village, values=values, technology=world.route, by=world.clerk
    )


@pytest.mark.clause(
    "T-22",
    "卫生室、敬老院、村（居）等非营利性公益场所",
    serves="households.services.venues:register_venue",
    page="households:venue-new",
    model="households.PublicVenue",
)
def test_a_clerk_enters_a_venue_and_sees_what_it_counts_for(world: World) -> None:
    clerk = browser(world.clerk)
    answer = clerk.post(reverse("households:venue-new"), FORM)
    venue = PublicVenue.objects.get()
    assert answer.status_code == 302 and venue.venue_no.endswith("-G01")
    page = clerk.get(answer.url).content.decode()
    assert "0.9999" in page and "199****1234" in page and "19900001234" not in page
    assert VenueEnrolment.objects.get().technology == world.route


@pytest.mark.clause(
    "T-23",
    "折算1户的标准计入任务",
    serves="households.register_queries:task_count",
    page="households:venue-list",
    model="households.VenueEnrolment",
)
def test_the_list_shows_households_and_equivalents_apart(world: World) -> None:
    enrolled(world)
    enrolled(world, exclusion="LONG_VACANT", exclusion_note="空房")
    enter(world)
    enter(world, name="甲一村幼儿园", subtype="KINDERGARTEN", heated_area_m2=Decimal("240.02"))
    found = register_queries.task_count(world.programme, TOWN)
    assert (found.households, str(found.equivalents), str(found.total)) == (1, "3.0000", "4.0000")
    assert register_queries.task_count(world.programme, FAR_TOWN).total == 0
    page = browser(world.clerk).get(reverse("households:venue-list")).content.decode()
    assert "3.0000" in page and ">240.02<" in page and ">2.0001<" in page, "no venue looks like whole households"
    assert ">全部<" in page and "-----" not in page, "a filter not set says so"


def test_the_same_name_in_the_same_village_is_refused_with_the_number_of_the_first(world: World) -> None:
    first = enter(world)
    with pytest.raises(Refused) as refusal:
        enter(world)
    assert refusal.value.code == "VENUE_KNOWN" and first.venue_no in refusal.value.sentence


def test_the_slower_of_two_editors_is_told(world: World) -> None:
    venue = enter(world)
    changes = {"heated_area_m2": Decimal("150.00")}
    venues.edit_venue(venue=venue, version=1, changes=changes, reason="量错了", by=world.clerk)
    with pytest.raises(Refused) as refusal:
        venues.edit_venue(venue=venue, version=1, changes={"name": "别的"}, reason="改名", by=world.other_clerk)
    assert (refusal.value.code, refusal.value.status) == ("VENUE_CHANGED", 409)
    venue.refresh_from_db()
    assert (venue.heated_area_m2, venue.version, venue.name) == (Decimal("150.00"), 2, "甲一村卫生室")


def test_an_edit_without_a_new_phone_keeps_the_old_one(world: World) -> None:
    venue = enter(world)
    form = {name: FORM[name] for name in venues.FIELDS} | {
        "contact_phone": "", "heated_area_m2": "130", "version": "1", "reason": "扩建",
    }  # fmt: skip
    assert browser(world.clerk).post(reverse("households:venue-edit", args=[venue.venue_no]), form).status_code == 302
    venue.refresh_from_db()
    assert (venue.contact_phone, venue.heated_area_m2) == ("19900001234", 130)


@pytest.mark.parametrize("name", ["venue-detail", "venue-edit"])
def test_a_venue_of_another_town_does_not_exist(world: World, name: str) -> None:
    venue = enter(world)
    assert browser(world.far_clerk).get(reverse(f"households:{name}", args=[venue.venue_no])).status_code == 404


def test_who_may_only_read_can_not_correct(world: World) -> None:
    venue = enter(world)
    leader = browser(world.leader)
    assert leader.get(reverse("households:venue-detail", args=[venue.venue_no])).status_code == 200
    assert leader.get(reverse("households:venue-edit", args=[venue.venue_no])).status_code == 403


def test_a_wrong_phone_and_area_are_both_said(world: World) -> None:
    answer = browser(world.clerk).post(
        reverse("households:venue-new"), FORM | {"contact_phone": "12345", "heated_area_m2": "0"}
    )
    assert answer.status_code == 422 and answer.content.decode().count('class="err"') == 2
    assert PublicVenue.objects.count() == 0


def test_a_technology_of_another_programme_is_refused(world: World) -> None:
    foreign = people.technology(people.programme(), "GAS")
    with pytest.raises(Refused) as refusal:
        venues.enrol_venue(venue=enter(world), programme=world.programme, technology=foreign, by=world.clerk)
    assert refusal.value.code == "ROUTE_UNKNOWN"
