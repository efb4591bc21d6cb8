"""Two spellings of one door, number or name are one key; two different ones are two."""

from __future__ import annotations

import pytest

from core import names
from core.identity import synthetic_id
from households.duplicate_keys import keys_of, long_form, plain_door, serial_key

BASE = {
    "id_number": synthetic_id(5), "bank_card": "6230990000000000005", "phone": "19900000005", "head_name": "张国峰",
    "village": "370999001001", "door_no": "3组12号", "meter_no": "00812",
}  # fmt: skip


@pytest.mark.parametrize(
    "door", ["三组12号", "3-12", "３组１２号", "3组十二号", "三组 012 号", "3组12号院", "3村民小组12户"]
)
def test_one_door_in_many_spellings(door: str) -> None:
    assert plain_door(door) == "3 12"


@pytest.mark.parametrize(
    ("door", "plain"),
    [("一百零五号", "105"), ("甲12号", "甲 12"), ("东头", "东头"), ("", ""), ("12号楼二单元301", "12 2 301")],
)
def test_what_is_left_of_a_door(door: str, plain: str) -> None:
    assert plain_door(door) == plain


def test_a_number_of_the_old_kind_is_the_same_person() -> None:
    full = synthetic_id(5)
    if full[6:8] != "19":
        pytest.fail("the invented number must belong to somebody born before 2000")
    assert long_form(full[:6] + full[8:17]) == full


@pytest.mark.parametrize("number", ["812", "00812", "０0８12", "0-0812", "00 812"])
def test_a_plate_with_zeros_and_dashes_is_one_number(number: str) -> None:
    assert serial_key(number) == serial_key("812") != serial_key("8120")


@pytest.mark.parametrize("name", ["張国峯", "张國峰", "张 国峰", "張 國 峯"])
def test_variant_characters_are_one_name(name: str) -> None:
    assert names.folded(name) == "张国峰"
    assert keys_of(**BASE | {"head_name": name}) == keys_of(**BASE)


@pytest.mark.parametrize(
    ("field", "value", "column"),
    [("id_number", synthetic_id(6), "person_index"), ("bank_card", "6230990000000000013", "card_index"),
     ("phone", "19900000006", "phone_index"), ("village", "370999001002", "house_index"),
     ("door_no", "3组13号", "house_index"), ("meter_no", "813", "meter_index")],
)  # fmt: skip
def test_another_number_is_another_key(field: str, value: str, column: str) -> None:
    assert getattr(keys_of(**BASE | {field: value}), column) != getattr(keys_of(**BASE), column)


def test_nothing_said_is_no_key() -> None:
    empty = keys_of(**dict.fromkeys(BASE, ""))
    assert set(vars(empty).values() if hasattr(empty, "__dict__") else []) <= {""}
    assert (empty.person_index, empty.house_index, empty.birth_index) == ("", "", "")
