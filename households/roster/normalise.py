"""Turn what was typed into what is stored, one function per kind of value.

Only what cannot change the meaning is done unasked: full-width digits, spaces, dashes in numbers, lowercase x,
thousands commas, the square-metre sign. Anything that needs a guess is a proposal, shown and never applied.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from core import identity

_SPACES = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_NUMBER_NOISE = re.compile(r"[\s\-\u2010-\u2015\u2212_·'’\u200b-\u200f\u2060\ufeff]+")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}|[0-9]{12,}\.[0-9]*")
"""A long number as a spreadsheet program shows a figure: 3.70999E+17, 370999198001010000.0."""
LONG_NUMBERS = ("id_number", "bank_card", "phone", "meter_no")
"""Fields whose digits a spreadsheet program may have rounded away."""
_MOBILES = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_LIKE_DIGITS = str.maketrans("OoIlｌ×Хх", "00111XXX")
_PLAIN_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_SQUARE_METRE = re.compile(r"(m2|平方米|平米)$", re.IGNORECASE)
_TEN_THOUSANDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)万")
_DATE = re.compile(r"([0-9]{4})(?:年|[-/.])([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})日?(?:[T ]?0{1,2}:00(?::00)?)?")
_SHORT_DATE = re.compile(r"(?:([0-9]{2})(?:年|[-/.]))?([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})日?")
_SERIAL_DATE = re.compile(r"[2-6][0-9]{4}(?:\.0+)?")
_SPOKEN_DATE = re.compile(
    r"([零〇一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]?"
)
_PEOPLE = re.compile(r"([0-9]{1,2})(?:\.0+)?(?:人|口|口人)?")
_LOOSE_NUMBER = re.compile(r"(?:约|大约|大概)?([0-9]+(?:\.[0-9]+)?)(?:平方米|平米|平|方|左右|多|余|个平方|人|口|m2?)*")
_DECIMAL_COMMA = re.compile(r",(?=[0-9]{1,2}(?![0-9]))")
"""88,5: one comma before one or two digits parts no thousands. Perhaps a decimal point; a person says so."""
_CENT = Decimal("0.01")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}


NOTHING = frozenset({"无", "暂无", "没有", "无号", "不详", "未知", "空", "/", "\\", "-", "--", "—", "——", "*"})
"""What people write where a number would stand and there is none."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A value after tidying. ``code`` says why it can't be used, ``proposal`` what was perhaps meant."""

    value: str | int | Decimal | None
    code: str = ""
    params: dict[str, str | int] | None = None
    proposal: str = ""


def tidy_text(text: str) -> str:
    """Half-width, without invisible characters; runs of spaces become one."""
    if text.isalnum() and (text.isascii() or unicodedata.is_normalized("NFKC", text)):
        return text
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def tidy_compact(text: str) -> str:
    """As ``tidy_text`` but without any space: names, door numbers and villages in Chinese have none."""
    return tidy_text(text).replace(" ", "")


def is_figure(text: str) -> bool:
    """Whether a long number comes in the form of a figure, its last digits lost."""
    return (
        len(text) >= 5
        and not text.isdigit()
        and ("e" in text or "E" in text or "." in text)
        and bool(_SCIENTIFIC.fullmatch(tidy_compact(text)))
    )


def _tidy_number(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    return _NUMBER_NOISE.sub("", unicodedata.normalize("NFKC", text))


def normalise_id(text: str, *, on: date) -> Typed:
    """ID number; ``on`` is the day from which ages are judged."""
    if is_figure(text):
        return Typed(tidy_compact(text), "E_NUMERIC_ID")
    value = _tidy_number(text).upper()
    problem = identity.id_problem(value, on=on)
    if problem is None and value.endswith("000"):
        return Typed(value, "W_MAYBE_ROUNDED", {"zeros": 3})
    if problem and problem.code == "ID_15_DIGITS":
        return Typed(value, "W_ID_15_DIGITS", problem.params)
    if problem and problem.code == "ID_CHARACTERS":
        meant = _tidy_number(text).translate(_LIKE_DIGITS).upper()
        return Typed(value, "E_ID_CHARACTERS", {}, "" if identity.id_problem(meant, on=on) else meant)
    return _judged(value, problem)


def normalise_phone(text: str) -> Typed:
    """Mobile number; a leading +86 goes, a landline has to be confirmed."""
    if is_figure(text):
        return Typed(tidy_compact(text), "E_NUMERIC_ID")
    value = _tidy_number(text).replace(".", "")
    value = re.sub(r"^(\+86|0086|86(?=1[0-9]{10}$))", "", value)
    problem = identity.phone_problem(value)
    if problem and problem.code == "PHONE_LANDLINE":
        return Typed(value, "W_PHONE_LANDLINE", problem.params)
    return _judged(value, problem) if problem is None else _one_of_several(text, value, problem)


def _one_of_several(text: str, value: str, problem: identity.Problem) -> Typed:
    """No number by itself: perhaps two in one cell, or one beside other words (…(子)); the first is proposed."""
    mobiles = _MOBILES.findall(tidy_text(text))
    if len(mobiles) > 1:
        return Typed(value, "E_PHONE_SEVERAL", {"numbers": len(mobiles)}, mobiles[0])
    return Typed(value, f"E_{problem.code}", problem.params, mobiles[0] if mobiles else "")


def normalise_card(text: str) -> Typed:
    """Bank card number."""
    if is_figure(text):
        return Typed(tidy_compact(text), "E_NUMERIC_ID")
    value = _tidy_number(text)
    problem = identity.card_problem(value)
    # A figure keeps 15 digits; a longer card number typed as one ends in zeros, and one in ten passes its check.
    if problem is None and len(value) >= 18 and set(value[15:]) == {"0"}:
        return Typed(value, "W_MAYBE_ROUNDED", {"zeros": len(value) - 15})
    return _judged(value, problem)


def normalise_number(text: str) -> Typed:
    """Another number that is kept as text, such as a meter's: only a figure's form is refused."""
    compact = tidy_compact(text)
    return Typed(compact, "E_NUMERIC_ID") if is_figure(text) else Typed(compact)


def _judged(value: str, problem: identity.Problem | None) -> Typed:
    if problem is None:
        return Typed(value)
    return Typed(value, f"E_{problem.code}", problem.params, problem.proposal)


def normalise_area(text: str) -> Typed:
    """Heated area in m² as Decimal of at most two places; words and loose units are proposals."""
    compact = _SQUARE_METRE.sub("", tidy_compact(text))
    thousands = _TEN_THOUSANDS.fullmatch(compact)
    number = _plain_decimal(thousands[1]) if thousands else _plain_decimal(compact)
    if number is None:
        return Typed(None, "E_AREA_NOT_NUMBER", {}, _proposed_number(_DECIMAL_COMMA.sub(".", tidy_compact(text))))
    if thousands:
        number *= 10_000
    rounded = number.quantize(_CENT, ROUND_HALF_UP)
    if rounded != number:
        return Typed(rounded, "I_ROUNDED", {"before": tidy_compact(text), "after": f"{rounded:f}"})
    return Typed(rounded if thousands else number)


def normalise_residents(text: str) -> Typed:
    """Number of people living there; 3人 and 3.0 are 3."""
    compact = tidy_compact(text)
    plain = _PEOPLE.fullmatch(compact)
    if plain:
        return Typed(int(plain[1]))
    proposal = _proposed_number(compact)
    return Typed(None, "E_RESIDENTS_NOT_NUMBER", {}, proposal if _PEOPLE.fullmatch(proposal) else "")


def normalise_date(text: str, *, on: date) -> Typed:
    """Day as ISO text: 2021-12-08, 2021/12/8, 2021年12月8日, 20211208, or a sheet's serial number (44538).

    A year of two digits, no year, and Chinese numerals are proposals; a day after ``on`` is refused.
    """
    compact = tidy_compact(text)
    found = _plain_date(compact)
    if found is None:
        return Typed(None, "E_DATE_UNREADABLE", {}, _proposed_date(compact, on))
    return Typed(found.isoformat()) if found <= on else Typed(None, "E_DATE_FUTURE", {})


def _plain_date(compact: str) -> date | None:
    written = _DATE.fullmatch(compact)
    if written:
        return _date(*map(int, written.groups()))
    if re.fullmatch(r"(19|20)[0-9]{6}", compact):
        return _date(int(compact[:4]), int(compact[4:6]), int(compact[6:]))
    if _SERIAL_DATE.fullmatch(compact):
        # Day 60 of a sheet's calendar is 1900-02-29, which never was; later days count from 1899-12-30.
        return date(1899, 12, 30) + timedelta(days=int(compact.split(".")[0]))
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _proposed_date(compact: str, on: date) -> str:
    short, spoken = _SHORT_DATE.fullmatch(compact), _SPOKEN_DATE.fullmatch(compact)
    found = None
    if short:
        year = 2000 + int(short[1]) if short[1] else on.year
        found = _date(year, int(short[2]), int(short[3]))
    elif spoken:
        found = _date(*(int(chinese_number(part) or 0) for part in spoken.groups()))
    return found.isoformat() if found and found <= on else ""


def _plain_decimal(compact: str) -> Decimal | None:
    if len(compact) > 12:
        return None
    if _THOUSANDS.fullmatch(compact):
        compact = compact.replace(",", "")
    return Decimal(compact) if _PLAIN_NUMBER.fullmatch(compact) else None


def _proposed_number(compact: str) -> str:
    loose = _LOOSE_NUMBER.fullmatch(compact)
    if loose and len(loose[1]) <= 12:
        return loose[1]
    spoken = chinese_number(re.sub(r"(平方米|平米|平方|平|人|口)$", "", compact))
    return "" if spoken is None else str(spoken)


def chinese_number(text: str) -> Decimal | None:
    """Value of a Chinese numeral below 10,000: 一百二 and 一百二十 are 120, 一百零二 is 102, 八十六点五 is 86.5."""
    whole, point, fraction = text.partition("点")
    value = _chinese_integer(whole)
    if value is None or (point and not (fraction and all(char in _DIGITS for char in fraction))):
        return None
    decimals = "".join(str(_DIGITS[char]) for char in fraction)
    return Decimal(f"{value}.{decimals}") if decimals else Decimal(value)


def _chinese_integer(text: str) -> int | None:
    if not text or any(char not in _DIGITS and char not in _UNITS for char in text):
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) <= 4 else None
    total, digit, unit, largest = 0, None, 0, 10_000
    for char in text:
        if char in _UNITS:
            unit = _UNITS[char]
            if unit >= largest or (digit is None and total):
                return None
            total, largest, digit = total + (1 if digit is None else digit) * unit, unit, None
        elif digit:
            return None
        else:
            digit = _DIGITS[char]
            unit = 0 if char == "零" else unit
    # A last digit straight after 百 or 千 counts the next lower unit: 一百二 is 120, not 102.
    return total + (digit or 0) * (unit // 10 if unit > 10 else 1)
