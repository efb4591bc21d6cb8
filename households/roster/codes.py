"""The stable codes of row problems and file findings, with the parameters each comes with.

Families: ``I_`` tidied or for information, ``W_`` a person confirms, ``X_`` excluded from the programme,
``E_`` refused until corrected, ``S_`` left out because it is no (further) household, ``F_`` about the file as a
whole. Wording: ``households/issue_wording.py``; the table for clerks: ``docs/importing.md``.
"""

from __future__ import annotations

from collections.abc import Collection

ROW_CODES: dict[str, tuple[str, ...]] = {
    "E_MISSING": (),
    "E_NUMERIC_ID": (),
    "E_FORMULA_NO_VALUE": (),
    "E_ERROR_VALUE": (),
    "E_ID_LENGTH": ("length", "expected"),
    "E_ID_CHARACTERS": (),
    "E_ID_BIRTH_DATE": ("digits",),
    "E_ID_CHECK_DIGIT": ("found", "expected"),
    "W_ID_15_DIGITS": (),
    "W_MAYBE_ROUNDED": ("zeros",),
    "W_NAME_UNUSUAL": (),
    "E_PHONE_LENGTH": ("length", "expected"),
    "E_PHONE_CHARACTERS": (),
    "E_PHONE_PREFIX": ("prefix",),
    "E_PHONE_SEVERAL": ("numbers",),
    "W_PHONE_LANDLINE": (),
    "E_CARD_LENGTH": ("length",),
    "E_CARD_CHARACTERS": (),
    "E_CARD_LUHN": (),
    "E_AREA_NOT_NUMBER": (),
    "E_AREA_RANGE": ("low", "high"),
    "E_VILLAGE_UNKNOWN": ("suggestions",),
    "E_VILLAGE_OUTSIDE": ("area",),
    "W_TOWN_DIFFERS": ("town",),
    "E_TECHNOLOGY_UNKNOWN": ("allowed",),
    "E_TECHNOLOGY_NOT_ALLOWED": ("allowed",),
    "E_TECHNOLOGY_NOT_IN_TARGET": ("village", "target"),
    "W_OLD_HEATING_UNKNOWN": ("allowed",),
    "W_CLASS_UNKNOWN": ("words", "allowed"),
    "I_HOLDER_DIFFERS": (),
    "E_RESIDENTS_NOT_NUMBER": (),
    "E_DOOR_NO_IS_DATE": (),
    "E_DATE_UNREADABLE": (),
    "E_DATE_FUTURE": (),
    "E_TOO_LONG": ("length", "limit"),
    "S_DUPLICATE_ROW": ("other_row",),
    "E_DUPLICATE_ID": ("other_row",),
    "W_SECOND_DWELLING": ("other_row",),
    "W_SAME_DOOR": ("other_row",),
    "W_SAME_CARD": ("other_row",),
    "I_REGISTERED": (),
    "I_TIDIED": ("before", "after"),
    "I_ROUNDED": ("before", "after"),
    "I_VILLAGE_FROM_HEADING": (),
    "I_NOTE_NOT_EXCLUDING": ("words",),
    "W_NOTE_UNCLEAR": ("words",),
    "W_DEMOLITION_LONG_AGO": ("words", "year", "years"),
    "X_VOLUNTARY_GIVE_UP": ("words",),
    "X_DEMOLITION_PLAN": ("words",),
    "X_LONG_VACANT": ("words",),
}

IF_ELSEWHERE = frozenset({"other_sheet"})
"""Beside ``other_row``, where that row is on another sheet."""

FINDING_CODES: dict[str, tuple[str, ...]] = {
    "F_NO_HEADER": ("rows",),
    "F_REQUIRED_COLUMN": ("field",),
    "F_UNKNOWN_COLUMN": ("title",),
    "F_UNTITLED_COLUMN": ("column", "cells"),
    "F_COLUMN_TWICE": ("field", "title", "first"),
    "F_HIDDEN_SHEET": (),
    "F_HIDDEN_ROWS": ("rows",),
    "F_SIDE_BY_SIDE": ("tables",),
    "F_HEADER_AGAIN": (),
    "F_LOST_PRECISION": ("field", "cells"),
    "F_MACROS": (),
    "F_SUBTOTAL_COUNT": ("stated", "counted"),
    "F_SUBTOTAL_AREA": ("stated", "counted"),
    "F_NO_ROWS": (),
}

SKIP_CODES: dict[str, str] = {
    kind: f"S_{kind.upper()}"
    for kind in ("subtotal", "total", "blank", "header", "note", "signature", "title", "member")
}
"""Kind of a row that is no household (``classify.KINDS``) -> its code."""

ACCEPT, FLAG, EXCLUDE, REJECT, SKIP = "accept", "flag", "exclude", "reject", "skip"
DECISIONS = (ACCEPT, FLAG, EXCLUDE, REJECT, SKIP)


def decision(codes: Collection[str]) -> str:
    """What becomes of a row with these codes: the gravest family decides.

    ``reject`` waits for a correction, ``skip`` is no household, ``exclude`` stays in the base survey without being
    eligible, ``flag`` enters after a person confirmed, ``accept`` enters.
    """
    families = {code[0] for code in codes}
    return next(
        (made for family, made in zip("ESXW", (REJECT, SKIP, EXCLUDE, FLAG), strict=True) if family in families), ACCEPT
    )
