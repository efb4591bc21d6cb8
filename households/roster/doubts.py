"""Columns a person has to look at before a sheet is read: what they might mean, and why it is asked.

A guess is shown with sample values and never applied unseen. A column nobody knows and nothing resembles is no
doubt: it is reported and kept as a remark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.workbooks.read import column_letters
from households.roster.columns import Synonyms, heading_key
from households.roster.header import LEVELS
from households.roster.normalise import normalise_card, normalise_id, normalise_phone
from households.roster.rows import ParsedSheet

GUESSED, MISSING, TWICE, MISPLACED = "guessed", "missing", "twice", "misplaced"
"""Why a column is doubtful: it resembles a field that no other column gives; a required field has no column and this
one is unknown; two columns claim the same field; what stands in it is not what its heading says."""
_ASKED_IF_TWICE = frozenset({"head_name", "id_number", "phone", "bank_card", "village", "technology"})
_SHORTEST_WORD = 2
_MISPLACED = frozenset({"head_name", "id_number", "phone", "bank_card"})
_FEWEST_SAMPLES = 2


@dataclass(frozen=True, slots=True)
class Doubt:
    """One column to be confirmed; ``guess`` is a field or ''."""

    sheet: str
    column: int
    title: str
    reason: str
    guess: str = ""

    @property
    def letters(self) -> str:
        """The column as a spreadsheet names it."""
        return column_letters(self.column)


def doubts_of(sheet: ParsedSheet, missing: Iterable[str], synonyms: Synonyms, *, on: date) -> list[Doubt]:
    """Every doubtful column of a sheet; ``missing`` are the required fields without a column."""
    wanted = set(missing)
    found: list[Doubt] = []
    for column, title, twice in _unmapped(sheet):
        if twice:
            found.append(Doubt(sheet.name, column, title, TWICE, twice))
            continue
        if synonyms.is_set_aside(lowest(title)) and not wanted:
            continue
        guess = guess_field(title, sheet.samples.get(column, ()), synonyms, on=on)
        if guess and guess not in sheet.columns.values():
            found.append(Doubt(sheet.name, column, title, GUESSED, guess))
        elif wanted:
            found.append(Doubt(sheet.name, column, title, MISSING))
    return [*found, *_misplaced(sheet, on)]


def _misplaced(sheet: ParsedSheet, on: date) -> list[Doubt]:
    """Headings over each other's values: 身份证号 over mobile numbers, 姓名 over ID numbers.

    The guess is what the values are, unless another column rightly gives that; the column whose values went elsewhere
    is asked about too.
    """
    columns = {column: name for column, name in sheet.columns.items() if name in _MISPLACED}
    kinds = {column: _kind_of(sheet.samples.get(column, ()), on) for column in columns}
    wrong = {column: kinds[column] for column, name in columns.items() if kinds[column] not in ("", name)}
    vacated = {c: name for c, name in columns.items() if name in wrong.values() and kinds[c] != name and c not in wrong}
    left = [columns[column] for column in wrong if columns[column] not in wrong.values()]
    guesses = {c: "" if _is_right(kind, columns, kinds) else kind for c, kind in wrong.items()}
    guesses |= dict(zip(vacated, left, strict=False))
    return [Doubt(sheet.name, c, sheet.titles.get(c, ""), MISPLACED, guess) for c, guess in sorted(guesses.items())]


def _is_right(name: str, columns: Mapping[int, str], kinds: Mapping[int, str]) -> bool:
    return any(columns[column] == name == kind for column, kind in kinds.items())


def _kind_of(samples: Sequence[str], on: date) -> str:
    return _by_samples(samples, on) if len(samples) >= _FEWEST_SAMPLES else ""


def lowest(title: str) -> str:
    """The lowest level of a heading."""
    return title.rpartition(LEVELS)[2]


def _unmapped(sheet: ParsedSheet) -> Iterable[tuple[int, str, str]]:
    """(column, title, field it claims as the second) of the columns without a field."""
    for finding in sheet.findings:
        if finding.code not in ("F_UNKNOWN_COLUMN", "F_COLUMN_TWICE"):
            continue
        column = _column_of(finding.cell)
        name = str(finding.params.get("field", ""))
        if not name:
            yield column, str(finding.params["title"]), ""
        elif name in _ASKED_IF_TWICE and _claims_as_much(sheet, column, name):
            yield column, str(finding.params["title"]), name


def _claims_as_much(sheet: ParsedSheet, column: int, name: str) -> bool:
    """Whether the second column says other things than the one that is used."""
    used = next((other for other, field in sheet.columns.items() if field == name), 0)
    return sheet.samples.get(column, ()) != sheet.samples.get(used, ())


def _column_of(cell: str) -> int:
    column = 0
    for letter in cell.rstrip("0123456789"):
        column = column * 26 + ord(letter) - 64
    return column


def guess_field(title: str, samples: Sequence[str], synonyms: Synonyms, *, on: date) -> str:
    """The field whose values a column's samples are; else the one whose longest word its heading contains; or ''."""
    return _by_samples(samples, on) or _by_heading(heading_key(lowest(title)), synonyms)


def _by_samples(samples: Sequence[str], on: date) -> str:
    if not samples:
        return ""
    kinds: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("id_number", lambda text: normalise_id(text, on=on).code),
        ("phone", lambda text: normalise_phone(text).code),
        ("bank_card", lambda text: normalise_card(text).code),
    )
    return next((name for name, code in kinds if not any(map(code, samples))), "")


def _by_heading(key: str, synonyms: Synonyms) -> str:
    words = [word for word, field in synonyms.fields.items() if len(word) >= _SHORTEST_WORD and field and word in key]
    longest = max(words, key=len, default="")
    found = synonyms.fields.get(longest, "")
    return "" if found in ("serial", "note") else found
