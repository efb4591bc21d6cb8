"""Identity numbers, mobile numbers and bank cards: what makes one well formed (plain Python, no Django).

Every function takes text that is already tidied: half-width, no spaces, capital X. The division part of an
ID number is not judged: the lists change and refuse genuine numbers of people born before a reform.
The ``synthetic_*`` functions make invented values for demonstrations and tests, well formed and yet
recognisable: division 370999 does not exist, mobiles begin 1990, cards begin 623099.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
#: Luhn: twice the digit, and the sum of its digits where that has two.
_DOUBLED = bytes.maketrans(bytes(range(10)), bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_ID_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[0-9]{9,11}")
MAX_AGE_YEARS = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is not well formed: a stable code, its parameters, a value to propose (never to apply)."""

    code: str
    params: dict[str, str | int]
    proposal: str = ""


def id_check_digit(first17: str) -> str:
    """Check character of the first 17 digits of an ID number (GB 11643, ISO 7064 MOD 11-2)."""
    if len(first17) != len(_WEIGHTS):
        raise ValueError(f"id_check_digit takes {len(_WEIGHTS)} digits, got {len(first17)}")
    return _CHECK_CHARACTERS[sum(map(mul, _WEIGHTS, _digits(first17))) % 11]


def _digits(text: str) -> Sequence[int]:
    """The values of digits; quick, because a roster brings hundreds of thousands. Raises ValueError for others."""
    if text.isascii() and text.isdigit():
        return text.encode().translate(_VALUES)
    return [int(character) for character in text]


def birth_date(id_number: str) -> date | None:
    """Birth date inside an 18- or 15-digit ID number, or None when those digits are no date."""
    return _day("19" + id_number[6:12] if len(id_number) == 15 else id_number[6:14])


@lru_cache(maxsize=64)
def _oldest(on: date) -> date:
    return on - timedelta(days=MAX_AGE_YEARS * 366)


@lru_cache(maxsize=65_536)  # as many days as people were born on who live
def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def id_problem(value: str, *, on: date) -> Problem | None:
    """First reason why ``value`` is no usable ID number on the day ``on``, or None.

    A wrong check digit is reported with the digit that would fit, but which digit was mistyped is unknown,
    so the caller must never apply it by itself. A 15-digit number is old, not wrong: code ``ID_15_DIGITS``.
    """
    if len(value) not in (15, 18):
        return Problem("ID_LENGTH", {"length": len(value), "expected": 18})
    if not (_ID_SHAPE.fullmatch(value) or (len(value) == 15 and value.isascii() and value.isdigit())):
        return Problem("ID_CHARACTERS", {})
    born = birth_date(value)
    if born is None or not _oldest(on) <= born <= on:
        return Problem("ID_BIRTH_DATE", {"digits": value[6:14] if len(value) == 18 else value[6:12]})
    if len(value) == 15:
        return Problem("ID_15_DIGITS", {})
    expected = id_check_digit(value[:17])
    if expected != value[17]:
        return Problem("ID_CHECK_DIGIT", {"found": value[17], "expected": expected}, value[:17] + expected)
    return None


def phone_problem(value: str) -> Problem | None:
    """Reason why ``value`` is no mobile number: wrong length, letters, prefix, or a landline."""
    if _MOBILE.fullmatch(value):
        return None
    if _LANDLINE.fullmatch(value):
        return Problem("PHONE_LANDLINE", {})
    if not (value.isascii() and value.isdigit()):
        return Problem("PHONE_CHARACTERS", {})
    if len(value) != 11:
        return Problem("PHONE_LENGTH", {"length": len(value), "expected": 11})
    return Problem("PHONE_PREFIX", {"prefix": value[:2]})


def luhn_check_digit(digits: str) -> str:
    """Luhn digit to append to ``digits``."""
    values = bytes(_digits(digits))
    return str(-(sum(values[-1::-2].translate(_DOUBLED)) + sum(values[-2::-2])) % 10)


def card_problem(value: str) -> Problem | None:
    """Reason why ``value`` is no bank card number (16 to 19 digits with a Luhn check digit), or None."""
    if not (value.isascii() and value.isdigit()):
        return Problem("CARD_CHARACTERS", {})
    if not 16 <= len(value) <= 19:
        return Problem("CARD_LENGTH", {"length": len(value)})
    if luhn_check_digit(value[:-1]) != value[-1]:
        return Problem("CARD_LUHN", {})
    return None


_FIRST_BIRTH = date(1942, 1, 1)
_BIRTH_DAYS = 21_000  # up to mid-1999; prime to the step below, so days spread and never repeat in a block
_BIRTH_STEP = 7_919


def synthetic_id(n: int) -> str:
    """Invented ID number number ``n`` (0 <= n < 20,979,000), all different, division 370999."""
    sequence, day = divmod(n, _BIRTH_DAYS)
    if not 0 <= sequence < 999:
        raise ValueError(f"synthetic_id: n must be between 0 and {_BIRTH_DAYS * 999 - 1}, got {n}")
    born = _FIRST_BIRTH + timedelta(days=day * _BIRTH_STEP % _BIRTH_DAYS)
    first17 = f"370999{born:%Y%m%d}{sequence + 1:03d}"
    return first17 + id_check_digit(first17)


def synthetic_phone(n: int) -> str:
    """Invented mobile number ``n`` (0 <= n < 10,000,000): 1990 followed by seven digits."""
    if not 0 <= n < 10_000_000:
        raise ValueError(f"synthetic_phone: n must be between 0 and 9999999, got {n}")
    return f"1990{n:07d}"


def synthetic_card(n: int) -> str:
    """Invented 19-digit bank card ``n`` with prefix 623099 and a valid Luhn digit."""
    if not 0 <= n < 10**12:
        raise ValueError(f"synthetic_card: n must be between 0 and 999999999999, got {n}")
    body = f"623099{n:012d}"
    return body + luhn_check_digit(body)
