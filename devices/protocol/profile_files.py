"""Read a profile file: bounded, strict YAML, then every check, all problems at once."""

from __future__ import annotations

import hashlib
import json
import re
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from devices.protocol import profiles as kinds
from devices.protocol.points import POINTS, WRITE_NAMES
from devices.protocol.profile_checks import ProfileChecks
from devices.protocol.profiles import Limits, Point, Profile, ProfileError, SerialSettings, Write

MAX_BYTES = 64 * 1024
PROFILE_FOLDER = Path(__file__).resolve().parent.parent / "profiles"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")


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


@lru_cache(maxsize=256)
def parse_profile(text: bytes | str, source: str = "profile") -> Profile:
    """The profile of YAML text (at most 64 KiB). The same text gives the same object: reading costs milliseconds."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise ProfileError(source, [f"the text is longer than {MAX_BYTES} bytes"])
    return _Reader(_document(raw, source), source, raw).profile()


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


def _with_lines(problems: list[tuple[str, str]], raw: bytes) -> list[str]:
    """Each problem with the line of the nearest place that stands in the text, in the order of the text."""
    lines = _lines_of(yaml.compose(raw, _StrictLoader))
    found = [(_line_at(where, lines), where, words) for where, words in problems]
    return [(f"line {line}: " if line else "") + f"{where}: {words}" for line, where, words in sorted(found)]


def _lines_of(node: yaml.Node | None, path: str = "") -> dict[str, int]:
    """points.supply_t.reg -> line, counted from 1."""
    lines: dict[str, int] = {}
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        name = f"{path}.{key.value}".lstrip(".")
        lines[name] = key.start_mark.line + 1
        lines |= _lines_of(value, name)
    return lines


def _line_at(where: str, lines: dict[str, int]) -> int:
    while where and where not in lines:
        where = where.rpartition(".")[0]
    return lines.get(where, 0)


class _Reader(ProfileChecks):
    """Collects problems while it builds; every one names place, value and what is wanted."""

    def __init__(self, document: dict[str, Any], source: str, raw: bytes) -> None:
        super().__init__(document)
        self.source, self.raw = source, raw

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
            raise ProfileError(self.source, _with_lines(self.problems, self.raw))
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
        base = self._number(data, "limits", "base", 0, 0, 1)
        unit_bytes = self._number(data, "limits", "unit_bytes", 1, 1, 2)
        most = self._number(data, "limits", "max_regs", 40, 1, 125)
        holes = data.get("holes", [])
        if not isinstance(holes, list):
            self._problem("limits.holes", holes, "a list of [first, last]")
            holes = []
        return Limits(most, tuple(filter(None, (self._hole(hole) for hole in holes))), unit_bytes, base)

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
            self._say("points", "there are none")
        unknown = [name for name in data if name not in POINTS]
        if unknown:
            self._say("points", f"{', '.join(map(str, unknown))[:80]} unknown; known: {', '.join(POINTS)}")
        made = [(name, self._point(name, data[name])) for name in data if name in POINTS]
        return {name: point for name, point in made if point}

    def _point(self, name: str, data: Any, where: str = "") -> Point | None:
        where = where or f"points.{name}"
        if not isinstance(data, dict):
            self._problem(where, data, "a mapping with reg")
            return None
        self._unknown_keys(where, data, "reg type words scale range bad bit map bits len every")
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
            every=self._number(data, where, "every", 1, 1, 288),
        )
        self._check_point(where, point, data)
        return point

    def _writes(self, data: dict[str, Any], points: dict[str, Point]) -> dict[str, Write]:
        unknown = [name for name in data if name not in WRITE_NAMES]
        if unknown:
            self._say("writes", f"{', '.join(map(str, unknown))[:80]} unknown; known: {', '.join(WRITE_NAMES)}")
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
