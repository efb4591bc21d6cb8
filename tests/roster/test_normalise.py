"""What is tidied unasked, what is only proposed, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import identity
from households.roster.normalise import (
    chinese_number,
    normalise_area,
    normalise_card,
    normalise_date,
    normalise_id,
    normalise_number,
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


NUMBER_LIKE = st.from_regex(r"[0-9一二百,.，]{0,9}(平|人|㎡|左右)?", fullmatch=True)


@given(st.integers(0, 99_999), st.integers(0, 99), st.sampled_from([",", "，"]), st.sampled_from(["", "㎡", "平"]))
def test_a_decimal_comma_is_proposed_and_thousands_stay_thousands(
    whole: int, hundredths: int, comma: str, unit: str
) -> None:
    for fraction in (f"{hundredths:02}", f"{hundredths % 10}"):
        typed = normalise_area(f"{whole}{comma}{fraction}{unit}")
        assert (typed.value, typed.code, typed.proposal) == (None, "E_AREA_NOT_NUMBER", f"{whole}.{fraction}")
    assert normalise_area(f"{1 + hundredths}{comma}{whole % 1000:03}").value == 1000 * (1 + hundredths) + whole % 1000


@given(st.text(max_size=30) | NUMBER_LIKE)
def test_no_text_breaks_a_normaliser_and_nothing_unclear_gets_a_value(text: str) -> None:
    for normalise in (normalise_area, normalise_residents):
        result = normalise(text)
        assert (result.value is None) == result.code.startswith("E_")  # more than two places are rounded and told
        assert not result.proposal or normalise(result.proposal).value is not None
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
        ("88,5", "88.5"),
        ("12，34㎡", "12.34"),
        ("约88,5平", "88.5"),
        ("1,2,5", ""),
        ("12,34.5", ""),
        ("88,,5", ""),
        ("12,3456", ""),
        ("1234,567", ""),
        (",5", ""),
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


@pytest.mark.parametrize(
    ("text", "code", "proposal"),
    [
        ("19900910001/19900910002", "E_PHONE_SEVERAL", "19900910001"),
        ("19900910001 19900910002", "E_PHONE_SEVERAL", "19900910001"),
        ("0538-8331234、１９９００９１０００２", "E_PHONE_CHARACTERS", "19900910002"),
        ("19900910001（子）", "E_PHONE_CHARACTERS", "19900910001"),
        ("1990091000119900910002", "E_PHONE_LENGTH", ""),
    ],
)
def test_one_of_several_phone_numbers_is_proposed(text: str, code: str, proposal: str) -> None:
    typed = normalise_phone(text)
    assert (typed.code, typed.proposal) == (code, proposal)


def test_lost_digits_are_never_guessed() -> None:
    assert normalise_id("3.70999E+17", on=TODAY).code == "E_NUMERIC_ID"
    assert normalise_card("6.23099e18").code == "E_NUMERIC_ID"


def test_tidying_is_stable() -> None:
    assert tidy_compact(" ２　组\u200b７ 号\n") == "2组7号"


DAYS = st.dates(date(1955, 1, 1), date(2020, 6, 1))
NOTATIONS = (
    "{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0.year}-{0.month}-{0.day}", "{0.year}.{0.month}.{0.day}", "{0:%Y%m%d}",
    "{0.year}年{0.month}月{0.day}日", " {0:%Y-%m-%d} ", "{0:%Y-%m-%d} 00:00:00",
)  # fmt: skip


@given(DAYS, st.sampled_from(NOTATIONS))
def test_every_way_to_write_a_day_is_that_day(day: date, notation: str) -> None:
    written = notation.format(day)
    assert normalise_date(written, on=TODAY).value == day.isoformat()
    assert normalise_date(written.translate(FULL_WIDTH), on=TODAY).value == day.isoformat()


@given(DAYS)
def test_a_serial_number_of_a_sheet_is_its_day(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert normalise_date(str(serial), on=TODAY).value == day.isoformat()
    assert normalise_date(f"{serial}.0", on=TODAY).value == day.isoformat()


@given(st.dates(TODAY + timedelta(days=1), date(2069, 1, 1)))
def test_a_day_to_come_is_refused(day: date) -> None:
    assert normalise_date(day.isoformat(), on=TODAY).code == "E_DATE_FUTURE"


@given(st.text(st.sampled_from("0123456789-/.年月日二〇一三 "), max_size=12))
def test_a_day_is_a_day_or_at_most_a_proposal(text: str) -> None:
    typed = normalise_date(text, on=TODAY)
    assert (typed.value is None) == bool(typed.code)
    for found in (typed.value, typed.proposal):
        assert not found or date.fromisoformat(str(found)) <= TODAY


@pytest.mark.parametrize(
    ("text", "proposal"),
    [("21.3.5", ""), ("19.3.5", "2019-03-05"),
     ("3-5", "2020-03-05"), ("二〇一九年三月五日", "2019-03-05"), ("去年", ""),
     ("2019-02-29", ""), ("3月32日", "")],
)  # fmt: skip
def test_a_day_without_its_year_is_only_proposed(text: str, proposal: str) -> None:
    typed = normalise_date(text, on=TODAY)
    assert (typed.value, typed.code, typed.proposal) == (None, "E_DATE_UNREADABLE", proposal)


@given(st.integers(1, 49_999))
def test_ten_thousands_of_square_metres(hundredths: int) -> None:
    area = Decimal(hundredths) / 100
    assert normalise_area(f"{area / 10_000:f}万㎡").value == area


@given(st.decimals(0, 9_999, places=4))
def test_an_area_is_never_off_by_more_than_half_a_hundredth(area: Decimal) -> None:
    typed = normalise_area(str(area))
    assert isinstance(typed.value, Decimal) and abs(typed.value - area) <= Decimal("0.005")
    assert (typed.code == "I_ROUNDED") == (typed.value != area)


@given(st.integers(10**15, 10**19 - 1), st.sampled_from(["{:.5E}", "{:.14e}", "{}.0", "{:.2E}"]))
def test_a_long_number_in_the_form_of_a_figure_is_never_taken(number: int, form: str) -> None:
    for normalised in (normalise_id, normalise_card, normalise_phone, normalise_number):
        typed = (
            normalised(form.format(number), on=TODAY) if normalised is normalise_id else normalised(form.format(number))
        )
        assert typed.code == "E_NUMERIC_ID"


@given(st.integers(0, 900_000), st.integers(0, 17), st.sampled_from("0123456789X"))
def test_an_id_number_with_one_wrong_digit_is_never_taken(n: int, place: int, digit: str) -> None:
    number = identity.synthetic_id(n)
    wrong = number[:place] + digit + number[place + 1 :]
    typed = normalise_id(wrong, on=TODAY)
    assert typed.code.startswith("E_") or wrong == number


@pytest.mark.parametrize(("text", "people"), [("3", 3), ("3人", 3), ("４口人", 4), ("5.0", 5)])
def test_people_are_counted_with_their_unit(text: str, people: int) -> None:
    assert normalise_residents(text).value == people
