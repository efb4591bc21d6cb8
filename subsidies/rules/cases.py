"""Case files: facts written by people (YAML or JSON), assessed one by one. ``docs/policies.md`` shows the form.

A case names a ``rule`` or a ``kind``, or lists several ``parts`` (benefits of one dwelling) to be added up;
``repeat`` makes a batch of equal dwellings. ``instalments: true`` also lists what each reading pays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import MoneyError, parse_yuan, plain_yuan
from core.seasons import SeasonError, Span
from subsidies.rules.codes import FLAG_FACTS, NUMBER_FACTS, TEXT_FACTS
from subsidies.rules.documents import DocumentError, Listed, Mapped, Problem, problem, read_document, unknown
from subsidies.rules.encoding import Json, encode_outcome, encode_tasks, encode_total
from subsidies.rules.engine import assess, instalments, task_equivalents
from subsidies.rules.facts import CostItem, Decision, FactError, Facts, Payment, Usage
from subsidies.rules.outcomes import Due, SourceLine
from subsidies.rules.policy import OptionValue, Policy
from subsidies.rules.totals import batch, stack

MAX_CASES = 20_000
MAX_PARTS_OF_A_CASE = 50
#: Instalments assess once for every reading, so their number must stay small.
MAX_READINGS = 400
_MOST_REPEATED = 10**9
_LONGEST_ID = 200
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
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

    def complain(self, line: int, where: str, reason: str) -> None:
        self.problems.append(problem(line, where, "MEANING", reason=reason))

    def cases(self, tree: Any) -> tuple[Case, ...]:
        entries = tree.get("cases") if isinstance(tree, Mapped) else tree
        defaults = tree.get("defaults", {}) if isinstance(tree, Mapped) else {}
        if not isinstance(entries, Listed) or not isinstance(defaults, dict):
            self.complain(1, "", "A case file is a list of cases, or “cases:” with a list and “defaults:” with facts.")
            return ()
        if len(entries) > MAX_CASES:
            self.complain(1, "cases", f"At most {MAX_CASES} cases are read from one file.")
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
            self.complain(entry.line_of("id"), name[:40], f"“id” has at most {_LONGEST_ID} characters.")
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
                entry.line_of("parts"), name, f"At most {MAX_PARTS_OF_A_CASE} parts are added up in one case."
            )
            return []
        if not all(isinstance(part, Mapped) for part in parts):
            self.complain(entry.line_of("parts"), name, "Every part is a mapping with rule or kind.")
        return [part for part in parts if isinstance(part, Mapped)]

    def _mapping(self, entry: Mapped, key: str, name: str) -> Mapping[str, Any]:
        value = entry.get(key)
        if value is None or isinstance(value, Mapped):
            return value or {}
        self.complain(entry.line_of(key), name, f"“{key}” is a mapping (name: value).")
        return {}

    def _repeat(self, entry: Mapped, name: str) -> int | None:
        value = entry.get("repeat")
        if value is None or (type(value) is int and 1 <= value <= _MOST_REPEATED):
            return value
        self.complain(entry.line_of("repeat"), name, f"“repeat” is a whole number from 1 to {_MOST_REPEATED}.")
        return None

    def _part(self, part: Mapped, entry: Mapped, defaults: Mapping[str, Any], name: str) -> Part:
        rule, kind = str(part.get("rule", "")), str(part.get("kind", ""))
        if bool(rule) == bool(kind):
            self.complain(part.line, name, "A case names either “rule” (its id) or “kind” (of benefit).")
        facts = {**defaults, **self._mapping(entry, "facts", name)}
        if part is not entry:
            facts |= self._mapping(part, "facts", name)
        lines = part.get("facts") if isinstance(part.get("facts"), Mapped) else part
        reader = _FactReader(facts, lines if isinstance(lines, Mapped) else part, name)
        built = reader.facts()
        self.problems.extend(reader.problems)
        return Part(rule, kind, built)


class _FactReader:
    """Facts from a mapping; amounts in yuan, quantities as plain numbers, dates as 2021-11-01."""

    def __init__(self, given: Mapping[str, Any], lines: Mapped, name: str) -> None:
        self.given, self.lines, self.name = given, lines, name
        self.problems: list[Problem] = []

    def facts(self) -> Facts:
        values: dict[str, Any] = {"quantities": {}}
        for key, value in self.given.items():
            self._take(key, value, values)
        try:
            return Facts(**{"on": date.min, **values}) if "on" in values else self._undated()
        except (FactError, TypeError) as error:
            self._complain("", str(error))
            return Facts(on=date.min)

    def _undated(self) -> Facts:
        if "on" not in self.given:
            self._complain("on", "“on” (the day as of which to assess) is missing.")
        return Facts(on=date.min)

    def _take(self, key: str, value: Any, values: dict[str, Any]) -> None:
        try:
            if key in NUMBER_FACTS:
                values["quantities"][key] = _number(value)
            elif key in _READERS:
                name, read = _READERS[key]
                values[name] = read(value)
            else:
                known = [*_READERS, *NUMBER_FACTS]
                self.problems.append(unknown(self.lines.line_of(key), self.name, "UNKNOWN_KEY", key, known))
        except (FactError, MoneyError, SeasonError, ValueError, TypeError, KeyError, AttributeError) as error:
            missing = f"“{error.args[0]}” is missing." if isinstance(error, KeyError) else str(error)
            self._complain(key, missing)

    def _complain(self, key: str, reason: str) -> None:
        where = f"{self.name}.{key}" if key else self.name
        self.problems.append(problem(self.lines.line_of(key), where, "MEANING", reason=reason))


def _fen(value: Any) -> int:
    return parse_yuan(_words(value))


def _words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise FactError(f"{value!r:.60} is not a plain value.")
    return str(value)


def _number(value: Any) -> Decimal:
    """A plain decimal number: nothing that a few characters could make enormous (1e999999999)."""
    text = _words(value)
    if not _NUMBER.fullmatch(text):
        raise FactError(f"“{text[:40]}” is not a number of at most 18 digits either side of the point.")
    return Decimal(text)


def _day(value: Any) -> date:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise FactError(f"“{str(value)[:40]}” is not a date; write it like 2021-11-01.") from None
    _year(day.year)
    return day


def _maybe_day(value: Any) -> date | None:
    return None if value is None else _day(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise FactError(f"“{str(value)[:40]}” is not true or false.")
    return value


def _year(value: Any) -> int:
    if type(value) is not int or not 1990 <= value <= 2100:
        raise FactError(f"“{str(value)[:40]}” is not a year from 1990 to 2100.")
    return value


def _maybe_year(value: Any) -> int | None:
    return None if value is None else _year(value)


def _mapped(value: Any) -> Mapped:
    if not isinstance(value, Mapped):
        raise FactError(f"“{str(value)[:40]}” stands where a mapping (name: value) is expected.")
    return value


def _codes(value: Any) -> frozenset[str]:
    return frozenset(_words(each) for each in _entries(value))


def _entries(value: Any) -> Listed:
    if not isinstance(value, Listed):
        raise FactError("A list is expected.")
    return value


def _costs(value: Any) -> tuple[CostItem, ...]:
    """``{DEVICE: 8900, WIRING_BEHIND_METER: 900}``, or a list of ``{kind, amount, purpose}``."""
    if isinstance(value, Mapped):
        return tuple(CostItem(kind, _fen(amount)) for kind, amount in value.items())
    entries = map(_mapped, _entries(value))
    return tuple(
        CostItem(_words(each["kind"]), _fen(each["amount"]), _words(each.get("purpose", ""))) for each in entries
    )


def _usage(value: Any) -> tuple[Usage, ...]:
    entries = _entries(value)
    if len(entries) > MAX_READINGS:
        raise FactError(f"At most {MAX_READINGS} readings are read for one dwelling.")
    return tuple(_one_usage(_mapped(each)) for each in entries)


def _one_usage(each: Mapped) -> Usage:
    span = Span(_day(each["from"]), _day(each["to"]))
    energy = _words(each["energy"])
    tariff, meter = _words(each.get("tariff", "")), _words(each.get("meter", ""))
    if "quantity" in each:
        return Usage(energy, span, _number(each["quantity"]), tariff, meter)
    start, end = _number(each["start_reading"]), _number(each["end_reading"])
    return Usage.from_readings(energy, span, start, end, tariff=tariff, meter=meter)


def _payments(value: Any) -> tuple[Payment, ...]:
    return tuple(
        Payment(
            _words(each["kind"]),
            _fen(each["amount"]),
            _words(each.get("technology", "")),
            _maybe_year(each.get("season_year")),
            tuple(SourceLine(source, _fen(amount)) for source, amount in _mapped(each.get("split", Mapped(0))).items()),
            _maybe_day(each.get("paid_on")),
        )
        for each in map(_mapped, _entries(value))
    )


def _decision(value: Any) -> Decision | None:
    if value is None:
        return None
    return Decision(_fen(_mapped(value)["amount"]), _words(value.get("document", "")))


_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "on": ("on", _day),
    **{name: (name, _words) for name in TEXT_FACTS},
    **{name: (name, _flag) for name in FLAG_FACTS},
    "classes": ("classes", _codes),
    "exclusions": ("exclusions", _codes),
    "on_roster": ("on_roster", _flag),
    "installer_admitted": ("installer_admitted", _flag),
    "own_funds_in_place": ("own_funds_in_place", _flag),
    "accepted_on": ("accepted_on", _maybe_day),
    "accepted_by": ("accepted_by", _codes),
    "payments": ("payments", _payments),
    "costs": ("costs", _costs),
    "enterprise_share": ("enterprise_share_fen", _fen),
    "usage": ("usage", _usage),
    "season_year": ("season_year", _year),
    "season_fee": ("season_fee_fen", _fen),
    "decision": ("decision", _decision),
}
