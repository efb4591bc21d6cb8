"""Comparisons a document words: 大于 is strict, 不低于 is not (plain Python, no Django)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal

OPERATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}

SAME_AS_SIGN, ABOUT = {">=": "以上", "<=": "以下"}, "左右"


def holds(value: Decimal, comparison: str, limit: Decimal) -> bool:
    """Whether `value` stands to `limit` as asked. KeyError for a comparison that isn't one of `OPERATORS`."""
    return OPERATORS[comparison](value, limit)


def target_words(comparison: str, amount: str, soft_word: str) -> str:
    """What is to be reached: “>= 60 %”, “普遍 >= 18 ℃”, “平均 80 % 左右”. `soft_word` is the document's, with …
    where the amount stands: 左右 takes the sign's place, and 以上 says what the sign says already.
    """
    before, _dots, after = soft_word.rpartition("…")
    sign = "" if after == ABOUT else comparison
    return " ".join(filter(None, (before, sign, amount, "" if after == SAME_AS_SIGN.get(comparison) else after)))
