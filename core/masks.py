"""Masks of personal data, made by the server (plain Python, no Django).

A mask keeps just enough to recognise a value one already has on paper. A value of unexpected length is
hidden altogether: a mask must never show more than it hides.
"""

from __future__ import annotations

from collections.abc import Callable


def mask_id(value: str) -> str:
    """370999198001010147 -> 3709**********0147 (15-digit numbers alike)."""
    if len(value) not in (15, 18):
        return "*" * len(value)
    return value[:4] + "*" * (len(value) - 8) + value[-4:]


def mask_phone(value: str) -> str:
    """19900000147 -> 199****0147; any other length keeps its last two characters at most."""
    if len(value) == 11:
        return f"{value[:3]}****{value[-4:]}"
    return "*" * max(len(value) - 2, 0) + value[-2:] if len(value) > 5 else "*" * len(value)


def mask_card(value: str) -> str:
    """6230990000000000147 -> 6230 **** **** 0147."""
    digits = value.replace(" ", "")
    if len(digits) < 12:
        return "*" * len(digits)
    return f"{digits[:4]} **** **** {digits[-4:]}"


def mask_name(value: str) -> str:
    """张示例 -> 张*例, 张三 -> 张*, 欧阳示例 -> 欧**例."""
    if len(value) <= 2:
        return value[:1] + "*" * (len(value) - 1)
    return value[0] + "*" * (len(value) - 2) + value[-1]


MASKS: dict[str, Callable[[str], str]] = {
    "id": mask_id,
    "phone": mask_phone,
    "card": mask_card,
    "name": mask_name,
}


def mask(value: str, kind: str) -> str:
    """Mask ``value`` as ``kind`` (id, phone, card, name); an unknown kind hides everything."""
    if kind not in MASKS:
        return "*" * len(value)
    return MASKS[kind](value)
