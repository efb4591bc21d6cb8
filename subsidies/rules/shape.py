"""Holding a document against the JSON Schema, all violations as problems with their line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from subsidies.rules.documents import Problem, line_at, problem, unknown
from subsidies.rules.schema import SCHEMA

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

_MOST_PROBLEMS = 200
_TYPES = {
    "object": "a mapping (name: value)",
    "array": "a list",
    "string": "text (put it in quotes)",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}
_FORMS = {
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "2021-10-13",
    "^[0-9]{2}-[0-9]{2}$": "11-01",
    "^[A-Z][A-Z0-9_]{0,39}$": "CAPITALS_AND_UNDERSCORES",
    "^[0-9]{2,15}$": '"370902" (area code in digits)',
}


def shape_problems(tree: Any) -> list[Problem]:
    """Everything in ``tree`` that the schema does not allow."""
    found: list[Problem] = []
    for error in _validator().iter_errors(tree):
        found.extend(_problems(tree, error))
        if len(found) >= _MOST_PROBLEMS:
            break
    return found


@cache
def _validator() -> Any:
    # Loaded here, as it takes every program's start 0.1 s.
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    # The reader builds subclasses of dict and list and Decimals, all of which the default checker accepts.
    return Draft202012Validator(SCHEMA)


def where(path: Iterable[str | int]) -> str:
    """``benefits[3].amount.cap.at`` for people."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def _problems(tree: Any, error: ValidationError) -> Iterator[Problem]:
    path = list(error.absolute_path)
    line, place, value = line_at(tree, path), where(path), error.instance
    match error.validator:
        case "required":
            yield from _missing(line, place, error)
        case "additionalProperties":
            yield from _unknown_keys(tree, path, place, error)
        case "enum":
            yield unknown(line, place, "UNKNOWN_VALUE", _show(value), map(str, error.validator_value))
        case "type":
            yield problem(line, place, "WRONG_TYPE", value=_show(value), expected=_expected(error.validator_value))
        case "pattern":
            form = _FORMS.get(error.validator_value, error.validator_value)
            yield problem(line, place, "WRONG_FORM", value=_show(value), form=form)
        case "minimum" | "maximum":
            word = "at least" if error.validator == "minimum" else "at most"
            yield problem(line, place, "OUT_OF_RANGE", value=_show(value), reason=f"{word} {error.validator_value}")
        case _:
            yield problem(line, place, "WRONG_COUNT", reason=_count_reason(error))


def _missing(line: int, place: str, error: ValidationError) -> Iterator[Problem]:
    for key in error.validator_value:
        if key not in error.instance:
            yield problem(line, place, "MISSING_KEY", key=key)


def _unknown_keys(tree: Any, path: list[str | int], place: str, error: ValidationError) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key not in known:
            yield unknown(line_at(tree, [*path, key]), place, "UNKNOWN_KEY", key, known)


def _expected(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else types
    return " or ".join(_TYPES[name] for name in names)


def _count_reason(error: ValidationError) -> str:
    reasons = {
        "minProperties": "This needs an entry",
        "maxProperties": f"Exactly one of these may stand here: {', '.join(map(str, error.instance))}"[:300],
        "minItems": f"This list needs at least {error.validator_value} entries",
        "maxItems": f"This list has more than {error.validator_value} entries",
        "minLength": "This text is empty",
        "maxLength": f"This text is longer than {error.validator_value} characters",
    }
    return reasons.get(str(error.validator), "This is not allowed here")


def _show(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, Decimal)) else str(value)[:60]
