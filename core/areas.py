"""Area codes: an unpadded path in the style of GB/T 2260 (plain Python, no Django).

Province 2 digits, city 4, county 6, town 9, village 12, group 15. The code of a place begins with the code
of the place above it, so "everything inside" is a half-open range of strings.
"""

from __future__ import annotations

PROVINCE, CITY, COUNTY, TOWN, VILLAGE, GROUP = "province", "city", "county", "town", "village", "group"
LEVELS: tuple[str, ...] = (PROVINCE, CITY, COUNTY, TOWN, VILLAGE, GROUP)
CODE_LENGTHS: dict[str, int] = dict(zip(LEVELS, (2, 4, 6, 9, 12, 15), strict=True))
_LEVEL_BY_LENGTH = {length: level for level, length in CODE_LENGTHS.items()}
_ABOVE_EVERY_CODE = "9" * 16


def level_of(code: str) -> str:
    """Return the level of ``code``; ValueError when it isn't a code of one of the six lengths."""
    level = _LEVEL_BY_LENGTH.get(len(code))
    if level is None or not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is not an area code: 2, 4, 6, 9, 12 or 15 digits are expected")
    return level


def parent_of(code: str) -> str | None:
    """Return the code one level up, or None for a province."""
    position = LEVELS.index(level_of(code))
    return code[: CODE_LENGTHS[LEVELS[position - 1]]] if position else None


def ancestors(code: str) -> tuple[str, ...]:
    """Return every code above ``code``, the province first, without ``code`` itself."""
    level_of(code)
    return tuple(code[:length] for length in CODE_LENGTHS.values() if length < len(code))


def code_range(code: str) -> tuple[str, str]:
    """Return (first, end) so that ``first <= x < end`` holds for ``code`` and every code inside it.

    >>> code_range("370902")
    ('370902', '370903')
    """
    level_of(code)
    if code.strip("9") == "":
        return code, _ABOVE_EVERY_CODE
    return code, str(int(code) + 1).zfill(len(code))


def is_inside(code: str, area: str) -> bool:
    """True when ``code`` is ``area`` or lies inside it."""
    level_of(code)
    level_of(area)
    return code.startswith(area)
