"""Fen in, fen out: reading, writing, capitals, splits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import (
    MoneyError,
    format_wan,
    format_yuan,
    parse_yuan,
    plain_yuan,
    round_half_up,
    split_by_ratio,
    uppercase,
)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1,234.5", 123450),
        ("6000", 600000),
        ("0.01", 1),
        ("１，２３４．５０", 123450),
        ("¥ 6,000.00", 600000),
        ("6000元", 600000),
        ("6000元整", 600000),
        ("1.2万", 1200000),
        ("7,260.37万元", 7260370000),
        ("0.000001万", 1),
        ("-5.50", -550),
        (" 12 000 ", 1200000),
        ("12.", 1200),
    ],
)
def test_amounts_as_people_type_them_are_read(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not an amount"),
        ("abc", "is not an amount"),
        ("1e5", "is not an amount"),
        ("NaN", "is not an amount"),
        ("1.2.3", "is not an amount"),
        ("12,34", "commas"),
        ("1,2345", "commas"),
        ("0.001", "parts of a fen"),
        ("0.0000001万", "parts of a fen"),
        ("9" * 41, "at most 40 characters"),
        ("9" * 39, "larger than any amount"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(MoneyError, match=words):
        parse_yuan(text)


@given(st.integers(-(10**15), 10**15))
def test_written_amounts_read_back(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen
    assert parse_yuan(plain_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("fen", "yuan", "wan"),
    [
        (600000, "6,000.00", "0.60"),
        (7260365000, "72,603,650.00", "7,260.37"),
        (7260364999, "72,603,649.99", "7,260.36"),
        (-5, "-0.05", "0.00"),
    ],
)
def test_yuan_and_wan_are_written_half_up(fen: int, yuan: str, wan: str) -> None:
    assert format_yuan(fen) == yuan
    assert format_wan(fen) == wan


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("0.4999999", 0), ("-0.5", -1), ("20002.5", 20003), ("-0.4", 0)],
)
def test_halves_round_away_from_zero(value: str, rounded: int) -> None:
    assert round_half_up(Decimal(value)) == rounded
    assert round_half_up(Fraction(value)) == rounded


# The first five are the printed examples of the bank rules on filling in vouchers (正确填写票据和结算凭证).
@pytest.mark.parametrize(
    ("yuan", "capitals"),
    [
        ("1,409.50", "人民币壹仟肆佰零玖元伍角整"),
        ("6,007.14", "人民币陆仟零柒元壹角肆分"),
        ("1,680.32", "人民币壹仟陆佰捌拾元零叁角贰分"),
        ("107,000.53", "人民币壹拾万柒仟元零伍角叁分"),
        ("16,409.02", "人民币壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "人民币叁佰贰拾伍元零肆分"),
        ("0", "人民币零元整"),
        ("0.01", "人民币壹分"),
        ("0.10", "人民币壹角整"),
        ("10.05", "人民币壹拾元零伍分"),
        ("6,000", "人民币陆仟元整"),
        ("10,000,001", "人民币壹仟万零壹元整"),
        ("100,010,001", "人民币壹亿零壹万零壹元整"),
        ("100,000,000", "人民币壹亿元整"),
        ("1,000,500,000", "人民币壹拾亿零伍拾万元整"),
        ("149,766,000", "人民币壹亿肆仟玖佰柒拾陆万陆仟元整"),
        ("1,200,000,000,000", "人民币壹万贰仟亿元整"),
        ("1,000,000,000,000", "人民币壹万亿元整"),
        ("-5", "人民币负伍元整"),
    ],
)
def test_capitals_follow_the_bank_rules(yuan: str, capitals: str) -> None:
    assert uppercase(parse_yuan(yuan)) == capitals


_VALUE = {name: index for index, name in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNIT = {"拾": 10, "佰": 100, "仟": 1000}


def read_capitals(text: str) -> int:
    """An independent reader of capitals, to fen."""
    whole, _, rest = text.removeprefix("人民币").rpartition("元")
    total = section = digit = 0
    for letter in whole:
        if letter in _VALUE:
            digit = _VALUE[letter]
        elif letter in _UNIT:
            section, digit = section + digit * _UNIT[letter], 0
        elif letter == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    fen = (total + section + digit) * 100
    for index, letter in enumerate(rest):
        fen += {"角": 10, "分": 1}.get(letter, 0) * _VALUE.get(rest[index - 1], 0)
    return fen


@given(st.integers(0, 10**16 - 1))
def test_capitals_say_the_amount(fen: int) -> None:
    text = uppercase(fen)
    assert read_capitals(text) == fen
    assert "零零" not in text
    assert text.endswith("整") == (fen % 10 == 0)


def test_every_small_split_is_exact_and_never_negative() -> None:
    ratios = [r for r in product(range(4), repeat=3) if sum(r)]
    for fen, ratio in product(range(40), ratios):
        parts = split_by_ratio(fen, ratio)
        assert sum(parts) == fen
        assert min(parts) >= 0
        assert all(part == 0 for part, share in zip(parts[:-1], ratio, strict=False) if share == 0)


def test_the_last_part_takes_the_rest() -> None:
    assert split_by_ratio(100, (1, 1, 1)) == (33, 33, 34)
    assert split_by_ratio(479_999, (3500, 1800)) == (316_980, 163_019)
    assert split_by_ratio(1, (1, 1, 1, 1)) == (0, 0, 0, 1)
    assert split_by_ratio(-100, (1, 2)) == (-33, -67)


@pytest.mark.parametrize("ratios", [(), (0, 0), (1, -1)])
def test_a_split_of_nothing_is_refused(ratios: tuple[int, ...]) -> None:
    with pytest.raises(MoneyError):
        split_by_ratio(100, ratios)
