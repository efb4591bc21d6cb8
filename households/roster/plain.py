"""Cells that need no second look: nearly every cell of a roster is well formed and tidy as it stands.

Each function says whether a text is its own value: what `households.roster.checks` would come to by the long way,
without an issue and without a word about tidying. A "no" only means that the long way is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from unicodedata import is_normalized

from core import identity
from households.roster.normalise import NOTHING

Plain = Callable[[str], bool]
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_ROUNDED = "000"
_LONGEST = 40


def plain_tests(on: date, unusual_name: re.Pattern[str]) -> dict[str, Plain]:
    """The tests by field; fields without one always go the long way. ``on`` is the day from which ages are judged."""

    def is_id(text: str) -> bool:
        return (
            len(text) == 18
            and text.isascii()
            and text.isalnum()
            and identity.id_problem(text, on=on) is None
            and not text.endswith(_ROUNDED)
        )

    def is_name(text: str) -> bool:
        return _is_something(text) and not unusual_name.search(text)

    return {
        "id_number": is_id,
        "phone": lambda text: _MOBILE.fullmatch(text) is not None,
        "bank_card": _is_card,
        "head_name": is_name,
        "account_holder": is_name,
        "door_no": _is_something,
        "meter_no": _is_something,
    }


def is_word(text: str) -> bool:
    """Letters and digits only, none too wide, not so long that a limit could matter."""
    return len(text) <= _LONGEST and text.isalnum() and (text.isascii() or is_normalized("NFKC", text))


def _is_something(text: str) -> bool:
    return is_word(text) and text not in NOTHING


def _is_card(text: str) -> bool:
    return identity.card_problem(text) is None and not (len(text) >= 18 and text[15:].strip("0") == "")
