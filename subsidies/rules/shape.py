"""Holding a document against the JSON Schema, all violations as problems with their line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from subsidies.rules.documents import Problem, Said, line_at, problem, unknown
from subsidies.rules.schema import SCHEMA

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

_MOST_PROBLEMS = 200
#: What may stand in a place, by the types that the schema names there; translated by ``subsidies/wording.py``.
TYPES = {
    "object": "a mapping (name: value)",
    "array": "a list",
    "string": "text (put it in quotes)",
    "number": "a number",
    "boolean": "true or false",
    "number null": "a number or nothing",
    "string integer": "text (put it in quotes) or a whole number",
    "string number boolean": "text (put it in quotes), a number, or true or false",
    "string number boolean null": "text (put it in quotes), a number, true or false, or nothing",
}
_COUNTS = {
    "minProperties": "NEEDS_ENTRY",
    "minItems": "TOO_FEW",
    "maxItems": "TOO_LONG_LIST",
    "minLength": "EMPTY_TEXT",
    "maxLength": "LONG_TEXT",
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
            code = "TOO_LOW" if error.validator == "minimum" else "TOO_HIGH"
            yield problem(line, place, code, value=_show(value), limit=error.validator_value)
        case "maxProperties":
            yield problem(line, place, "ONE_OF_THESE", known=", ".join(map(str, value))[:300])
        case _:
            code = _COUNTS.get(str(error.validator), "NOT_ALLOWED")
            yield problem(line, place, code, limit=error.validator_value)


def _missing(line: int, place: str, error: ValidationError) -> Iterator[Problem]:
    for key in error.validator_value:
        if key not in error.instance:
            yield problem(line, place, "MISSING_KEY", key=key)


def _unknown_keys(tree: Any, path: list[str | int], place: str, error: ValidationError) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key not in known:
            yield unknown(line_at(tree, [*path, key]), place, "UNKNOWN_KEY", key, known)


def _expected(types: str | list[str]) -> Said:
    return Said(TYPES[" ".join([types] if isinstance(types, str) else types)])


def _show(value: object) -> str:
    if isinstance(value, dict):
        return Said("a mapping")
    if isinstance(value, list):
        return Said("a list")
    if value is None:
        return Said("nothing")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, Decimal)) else str(value)[:60]
