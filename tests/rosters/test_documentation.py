"""docs/importing.md names every code with its meaning and what the clerk does, in the portal's own words.

``python -m tests.rosters.test_documentation`` writes the tables anew, between their marks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

DOCUMENT = Path(__file__).parents[2] / "docs/importing.md"
HEAD = "| code | what it says | what the clerk does |\n|---|---|---|\n"
MARKED = re.compile(r"(<!-- codes (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rows() -> Iterator[tuple[str, str]]:
    """(table, line) for each code; FILE is the table of refused files."""
    from core.workbooks.refusals import FILE_CODES
    from households.issue_wording import ROW_KIND_TITLES, WORDINGS
    from households.problem_wording import REGISTER_WORDINGS
    from households.roster.codes import FINDING_CODES, ROW_CODES, SKIP_CODES

    with translation.override("en"):
        for code in sorted({*ROW_CODES, *FINDING_CODES, *FILE_CODES, *REGISTER_WORDINGS}):
            words = REGISTER_WORDINGS.get(code) or WORDINGS[code]
            table = code[0] if re.match("[EWXISF]_", code) else "FILE"
            yield table, f"| `{code}` | {_plain(words.sentence)} | {_plain(words.todo)} |"
        for kind, code in sorted(SKIP_CODES.items()):
            yield "S", f"| `{code}` | {ROW_KIND_TITLES[kind]}: no household. | Nothing. |"


def _plain(words: object) -> str:
    """A sentence for people: its parameters as …"""
    return re.sub(r"%\(\w+\)s", "…", str(words))


def with_tables(text: str) -> str:
    lines = list(rows())

    def table(mark: re.Match[str]) -> str:
        own = "".join(f"{line}\n" for name, line in lines if name == mark[2])
        return f"{mark[1]}{HEAD}{own}{mark[3]}"

    return MARKED.sub(table, text)


def test_every_code_is_documented_in_the_portals_own_words() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert {name for name, _ in rows()} == {mark[2] for mark in MARKED.finditer(text)}
    assert text == with_tables(text), "run python -m tests.rosters.test_documentation"


def test_what_the_answer_holds_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for word in ("rows", "findings", "decision", "codes", "normalised", "decisions", "doubts", "table", "refused"):
        assert f"`{word}`" in text
    for decision in ("accept", "flag", "exclude", "reject", "skip"):
        assert f"`{decision}` (" in text


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
    import django

    django.setup()
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
