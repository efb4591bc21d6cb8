"""What is tidied unasked, what is only proposed, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import identity
from households.roster.normalise import (
    chinese_number,
    normalise_area,
    normalise_card,
    normalise_id,
    normalise_phone,
    normalise_residents,
    tidy_compact,
)

TODAY = date(2020, 6, 1)
NOISE = st.sampled_from([" ", "　", "-", "\u00a0", "\u200b", "—", "－"])
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@st.composite
def untidy(draw: st.DrawFn, text: str) -> str:
    """``text`` with noise put anywhere, some of it in full width or lower case."""
    pieces = []
    for char in text:
        pieces.append(draw(NOISE) if draw(st.integers(0, 5)) == 0 else "")
        pieces.append(draw(st.sampled_from([char, char.translate(FULL_WIDTH), char.lower()])))
    return "".join(pieces)


@given(st.data(), st.integers(0, 900_000))
def test_untidy_numbers_come_out_whole(data: st.DataObject, n: int) -> None:
    number, phone, card = identity.synthetic_id(n), identity.synthetic_phone(n), identity.synthetic_card(n)
    assert normalise_id(data.draw(untidy(number)), on=TODAY).value == number
    assert normalise_phone(data.draw(st.sampled_from(["", "+86 ", "86-"])) + data.draw(untidy(phone))).value == phone
    assert normalise_card(data.draw(untidy(card))).value == card


@given(st.decimals(0, 99_999, places=2), st.sampled_from(["", "㎡", "m²", " 平方米", "M2"]))
def test_areas_keep_their_exact_value(area: Decimal, unit: str) -> None:
    assert normalise_area(f" {area}{unit.lower()}").value == area
    assert normalise_area(f"{area:,}").value == area


@given(st.text(max_size=30))
def test_no_text_breaks_a_normaliser_and_nothing_unclear_gets_a_value(text: str) -> None:
    for result in (normalise_area(text), normalise_residents(text)):
        assert (result.value is None) == bool(result.code)
    for result in (normalise_id(text, on=TODAY), normalise_phone(text), normalise_card(text)):
        assert result.code or str(result.value).isascii()


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("一百二", "120"),
        ("一百二十平", "120"),
        ("八十六点五", "86.5"),
        ("98 平", "98"),
        ("约90", "90"),
        ("90多", "90"),
        ("60+30", ""),
        ("未测", ""),
        ("", ""),
        ("-5", ""),
        ("1e3", ""),
        ("12,34", ""),
    ],
)
def test_an_unclear_area_is_proposed_and_never_applied(text: str, proposal: str) -> None:
    typed = normalise_area(text)
    assert (typed.value, typed.code, typed.proposal) == (None, "E_AREA_NOT_NUMBER", proposal)


def spoken(number: int) -> str:
    """The full Chinese reading of 1..9999, the independent way: thousands to units with 零 for gaps."""
    digits, text, gap = "零一二三四五六七八九", "", False
    for value, unit in (
        (number // 1000, "千"),
        (number // 100 % 10, "百"),
        (number // 10 % 10, "十"),
        (number % 10, ""),
    ):
        if value:
            text += ("零" if gap and text else "") + digits[value] + unit
            gap = False
        else:
            gap = True
    return text


@given(st.integers(1, 9999))
def test_every_spoken_number_is_understood(number: int) -> None:
    assert chinese_number(spoken(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [("十", 10), ("十二", 12), ("两百", 200), ("一百零二", 102), ("一千二", 1200), ("一二〇", 120), ("二百五", 250)],
)
def test_colloquial_numbers(text: str, value: int) -> None:
    assert chinese_number(text) == value


@pytest.mark.parametrize("text", ["", "百十", "一百百", "点五", "八点", "一二百", "平", "十百"])
def test_what_is_no_numeral_has_no_value(text: str) -> None:
    assert chinese_number(text) is None


def test_lost_digits_are_never_guessed() -> None:
    assert normalise_id("3.70999E+17", on=TODAY).code == "E_NUMERIC_ID"
    assert normalise_card("6.23099e18").code == "E_NUMERIC_ID"


def test_tidying_is_stable() -> None:
    assert tidy_compact(" ２　组\u200b７ 号\n") == "2组7号"
