"""One household, one meter (T-21): individual meters serve one dwelling, shared ones several, and it shows."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.refusals import Refused
from households import register_queries
from households.models import Dwelling, Meter
from households.services import meters
from tests import people
from tests.registers.conftest import FAR_VILLAGE, World, browser


def hang(
    world: World, home: Dwelling, number: str = "00812", *, shared: bool = False, carrier: str = "electricity"
) -> Meter:
    return meters.connect_meter(
        dwelling=home, carrier=carrier, number=number, is_shared=shared, reason="入户核表", by=world.clerk
    )


def state_of(home: Dwelling) -> tuple[str, bool | None]:
    found = Dwelling.objects.get(pk=home.pk)
    return found.meter_no, found.meter_is_individual


def test_an_individual_meter_proves_one_household_one_meter(world: World) -> None:
    home = people.dwelling()
    hang(world, home, "００８１２")
    assert state_of(home) == ("00812", True)


def test_an_individual_meter_is_not_given_to_a_second_dwelling(world: World) -> None:
    first, second, by_roster = people.dwelling(), people.dwelling(), people.dwelling(meter_no="777")
    hang(world, first)
    for home, number in ((second, "00812"), (second, by_roster.meter_no)):
        with pytest.raises(Refused) as refusal:
            hang(world, home, number)
        assert refusal.value.code == "METER_INDIVIDUAL"
    assert state_of(second) == ("", None)


def test_a_meter_found_to_be_shared_takes_the_proof_from_everybody_on_it(world: World) -> None:
    first, second = people.dwelling(), people.dwelling()
    hang(world, first)
    meter = hang(world, second, shared=True)
    assert (state_of(first), state_of(second)) == (("", False), ("", False))
    assert meter.supplies.count() == 2


def test_electricity_and_gas_stand_beside_each_other(world: World) -> None:
    home = people.dwelling()
    hang(world, home, "E1"), hang(world, home, "G1", carrier="gas")
    home.refresh_from_db()
    assert [(line.carrier, line.number) for line in register_queries.meters_of(home)] == [
        ("electricity", "E1"), ("gas", "G1"),
    ]  # fmt: skip


def test_a_number_that_came_by_roster_is_shown_as_not_looked_at(world: World) -> None:
    line = register_queries.meters_of(people.dwelling(meter_no="R5"))[0]
    assert (line.number, line.is_shared, line.meter) == ("R5", None, None)


def test_a_new_meter_replaces_the_one_before(world: World) -> None:
    home = people.dwelling()
    old = hang(world, home, "E1")
    hang(world, home, "E2")
    assert state_of(home) == ("E2", True) and old.supplies.count() == 0


def test_taking_off_a_meter_leaves_nothing_proved(world: World) -> None:
    home = people.dwelling()
    meter = hang(world, home)
    meters.disconnect_meter(dwelling=home, meter=meter, reason="拆表", by=world.clerk)
    assert state_of(home) == ("", None)


def test_a_meter_page_counts_dwellings_elsewhere_without_naming_them(world: World) -> None:
    near, far = people.dwelling(), people.dwelling(FAR_VILLAGE)
    meter = hang(world, near, shared=True)
    meters.connect_meter(
        dwelling=far, carrier="electricity", number=meter.number, is_shared=True, reason="核表", by=world.far_clerk
    )
    page = browser(world.clerk).get(reverse("households:meter-detail", args=[meter.pk])).content.decode()
    assert near.dwelling_no in page and far.dwelling_no not in page and "1" in page


def test_a_clerk_connects_only_dwellings_of_his_own_town(world: World) -> None:
    far = people.dwelling(FAR_VILLAGE)
    form = {"dwelling_no": far.dwelling_no, "carrier": "electricity", "number": "E9", "reason": "核表"}
    answer = browser(world.clerk).post(reverse("households:meter-connect"), form)
    assert answer.status_code == 422 and Meter.objects.count() == 0
    assert browser(world.far_clerk).post(reverse("households:meter-connect"), form).status_code == 302
