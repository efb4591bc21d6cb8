"""Case files: facts written by people (YAML or JSON), assessed one by one. ``docs/policies.md`` shows the form.

A case names a ``rule`` or a ``kind``, or lists several ``parts`` (benefits of one dwelling) to be added up;
``repeat`` makes a batch of equal dwellings. ``instalments: true`` also lists what each reading pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.money import plain_yuan
from subsidies.rules.documents import DocumentError, Listed, Mapped, Problem, meaning, read_document, unknown
from subsidies.rules.encoding import Json, encode_outcome, encode_tasks, encode_total
from subsidies.rules.engine import assess, instalments, task_equivalents
from subsidies.rules.facts import Facts
from subsidies.rules.outcomes import Due
from subsidies.rules.policy import OptionValue, Policy
from subsidies.rules.totals import batch, stack
from subsidies.rules.written_facts import FactReader

MAX_CASES = 20_000
MAX_PARTS_OF_A_CASE = 50
_MOST_REPEATED = 10**9
_LONGEST_ID = 200
_CASE_KEYS = (
    "id", "note", "rule", "kind", "facts", "options", "parts", "repeat", "instalments", "expect", "readings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One benefit asked for one set of facts."""

    rule: str
    kind: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Case:
    """One case; ``expect`` and ``readings`` (other options, other expectation) are for tests and trials."""

    id: str
    parts: tuple[Part, ...]
    options: Mapping[str, OptionValue]
    repeat: int | None
    instalments: bool
    expect: Mapping[str, Any]
    readings: tuple[Mapping[str, Any], ...]


def read_cases(source: str | bytes) -> tuple[Case, ...]:
    """All cases of a file; ``DocumentError`` lists everything that is wrong with its line."""
    reader = _CaseReader()
    cases = reader.cases(read_document(source))
    if reader.problems:
        raise DocumentError(reader.problems)
    return cases


def run_case(policy: Policy, case: Case) -> Json:
    """The answer to one case as JSON values."""
    outcomes = [assess(policy, part.facts, rule=part.rule, kind=part.kind) for part in case.parts]
    if case.repeat is not None:
        return {"id": case.id, **encode_total(batch((outcome, case.repeat) for outcome in outcomes))}
    if len(outcomes) > 1:
        return {
            "id": case.id,
            **encode_total(stack(outcomes)),
            "parts": [encode_outcome(each) for each in outcomes],
        }
    part = case.parts[0]
    answer = {"id": case.id, **encode_outcome(outcomes[0])}
    answer["task_equivalents"] = encode_tasks(task_equivalents(policy, part.facts))
    if case.instalments:
        steps = instalments(policy, part.facts, rule=outcomes[0].rule)
        answer["instalments"] = [plain_yuan(each.payable_fen) if isinstance(each, Due) else None for each in steps]
    return answer


class _CaseReader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def complain(self, line: int, where: str, sentence: str, /, **values: object) -> None:
        self.problems.append(meaning(line, where, sentence, **values))

    def cases(self, tree: Any) -> tuple[Case, ...]:
        entries = tree.get("cases") if isinstance(tree, Mapped) else tree
        defaults = tree.get("defaults", {}) if isinstance(tree, Mapped) else {}
        if not isinstance(entries, Listed) or not isinstance(defaults, dict):
            self.complain(1, "", "A case file is a list of cases, or “cases:” with a list and “defaults:” with facts.")
            return ()
        if len(entries) > MAX_CASES:
            self.complain(1, "cases", "At most %(limit)s cases are read from one file.", limit=MAX_CASES)
            return ()
        return tuple(self._case(entry, defaults, index) for index, entry in enumerate(entries, 1) if self._ok(entry))

    def _ok(self, entry: Any) -> bool:
        if isinstance(entry, Mapped):
            return True
        self.complain(1, "cases", "Every case is a mapping with id, rule or kind, and facts.")
        return False

    def _case(self, entry: Mapped, defaults: Mapping[str, Any], index: int) -> Case:
        name = str(entry.get("id", index))[:_LONGEST_ID]
        for key in entry:
            if key not in _CASE_KEYS:
                self.problems.append(unknown(entry.line_of(key), name, "UNKNOWN_KEY", key, _CASE_KEYS))
        if len(str(entry.get("id", ""))) > _LONGEST_ID:
            self.complain(entry.line_of("id"), name[:40], "“id” has at most %(limit)s characters.", limit=_LONGEST_ID)
        return Case(
            id=name,
            parts=tuple(self._part(part, entry, defaults, name) for part in self._parts(entry, name)),
            options=self._mapping(entry, "options", name),
            repeat=self._repeat(entry, name),
            instalments=bool(entry.get("instalments")),
            expect=self._mapping(entry, "expect", name),
            readings=tuple(entry.get("readings") or ()),
        )

    def _parts(self, entry: Mapped, name: str) -> list[Mapped]:
        parts = entry.get("parts")
        if parts is None:
            return [entry]
        if not isinstance(parts, Listed) or not parts:
            self.complain(entry.line_of("parts"), name, "“parts” is a list of benefits, each with rule or kind.")
            return []
        if len(parts) > MAX_PARTS_OF_A_CASE:
            self.complain(
                entry.line_of("parts"),
                name,
                "At most %(limit)s parts are added up in one case.",
                limit=MAX_PARTS_OF_A_CASE,
            )
            return []
        if not all(isinstance(part, Mapped) for part in parts):
            self.complain(entry.line_of("parts"), name, "Every part is a mapping with rule or kind.")
        return [part for part in parts if isinstance(part, Mapped)]

    def _mapping(self, entry: Mapped, key: str, name: str) -> Mapping[str, Any]:
        value = entry.get(key)
        if value is None or isinstance(value, Mapped):
            return value or {}
        self.complain(entry.line_of(key), name, "“%(key)s” is a mapping (name: value).", key=key)
        return {}

    def _repeat(self, entry: Mapped, name: str) -> int | None:
        value = entry.get("repeat")
        if value is None or (type(value) is int and 1 <= value <= _MOST_REPEATED):
            return value
        self.complain(
            entry.line_of("repeat"), name, "“repeat” is a whole number from 1 to %(limit)s.", limit=_MOST_REPEATED
        )
        return None

    def _part(self, part: Mapped, entry: Mapped, defaults: Mapping[str, Any], name: str) -> Part:
        rule, kind = str(part.get("rule", "")), str(part.get("kind", ""))
        if bool(rule) == bool(kind):
            self.complain(part.line, name, "A case names either “rule” (its id) or “kind” (of benefit).")
        facts = {**defaults, **self._mapping(entry, "facts", name)}
        if part is not entry:
            facts |= self._mapping(part, "facts", name)
        lines = part.get("facts") if isinstance(part.get("facts"), Mapped) else part
        reader = FactReader(facts, lines if isinstance(lines, Mapped) else part, name)
        built = reader.facts()
        self.problems.extend(reader.problems)
        return Part(rule, kind, built)
