"""The printed pages of a village list: what stands on a row, how rows fall on pages, and a code for each page.

Plain: knows no table. A page's code is drawn from everything that is printed on the page and from the list it belongs
to, so a stamped old page can't pass for a new one; its last character checks the others, so a slip of the finger is
told before anything is looked up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

ROWS_PER_PAGE = 16
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without I, L, O and U, which the eye takes for something else."""
CODE_LENGTH = 10
QR_PREFIX = "QNQD:"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_NO_LETTERS = re.compile(r"[\s\-–—·.:_]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it was printed. `id_index` is the blind index of the identity number, `id_mask` what is printed."""

    dwelling_no: str
    head_name: str
    id_mask: str
    id_index: str
    door_no: str
    dwelling_type: str
    heated_area_m2: str
    technology: str
    technology_name: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Line:
        """Unknown keys of a later version are left out, missing ones are empty."""
        return cls(**{one.name: str(said.get(one.name, "")) for one in fields(cls)})

    def same_hash(self) -> str:
        """Fingerprint of what the row says."""
        return hashlib.sha256("\x1f".join(asdict(self).values()).encode()).hexdigest()


COMPARED = ("head_name", "id_index", "door_no", "dwelling_type", "heated_area_m2", "technology")
"""What a stamped row binds; the name of a technology may be reworded without touching it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a row that differs; `field` is one of `COMPARED`, the texts are safe to show."""

    field: str
    before: str
    after: str


def changes_between(before: Line, after: Line) -> list[Change]:
    """What differs, in the order of the columns; identity numbers are shown masked, technologies by name."""
    shown = {"id_index": "id_mask", "technology": "technology_name"}
    found = []
    for name in COMPARED:
        if getattr(before, name) != getattr(after, name):
            words = shown.get(name, name)
            found.append(Change(name, getattr(before, words), getattr(after, words)))
    return found


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed page: rows `first_row` to `last_row` (1-based) of the list."""

    page_no: int
    pages: int
    first_row: int
    last_row: int
    content_hash: str
    code: str


def sheets_of(lines: Sequence[Line], *, subject: str, rows_per_page: int = ROWS_PER_PAGE) -> list[Sheet]:
    """The pages of a list. `subject` names the list and its version: the same rows of another list get other codes."""
    pages = list(_chunks(lines, rows_per_page))
    found = []
    for page_no, (start, rows) in enumerate(pages, 1):
        digest = page_hash(rows, subject=f"{subject}\x1e{page_no}/{len(pages)}")
        found.append(Sheet(page_no, len(pages), start + 1, start + len(rows), digest, code_of(digest)))
    return found


def _chunks(lines: Sequence[Line], size: int) -> Iterator[tuple[int, Sequence[Line]]]:
    for start in range(0, len(lines), size):
        yield start, lines[start : start + size]


def page_hash(rows: Iterable[Line], *, subject: str) -> str:
    """SHA-256 of what stands on one page."""
    return hashlib.sha256("\x1e".join([subject, *(row.same_hash() for row in rows)]).encode()).hexdigest()


def code_of(digest: str) -> str:
    """Ten characters, 45 bits of the hash and a check: 7K3M9QXD2P."""
    number = int(digest[:12], 16) >> 3
    letters = "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(CODE_LENGTH - 1)))
    return letters + _check(letters)


def grouped(code: str) -> str:
    """As people read and type it: 7K3M9-QXD2P."""
    return f"{code[:5]}-{code[5:]}"


def read_code(text: str) -> str | None:
    """The code in what was scanned or typed, None where it is none: look-alikes, dashes and blanks forgiven."""
    letters = _NO_LETTERS.sub("", text.strip().upper().removeprefix(QR_PREFIX)).translate(_LOOKALIKES)
    if len(letters) != CODE_LENGTH or any(letter not in ALPHABET for letter in letters):
        return None
    return letters if _check(letters[:-1]) == letters[-1] else None


def _check(letters: str) -> str:
    """Odd weights modulo 32: one wrong character, or two neighbours swapped, gives another check (but for 16 apart)."""
    return ALPHABET[sum((2 * place + 1) * ALPHABET.index(letter) for place, letter in enumerate(letters)) % 32]
