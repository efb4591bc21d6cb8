"""Facts written by people (YAML or JSON): amounts in yuan, quantities as plain numbers, days as 2021-11-01."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import MoneyError, parse_yuan
from core.seasons import SeasonError, Span
from subsidies.rules.codes import FLAG_FACTS, NUMBER_FACTS, SHARE_KEYS, TEXT_FACTS
from subsidies.rules.documents import Listed, Mapped, Problem, meaning, unknown
from subsidies.rules.facts import CostItem, Decision, FactError, Facts, Payment, Usage
from subsidies.rules.outcomes import SourceLine

#: Instalments assess once for every reading, so their number must stay small.
MAX_READINGS = 400
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")


class FactReader:
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
            self._complain("", "%(reason)s", reason=error)
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
            if isinstance(error, KeyError):
                self._complain(key, "“%(name)s” is missing.", name=error.args[0])
            else:
                self._complain(key, "%(reason)s", reason=error)

    def _complain(self, key: str, sentence: str, /, **values: object) -> None:
        where = f"{self.name}.{key}" if key else self.name
        self.problems.append(meaning(self.lines.line_of(key), where, sentence, **values))


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
    """``{DEVICE: 8900, WIRING_BEHIND_METER: 900}``, or a list of ``{kind, amount, purpose, shared_by}``."""
    if isinstance(value, Mapped):
        return tuple(CostItem(kind, _fen(amount)) for kind, amount in value.items())
    entries = map(_mapped, _entries(value))
    return tuple(_cost(each) for each in entries)


def _cost(each: Mapped) -> CostItem:
    key = _words(each.get("shared_by", ""))
    if key not in ("", *SHARE_KEYS):
        raise FactError(f"“shared_by” is one of: {', '.join(SHARE_KEYS)}.")
    return CostItem(_words(each["kind"]), _fen(each["amount"]), _words(each.get("purpose", "")), key)


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
