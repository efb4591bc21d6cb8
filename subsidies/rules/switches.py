"""Options: the open questions of a document as switches, and the document with the switches set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from subsidies.rules.documents import DocumentError, Listed, Mapped, Problem, meaning, problem, unknown
from subsidies.rules.policy import Option, OptionValue


def read_options(tree: Mapped) -> dict[str, Option]:
    """The options as the document declares them, at their defaults. The shape is already checked."""
    return {name: _option(name, entry) for name, entry in tree.get("options", {}).items()}


def _option(name: str, entry: Mapped) -> Option:
    return Option(
        id=name,
        question=entry["question"],
        value=entry["default"],
        default=entry["default"],
        choices=tuple(entry.get("choices", ())),
        clause=entry.get("clause", ""),
        note=entry.get("note", ""),
        used_by=entry.get("used_by", "rules"),
    )


def set_options(options: Mapping[str, Option], chosen: Mapping[str, OptionValue]) -> dict[str, Option]:
    """The options with ``chosen`` values; all unknown names and values refused together."""
    problems: list[Problem] = []
    for name, value in chosen.items():
        if name not in options:
            problems.append(unknown(1, "options", "UNKNOWN_VALUE", name, options))
        elif options[name].choices and value not in options[name].choices:
            known = map(str, options[name].choices)
            problems.append(unknown(1, f"options.{name}", "UNKNOWN_VALUE", str(value), known))
    if problems:
        raise DocumentError(problems)
    return {name: replace(option, value=chosen.get(name, option.value)) for name, option in options.items()}


def option_problems(tree: Mapped, options: Mapping[str, Option]) -> Iterator[Problem]:
    """Unknown options, cases that do not match the choices, defaults outside them, switches of no effect."""
    used: set[str] = set()
    for use in option_uses(tree):
        used.add(use.option)
        if use.option not in options:
            yield unknown(use.line, use.where, "UNKNOWN_VALUE", use.option, options)
        elif use.cases is not None:
            yield from _case_problems(use, options[use.option])
    for name, option in options.items():
        yield from _declared_problems(tree, option, name in used)


def resolve(node: Any, options: Mapping[str, Option]) -> Any:
    """A copy of the document with every ``{option: …}`` and ``{choose: …}`` replaced by its value."""
    if isinstance(node, Mapped):
        if _is_reference(node):
            return options[node["option"]].value
        if _is_choice(node):
            chosen = node["choose"]["cases"]
            return resolve(chosen[case_name(options[node["choose"]["option"]].value)], options)
        return _resolve_mapping(node, options)
    if isinstance(node, Listed):
        listed = Listed(node.line)
        for item, line in zip(node, node.item_lines, strict=True):
            listed.put(resolve(item, options), line)
        return listed
    return node


def case_name(value: OptionValue) -> str:
    """A choice as it is written as a key: ``true`` for True, the text itself otherwise."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolve_mapping(node: Mapped, options: Mapping[str, Option]) -> Mapped:
    mapped = Mapped(node.line)
    for key, value in node.items():
        mapped.put(key, value if key == "options" else resolve(value, options), node.line_of(key))
    return mapped


@dataclass(frozen=True, slots=True)
class OptionUse:
    """`where`: the place, as `benefits[0].amount`; `cases`: the answers a `choose` tells apart, None for a value."""

    option: str
    line: int
    where: str
    cases: tuple[str, ...] | None


def option_uses(node: Any, where: str = "") -> Iterator[OptionUse]:
    """Every place of the document that reads an option."""
    if isinstance(node, Mapped):
        if _is_reference(node):
            yield OptionUse(node["option"], node.line_of("option"), where, None)
        if _is_choice(node):
            choice = node["choose"]
            yield OptionUse(choice["option"], node.line_of("choose"), where, tuple(choice["cases"]))
        for key, value in node.items():
            yield from option_uses(value, f"{where}.{key}" if where else key) if key != "options" else ()
    elif isinstance(node, Listed):
        for index, item in enumerate(node):
            yield from option_uses(item, f"{where}[{index}]")


def _is_reference(node: Mapped) -> bool:
    return set(node) == {"option"} and isinstance(node["option"], str)


def _is_choice(node: Mapped) -> bool:
    return set(node) == {"choose"} and isinstance(node["choose"], Mapped) and set(node["choose"]) == {"option", "cases"}


def _case_problems(use: OptionUse, option: Option) -> Iterator[Problem]:
    choices = {case_name(choice) for choice in option.choices}
    given = set(use.cases or ())
    for extra in sorted(given - choices):
        yield unknown(use.line, use.where, "UNKNOWN_VALUE", extra, choices)
    for absent in sorted(choices - given):
        yield problem(use.line, use.where, "MISSING_KEY", key=absent)


def _declared_problems(tree: Mapped, option: Option, is_used: bool) -> Iterator[Problem]:
    line, where = tree["options"].line_of(option.id), f"options.{option.id}"
    if option.choices and option.default not in option.choices:
        yield unknown(line, where, "UNKNOWN_VALUE", str(option.default), map(str, option.choices))
    if not is_used and option.used_by == "rules":
        sentence = "The option %(option)s changes nothing: use it in a rule or say “used_by: facts”."
        yield meaning(line, where, sentence, option=option.id)
    if isinstance(option.default, Decimal | int) and not isinstance(option.default, bool) and option.default < 0:
        yield problem(line, where, "TOO_LOW", value=option.default, limit=0)
