"""Money as integer fen (分): reading, writing, rounding and splitting. No floats, no Django.

1 yuan = 100 fen, 1 万 = 10,000 yuan. Every rounding is half up (away from zero at the half), as the
finance offices do it; Python's ``round`` would give banker's rounding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

FEN_PER_YUAN = 100
FEN_PER_WAN = 10_000 * FEN_PER_YUAN
#: The database column is a signed 64-bit integer; no single amount may come near its end.
MAX_FEN = 10**17
_LONGEST_TEXT = 40
_AMOUNT = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d[\d,]*)(?:\.(?P<fraction>\d*))?(?P<wan>万)?元?(?P<zheng>[整正]?)")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"


class MoneyError(ValueError):
    """An amount that is not one, or can't be had as asked; `code` says which for pages that speak another language."""

    def __init__(self, message: str, code: str = "NOT_AN_AMOUNT") -> None:
        self.code = code
        super().__init__(message)


def round_half_up(value: Decimal | Fraction | int) -> int:
    """Nearest integer, halves away from zero: 0.5 -> 1, -0.5 -> -1. Exact, no decimal context."""
    if type(value) is int:
        return value
    exact = value if isinstance(value, Fraction) else Fraction(value)
    magnitude = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return magnitude if exact >= 0 else -magnitude


def parse_yuan(text: str) -> int:
    """Read an amount in yuan, as people type it, into fen.

    Accepts full-width digits, thousands commas (``1,234.5``), a leading ``¥``, a trailing ``元`` or ``整``
    and ``万`` (``1.2万`` = 12,000 yuan). More than two decimals of a yuan are refused, never rounded away.
    """
    if not isinstance(text, str):
        raise MoneyError(f"An amount must be text, got {type(text).__name__}.")
    if len(text) > _LONGEST_TEXT:
        raise MoneyError(f"An amount has at most {_LONGEST_TEXT} characters, got {len(text)}.", "TOO_LONG")
    match = _AMOUNT.fullmatch(_plain(text))
    if match is None:
        raise MoneyError(f"“{text.strip()}” is not an amount; write it like 1,234.50 or 1.2万.")
    _check_commas(match["whole"], text)
    return _to_fen(match, text)


def _plain(text: str) -> str:
    """Full-width to half-width, without blanks and currency sign."""
    folded = unicodedata.normalize("NFKC", text).replace("−", "-").replace("、", ",")
    return re.sub(r"\s+", "", folded).replace("¥", "")


def _check_commas(whole: str, text: str) -> None:
    if "," in whole and not _GROUPED.fullmatch(whole):
        raise MoneyError(f"“{text.strip()}”: the commas do not separate thousands; write 1,234,567.89.", "COMMAS")


def _to_fen(match: re.Match[str], text: str) -> int:
    fraction = match["fraction"] or ""
    number = Fraction(int(match["whole"].replace(",", "") + fraction), 10 ** len(fraction))
    fen = number * (FEN_PER_WAN if match["wan"] else FEN_PER_YUAN)
    if fen.denominator != 1:
        words = f"“{text.strip()}” has parts of a fen; an amount has at most two decimals of a yuan."
        raise MoneyError(words, "PARTS_OF_A_FEN")
    if fen > MAX_FEN:
        raise MoneyError(f"“{text.strip()}” is larger than any amount this programme can hold.", "TOO_LARGE")
    return -int(fen) if match["sign"] == "-" else int(fen)


def format_yuan(fen: int) -> str:
    """Fen as yuan with thousands commas and two decimals: 600000 -> ``6,000.00``."""
    return _two_decimals(fen, grouped=True)


def plain_yuan(fen: int) -> str:
    """Fen as yuan for machines: 600000 -> ``6000.00``."""
    return _two_decimals(fen, grouped=False)


def format_wan(fen: int) -> str:
    """Fen as 万元, half up to two decimals: 7260365000 -> ``7,260.37``."""
    return _two_decimals(round_half_up(Fraction(fen, 10_000)), grouped=True)


def _two_decimals(hundredths: int, *, grouped: bool) -> str:
    whole, rest = divmod(abs(hundredths), 100)
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{whole:,}.{rest:02d}" if grouped else f"{sign}{whole}.{rest:02d}"


def split_by_ratio(fen: int, ratios: Sequence[int | Decimal | Fraction]) -> tuple[int, ...]:
    """Split by ratio: every part rounded half up, the last takes the rest, so the sum is exact.

    A part never takes more than what is left, so no part is negative for a non-negative amount.
    """
    weights = _whole(ratios)
    if not weights or any(weight < 0 for weight in weights) or not sum(weights):
        raise MoneyError("A split needs at least one ratio, none negative and not all zero.")
    if fen < 0:
        return tuple(-part for part in _split(-fen, weights))
    return _split(fen, weights)


def _whole(ratios: Sequence[int | Decimal | Fraction]) -> list[int]:
    """The same ratio in whole numbers."""
    if all(type(ratio) is int for ratio in ratios):
        return list(map(int, ratios))
    exact = [Fraction(ratio) for ratio in ratios]
    common = lcm(*(ratio.denominator for ratio in exact))
    return [int(ratio * common) for ratio in exact]


def _split(fen: int, weights: list[int]) -> tuple[int, ...]:
    total, left, parts = sum(weights), fen, []
    for weight in weights[:-1]:
        parts.append(min(left, (2 * fen * weight + total) // (2 * total)))  # half up
        left -= parts[-1]
    return (*parts, left)


def uppercase(fen: int) -> str:
    """Amount in financial capitals (人民币大写) as the rules for filling in bank vouchers write it.

    ``人民币`` stands before; ``整`` closes an amount that ends with yuan or jiao, never one with fen; one
    ``零`` stands for any run of zeros between two digits, also between yuan and a lone fen:
    600000 -> 人民币陆仟元整, 10700053 -> 人民币壹拾万柒仟元零伍角叁分, 1 -> 人民币壹分.
    """
    if abs(fen) >= 10**18:
        raise MoneyError("Amounts from 10,000,000,000,000,000 yuan on have no capital form here.")
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    sign = "负" if fen < 0 else ""
    return f"人民币{sign}{_capital_yuan(yuan, rest)}{_capital_rest(yuan, rest)}"


def _capital_yuan(yuan: int, rest: int) -> str:
    if yuan:
        return _capital_integer(yuan) + "元"
    return "" if rest else "零元"


def _capital_rest(yuan: int, rest: int) -> str:
    jiao, fen = divmod(rest, 10)
    if not rest:
        return "整"
    text = f"{_DIGITS[jiao]}角" if jiao else ""
    # 零 before jiao where the yuan end with 0 (107,000.53 -> 柒仟元零伍角叁分), and for a missing jiao.
    gap = "零" if yuan and (not jiao or yuan % 10 == 0) else ""
    return gap + text + (f"{_DIGITS[fen]}分" if fen else "整")


def _capital_integer(number: int) -> str:
    """Positive integer below 10**16 in groups of four digits: 仟佰拾, 万, 亿, 万亿."""
    groups, units, text, gap = [], ["", "万", "亿", "万亿"], "", False
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    for index in reversed(range(len(groups))):
        group = groups[index]
        if not group:
            gap = bool(text)
            continue
        text += ("零" if text and (gap or group < 1000) else "") + _capital_group(group)
        text += _unit(index, groups, units)
        gap = False
    return text


def _unit(index: int, groups: list[int], units: list[str]) -> str:
    """万亿 is written 万 when 亿 follows in the same amount (壹万贰仟亿, not 壹万亿贰仟亿)."""
    if index == 3 and len(groups) > 3 and groups[2]:
        return "万"
    return units[index]


def _capital_group(group: int) -> str:
    """1..9999 with inner zeros as one 零 and no leading or trailing one: 1005 -> 壹仟零伍."""
    text, gap = "", False
    for unit, name in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = group // unit % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + name
        gap = not digit
    return text
