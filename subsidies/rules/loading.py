"""Loading a policy document: shape, switches, meaning; every problem at once, each with its line.

``load_policy(text)`` gives the policy with its options at their defaults; ``load_policy(text, {"Q2":
"proportional"})`` with some of them set. Every choice of every option is checked, also those not chosen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeVar

from core.seasons import SeasonError, SeasonRule
from subsidies.rules.building import Builder
from subsidies.rules.codes import GATES
from subsidies.rules.documents import DocumentError, Mapped, Problem, meaning, parts_of, problem, read_document, unknown
from subsidies.rules.own_share import Bearer
from subsidies.rules.policy import (
    TO_THE_FEN,
    Benefit,
    Ceiling,
    Check,
    Exclusive,
    Gate,
    Option,
    OptionValue,
    Policy,
    Recode,
    Rounding,
    Runs,
    TaskRule,
    Unless,
    Warn,
)
from subsidies.rules.shape import shape_problems
from subsidies.rules.switches import option_problems, read_options, resolve, set_options

#: Parts of a document times alternatives of its options; Taishan has about 10,000.
MAX_WORK = 60_000
_Coded = TypeVar("_Coded", Recode, Unless, Warn)
#: Amounts that never become money, so such a benefit needs no split.
_MONEYLESS = frozenset({"undefined", "nothing", "household_fee"})


def load_policy(source: str | bytes, options: Mapping[str, OptionValue] | None = None) -> Policy:
    """The policy in ``source`` with ``options`` set; raises ``DocumentError`` listing all problems."""
    tree = _checked_tree(source)
    declared = read_options(tree)
    _check_work(tree, declared)
    for alternative in _alternatives(declared):
        _stop(_policy(resolve(tree, alternative), alternative)[1])
    policy, problems = _policy(resolve(tree, chosen := set_options(declared, options or {})), chosen)
    _stop(problems)
    return policy


def _checked_tree(source: str | bytes) -> Mapped:
    tree = read_document(source)
    _stop(shape_problems(tree))
    assert isinstance(tree, Mapped)  # the schema's first word
    _stop(list(option_problems(tree, read_options(tree))))
    return tree


def _check_work(tree: Mapped, options: Mapping[str, Option]) -> None:
    """The whole document is checked once for every choice: bounded, so that a hostile one can't keep a worker busy."""
    work = parts_of(tree) * sum(1 for _ in _alternatives(options))
    if work > MAX_WORK:
        sentence = (
            "The choices of the options, each tried on the whole document, are %(work)s parts to check; "
            "at most %(limit)s are checked. Use fewer choices or divide the document."
        )
        _stop([meaning(tree.line_of("options"), "options", sentence, work=work, limit=MAX_WORK)])


def _alternatives(options: Mapping[str, Option]) -> Iterator[Mapping[str, Option]]:
    """The defaults, and every single choice with the other options at their defaults."""
    yield options
    for name, option in options.items():
        for choice in option.choices:
            if choice != option.default:
                yield set_options(options, {name: choice})


def _stop(problems: list[Problem]) -> None:
    if problems:
        raise DocumentError(problems)


def _policy(tree: Mapped, options: Mapping[str, Option]) -> tuple[Policy, list[Problem]]:
    problems = shape_problems(tree)
    _stop(problems)  # an option's value that does not fit where it is used
    reader = _Reader(tree, problems)
    policy = Policy(
        name=tree["policy"],
        title=tree["title"],
        place=tree["place"],
        document_number=tree["document_number"],
        issued_on=reader.day("issued_on"),
        valid_from=reader.day("valid_from") or date.min,
        valid_to=reader.day("valid_to"),
        season_rule=reader.season_rule(),
        boundary=tree.get("season", {}).get("boundary", "linear"),
        sources=tuple(tree.get("sources", ())),
        gates=reader.gates(),
        benefits=reader.benefits(),
        tasks=reader.tasks(),
        options=MappingProxyType(dict(options)),
        exclusive=reader.exclusive(),
        ceilings=reader.ceilings(),
    )
    reader.check(policy)
    return policy, problems


class _Reader:
    """Reads the parts of a resolved document; problems go into the shared list."""

    def __init__(self, tree: Mapped, problems: list[Problem]) -> None:
        self.tree, self.problems = tree, problems
        self.sources = tuple(tree.get("sources", ()))
        self.above: dict[str, Bearer] = {}
        self.topping: dict[str, str] = {}

    def complain(self, line: int, where: str, sentence: str, /, **values: object) -> None:
        self.problems.append(meaning(line, where, sentence, **values))

    def day(self, key: str) -> date | None:
        if key not in self.tree:
            return None
        try:
            return date.fromisoformat(self.tree[key])
        except ValueError:
            self.problems.append(problem(self.tree.line_of(key), key, "NOT_A_DATE", value=self.tree[key]))
            return None

    def season_rule(self) -> SeasonRule | None:
        season = self.tree.get("season")
        if season is None:
            return None
        try:
            return SeasonRule.parse(season["from"], season["to"])
        except SeasonError:
            sentence = "“from” and “to” are two different days of the year, month first."
            self.complain(self.tree.line_of("season"), "season", sentence)
            return None

    def gates(self) -> tuple[Gate, ...]:
        """In the order in which they are asked, whatever the document's."""
        entries = self.tree.get("gates", {})
        return tuple(self._gate(name, entries[name]) for name in GATES if name in entries)

    def _gate(self, name: str, entry: Mapped) -> Gate:
        builder = self._builder(f"gates.{name}")
        return Gate(
            name,
            entry["clause"],
            codes=tuple(entry.get("codes", ())),
            panel=tuple(entry.get("panel", ())),
            checks=_checks(builder, entry.get("checks")),
            unless=_coded(Unless, builder, entry.get("unless")),
            evidence=tuple(entry.get("evidence", ())),
        )

    def benefits(self) -> tuple[Benefit, ...]:
        return tuple(self._benefit(entry) for entry in self.tree.get("benefits", ()))

    def _benefit(self, entry: Mapped) -> Benefit:
        scope = frozenset(entry.get("cost_scope", ()))
        builder = self._builder(f"benefit {entry['id']}", runs="runs" in entry, scope=scope)
        self._check_benefit(entry)
        benefit = Benefit(
            id=entry["id"],
            kind=entry["kind"],
            title=entry["title"],
            clause=entry["clause"],
            quote=entry.get("quote", ""),
            note=entry.get("note", ""),
            covers=builder.conditions(entry.get("covers")),
            not_covered=entry.get("not_covered", "TECH_NOT_COVERED"),
            gates=tuple(entry.get("gates", tuple(self.tree.get("gates", {})))),
            requires=_checks(builder, entry.get("requires")),
            scope=scope,
            amount=builder.amount(entry["amount"]),
            split=builder.split(entry["split"]) if "split" in entry else None,
            runs=self._runs(entry),
            result_codes=_coded(Recode, builder, entry.get("result_codes")),
            warnings=_coded(Warn, builder, entry.get("warnings")),
            rounding=self._rounding(entry),
            again_after_years=self._whole(entry, "again_after_years"),
            shared_costs=entry.get("shared_costs", ""),
        )
        self.above[benefit.id] = Bearer(benefit.id, benefit.kind, scope)
        if builder.tops_up:
            self.topping[benefit.kind] = benefit.id
        return benefit

    def _rounding(self, entry: Mapped) -> Rounding:
        given = entry.get("rounding")
        if given is None:
            return TO_THE_FEN
        unit = Fraction(given["to"]) * 100
        if unit.denominator != 1 or not unit:
            self.complain(entry.line_of("rounding"), f"benefit {entry['id']}", "“to” is a sum in yuan, at least 0.01.")
        return Rounding(int(unit) or 1, given.get("mode", "half_up"))

    def _whole(self, entry: Mapped, key: str) -> int | None:
        number = entry.get(key)
        if number is not None and (int(number) != number or not 1 <= number <= 100):
            self.complain(
                entry.line_of(key), f"benefit {entry['id']}", "“%(key)s” is a whole number from 1 to 100.", key=key
            )
            return None
        return None if number is None else int(number)

    def _runs(self, entry: Mapped) -> Runs | None:
        if "runs" not in entry:
            return None
        start, seasons = entry["runs"]["counted_from"], entry["runs"].get("seasons")
        if start != "acceptance" and not (isinstance(start, int) and 1990 <= start <= 2100):
            self.complain(entry.line_of("runs"), f"benefit {entry['id']}", "counted_from is “acceptance” or a year.")
        if seasons is not None and (int(seasons) != seasons or seasons < 1):
            self.complain(entry.line_of("runs"), f"benefit {entry['id']}", "“seasons” is a whole number from 1.")
        return Runs(None if seasons is None else int(seasons), start)

    def exclusive(self) -> tuple[Exclusive, ...]:
        return tuple(
            Exclusive(self._kinds(each), each["clause"], each.get("keep", "first"), each.get("per", "lifetime"))
            for each in self.tree.get("exclusive", ())
        )

    def ceilings(self) -> tuple[Ceiling, ...]:
        builder = Builder("ceilings", self.sources, False, frozenset(), self.problems)
        return tuple(
            Ceiling(self._kinds(each), each["clause"], builder.amount(each["at"]), each.get("per", "lifetime"))
            for each in self.tree.get("ceilings", ())
        )

    def _kinds(self, entry: Mapped) -> tuple[str, ...]:
        known = {benefit["kind"] for benefit in self.tree.get("benefits", ())}
        for kind in entry["kinds"]:
            if kind not in known:
                self.problems.append(unknown(entry.line_of("kinds"), "kinds", "UNKNOWN_VALUE", kind, known))
        if len(set(entry["kinds"])) < len(entry["kinds"]):
            self.complain(entry.line_of("kinds"), "kinds", "A kind stands twice in this list.")
        return tuple(entry["kinds"])

    def tasks(self) -> tuple[TaskRule, ...]:
        return tuple(self._task(entry) for entry in self.tree.get("tasks", ()))

    def _task(self, entry: Mapped) -> TaskRule:
        if ("count" in entry) == ("quantity" in entry) or ("quantity" in entry) != ("each" in entry):
            self.complain(entry.line, "tasks", "A task rule has either “count” or “quantity” with “each”.")
        if entry.get("each", 1) == 0:
            self.complain(entry.line, "tasks", "“each” can't be 0.")
        decimals = entry.get("decimals", 0)
        if decimals not in range(7):
            self.complain(entry.line, "tasks", "“decimals” is a whole number from 0 to 6.")
        return TaskRule(
            when=self._builder("tasks").conditions(entry.get("when")),
            count=_fraction(entry.get("count")),
            quantity=entry.get("quantity", ""),
            each=_fraction(entry.get("each", 1)) or Fraction(1),
            decimals=int(decimals),
        )

    def check(self, policy: Policy) -> None:
        """What only shows when the parts are seen together."""
        if policy.valid_to is not None and policy.valid_to < policy.valid_from:
            self.complain(self.tree.line_of("valid_to"), "valid_to", "The policy ends before it begins.")
        seen: set[str] = set()
        for index, benefit in enumerate(policy.benefits):
            line = self.tree["benefits"].item_lines[index]
            if benefit.id in seen:
                self.complain(line, f"benefit {benefit.id}", "This id is already taken by a benefit above.")
            seen.add(benefit.id)
            for gate in benefit.gates:
                if policy.gate(gate) is None:
                    self.complain(
                        line, f"benefit {benefit.id}", "The gate %(gate)s is not defined under “gates”.", gate=gate
                    )
        self._check_exclusive(policy)

    def _check_exclusive(self, policy: Policy) -> None:
        """A top-up waits for its base; if that in turn waited for the top-up, neither would ever be known."""
        for group in policy.exclusive:
            for kind in set(group.kinds) & set(self.topping):
                sentence = "%(kind)s has a top-up (%(rule)s), which can't exclude another benefit."
                line = self.tree.line_of("exclusive")
                self.complain(line, "exclusive", sentence, kind=kind, rule=self.topping[kind])

    def _check_benefit(self, entry: Mapped) -> None:
        where, line = f"benefit {entry['id']}", entry.line
        moneyless = bool(set(entry["amount"]) & _MONEYLESS)
        if not moneyless and "split" not in entry:
            self.complain(line, where, "A benefit with an amount needs a “split”: who pays it?")
        if "runs" in entry and "season" not in self.tree:
            self.complain(line, where, "A benefit that runs by season needs “season” at the head of the policy.")
        if "day_share" in entry["amount"] and "season" not in self.tree:
            self.complain(line, where, "A share by days needs “season” at the head of the policy.")

    def _builder(self, where: str, *, runs: bool = False, scope: frozenset[str] = frozenset()) -> Builder:
        return Builder(where, self.sources, runs, scope, self.problems, above=dict(self.above))


def _coded(build: type[_Coded], builder: Builder, entries: Any) -> tuple[_Coded, ...]:
    return tuple(build(each["code"], builder.conditions(each["when"])) for each in entries or ())


def _checks(builder: Builder, entries: Any) -> tuple[Check, ...]:
    return tuple(
        Check(builder.conditions(entry["when"]), entry["otherwise"], entry.get("clause", "")) for entry in entries or ()
    )


def _fraction(value: Decimal | int | None) -> Fraction | None:
    return None if value is None else Fraction(value)
