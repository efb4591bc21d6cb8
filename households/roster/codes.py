"""The stable codes of row problems and file findings, with the parameters each comes with.

Families: ``I_`` tidied or for information, ``W_`` a person confirms, ``X_`` excluded from the programme,
``E_`` refused until corrected, ``F_`` about the file as a whole. Wording: ``households/issue_wording.py``.
"""

from __future__ import annotations

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
    "E_PHONE_LENGTH": ("length", "expected"),
    "E_PHONE_CHARACTERS": (),
    "E_PHONE_PREFIX": ("prefix",),
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
    "E_RESIDENTS_NOT_NUMBER": (),
    "E_DOOR_NO_IS_DATE": (),
    "E_TOO_LONG": ("length", "limit"),
    "S_DUPLICATE_ROW": ("other_row",),
    "E_DUPLICATE_ID": ("other_row",),
    "W_SECOND_DWELLING": ("other_row",),
    "W_SAME_DOOR": ("other_row",),
    "W_SAME_CARD": ("other_row",),
    "I_REGISTERED": (),
    "I_TIDIED": ("before", "after"),
    "X_VOLUNTARY_GIVE_UP": ("words",),
    "X_DEMOLITION_PLAN": ("words",),
    "X_LONG_VACANT": ("words",),
}

FINDING_CODES: dict[str, tuple[str, ...]] = {
    "F_NO_HEADER": ("rows",),
    "F_REQUIRED_COLUMN": ("field",),
    "F_UNKNOWN_COLUMN": ("title",),
    "F_COLUMN_TWICE": ("field", "title", "first"),
    "F_HIDDEN_SHEET": (),
    "F_SUBTOTAL_COUNT": ("stated", "counted"),
    "F_SUBTOTAL_AREA": ("stated", "counted"),
    "F_NO_ROWS": (),
}
