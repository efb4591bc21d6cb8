"""What two entries of one house or person share, in the form in which they are compared (no database)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core import names
from core.blind_index import blind_index, normal_form
from core.identity import birth_date, id_check_digit

LENGTH = 32
_NUMERALS = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_WRITTEN = re.compile("[〇零一二三四五六七八九十百]+")
_WORDS = re.compile("村民小组|居民小组|小组|门牌号?|单元|胡同|组|号|院|户|室|栋|幢|楼|排|[-‐–—#/\\\\,，.。、()（）]")


@dataclass(frozen=True)
class Keys:
    """Columns of `DuplicateKey`; empty where the entry says nothing."""

    person_index: str
    card_index: str
    phone_index: str
    birth_index: str
    meter_index: str
    house_index: str
    folded_name: str
    pinyin: str


def keys_of(
    *, id_number: str, bank_card: str, phone: str, head_name: str, village: str, door_no: str, meter_no: str
) -> Keys:
    """Keys of one dwelling and its head. `meter_no` only where the meter is the dwelling's own."""
    person = long_form(normal_form(id_number))
    born = birth_date(person) if len(person) == 18 else None
    surname = names.syllables(head_name)[:1]
    door = plain_door(door_no)
    return Keys(
        person_index=_key(person, "desk.person"),
        card_index=_key(bank_card, "desk.card"),
        phone_index=_key(phone, "desk.phone"),
        birth_index=_key(f"{born:%Y%m%d}{surname[0]}" if born and surname else "", "desk.birth"),
        meter_index=serial_key(meter_no, "desk.meter"),
        house_index=_key(f"{village}/{door}" if door else "", "desk.house"),
        folded_name=names.folded(head_name)[:40],
        pinyin=names.pinyin(names.folded(head_name))[:120],
    )


def serial_key(number: str, purpose: str = "desk.heater") -> str:
    """A number on a plate: leading zeros and separators are no difference."""
    plain = re.sub(r"[\s._:/]", "", normal_form(number)).lstrip("0")
    return _key(plain, purpose)


def long_form(id_number: str) -> str:
    """The 18 characters of a 15-digit number of the old kind; anything else as it is."""
    if len(id_number) != 15 or not (id_number.isascii() and id_number.isdigit()):
        return id_number
    first = f"{id_number[:6]}19{id_number[6:]}"
    return first + id_check_digit(first)


def plain_door(door_no: str) -> str:
    """A door without its words: “三组12号” and “3-012” are one door.

    >>> plain_door("三组12号")
    '3 12'
    """
    folded = unicodedata.normalize("NFKC", door_no)
    digits = _WRITTEN.sub(lambda found: f" {_number(found[0])} ", folded)
    parts = re.findall(r"\d+|[^\W\d]+", _WORDS.sub(" ", digits))
    return " ".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)


def _number(written: str) -> int:
    """二十三 → 23, 一百零五 → 105, 一二 → 12."""
    if not set(written) & {"十", "百"}:
        return int("".join(str(_NUMERALS[letter]) for letter in written))
    total = unit = 0
    for letter in written:
        if letter in _NUMERALS:
            unit = _NUMERALS[letter]
        else:
            total += (unit or 1) * (100 if letter == "百" else 10)
            unit = 0
    return total + unit


def _key(value: str, purpose: str) -> str:
    return blind_index(value, purpose)[:LENGTH]
