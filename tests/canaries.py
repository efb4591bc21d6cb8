"""Canaries: invented numbers seeded into rows; no page, log, export or dump may show one in full."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Its groups may all be digits, and then pass for a card.
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# Runs of digits, as written or with single spaces or dashes in between (cards are often printed in fours).
_RUNS = re.compile(r"[0-9](?:[ -]?[0-9]){9,18}[Xx]?")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def personal_numbers(text: str) -> list[str]:
    """Everything in `text` that is an identity number, a phone or a card by its own check digits."""
    runs = {re.sub(r"[ -]", "", match) for match in _RUNS.findall(_UUID.sub("", text))}
    return sorted(run for run in runs if _is_id(run) or _is_phone(run) or _is_card(run))


def seeded_in(text: str, seeded: Iterable[str]) -> list[str]:
    """Those of the seeded values that stand in `text`, spaces and dashes ignored."""
    squeezed = re.sub(r"(?<=[0-9])[ -](?=[0-9])", "", text).upper()
    return sorted(value for value in seeded if value and value.upper() in squeezed)


def _is_id(run: str) -> bool:
    if not re.fullmatch(r"[1-8][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9][0-9]{3}[0-9Xx]", run):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, run[:17], strict=True))
    return "10X98765432"[total % 11] == run[-1].upper()


def _is_phone(run: str) -> bool:
    return re.fullmatch(r"1[3-9][0-9]{9}", run) is not None


def _is_card(run: str) -> bool:
    if not re.fullmatch(r"[3-9][0-9]{15,18}", run):
        return False
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(run))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
