"""Cells that need no second look come out as they would by the long way; the same for words that come again."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity import id_check_digit, luhn_check_digit, synthetic_card, synthetic_id, synthetic_phone
from households.roster import checks
from households.roster.checks import RowReader
from households.roster.columns import FIELDS
from households.roster.rows import ParsedRow, RawRow, RosterContext, Village

CONTEXT = RosterContext((Village("370999001001", "甲一村"),), {"ELECTRIC": "煤改电"}, date(2021, 11, 21))
ODD = [
    "", " ", "张示例", "張 示例", "张示例（亡）", "Zhang San", "ＡＢＣ", "½", "①", "3E15", "1E5", "E123", "=A1", "#N/A",
    "００１", "13800000000", "+8619900001111", "8619900001111", "8619900001111x", "6" * 19, "3709991990010100", "120㎡",
    "约90", "90.005", "3人", "2021/12/8", "20211208", "煤改电", "是", "x" * 61, "1号\u200b", "372901199912310000",
]  # fmt: skip


def by_the_long_way(raw: RawRow) -> ParsedRow:
    reader = RowReader(CONTEXT)
    reader._tests = dict.fromkeys(reader._tests, lambda _text: False)
    return reader.read(raw)


def both(raws: list[RawRow]) -> list[tuple[ParsedRow, ParsedRow]]:
    reader = RowReader(CONTEXT)
    return [(reader.read(raw), by_the_long_way(raw)) for raw in raws]


def assert_same(one: ParsedRow, other: ParsedRow) -> None:
    assert list(one.values.items()) == list(other.values.items())
    assert one.issues == other.issues


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_in_every_column_twice(text: str) -> None:
    raw = RawRow("s", 1, dict.fromkeys(FIELDS, text))
    for one, other in both([raw, raw]):
        assert_same(one, other)


@given(st.lists(st.text(alphabet="0123456789Xx ０张号E=#.-", max_size=20), min_size=1, max_size=4))
def test_any_texts_in_every_column(texts: list[str]) -> None:
    for one, other in both([RawRow("s", 1, dict.fromkeys(FIELDS, text)) for text in texts]):
        assert_same(one, other)


def test_numbers_with_one_digit_changed() -> None:
    chosen = random.Random(7)
    for n in range(300):
        numbers = {"id_number": synthetic_id(n), "bank_card": synthetic_card(n), "phone": synthetic_phone(n)}
        name = chosen.choice(list(numbers))
        place = chosen.randrange(len(numbers[name]))
        numbers[name] = numbers[name][:place] + chosen.choice("0123456789X") + numbers[name][place + 1 :]
        ((one, other),) = both([RawRow("s", n, numbers)])
        assert_same(one, other)


def test_words_kept_in_mind_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_MOST_WORDS", 2)
    reader = RowReader(CONTEXT)
    for n in range(5):
        assert reader.read(RawRow("s", n, {"note": f"备注{n}"})).values == {"note": f"备注{n}"}
    assert len(reader._words["note"]) == 2


@given(st.text(alphabet="0123456789", min_size=17, max_size=17))
def test_check_digits_are_those_of_the_standards(digits: str) -> None:
    weighed = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(digits))
    assert id_check_digit(digits) == "10X98765432"[weighed % 11]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(map(int, str(int(digit) * (2 - place % 2))))
    assert (total + int(luhn_check_digit(digits))) % 10 == 0


def test_digits_of_other_scripts_are_read_too() -> None:
    assert luhn_check_digit("٧٩٩٢٧٣٩٨٧١") == luhn_check_digit("7992739871") == "3"
    with pytest.raises(ValueError, match="invalid literal"):
        luhn_check_digit("79x")


@pytest.mark.parametrize("text", ["无", "暂无", "—", "/"])
def test_a_word_for_nothing_in_the_place_of_an_id_number_is_a_missing_number(text: str) -> None:
    raw = RawRow("s", 1, {"village": "甲一村", "head_name": "张示例", "id_number": text})
    (row,) = checks.review([raw], CONTEXT)
    codes = {issue.code for issue in row.issues if issue.column == "id_number"}
    assert "E_MISSING" in codes and not any(code.startswith("E_ID") for code in codes)
