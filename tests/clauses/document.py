"""docs/requirements.md: each numbered clause and where it lives, or "not yet". `python -m tests.clauses` writes it."""

from pathlib import Path

from tests.clauses.marks import PREFIXES, Clause, Mark, all_clauses, all_marks

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "requirements.md"
HEAD = """# Requirements, and where each one lives

Written by `python -m tests.clauses` from the marks in the tests; not by hand. A clause is listed as held only when a
test goes through a page, a command or a service, asserts what the clause says, and fails when that service is switched
off (`./portal prove requirements`). "not yet" means that no such test exists: the portal may still do it.
"""
COLUMNS = "| No. | 条款 | Where | Test |\n|---|---|---|---|\n"


def document() -> str:
    marks: dict[str, list[Mark]] = {}
    for mark in all_marks():
        marks.setdefault(mark.number, []).append(mark)
    return HEAD + "".join(section(prefix, marks) for prefix in PREFIXES)


def section(prefix: str, marks: dict[str, list[Mark]]) -> str:
    clauses = [clause for clause in all_clauses().values() if clause.number.startswith(f"{prefix}-")]
    held = sum(clause.number in marks for clause in clauses)
    title = f"\n## {PREFIXES[prefix]}: {held} of {len(clauses)}\n\n"
    return title + COLUMNS + "".join(line(clause, marks.get(clause.number, [])) for clause in clauses)


def line(clause: Clause, marks: list[Mark]) -> str:
    where = "<br>".join(dict.fromkeys(place for mark in marks for place in places(mark))) or "not yet"
    tests = "<br>".join(dict.fromkeys(f"`{mark.test}`" for mark in marks)) or "—"
    return f"| {clause.number} | {clause.words} | {where} | {tests} |\n"


def places(mark: Mark) -> list[str]:
    return [
        f"`{mark.serves}`",
        *(f"{kind} `{name}`" for kind, name in (("page", mark.page), ("model", mark.model)) if name),
    ]
