"""Normalise and check household rows: every problem of every row, none hidden by another.

``review(raw_rows, context)`` is the whole; it is run again over all rows after each correction, because a
duplicate belongs to two rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from core.workbooks.read import DATE_CELL, ERROR_VALUE, FORMULA_NO_VALUE, NUMERIC_ID
from households.roster.columns import FIELDS, Synonyms, shipped_synonyms, word_key
from households.roster.exclusions import NoteReader
from households.roster.normalise import (
    NOTHING,
    Typed,
    normalise_area,
    normalise_card,
    normalise_date,
    normalise_id,
    normalise_number,
    normalise_phone,
    normalise_residents,
    tidy_compact,
    tidy_text,
)
from households.roster.plain import plain_tests
from households.roster.rows import (
    FROM_ABOVE,
    FROM_EITHER,
    FROM_HEADING,
    ParsedRow,
    RawRow,
    RosterContext,
    RowIssue,
    Value,
)
from households.roster.villages import VillageBook
from households.roster.words import check_words

LENGTH_LIMITS = {
    "head_name": 60,
    "account_holder": 40,
    "door_no": 120,
    "group": 60,
    "dwelling_type": 60,
    "meter_no": 40,
    "note": 500,
}
_MOST_WORDS = 4096
"""Words of one column that are kept in mind; a column of notes has no end of them."""
_COMPACT = frozenset({"town", "village", "group", "head_name", "account_holder", "door_no", "technology"})
_MAY_BE_NOTHING = frozenset(
    {"head_name", "id_number", "phone", "bank_card", "account_holder", "door_no", "group", "meter_no", "applied_on"}
)
_NAMES = ("head_name", "account_holder")
_NOTE_CODES = {FORMULA_NO_VALUE: "E_FORMULA_NO_VALUE", ERROR_VALUE: "E_ERROR_VALUE", NUMERIC_ID: "E_NUMERIC_ID"}
_ERROR_TEXTS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "ERR:502", "ERR:504"})
_FORMULA = re.compile(r"=\s*[A-Za-z+\-(\"$'0-9]")
_REMARK = re.compile(r"\([^()]*\)$")
_LETTERS = r"A-Za-z\u3400-\u9fff\U00020000-\U0003ffff"
_UNUSUAL_NAME = re.compile(rf"[()\[\]/\\、,;?*+]|已故|去世|死亡|[0-9]{{5}}|^[^{_LETTERS}]*$|^.$")
_DOT = re.compile(r"(?<=[\u3400-\u9fff])[.•・‧∙](?=[\u3400-\u9fff])")
_TWO_LINES = re.compile(r"[\u3400-\u9fff·]{2}\s*[\r\n]\s*[\u3400-\u9fff·]{2}")
"""Two people in one cell; a single name that was too wide for its cell breaks elsewhere."""
_DASHES = re.compile("[\u2010-\u2015\u2212]")
"""3—4 and 3-4 are one door."""


def review(raw_rows: Iterable[RawRow], context: RosterContext, *, synonyms: Synonyms | None = None) -> list[ParsedRow]:
    """Normalise every row and check it, alone and against the others."""
    reader = RowReader(context)
    rows = [reader.read(raw) for raw in raw_rows]
    check_rows(rows, context, synonyms=synonyms)
    return rows


class RowReader:
    """Understands each cell by itself, row after row of one roster.

    What can't be understood becomes an issue and leaves ``values`` without it. Cells that are plainly right are their
    own value, words that come again are understood once; all others go the long way, which alone decides.
    """

    def __init__(self, context: RosterContext) -> None:
        self._context = context
        self._tests = plain_tests(context.today, _UNUSUAL_NAME)
        self._words: dict[str, dict[str, Value]] = {name: {} for name in FIELDS if name not in self._tests}
        self._one_village = sum(village.inside for village in context.villages) == 1
        self._orders: dict[tuple[str, ...], list[str]] = {}

    def read(self, raw: RawRow) -> ParsedRow:
        """The row with its values and issues, in the order of FIELDS."""
        row = ParsedRow(raw.sheet, raw.row_no, raw.raw, raw.cells, extra=raw.extra, table=raw.table)
        values, notes, tests, words = row.values, raw.notes, self._tests, self._words
        for name in self._order(raw):
            text = raw.raw.get(name, "")
            if name in notes:
                self._long_way(row, name, text, notes[name])
            elif not text:
                continue
            elif name in tests:
                if tests[name](text):
                    values[name] = text
                else:
                    self._long_way(row, name, text, "")
            elif text in words[name]:
                values[name] = words[name][text]
            else:
                self._long_way(row, name, text, "")
        return row

    def _order(self, raw: RawRow) -> list[str]:
        given = (*raw.raw, *raw.notes) if raw.notes else tuple(raw.raw)
        found = self._orders.get(given)
        if found is None:
            found = self._orders[given] = [name for name in FIELDS if name in given]
        return found

    def _long_way(self, row: ParsedRow, name: str, text: str, note: str) -> None:
        note = note or _seen_in(text)
        if self._one_village:  # there is no other it could be
            text, note = self._certain(text, note)
        if (note and _noted(row, name, note)) or not (text and (text.isalnum() or tidy_text(text))):
            return
        if name in _MAY_BE_NOTHING and tidy_compact(text) in NOTHING:
            row.add("I_TIDIED", name, {"before": text, "after": ""})
            return
        typed = _typed(name, text, self._context)
        _take(row, name, text, typed)
        words, value = self._words.get(name), typed.value
        if words is None or value is None or typed.code or note or len(words) >= _MOST_WORDS:
            return
        if str(value) == text.strip():
            words[text] = value

    @staticmethod
    def _certain(text: str, note: str) -> tuple[str, str]:
        if note.startswith(FROM_EITHER):
            return note.removeprefix(FROM_EITHER), FROM_HEADING
        return text, "" if note.startswith(FROM_ABOVE) else note


def _seen_in(text: str) -> str:
    """What the text itself shows, in formats whose reader notices nothing: an error, a formula instead of a value."""
    if text[:1] not in "#=Ee" or not text:
        return ""
    if text.strip().upper() in _ERROR_TEXTS:
        return ERROR_VALUE
    return FORMULA_NO_VALUE if _FORMULA.match(text) else ""


def _noted(row: ParsedRow, name: str, note: str) -> bool:
    """Record what the reader noticed; True when the cell can't be used."""
    if note in _NOTE_CODES:
        row.add(_NOTE_CODES[note], name)
        return True
    if note == DATE_CELL and name in ("door_no", "group"):
        row.add("E_DOOR_NO_IS_DATE", name)
        return True
    if note == FROM_HEADING:
        row.add("I_VILLAGE_FROM_HEADING", name)
    if note.startswith((FROM_ABOVE, FROM_EITHER)):
        row.add("E_MISSING", name, None, note.partition(":")[2])
        return True
    return False


_SPECIAL: dict[str, Callable[[str], Typed]] = {
    "phone": normalise_phone,
    "bank_card": normalise_card,
    "heated_area_m2": normalise_area,
    "residents": normalise_residents,
    "meter_no": normalise_number,
}


def _typed(name: str, text: str, context: RosterContext) -> Typed:
    if name == "id_number":
        return normalise_id(text, on=context.today)
    if name == "applied_on":
        return normalise_date(text, on=context.today)
    typed = _SPECIAL[name](text) if name in _SPECIAL else _plain(name, text)
    limit = LENGTH_LIMITS.get(name, 120)
    if isinstance(typed.value, str) and len(typed.value) > limit and not typed.code:
        return Typed(None, "E_TOO_LONG", {"length": len(typed.value), "limit": limit})
    return typed


def _plain(name: str, text: str) -> Typed:
    if name == "note":
        return Typed(" ".join(text.split()))  # its punctuation is the clerk's own
    latin = name in _NAMES and text.isascii()
    value = tidy_compact(text) if name in _COMPACT and not latin else tidy_text(text)
    if name in _NAMES:
        value = _DOT.sub("·", value)
        if _UNUSUAL_NAME.search(value) or _TWO_LINES.search(text):
            return Typed(value, "W_NAME_UNUSUAL", {})
    return Typed(_DASHES.sub("-", value) if name == "door_no" else value)


def _take(row: ParsedRow, name: str, text: str, typed: Typed) -> None:
    if typed.code:
        row.add(typed.code, name, typed.params, typed.proposal)
    if typed.value is None or typed.code.startswith("E_"):
        return
    row.values[name] = typed.value
    if typed.value is text or typed.code:
        return
    tidied = str(typed.value)
    if tidied != text.strip():
        row.add("I_TIDIED", name, {"before": text, "after": tidied})


def check_rows(
    rows: Sequence[ParsedRow], context: RosterContext, *, synonyms: Synonyms | None = None
) -> list[RowIssue]:
    """Check rows against programme, area, each other and the register; returns every issue of every row."""
    known = synonyms or shipped_synonyms()
    villages, notes = VillageBook(context.villages), NoteReader(context, known)
    allowed: dict[tuple[Value, Value | None], str] = {}
    for row in rows:
        villages.check(row)
        asked = row.values.get("technology", ""), row.values.get("village")
        if asked in allowed:
            row.values["technology"] = allowed[asked]
        else:
            _check_technology(row, context, known, villages)
            if asked[0] and "technology" in row.values:
                allowed[asked] = str(row.values["technology"])
        check_words(row, known)
        _check_holder(row)
        _check_area(row, context)
        _check_required(row, context)
        notes.check(row)
        _check_register(row, context)
    _check_duplicates(rows)
    return [issue for row in rows for issue in row.issues]


def _check_technology(row: ParsedRow, context: RosterContext, synonyms: Synonyms, villages: VillageBook) -> None:
    word = row.values.pop("technology", None)
    if word is None:
        return
    allowed = "、".join(context.technologies.values())
    code = next((c for c, n in context.technologies.items() if word_key(n) == word_key(str(word))), None)
    code = code or synonyms.technology_of(str(word))
    village = villages.by_code.get(str(row.values.get("village")))
    if code is None:
        code = synonyms.technology_of(_REMARK.sub("", str(word)))
        row.add("E_TECHNOLOGY_UNKNOWN", "technology", {"allowed": allowed}, context.technologies.get(code or "", ""))
    elif code not in context.technologies:
        row.add("E_TECHNOLOGY_NOT_ALLOWED", "technology", {"allowed": allowed})
    elif village and village.technologies and code not in village.technologies:
        names = [context.technologies.get(target, target) for target in village.technologies]
        proposal = names[0] if len(names) == 1 else ""
        params: dict[str, str | int] = {"village": village.name, "target": "、".join(names)}
        row.add("E_TECHNOLOGY_NOT_IN_TARGET", "technology", params, proposal)
    else:
        row.values["technology"] = code


def _check_holder(row: ParsedRow) -> None:
    """Another person's account is allowed and told: whose it is has to be shown before money goes there."""
    holder = row.values.get("account_holder")
    if holder and holder != row.values.get("head_name"):
        row.add("I_HOLDER_DIFFERS", "account_holder")


def _check_area(row: ParsedRow, context: RosterContext) -> None:
    area = row.values.get("heated_area_m2")
    if isinstance(area, Decimal) and not context.area_low_m2 <= area <= context.area_high_m2:
        row.add("E_AREA_RANGE", "heated_area_m2", {"low": context.area_low_m2, "high": context.area_high_m2})


def _check_required(row: ParsedRow, context: RosterContext) -> None:
    missing = [name for name in context.required if name not in row.values]
    if missing:
        complained = {issue.column for issue in row.issues if issue.family == "E"}
        for name in missing:
            if name not in complained:
                row.add("E_MISSING", name)


def _check_register(row: ParsedRow, context: RosterContext) -> None:
    if not context.registered_keys:
        return  # most callers ask the register itself; keys take long to make
    for name in ("id_number", "bank_card", "meter_no", "door_no"):
        value = _place(row) if name == "door_no" else row.values.get(name)
        if value and context.key_of(name, str(value)) in context.registered_keys:
            row.add("I_REGISTERED", name)


def _place(row: ParsedRow) -> str:
    """The house a row speaks of: village and, where given, group before the door number."""
    village, door = row.values.get("village"), row.values.get("door_no")
    return f"{village}/{row.values.get('group', '')}{door}" if village and door else ""


def _check_duplicates(rows: Sequence[ParsedRow]) -> None:
    first_by: dict[tuple[str, str], ParsedRow] = {}
    for row in rows:
        same_id = _earlier(first_by, "id_number", str(row.values.get("id_number", "")), row)
        same_door = _earlier(first_by, "door_no", _place(row), row)
        same_card = _earlier(first_by, "bank_card", str(row.values.get("bank_card", "")), row)
        if same_id:
            _same_id(row, same_id, same_door is not None)
        else:
            for other, code, column in ((same_door, "W_SAME_DOOR", "door_no"), (same_card, "W_SAME_CARD", "bank_card")):
                if other:
                    row.add(code, column, _where(other, row))


def _earlier(seen: dict[tuple[str, str], ParsedRow], kind: str, value: str, row: ParsedRow) -> ParsedRow | None:
    if not value:
        return None
    first = seen.setdefault((kind, value), row)
    return first if first is not row else None


def _where(other: ParsedRow, row: ParsedRow) -> dict[str, str | int]:
    """The other row, and its sheet where that is another one."""
    on_sheet: dict[str, str | int] = {} if other.sheet == row.sheet else {"other_sheet": other.sheet}
    return {"other_row": other.row_no, **on_sheet}


def _same_head(row: ParsedRow, other: ParsedRow) -> bool:
    """Another name under one ID number is another person with a slip in it, and no second dwelling."""
    names = row.values.get("head_name"), other.values.get("head_name")
    return not all(names) or names[0] == names[1]


def _same_id(row: ParsedRow, first: ParsedRow, same_door: bool) -> None:
    other = _where(first, row)
    if row.values == first.values and not any(issue.family == "E" for issue in row.issues):
        row.add("S_DUPLICATE_ROW", "id_number", other)
    elif row.values.get("door_no") and first.values.get("door_no") and not same_door and _same_head(row, first):
        row.add("W_SECOND_DWELLING", "id_number", other)
    else:
        row.add("E_DUPLICATE_ID", "id_number", other)
