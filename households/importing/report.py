"""A roster as one answer, row by row: what a dry run prints for people and for other programs.

Documented in ``docs/importing.md``. Without ``show_personal`` names, numbers and addresses are masked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from accounts.models import Area
from core.masks import mask_card, mask_id, mask_name, mask_phone
from households.importing.checked import Problem
from households.importing.reading import ReadRoster
from households.models import ImportRow
from households.problem_wording import sentence, with_advice
from households.queries import CHANGING, EXCLUSION_CODES, beside_targets
from households.roster.codes import DECISIONS, SKIP, SKIP_CODES, decision
from households.roster.rows import Finding
from programmes.models import Programme

_HIDDEN: dict[str, Callable[[str], str]] = {
    "id_number": mask_id,
    "phone": mask_phone,
    "bank_card": mask_card,
    "head_name": mask_name,
    "account_holder": mask_name,
    "beneficiary_classes": lambda text: "*",
    "door_no": lambda text: "*" * len(text),
    "meter_no": lambda text: "*" * max(len(text) - 4, 0) + text[-4:],
    "note": lambda text: "*" * len(text),
}


def report(roster: ReadRoster, *, show_personal: bool) -> dict[str, Any]:
    """`rows` (every row of the file), `findings` about the file, `decisions` counted."""
    rows = sorted(_rows(roster, show_personal), key=_place(roster))
    counted = Counter(row["decision"] for row in rows)
    return {
        "rows": rows,
        "findings": [_finding(finding) for finding in roster.findings],
        "decisions": {name: counted[name] for name in DECISIONS},
        "columns": {
            sheet.name: {str(column): name for column, name in sorted(sheet.columns.items())} for sheet in roster.sheets
        },
        "doubts": [
            {"sheet": d.sheet, "column": d.letters, "title": d.title, "reason": d.reason, "guess": d.guess}
            for d in roster.doubts
        ],
    }


def in_the_register(roster: ReadRoster, programme: Programme, area: Area) -> dict[str, Any]:
    """`register`: what storing the file would do, by row; `villages`: households beside the target of each."""
    states = [row.state() for row in roster.rows]
    counted: Counter[str] = Counter()
    done = Counter(dict.fromkeys(("new", "changed", "same", "duplicate", "refused"), 0))
    for row, state in zip(roster.rows, states, strict=True):
        codes = {problem.code for problem in row.problems}
        done[_effect(codes, state)] += 1
        if state == ImportRow.State.READY and row.values.get("village") and not codes & _EXCLUDED:
            counted[str(row.values["village"])] += 1
    villages = [
        {"area": one.area.code, "name": one.area.name, "households": one.counted, "target": one.target}
        for one in beside_targets(programme, area, dict(counted))
    ]
    return {"register": dict(done), "villages": villages}


_EXCLUDED = frozenset(EXCLUSION_CODES)


def _effect(codes: set[str], state: str) -> str:
    if state != ImportRow.State.READY:
        return "duplicate" if state == ImportRow.State.MERGED else "refused"
    if "I_REGISTERED" not in codes:
        return "new"
    return "changed" if codes & CHANGING else "same"


def _place(roster: ReadRoster) -> Callable[[dict[str, Any]], tuple[int, int, int]]:
    order = {sheet.name: place for place, sheet in enumerate(roster.sheets)}
    return lambda row: (order[row["sheet"]], row["row"], row["table"])


def _rows(roster: ReadRoster, show_personal: bool) -> Iterator[dict[str, Any]]:
    for row in roster.rows:
        codes = sorted({problem.code for problem in row.problems})
        yield {
            "sheet": row.parsed.sheet,
            "row": row.parsed.row_no,
            "table": row.parsed.table,
            "decision": decision(codes),
            "codes": codes,
            "normalised": {name: _shown(name, value, show_personal) for name, value in row.values.items()},
            "problems": [_problem(problem) for problem in row.problems],
        }
    for sheet in roster.sheets:
        for skipped in sheet.skipped:
            codes = [SKIP_CODES[skipped.kind]]
            place = {"sheet": skipped.sheet, "row": skipped.row_no, "table": skipped.table}
            yield {**place, "decision": SKIP, "codes": codes, "normalised": {}, "problems": []}


def _problem(problem: Problem) -> dict[str, str]:
    """Without the value as found, which may be a person's number."""
    return {"code": problem.code, "column": problem.column, "cell": problem.cell}


def _shown(name: str, value: Any, show_personal: bool) -> Any:
    plain = str(value) if isinstance(value, Decimal) else value
    return plain if show_personal or name not in _HIDDEN else _HIDDEN[name](str(plain))


def _finding(finding: Finding) -> dict[str, Any]:
    message = with_advice(sentence(finding.code, dict(finding.params)), finding.code)
    place = {"code": finding.code, "sheet": finding.sheet, "row": finding.row, "cell": finding.cell}
    return {**place, "params": dict(finding.params), "message": message}
