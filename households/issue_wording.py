"""Words for the codes of a roster import: a short title, one sentence, and what to do next.

Codes come from ``households.roster.codes`` (rows, findings) and ``core.workbooks.refusals`` (whole files); every code
has its words here, a test holds it. Sentences take the issue's ``params`` plus ``%(value)s``, the cell as found.
Field names are ``households.roster.columns.FIELDS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise


@dataclass(frozen=True)
class Wording:
    """``title`` groups issues on the page, ``sentence`` says what is wrong, ``todo`` what to do."""

    title: Words
    sentence: Words
    todo: Words


FIELD_TITLES: dict[str, Words] = {
    "town": _("Town or street"),
    "village": pgettext_lazy("roster column", "Village"),
    "group": _("Village group"),
    "head_name": _("Head of household"),
    "id_number": _("ID number"),
    "phone": _("Mobile number"),
    "bank_card": _("Bank card"),
    "account_holder": _("account holder"),
    "door_no": _("Door number"),
    "heated_area_m2": _("Heated area"),
    "technology": pgettext_lazy("roster column", "Technology"),
    "old_heating": _("old heating"),
    "dwelling_type": _("Dwelling type"),
    "residents": _("Residents"),
    "beneficiary_classes": _("Beneficiary classes"),
    "meter_no": _("Meter number"),
    "applied_on": _("Day of application"),
    "note": _("Note"),
}
STATE_TITLES: dict[str, Words] = {
    "ready": _("Can be applied"),
    "confirm": _("To be confirmed"),
    "excluded": _("Not in the programme"),
    "refused": _("To be corrected"),
    "merged": _("Repeated, merged"),
}
ROW_KIND_TITLES: dict[str, Words] = {
    "data": pgettext_lazy("row kind", "Household"),
    "subtotal": _("Subtotal row"),
    "total": _("Total row"),
    "blank": _("Blank row"),
    "header": _("Header row"),
    "note": _("Note row"),
    "signature": _("Signature row"),
    "title": _("Title row"),
    "member": _("Member of the household above"),
}

_ID, _PHONE, _CARD, _AREA = _("ID number"), _("Mobile number"), _("Bank card"), _("Heated area")
_VILLAGE, _TECHNOLOGY, _TWICE = (
    pgettext_lazy("roster column", "Village"),
    pgettext_lazy("roster column", "Technology"),
    _("Duplicate"),
)
_CELL, _EXCLUDED, _COLUMNS, _TOTALS, _FILE = _("Cell"), _("Exclusion"), _("Columns"), _("Totals"), _("File")
_FROM_PAPER = _("Compare with the paper and type the right number.")
_EXCLUDE_TODO = _("The household stays in the survey. Remove the note if it takes part after all.")

WORDINGS: dict[str, Wording] = {
    "E_MISSING": Wording(_("Missing"), _("This must be filled in."), _("Type the missing value.")),
    "E_NUMERIC_ID": Wording(
        _("Number stored as a figure"),
        _("The number was stored as a figure, so its last digits are lost: %(value)s."),
        _("Type the whole number again. In the sheet, format the column as text first."),
    ),
    "E_FORMULA_NO_VALUE": Wording(
        _CELL,
        _("The cell holds a formula without a stored result."),
        _("Type the value, or save the file in Excel again."),
    ),
    "E_ERROR_VALUE": Wording(_CELL, _("The cell shows an error such as #N/A."), _("Type the value itself.")),
    "E_ID_LENGTH": Wording(_ID, _("%(length)s characters, %(expected)s are needed."), _FROM_PAPER),
    "E_ID_CHARACTERS": Wording(_ID, _("Only digits and a final X are possible."), _FROM_PAPER),
    "E_ID_BIRTH_DATE": Wording(_ID, _("“%(digits)s” is no possible date of birth."), _FROM_PAPER),
    "E_ID_CHECK_DIGIT": Wording(
        _ID,
        _("The check digit is %(found)s but would have to be %(expected)s: one digit is wrong."),
        _("Compare every digit with the ID card; take over the proposal only if all others are right."),
    ),
    "W_ID_15_DIGITS": Wording(
        _ID, _("An old number of 15 digits."), _("Type the new number of 18 digits, or confirm the old one.")
    ),
    "W_MAYBE_ROUNDED": Wording(
        _CELL,
        _("The number ends in %(zeros)s zeros, as long numbers do after a spreadsheet rounded them: %(value)s."),
        _("Compare the last digits with the card; confirm if they are right."),
    ),
    "W_NAME_UNUSUAL": Wording(
        _("Head of household"),
        _("“%(value)s” does not look like the name of one person."),
        _("Type the name alone and put the rest into the note, or confirm it."),
    ),
    "E_PHONE_LENGTH": Wording(_PHONE, _("%(length)s digits, %(expected)s are needed."), _FROM_PAPER),
    "E_PHONE_CHARACTERS": Wording(_PHONE, _("Only digits are possible."), _FROM_PAPER),
    "E_PHONE_PREFIX": Wording(_PHONE, _("No mobile number begins with %(prefix)s."), _FROM_PAPER),
    "E_PHONE_SEVERAL": Wording(
        _PHONE,
        _("The cell holds %(numbers)s numbers; only one fits."),
        _("Take over the first, or type the one that is answered."),
    ),
    "W_PHONE_LANDLINE": Wording(
        _PHONE, _("This looks like a landline."), _("Type a mobile number, or confirm the landline.")
    ),
    "E_CARD_LENGTH": Wording(_CARD, _("%(length)s digits; a bank card has 16 to 19."), _FROM_PAPER),
    "E_CARD_CHARACTERS": Wording(_CARD, _("Only digits are possible."), _FROM_PAPER),
    "E_CARD_LUHN": Wording(_CARD, _("The card number fails its check: one digit is wrong."), _FROM_PAPER),
    "E_AREA_NOT_NUMBER": Wording(
        _AREA, _("“%(value)s” is not a number."), _("Type the square metres in digits, or take over the proposal.")
    ),
    "E_AREA_RANGE": Wording(
        _AREA,
        _("%(value)s m² lies outside %(low)s to %(high)s m²."),
        _("Check the area; a decimal point may be missing."),
    ),
    "E_VILLAGE_UNKNOWN": Wording(
        _VILLAGE, _("There is no village “%(value)s” here. Similar: %(suggestions)s."), _("Choose the village.")
    ),
    "E_VILLAGE_OUTSIDE": Wording(
        _VILLAGE,
        _("“%(value)s” belongs to %(area)s, not to this roster."),
        _("Choose a village of this area, or remove the row."),
    ),
    "W_TOWN_DIFFERS": Wording(
        _VILLAGE,
        _("The row says “%(value)s” but the village belongs to %(town)s."),
        _("Confirm the village, or choose another."),
    ),
    "E_TECHNOLOGY_UNKNOWN": Wording(
        _TECHNOLOGY, _("“%(value)s” is unknown. Allowed: %(allowed)s."), _("Choose a technology of the programme.")
    ),
    "E_TECHNOLOGY_NOT_ALLOWED": Wording(
        _TECHNOLOGY,
        _("“%(value)s” is not part of this programme. Allowed: %(allowed)s."),
        _("Choose a technology of the programme."),
    ),
    "E_TECHNOLOGY_NOT_IN_TARGET": Wording(
        _TECHNOLOGY,
        _("“%(value)s” does not agree with the target: %(village)s has %(target)s."),
        _("Take over the target's technology, or ask the office to change the target."),
    ),
    "E_RESIDENTS_NOT_NUMBER": Wording(_("Residents"), _("“%(value)s” is not a number of people."), _("Type a number.")),
    "E_DOOR_NO_IS_DATE": Wording(
        _CELL,
        _("The sheet turned the door number into a date: %(value)s."),
        _("Type the door number again. In the sheet, format the column as text first."),
    ),
    "E_DATE_UNREADABLE": Wording(
        _("Day of application"),
        _("“%(value)s” is not a day that can be read."),
        _("Type it as 2021-12-08, or take over the proposal."),
    ),
    "W_OLD_HEATING_UNKNOWN": Wording(
        _("old heating"),
        _("“%(value)s” is no known kind of heating. Known: %(allowed)s."),
        _("Type one of the known kinds, or confirm to leave the field empty."),
    ),
    "W_CLASS_UNKNOWN": Wording(
        _("Beneficiary classes"),
        _("“%(words)s” is no known class. Known: %(allowed)s."),
        _("Type one of the known classes, or confirm to take the household without it."),
    ),
    "I_HOLDER_DIFFERS": Wording(
        _("account holder"),
        _("The account belongs to “%(value)s”, not to the head of household."),
        _("Nothing now; note the relation in the household's file before money is paid."),
    ),
    "E_DATE_FUTURE": Wording(
        _("Day of application"), _("“%(value)s” has not come yet."), _("Type the right day; check the year.")
    ),
    "E_TOO_LONG": Wording(_CELL, _("%(length)s characters, at most %(limit)s fit."), _("Shorten the text.")),
    "S_DUPLICATE_ROW": Wording(
        _TWICE, _("The same as row %(other_row)s in every column."), _("Nothing: it is counted once.")
    ),
    "E_DUPLICATE_ID": Wording(
        _TWICE,
        _("The same ID number as in row %(other_row)s, with other details."),
        _("Correct or remove one of the two rows."),
    ),
    "W_SECOND_DWELLING": Wording(
        _("Second dwelling"),
        _("The same person as in row %(other_row)s with another door number: one household, two dwellings?"),
        _("Confirm the second dwelling, or correct the door number."),
    ),
    "W_SAME_DOOR": Wording(
        _TWICE,
        _("The same door number as row %(other_row)s, under another head of household."),
        _("Confirm two households in one house, or correct."),
    ),
    "W_SAME_CARD": Wording(
        _TWICE,
        _("The same bank card as row %(other_row)s, for another person."),
        _("Confirm the shared card, or correct the number."),
    ),
    "I_REGISTERED": Wording(
        _("Already registered"), _("Already in the register."), _("Nothing: the entry is compared when applied.")
    ),
    "I_TIDIED": Wording(_("Tidied"), _("“%(before)s” was tidied to “%(after)s”."), _("Nothing, unless it is wrong.")),
    "I_ROUNDED": Wording(
        _("Tidied"), _("“%(before)s” was rounded to %(after)s: areas have two decimals."), _("Nothing.")
    ),
    "I_VILLAGE_FROM_HEADING": Wording(
        _VILLAGE,
        _("The village “%(value)s” stands in a heading or in the sheet's name, not in the row."),
        _("Nothing, unless the row belongs to another village."),
    ),
    "I_NOTE_NOT_EXCLUDING": Wording(
        _EXCLUDED,
        _("The note says “%(words)s”; this programme includes such homes."),
        _("Nothing."),
    ),
    "W_NOTE_UNCLEAR": Wording(
        _EXCLUDED,
        _("The note may mean an exclusion or its opposite: “%(words)s”."),
        _("Confirm that the household takes part, or rewrite the note."),
    ),
    "W_DEMOLITION_LONG_AGO": Wording(
        _EXCLUDED,
        _("Listed for demolition (“%(words)s”) in %(year)s, more than %(years)s years ago."),
        _("Confirm that the household takes part, or rewrite the note with the present plan."),
    ),
    "X_VOLUNTARY_GIVE_UP": Wording(_EXCLUDED, _("The note says the household gave up (“%(words)s”)."), _EXCLUDE_TODO),
    "X_DEMOLITION_PLAN": Wording(
        _EXCLUDED, _("The note says the house is listed for demolition (“%(words)s”)."), _EXCLUDE_TODO
    ),
    "X_LONG_VACANT": Wording(
        _EXCLUDED, _("The note says nobody has lived there for long (“%(words)s”)."), _EXCLUDE_TODO
    ),
    "F_NO_HEADER": Wording(
        _COLUMNS,
        _("No header was found in this sheet (%(rows)s rows)."),
        _("Put one row with column names such as head of household and ID number above the rows."),
    ),
    "F_REQUIRED_COLUMN": Wording(
        _COLUMNS, _("The column %(field)s is missing."), _("Add the column, or tell which column it is.")
    ),
    "F_UNKNOWN_COLUMN": Wording(
        _COLUMNS,
        _("The column “%(title)s” is unknown and is kept as a remark only."),
        _("Tell which column it is, if it is needed."),
    ),
    "F_UNTITLED_COLUMN": Wording(
        _COLUMNS,
        _("Column %(column)s has no heading; its %(cells)s cells are kept as a remark only."),
        _("Write a heading above it and upload the file again, if it is needed."),
    ),
    "F_COLUMN_TWICE": Wording(
        _COLUMNS,
        _("“%(title)s” means %(field)s, which %(first)s already gives; the first column is used."),
        _("Rename or remove one of the two columns."),
    ),
    "F_HIDDEN_SHEET": Wording(
        _FILE,
        _("This sheet is hidden in the file; it was read as well."),
        _("Check that its rows belong to the roster."),
    ),
    "F_HIDDEN_ROWS": Wording(
        _FILE,
        _("%(rows)s rows of this sheet are hidden or filtered away in the file; they were read as well."),
        _("Check that they belong to the roster."),
    ),
    "F_SIDE_BY_SIDE": Wording(
        _COLUMNS,
        _("%(tables)s tables stand side by side; each was read from top to bottom."),
        _("Nothing, if every household appears."),
    ),
    "F_HEADER_AGAIN": Wording(
        _COLUMNS,
        _("A second table with other columns begins here."),
        _("Nothing, if its rows were read rightly."),
    ),
    "F_LOST_PRECISION": Wording(
        _FILE,
        _("%(field)s: %(cells)s numbers were stored as figures, so their last digits are lost."),
        _("Format the column as text in the sheet, type the numbers again and upload the file once more."),
    ),
    "F_MACROS": Wording(
        _FILE,
        _("The file contains macros. They were not run; only the values of the cells were read."),
        _("Nothing, if the values are right."),
    ),
    "F_SUBTOTAL_COUNT": Wording(
        _TOTALS,
        _("The file states %(stated)s households, the rows above are %(counted)s."),
        _("Look for a missing or doubled row."),
    ),
    "F_SUBTOTAL_AREA": Wording(
        _TOTALS,
        _("The file states %(stated)s m², the rows above add up to %(counted)s m²."),
        _("Look for a mistyped area."),
    ),
    "F_NO_ROWS": Wording(
        _FILE, _("No household row was found in the file."), _("Check that you chose the right file.")
    ),
    "FILE_EMPTY": Wording(_FILE, _("The file is empty (0 bytes)."), _("Save it again and upload it once more.")),
    "FILE_TOO_LARGE": Wording(
        _FILE,
        _("The file has %(size_mb)s MB; at most %(limit_mb)s MB are read."),
        _("Split it by village, and remove pictures from it."),
    ),
    "FILE_TOO_MANY_PARTS": Wording(
        _FILE,
        _("The file consists of %(parts)s parts; at most %(limit)s are read."),
        _("Copy the rows into a new workbook."),
    ),
    "FILE_ZIP_BOMB": Wording(
        _FILE,
        _("The part %(part)s unpacks to far more than a roster can hold."),
        _("Copy the rows into a new workbook."),
    ),
    "FILE_CORRUPT": Wording(
        _FILE,
        _("The file is damaged and can't be read (%(detail)s)."),
        _("Open it in Excel or WPS, save it as .xlsx and upload that."),
    ),
    "FILE_ENCRYPTED": Wording(
        _FILE, _("The file is protected by a password."), _("Remove the password and upload it again.")
    ),
    "FILE_MACROS": Wording(
        _FILE, _("The file contains macros."), _("Save it as .xlsx without macros and upload that.")
    ),
    "FILE_EXTERNAL_LINKS": Wording(
        _FILE,
        _("The file takes values from other files (%(part)s)."),
        _("Paste the values into a new workbook and upload that."),
    ),
    "FILE_DTD": Wording(
        _FILE,
        _("The part %(part)s declares a document type, which no spreadsheet program writes."),
        _("Copy the rows into a new workbook."),
    ),
    "FILE_HTML": Wording(
        _FILE,
        _("This is a web page without a table."),
        _("Open it in Excel or WPS, save it as .xlsx and upload that."),
    ),
    "FILE_IMAGE": Wording(_FILE, _("This is a picture, not a table."), _("Upload the spreadsheet itself.")),
    "FILE_WRONG_KIND": Wording(
        _FILE,
        _("This is no spreadsheet the portal reads (found: %(found)s)."),
        _("Save it as .xlsx, .xls, .ods or .csv and upload that."),
    ),
    "FILE_ENCODING": Wording(
        _FILE, _("The text of the file is neither UTF-8 nor GBK."), _("Save it as .xlsx and upload that.")
    ),
    "FILE_TOO_MUCH_WORK": Wording(
        _FILE,
        _("Reading the file needs more memory or time than is allowed; perhaps a cell far below the list is filled."),
        _("Copy only the rows of the roster into a new workbook."),
    ),
    "FILE_TOO_MANY_CELLS": Wording(
        _FILE,
        _("The sheet holds more than %(limit)s cells, most of them probably empty."),
        _("Copy only the rows of the roster into a new workbook."),
    ),
}


WITHOUT: dict[str, tuple[str, Words]] = {
    "E_VILLAGE_UNKNOWN": ("suggestions", _("There is no village “%(value)s” here, and none of a like name.")),
}
"""Code → the parameter that may be empty, and the sentence that goes without it."""


def title(code: str) -> str:
    """Short group name of a code."""
    return str(WORDINGS[code].title)


def sentence(code: str, params: Mapping[str, str | int] | None = None, *, value: str = "") -> str:
    """What is wrong, with its values; a parameter ``field`` is shown under its title."""
    lacking, shorter = WITHOUT.get(code, ("", ""))
    if lacking and not (params or {}).get(lacking):
        return str(shorter) % {**(params or {}), "value": value}
    values = {name: "–" if text == "" else text for name, text in {"value": value, **(params or {})}.items()}
    if values.get("field") in FIELD_TITLES:
        values["field"] = str(FIELD_TITLES[str(values["field"])])
    return str(WORDINGS[code].sentence) % values


def what_to_do(code: str) -> str:
    """What the clerk does next."""
    return str(WORDINGS[code].todo)
