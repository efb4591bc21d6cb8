"""Checks of a profile file: single values (with a fallback, so that one mistake hides no other) and whole points."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

from devices.protocol.points import MODES
from devices.protocol.profiles import FaultText, Limits, Point, Write

T = TypeVar("T", str, int)
_REGISTER = re.compile(r"([hicd])(\d{1,5})")


class ProfileValues:
    """Reads single values; what is wrong goes to ``problems`` with place, value and what is wanted."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document, self.problems = document, list[tuple[str, str]]()

    def _say(self, where: str, words: str) -> None:
        self.problems.append((where, words))

    def _problem(self, where: str, value: Any, wanted: str) -> None:
        self._say(where, f"{value!r}"[:80] + f", wanted {wanted}")

    def _unknown_keys(self, where: str, data: dict[str, Any], known: str) -> None:
        unknown = [str(key) for key in data if key not in known.split()]
        if unknown:
            self._say(where or "file", f"unknown {', '.join(unknown)[:80]}; known: {known}")

    def _mapping(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        value = data.get(key, {})
        if isinstance(value, dict):
            return value
        self._problem(key, value, "a mapping")
        return {}

    def _text(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self.document.get(key)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self._problem(key, value, "3 to 40 small letters, digits and hyphens")
        return ""

    def _number(self, data: dict[str, Any], where: str, key: str, default: int, low: int, high: int) -> int:
        value = data.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._problem(f"{where}.{key}".lstrip("."), value, f"a whole number from {low} to {high}")
        return low

    def _choice(self, data: dict[str, Any], where: str, key: str, default: T, known: tuple[T, ...]) -> T:
        value = data.get(key, default)
        if value in known and not isinstance(value, bool):
            return known[known.index(value)]
        self._problem(f"{where}.{key}".lstrip("."), value, f"one of {', '.join(map(str, known))}")
        return known[0]

    def _place(self, where: str, value: Any) -> tuple[str, int] | None:
        text = f"h{value}" if isinstance(value, int) else value
        match = _REGISTER.fullmatch(text) if isinstance(text, str) else None
        base = self._mapping(self.document, "limits").get("base", 0)
        addr = int(match[2]) - (base if base in (0, 1) else 0) if match else -1
        if match and 0 <= addr <= 65535:
            return match[1], addr
        self._problem(where, value, "a table letter (h, i, c, d) and an address, like h100")
        return None

    def _fraction(self, where: str, value: Any) -> Fraction | None:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < abs(value) < 1e9:
            return Fraction(str(value))
        self._problem(where, value, "a number that is not 0")
        return None

    def _span(self, where: str, value: Any) -> tuple[Fraction, Fraction] | None:
        if value is None:
            return None
        numbers = isinstance(value, list) and len(value) == 2
        if numbers and all(isinstance(v, (int, float)) and abs(v) < 1e9 for v in value):
            return Fraction(str(value[0])), Fraction(str(value[1]))
        self._problem(f"{where}.range", value, "[lowest, highest]")
        return None

    def _bad(self, where: str, value: Any) -> frozenset[int]:
        if isinstance(value, list) and all(type(v) is int for v in value):
            return frozenset(value)
        self._problem(f"{where}.bad", value, "a list of raw numbers")
        return frozenset()

    def _modes(self, where: str, value: Any) -> dict[int, str]:
        # YAML reads a bare off and on as false and true; "off" is a mode, so say so.
        named = (
            {key: "off" if text is False else text for key, text in value.items()} if isinstance(value, dict) else {}
        )
        if isinstance(value, dict) and all(type(k) is int and v in MODES for k, v in named.items()):
            return named
        self._problem(f"{where}.map", value, f"numbers to modes, of {', '.join(MODES)}")
        return {}

    def _fault_bits(self, where: str, value: Any) -> dict[int, FaultText]:
        fits: Callable[[Any], bool] = lambda v: isinstance(v, list) and len(v) in (2, 3)  # noqa: E731
        if isinstance(value, dict) and all(type(k) is int and fits(v) for k, v in value.items()):
            return {key: _fault_text([str(word) for word in words]) for key, words in value.items()}
        self._problem(f"{where}.bits", value, "bit numbers to [code, meaning in Chinese, meaning in English]")
        return {}


def _fault_text(words: list[str]) -> FaultText:
    """Of two words the second may be in either language; it is shown in both."""
    return FaultText(words[0], *words[1:]) if len(words) == 3 else FaultText(words[0], english=words[1])


class ProfileChecks(ProfileValues):
    """Checks of whole points and writes, and of points against each other."""

    def _check_point(self, where: str, point: Point, data: dict[str, Any]) -> None:
        if point.addr + point.length > 0x10000:
            self._problem(f"{where}.reg", data["reg"], "registers up to 65535")
        if point.table in "cd" and (point.length > 1 or point.bit is not None):
            self._problem(where, data["reg"], "a coil or discrete input without len, bit or a 32-bit type")
        if point.length == 3 and "words" in data:
            self._problem(f"{where}.words", data["words"], "no word order with len 3 (always high word first)")
        if point.shape == "code" and not point.map:
            self._say(f"{where}.map", "missing; a mode needs its numbers, like {0: off, 1: heat}")
        if point.shape != "bits" and point.bits:
            self._problem(f"{where}.bits", "given", "bits only for fault")
        self._check_numbers(where, point)

    def _check_numbers(self, where: str, point: Point) -> None:
        low, high = point.raw_range
        for number in sorted(point.bad | set(point.map)):
            if not low <= number <= high:
                self._problem(where, number, f"numbers its registers can hold, {low} to {high}")
        for bit in point.bits:
            if not 0 <= bit < 16 * point.length:
                self._problem(f"{where}.bits", bit, f"bit numbers 0 to {16 * point.length - 1}")
        if point.range and not low * point.scale <= point.range[0] <= point.range[1] <= high * point.scale:
            ends = f"{float(low * point.scale):g} to {float(high * point.scale):g}"
            self._problem(f"{where}.range", [float(v) for v in point.range], f"a rising range inside {ends}")

    def _check_write(self, where: str, write: Write) -> None:
        if write.target.table != "h":
            self._problem(where, f"{write.target.table}{write.target.addr}", "a holding register")
        if write.target.bit is not None:
            self._say(where, "a single bit can't be written alone; give a register of its own (reg)")
        if write.code == 6 and write.target.length != 1:
            self._problem(f"{where}.fc", 6, "16, because the value has two registers")
        if write.name == "reset" and write.value is None:
            self._say(f"{where}.value", "missing; a reset writes a fixed number")
        if write.target.shape == "measure" and write.name != "reset" and write.range is None:
            self._say(f"{where}.range", "missing; a temperature is never written without bounds")
        if write.step is not None and (write.step <= 0 or write.step % write.target.scale):
            self._problem(f"{where}.step", float(write.step), f"a multiple of the scale {float(write.target.scale):g}")

    def _check_places(self, points: dict[str, Point], limits: Limits) -> None:
        """Two points may share one register only as different bits; none may lie in a hole."""
        taken: dict[tuple[str, int, int | None], str] = {}
        for point in points.values():
            for addr in range(point.addr, point.end):
                clash = taken.get((point.table, addr, None)) or taken.get((point.table, addr, point.bit))
                if point.bit is None:
                    clash = clash or next((n for (t, a, _), n in taken.items() if (t, a) == (point.table, addr)), None)
                if clash:
                    self._say(f"points.{point.name}.reg", f"{point.table}{addr} is also used by {clash}")
                taken[(point.table, addr, point.bit)] = point.name
            for table, first, last in limits.holes:
                if point.table == table and point.addr <= last and point.end > first:
                    self._problem(f"points.{point.name}.reg", f"{table}{point.addr}", f"a place outside {first}-{last}")
            if point.length > limits.max_regs:
                self._say(f"points.{point.name}", f"longer than limits.max_regs {limits.max_regs}")
