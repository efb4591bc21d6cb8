"""Identity numbers, phones, cards, masks and area codes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from core import areas, identity, masks

TODAY = date(2020, 6, 1)


@given(st.integers(0, 20_978_999))
def test_synthetic_values_are_well_formed_and_agree_with_stdnum(n: int) -> None:
    number = identity.synthetic_id(n)
    assert number.startswith("370999") and ric.calc_check_digit(number) == number[-1]
    assert identity.id_problem(number, on=TODAY) is None
    card = identity.synthetic_card(n)
    assert luhn.is_valid(card) and identity.card_problem(card) is None
    assert identity.phone_problem(identity.synthetic_phone(n % 10_000_000)) is None


def test_synthetic_values_never_repeat() -> None:
    for make in (identity.synthetic_id, identity.synthetic_phone, identity.synthetic_card):
        assert len({make(n) for n in range(43_000)}) == 43_000


@given(st.integers(0, 1_000_000), st.integers(0, 17), st.integers(1, 9))
def test_one_mistyped_digit_is_always_found(n: int, place: int, shift: int) -> None:
    number = identity.synthetic_id(n)
    old = 10 if number[place] == "X" else int(number[place])
    wrong = number[:place] + str((old + shift) % 10) + number[place + 1 :]
    if wrong != number:
        assert identity.id_problem(wrong, on=TODAY) is not None


@given(st.integers(0, 10**12 - 1), st.integers(0, 18), st.integers(1, 9))
def test_one_mistyped_card_digit_is_always_found(n: int, place: int, shift: int) -> None:
    card = identity.synthetic_card(n)
    wrong = card[:place] + str((int(card[place]) + shift) % 10) + card[place + 1 :]
    problem = identity.card_problem(wrong)
    assert problem is not None and problem.code == "CARD_LUHN"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("37099919800101014", "ID_LENGTH"),
        ("37099919800101O14X", "ID_CHARACTERS"),
        ("370999198002300013", "ID_BIRTH_DATE"),
        ("370999202101010018", "ID_BIRTH_DATE"),  # tomorrow's child, seen from 2020
        ("370999800101001", "ID_15_DIGITS"),
        ("370999801301001", "ID_BIRTH_DATE"),
    ],
)
def test_each_fault_of_an_id_number_has_its_own_code(value: str, code: str) -> None:
    problem = identity.id_problem(value, on=TODAY)
    assert problem is not None and problem.code == code


def test_a_wrong_check_digit_proposes_the_fitting_one() -> None:
    good = identity.synthetic_id(147)
    wrong = good[:17] + ("0" if good[17] != "0" else "1")
    problem = identity.id_problem(wrong, on=TODAY)
    assert problem is not None and problem.proposal == good and problem.params["expected"] == good[17]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1990000061", "PHONE_LENGTH"),
        ("12900000061", "PHONE_PREFIX"),
        ("1990000006a", "PHONE_CHARACTERS"),
        ("03562026112", "PHONE_LANDLINE"),
        ("19900000061", None),
    ],
)
def test_phones(value: str, code: str | None) -> None:
    problem = identity.phone_problem(value)
    assert (problem.code if problem else None) == code


def test_masks_show_the_ends_only() -> None:
    assert masks.mask("370999198001010147", "id") == "3709**********0147"
    assert masks.mask("19900000147", "phone") == "199****0147"
    assert masks.mask("6230990000000000147", "card") == "6230 **** **** 0147"
    assert [masks.mask(name, "name") for name in ("张示例", "张三", "张", "欧阳示例")] == [
        "张*例",
        "张*",
        "张",
        "欧**例",
    ]
    assert masks.mask("secret", "no such kind") == "******"


@given(st.text(max_size=30), st.sampled_from(sorted(masks.MASKS)))
def test_a_mask_of_anything_hides_something(value: str, kind: str) -> None:
    if len(value) > 1 and value.strip("* ") == value:
        assert masks.mask(value, kind) != value


def test_area_ranges_hold_exactly_what_is_inside() -> None:
    assert areas.code_range("370902") == ("370902", "370903")
    assert areas.code_range("370999") == ("370999", "371000")
    assert areas.parent_of("140502101201") == "140502101" and areas.parent_of("14") is None
    assert areas.ancestors("140502101") == ("14", "1405", "140502")
    assert areas.level_of("140502101201001") == areas.GROUP
    with pytest.raises(ValueError, match="not an area code"):
        areas.level_of("14050")


CODES = st.sampled_from([2, 4, 6, 9, 12, 15]).flatmap(lambda n: st.text("0189", min_size=n, max_size=n))


@given(CODES, CODES)
def test_a_code_is_in_the_range_exactly_when_it_begins_with_the_area(code: str, area: str) -> None:
    first, end = areas.code_range(area)
    assert (first <= code < end) == areas.is_inside(code, area)
