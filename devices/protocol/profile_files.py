"""Read a profile file: bounded, strict YAML, then every check, all problems at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import yaml

from devices.protocol import profiles as kinds
from devices.protocol.points import MODES, POINTS, WRITE_NAMES
from devices.protocol.profiles import Limits, Point, Profile, ProfileError, SerialSettings, Write

T = TypeVar("T", str, int)
MAX_BYTES = 64 * 1024
PROFILE_FOLDER = Path(__file__).resolve().parent.parent / "profiles"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")
_REGISTER = re.compile(r"([hicd])(\d{1,5})")


def load_profile(path: Path) -> Profile:
    """The profile of a YAML file; ProfileError lists all that is wrong with it."""
    if path.stat().st_size > MAX_BYTES:
        raise ProfileError(path.name, [f"the file is longer than {MAX_BYTES} bytes"])
    return parse_profile(path.read_bytes(), path.name)


def bundled_profile(name: str) -> Profile:
    """A profile of the repository by name; ProfileError names the ones there are."""
    names = bundled_names()
    if name not in names:
        raise ProfileError(name, [f"no such profile; there are: {', '.join(names)}"])
    return load_profile(PROFILE_FOLDER / f"{name}.yaml")


def bundled_names() -> list[str]:
    return sorted(path.stem for path in PROFILE_FOLDER.glob("*.yaml"))


def parse_profile(text: bytes | str, source: str = "profile") -> Profile:
    """The profile of YAML text (at most 64 KiB)."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise ProfileError(source, [f"the text is longer than {MAX_BYTES} bytes"])
    return _Reader(source, _document(raw, source)).profile()


class _StrictLoader(yaml.SafeLoader):
    """No aliases (they can blow up) and no key twice (the second would win silently)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {', '.join(twice)} is written twice")
        return super().construct_mapping(node, deep)


def _document(raw: bytes, source: str) -> dict[str, Any]:
    try:
        document = yaml.load(raw, _StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise ProfileError(source, [f"not readable as YAML: {' '.join(str(exc).split())[:300]}"]) from exc
    if not isinstance(document, dict):
        raise ProfileError(source, ["the file is not a mapping with profile, version, points"])
    return document


class _Reader:
    """Collects problems while it builds; every ``_take`` names place, value and what is wanted."""

    def __init__(self, source: str, document: dict[str, Any]) -> None:
        self.source, self.document, self.problems = source, document, list[str]()

    def profile(self) -> Profile:
        self._unknown_keys("", self.document, "profile version kind medium vendor title serial limits points writes")
        limits = self._limits(self._mapping(self.document, "limits"))
        points = self._points(self._mapping(self.document, "points"))
        result = Profile(
            name=self._text("profile", _NAME),
            version=self._number(self.document, "", "version", 0, 1, 9999),
            kind=self._choice(self.document, "", "kind", "", kinds.KINDS),
            medium=self._choice(self.document, "", "medium", "water", kinds.MEDIA),
            serial=self._serial(self._mapping(self.document, "serial")),
            limits=limits,
            points=points,
            writes=self._writes(self._mapping(self.document, "writes"), points),
            digest=_digest(self.document),
            vendor=str(self.document.get("vendor", "")),
            title=str(self.document.get("title", "")),
        )
        self._check_places(points, limits)
        if self.problems:
            raise ProfileError(self.source, self.problems)
        return result

    # --- sections ---

    def _serial(self, data: dict[str, Any]) -> SerialSettings:
        self._unknown_keys("serial", data, "baud parity stop gap_ms turnaround_ms")
        return SerialSettings(
            baud=self._number(data, "serial", "baud", 9600, 300, 921600),
            parity=self._choice(data, "serial", "parity", "N", ("N", "E", "O")),
            stop=self._number(data, "serial", "stop", 1, 1, 2),
            gap_ms=self._number(data, "serial", "gap_ms", 0, 0, 1000),
            turnaround_ms=self._number(data, "serial", "turnaround_ms", 50, 0, 5000),
        )

    def _limits(self, data: dict[str, Any]) -> Limits:
        self._unknown_keys("limits", data, "max_regs holes unit_bytes base")
        if data.get("unit_bytes", 1) != 1:
            self._problem("limits.unit_bytes", data["unit_bytes"], "1 (a two-byte unit field is not supported yet)")
        most = self._number(data, "limits", "max_regs", 40, 1, 125)
        holes = data.get("holes", [])
        if not isinstance(holes, list):
            self._problem("limits.holes", holes, "a list of [first, last]")
            holes = []
        return Limits(most, tuple(filter(None, (self._hole(hole) for hole in holes))))

    def _hole(self, hole: Any) -> tuple[str, int, int] | None:
        ends = [self._place("limits.holes", end) for end in hole] if isinstance(hole, list) else []
        if len(ends) != 2 or None in ends:
            self._problem("limits.holes", hole, "[first, last], like [120, 127] or [i20, i30]")
            return None
        first, last = ends[0], ends[1]
        assert first and last
        if first[0] != last[0] or first[1] > last[1]:
            self._problem("limits.holes", hole, "first and last in one table, in rising order")
            return None
        return first[0], first[1], last[1]

    def _points(self, data: dict[str, Any]) -> dict[str, Point]:
        if not data:
            self.problems.append("points: there are none")
        unknown = [name for name in data if name not in POINTS]
        if unknown:
            self.problems.append(f"points: {', '.join(map(str, unknown))} unknown; known: {', '.join(POINTS)}")
        made = [(name, self._point(name, data[name])) for name in data if name in POINTS]
        return {name: point for name, point in made if point}

    def _point(self, name: str, data: Any, where: str = "") -> Point | None:
        where = where or f"points.{name}"
        if not isinstance(data, dict):
            self._problem(where, data, "a mapping with reg")
            return None
        self._unknown_keys(where, data, "reg type words scale range bad bit map bits len")
        place = self._place(f"{where}.reg", data.get("reg"))
        if place is None:
            return None
        length, signed = kinds.TYPES[self._choice(data, where, "type", "u16", tuple(kinds.TYPES))]
        point = Point(
            name,
            *place,
            length=self._number(data, where, "len", length, 1, 3),
            signed=signed,
            words=self._choice(data, where, "words", "ABCD", kinds.WORD_ORDERS),
            scale=self._fraction(f"{where}.scale", data.get("scale", 1)) or Fraction(1),
            range=self._span(where, data.get("range")),
            bad=self._bad(where, data.get("bad", [])),
            bit=self._number(data, where, "bit", 0, 0, 15) if "bit" in data else None,
            map=self._modes(where, data.get("map", {})),
            bits=self._fault_bits(where, data.get("bits", {})),
        )
        self._check_point(where, point, data)
        return point

    def _writes(self, data: dict[str, Any], points: dict[str, Point]) -> dict[str, Write]:
        unknown = [name for name in data if name not in WRITE_NAMES]
        if unknown:
            self.problems.append(f"writes: {', '.join(map(str, unknown))} unknown; known: {', '.join(WRITE_NAMES)}")
        made = [(name, self._write(name, data[name], points)) for name in data if name in WRITE_NAMES]
        return {name: write for name, write in made if write}

    def _write(self, name: str, data: Any, points: dict[str, Point]) -> Write | None:
        where = f"writes.{name}"
        if not isinstance(data, dict):
            self._problem(where, data, "a mapping with point or reg")
            return None
        self._unknown_keys(where, data, "point reg type words scale map fc range step value settle_ms clears_itself")
        target = self._target(name, data, points)
        if target is None:
            return None
        write = Write(
            name,
            target,
            code=int(self._choice(data, where, "fc", 6, (6, 16))),
            range=self._span(where, data.get("range")),
            step=self._fraction(f"{where}.step", data["step"]) if "step" in data else None,
            value=self._number(data, where, "value", 0, 0, 65535) if "value" in data else None,
            settle_ms=self._number(data, where, "settle_ms", 1000, 0, 60000),
            clears_itself=data.get("clears_itself") is True,
        )
        self._check_write(where, write)
        return write

    def _target(self, name: str, data: dict[str, Any], points: dict[str, Point]) -> Point | None:
        """The point to write: the one that is read, or a register of its own."""
        if "point" in data:
            if data["point"] not in points:
                self._problem(f"writes.{name}.point", data["point"], "one of the points above")
            return points.get(data["point"])
        own = {key: data[key] for key in ("reg", "type", "words", "scale", "map") if key in data}
        return self._point(name if name in POINTS else "fault", own, f"writes.{name}")

    # --- checks across fields ---

    def _check_point(self, where: str, point: Point, data: dict[str, Any]) -> None:
        if point.addr + point.length > 0x10000:
            self._problem(f"{where}.reg", data["reg"], "registers up to 65535")
        if point.table in "cd" and (point.length > 1 or point.bit is not None):
            self._problem(where, data["reg"], "a coil or discrete input without len, bit or a 32-bit type")
        if point.length == 3 and "words" in data:
            self._problem(f"{where}.words", data["words"], "no word order with len 3 (always high word first)")
        if point.shape == "code" and not point.map:
            self.problems.append(f"{where}.map: missing; a mode needs its numbers, like {{0: off, 1: heat}}")
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
            self.problems.append(f"{where}: a single bit can't be written alone; give a register of its own (reg)")
        if write.code == 6 and write.target.length != 1:
            self._problem(f"{where}.fc", 6, "16, because the value has two registers")
        if write.name == "reset" and write.value is None:
            self.problems.append(f"{where}.value: missing; a reset writes a fixed number")
        if write.target.shape == "measure" and write.name != "reset" and write.range is None:
            self.problems.append(f"{where}.range: missing; a temperature is never written without bounds")
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
                    self.problems.append(f"points.{point.name}.reg: {point.table}{addr} is also used by {clash}")
                taken[(point.table, addr, point.bit)] = point.name
            for table, first, last in limits.holes:
                if point.table == table and point.addr <= last and point.end > first:
                    self._problem(f"points.{point.name}.reg", f"{table}{point.addr}", f"a place outside {first}-{last}")
            if point.length > limits.max_regs:
                self.problems.append(f"points.{point.name}: longer than limits.max_regs {limits.max_regs}")

    # --- single values ---

    def _problem(self, where: str, value: Any, wanted: str) -> None:
        self.problems.append(f"{where}: {value!r}"[:120] + f", wanted {wanted}")

    def _unknown_keys(self, where: str, data: dict[str, Any], known: str) -> None:
        unknown = [str(key) for key in data if key not in known.split()]
        if unknown:
            self.problems.append(f"{where or 'file'}: unknown {', '.join(unknown)[:80]}; known: {known}")

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

    def _fault_bits(self, where: str, value: Any) -> dict[int, tuple[str, str]]:
        fits: Callable[[Any], bool] = lambda v: isinstance(v, list) and len(v) == 2  # noqa: E731
        if isinstance(value, dict) and all(type(k) is int and fits(v) for k, v in value.items()):
            return {key: (str(pair[0]), str(pair[1])) for key, pair in value.items()}
        self._problem(f"{where}.bits", value, "bit numbers to [code, meaning]")
        return {}


def _digest(document: dict[str, Any]) -> str:
    canonical = json.dumps(_plain(document), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """YAML values in a shape JSON orders the same way every time."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value if _json(value) else str(value)


def _json(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))
