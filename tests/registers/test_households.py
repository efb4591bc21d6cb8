"""What a household's form holds beyond the roster, and what an approved list holds fast."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from core.refusals import Refused
from households import register_queries
from households.models import Dwelling
from households.services import households
from tests import people
from tests.registers.conftest import World, approve, browser, enrolled

FORM = {
    "version": 2, "residents": "4", "bank_name": "示例银行", "account_holder": "李样本", "holder_relation": "child",
    "income_class": "low", "beneficiary_classes": ["DESTITUTE", "DISABLED"], "floor_area_m2": "110.5",
    "old_heating": "coal_stove", "household_book_no": "370999-77", "heated_area_m2": "88", "reason": "入户核实",
}  # fmt: skip


def post(world: World, home: Dwelling, **changes: Any) -> Any:
    form = FORM | {"head_name": home.household.head_name} | changes
    return browser(world.clerk).post(reverse("households:household-edit", args=[home.dwelling_no]), form)


def test_classes_account_and_old_heating_are_kept(world: World) -> None:
    home = people.dwelling()
    assert post(world, home).status_code == 302
    home = Dwelling.objects.select_related("household").get(pk=home.pk)
    family = home.household
    assert (family.payee_name, family.holder_relation, family.beneficiary_classes) == (
        "李样本", "child", ["DESTITUTE", "DISABLED"],
    )  # fmt: skip
    assert (home.old_heating, str(home.floor_area_m2), family.household_book_no) == (
        "coal_stove",
        "110.50",
        "370999-77",
    )
    page = browser(world.clerk).get(reverse("households:household-edit", args=[home.dwelling_no])).content.decode()
    assert "370999-77" not in page and family.id_number not in page


def test_another_holder_needs_a_relation(world: World) -> None:
    home = people.dwelling()
    assert post(world, home, holder_relation="").status_code == 422
    assert home.household.payee_name == home.household.head_name


def test_what_an_approved_list_states_is_not_edited(world: World) -> None:
    home = enrolled(world)
    approve(world, home)
    answer = post(world, home, heated_area_m2="500", head_name="王测试")
    home = Dwelling.objects.select_related("household").get(pk=home.pk)
    assert answer.status_code == 302  # the locked fields are not even read; the others are saved
    assert (home.heated_area_m2, home.household.head_name == "王测试", home.household.residents) == (88, False, 4)
    with pytest.raises(Refused) as refusal:
        households.edit_household(
            dwelling=home,
            version=households.version_of(home),
            changes={"heated_area_m2": 500},
            reason="改",
            by=world.clerk,
        )
    assert refusal.value.code == "ON_APPROVED_LIST"


def test_only_the_newest_approved_list_holds(world: World) -> None:
    home, other = enrolled(world), enrolled(world)
    approve(world, home)
    assert register_queries.locked_values(home) == register_queries.LISTED_VALUES
    approve(world, other, version_no=2)
    assert register_queries.locked_values(home) == frozenset()
    assert register_queries.listed_dwellings([home.pk, other.pk]) == {other.pk}


def test_the_head_is_held_by_any_dwelling_of_the_household(world: World) -> None:
    listed = enrolled(world)
    further = people.dwelling(household=listed.household)
    approve(world, listed)
    assert register_queries.locked_values(further) == register_queries.LISTED_HOUSEHOLD
