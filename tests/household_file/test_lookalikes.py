"""A photo that looks like another household's is told to those who may see both, and to nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from households.models import Dwelling, Household
from reports.queries.household_file import file_of, lookalikes_of, neighbours
from reports.services.summaries import refresh_summaries
from retrofits.models import Photo
from tests import people
from tests.reports.world import A1, A2, B1, World

pytestmark = pytest.mark.django_db
HASH = "93a1c85e00d7b264"


def flipped(likeness: str, *bits: int) -> str:
    number = int(likeness, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:016x}"


def looking(home: Dwelling, likeness: str) -> Photo:
    photo = Photo.objects.filter(task__dwelling=home).order_by("pk").first()
    assert photo is not None
    photo.likeness = likeness
    photo.save()
    return photo


def found(world: World, home: Dwelling, role: str = "town_staff", area: str = "370999001") -> list[str]:
    user = people.user(role, area)
    fresh = Dwelling.objects.select_related("household", "area__parent").get(pk=home.pk)
    return [one.other.task.dwelling.dwelling_no for one in lookalikes_of(file_of(fresh, world.programme, user), user)]


@pytest.fixture
def pair(world: World) -> tuple[Dwelling, Dwelling]:
    first, second = world.dwelling(A1, "paid"), world.dwelling(A2, "paid")
    refresh_summaries()
    looking(first, HASH)
    return first, second


@pytest.mark.parametrize(("bits", "told"), [((), True), ((5,), True), ((5, 63), True), ((5, 6, 63), False)])
def test_two_bits_are_one_picture_three_are_not(
    world: World, pair: tuple[Dwelling, Dwelling], bits: tuple[int, ...], told: bool
) -> None:
    looking(pair[1], flipped(HASH, *bits))
    assert found(world, pair[0]) == ([pair[1].dwelling_no] if told else [])


def test_a_photo_of_another_town_is_told_to_the_office_alone(world: World, pair: tuple[Dwelling, Dwelling]) -> None:
    far = world.dwelling(B1, "paid")
    looking(far, HASH)
    assert found(world, pair[0]) == []
    assert found(world, pair[0], "office", "370999") == [far.dwelling_no]


@pytest.mark.parametrize("likeness", ["", "0000000000000000", "ffffffffffffffff"])
def test_flat_and_unread_pictures_look_like_nothing(
    world: World, pair: tuple[Dwelling, Dwelling], likeness: str
) -> None:
    looking(pair[0], likeness), looking(pair[1], likeness)
    assert found(world, pair[0]) == []


def test_the_page_names_the_other_household(world: World, pair: tuple[Dwelling, Dwelling]) -> None:
    looking(pair[1], flipped(HASH, 1))
    Household.objects.filter(pk=pair[0].household_id).update(account_holder="李样本", holder_relation="child",
                                                             beneficiary_classes=["DESTITUTE"])  # fmt: skip
    client = Client()
    client.force_login(world.staff["clerk_a"], backend="accounts.backends.PersonBackend")
    text = client.get(f"/households/{pair[0].dwelling_no}/").content.decode()
    assert f"/households/{pair[1].dwelling_no}/" in text
    assert "李样本" in text and str(Household.BeneficiaryClass.DESTITUTE.label) in text


def test_neighbours_are_counted() -> None:
    assert len(neighbours(HASH, 2)) == 1 + 64 + 64 * 63 // 2
