"""Try a profile on registers written down by hand: hex in, every point with its raw number, value and flag out.

    h100: 0190 0154 FFD6        four digits per register, from that address on
    h100: 01 03 06 01 90 01 54 FF D6 4A 2B    or a whole answer frame with its CRC, as a bus tool shows it
    c3: 1 0 1                   coils and discrete inputs as 0 and 1

Addresses are written as in the profile, so with ``base: 1`` the first register is 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.protocol.crc import crc16
from devices.protocol.decoder import decode, raw_value
from devices.protocol.frames import MAX_FRAME
from devices.protocol.points import POINTS, Quality
from devices.protocol.profiles import Profile

MAX_TEXT = 20_000
_LINE = re.compile(r"\s*([hicd])(\d{1,5})\s*[:=]\s*([0-9A-Fa-f\s]+?)\s*")
Cells = dict[tuple[str, int], int]


@dataclass(frozen=True)
class TriedPoint:
    """One point: its registers in hex, the raw number, the canonical value, why it isn't good ("" when it is)."""

    name: str
    place: str
    words: str
    raw: int | None
    value: int | None
    flag: Quality
    rejected: int | None = None


@dataclass
class Trial:
    """`problems` name the lines that could not be read; the others count."""

    points: list[TriedPoint] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def try_text(profile: Profile, text: str) -> Trial:
    """Decode registers from lines of hex; at most 20,000 characters."""
    cells: Cells = {}
    problems = []
    for number, line in enumerate(text[:MAX_TEXT].splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            cells |= _cells(line, profile.limits.base)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    return Trial(tried(profile, cells), problems)


def tried(profile: Profile, cells: Mapping[tuple[str, int], int]) -> list[TriedPoint]:
    """Every point of the profile over these registers."""
    decoded = decode(profile, cells)
    rows = []
    for name, point in sorted(profile.points.items(), key=lambda item: list(POINTS).index(item[0])):
        words = [cells.get((point.table, addr)) for addr in range(point.addr, point.end)]
        shown = " ".join("····" if word is None else f"{word:04X}" for word in words)
        raw, flag = raw_value(point, cells), decoded.flags.get(name, Quality.GOOD)
        place = f"{point.table}{point.addr + profile.limits.base}"
        rows.append(TriedPoint(name, place, shown, raw, decoded.values[name], flag, decoded.rejected.get(name)))
    return rows


def _cells(line: str, base: int) -> Cells:
    match = _LINE.fullmatch(line)
    if not match:
        raise ValueError(f"{line.strip()[:40]!r}, wanted a register and hex, like h100: 0190 0154")
    table, start = match[1], int(match[2]) - base
    words = _bits(match[3]) if table in "cd" else _words(match[3])
    if not 0 <= start <= 0x10000 - len(words):
        raise ValueError(f"{match[1]}{match[2]} is outside 0-65535")
    return {(table, start + i): word for i, word in enumerate(words)}


def _bits(text: str) -> list[int]:
    bits = "".join(text.split())
    if set(bits) - {"0", "1"}:
        raise ValueError(f"{text[:40]!r}, wanted 0 and 1 for single bits")
    return [int(bit) for bit in bits]


def _words(text: str) -> list[int]:
    digits = "".join(text.split())
    if len(digits) % 2:
        raise ValueError(f"{len(digits)} hex digits, wanted four for each register")
    data = bytes.fromhex(digits)
    if 5 < len(data) <= MAX_FRAME and not crc16(data):
        data = _data_of(data)
    if len(data) % 2:
        raise ValueError(f"{len(data)} bytes, wanted two for each register")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


def _data_of(frame: bytes) -> bytes:
    """The register bytes of a whole answer to a read, with one or two bytes of unit."""
    for unit_bytes in (1, 2):
        if frame[unit_bytes] in (3, 4) and frame[unit_bytes + 1] == len(frame) - unit_bytes - 4:
            return frame[unit_bytes + 2 : -2]
    raise ValueError("a frame that is no answer to a read of registers")
