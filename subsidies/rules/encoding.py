"""Outcomes as plain JSON values and back: what the database keeps per entitlement and what ``assess`` prints.

Amounts stand twice: ``amount_fen`` (integer, the truth) and ``amount`` (yuan with two decimals, for reading).
An undefined outcome has ``null`` for both, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.money import plain_yuan
from subsidies.rules.outcomes import Due, NotDue, Outcome, SourceLine, Step, Total, Undefined

Json = dict[str, Any]


def encode_steps(steps: Iterable[Step]) -> list[Json]:
    """Steps as a list of ``{"code", "params", "clause"}``."""
    return [{"code": step.code, "params": dict(step.params), "clause": step.clause} for step in steps]


def decode_steps(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The inverse of ``encode_steps``."""
    return tuple(Step(entry["code"], entry["params"], entry["clause"]) for entry in stored)


def encode_outcome(outcome: Outcome) -> Json:
    """An outcome with everything needed to rebuild it (``decode_outcome``)."""
    head = {
        "status": _STATUS[type(outcome)],
        "rule": outcome.rule,
        "reason": outcome.code,
        "clause": outcome.clause,
        **_amount(outcome),
        "household_fen": outcome.household_fen,
        "household": None if outcome.household_fen is None else plain_yuan(outcome.household_fen),
    }
    extra = _due_part(outcome) if isinstance(outcome, Due) else {"params": dict(outcome.params)}
    return {**head, **extra, "steps": encode_steps(outcome.steps)}


def _amount(outcome: Outcome) -> Json:
    if isinstance(outcome, Undefined):
        return {"amount_fen": None, "amount": None, "split": {}, "lines": []}
    if isinstance(outcome, NotDue):
        return {"amount_fen": 0, "amount": "0.00", "split": {}, "lines": []}
    return _money(outcome.amount_fen, outcome.lines)


def _money(amount_fen: int, lines: Iterable[SourceLine]) -> Json:
    lines = tuple(lines)
    return {
        "amount_fen": amount_fen,
        "amount": plain_yuan(amount_fen),
        "split": {line.source: plain_yuan(line.amount_fen) for line in lines},
        "lines": _encode_lines(lines),
    }


def _due_part(due: Due) -> Json:
    return {
        "payable_fen": due.payable_fen,
        "payable": plain_yuan(due.payable_fen),
        "paid_before": _encode_lines(due.paid_before),
        "season_year": due.season_year,
        "warnings": list(due.warnings),
        **({"tops_up": list(due.tops_up)} if due.tops_up else {}),
    }


def decode_outcome(stored: Mapping[str, Any]) -> Outcome:
    """The inverse of ``encode_outcome``; a stored outcome whose lines do not add up is refused."""
    rule, code, clause = stored["rule"], stored["reason"], stored["clause"]
    steps, household_fen = decode_steps(stored["steps"]), stored["household_fen"]
    if stored["status"] == "DUE":
        return Due(
            rule,
            code,
            stored["amount_fen"],
            _decode_lines(stored["lines"]),
            steps,
            household_fen,
            _decode_lines(stored["paid_before"]),
            stored["season_year"],
            tuple(stored["warnings"]),
            clause,
            tuple(stored.get("tops_up", ())),
        )
    build = NotDue if stored["status"] == "NOT_DUE" else Undefined
    return build(rule, code, steps, household_fen, stored["params"], clause)


def encode_total(total: Total) -> Json:
    """A sum over benefits or a batch."""
    return {
        "status": "TOTAL",
        "reason": total.code,
        **_money(total.amount_fen, total.lines),
        "household": None if total.household_fen is None else plain_yuan(total.household_fen),
        "count": total.count,
        "open_questions": total.open_questions,
    }


def encode_tasks(tasks: Decimal | None) -> str | None:
    """Task equivalents as exact text: ``"3.0000"``."""
    return None if tasks is None else str(tasks)


def _encode_lines(lines: Iterable[SourceLine]) -> list[Json]:
    return [{"source": line.source, "amount_fen": line.amount_fen} for line in lines]


def _decode_lines(stored: Iterable[Mapping[str, Any]]) -> tuple[SourceLine, ...]:
    return tuple(SourceLine(entry["source"], entry["amount_fen"]) for entry in stored)


_STATUS: dict[type, str] = {Due: "DUE", NotDue: "NOT_DUE", Undefined: "UNDEFINED"}
