"""What a dialled-in DTU says first: bytes in, an id (or "wait", or "no") out. No sockets, no clock.

Dialects are data (dialects.yaml). The packet may repeat in mid-stream or stand before every answer, and heartbeats
come at any time; the line engine skips both.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 64
BUNDLED = Path(__file__).with_name("dialects.yaml")
_ID = re.compile(r"[A-Za-z0-9_-]{4,32}")
FRAMINGS = ("plain", "ddp")


class DialectError(ValueError):
    """A file of dialects that can't be used; the message lists every problem with its entry."""


@dataclass(frozen=True)
class Dialect:
    """One way to register. ``pattern`` matches from the first byte and holds the group ``id``.

    ``hex_id`` turns the matched bytes of the id into upper-case hex digits.
    """

    name: str
    pattern: re.Pattern[bytes]
    hex_id: bool = False
    framing: str = "plain"


@dataclass(frozen=True)
class Dialects:
    """All a hub knows of its DTUs' manners. ``answers``: heartbeats that want one, with what they want."""

    dialects: tuple[Dialect, ...]
    heartbeats: tuple[bytes, ...]
    answers: tuple[tuple[bytes, bytes], ...] = ()


def text_dialect(name: str, pattern: str, framing: str = "plain") -> Dialect:
    """A dialect from a regular expression over ASCII text with the group ``id``; ValueError says what is wrong."""
    try:
        compiled = re.compile(pattern.encode("ascii"))
    except (re.error, UnicodeEncodeError) as exc:
        raise ValueError(f"registration dialect {name}: {pattern!r} is not a usable expression: {exc}") from exc
    if "id" not in compiled.groupindex:
        raise ValueError(f"registration dialect {name}: the expression {pattern!r} has no group (?P<id>...)")
    if framing not in FRAMINGS:
        raise ValueError(f"registration dialect {name}: framing {framing!r} is not one of {', '.join(FRAMINGS)}")
    return Dialect(name, compiled, framing=framing)


def hex_dialect(name: str, prefix: str, id_bytes: int) -> Dialect:
    """A dialect of fixed bytes (``prefix`` in hex) followed by ``id_bytes`` bytes, whose hex digits are the id."""
    head = bytes.fromhex(prefix)
    if type(id_bytes) is not int or not 2 <= id_bytes <= 16 or not head:
        raise ValueError(f"registration dialect {name}: needs a prefix and 2 to 16 id bytes")
    return Dialect(name, re.compile(re.escape(head) + rb"(?P<id>[\x00-\xff]{%d})" % id_bytes), hex_id=True)


# --- files ---


def parse_dialects(text: str, source: str) -> Dialects:
    """The dialects of a YAML text; DialectError lists every bad entry."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise DialectError(f"{source}: not YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(data, Mapping):
        raise DialectError(f"{source}: wanted dialects: and heartbeats:")
    problems: list[str] = []
    dialects = tuple(_each(data, "dialects", _dialect, problems))
    beats = tuple(_each(data, "heartbeats", _heartbeat, problems))
    if not dialects and not problems:
        problems.append("no dialects")
    if problems:
        raise DialectError(f"{source}: " + "; ".join(problems))
    return Dialects(dialects, tuple(b for b, _ in beats), tuple((b, a) for b, a in beats if a))


@cache
def bundled_dialects() -> Dialects:
    return parse_dialects(BUNDLED.read_text("utf-8"), BUNDLED.name)


def _each(data: Mapping[str, Any], key: str, read: Any, problems: list[str]) -> list[Any]:
    rows = data.get(key, [])
    if not isinstance(rows, list):
        problems.append(f"{key}: a list is wanted")
        return []
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(read(row))
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            problems.append(f"{key} entry {number}: {exc}")
    return found


def _dialect(row: Mapping[str, Any]) -> Dialect:
    name = str(row["name"])
    if "hex" in row:
        return hex_dialect(name, str(row["hex"]), row.get("id_bytes", 0))
    return text_dialect(name, str(row["text"]), str(row.get("framing", "plain")))


def _heartbeat(row: Mapping[str, Any]) -> tuple[bytes, bytes]:
    beat = bytes.fromhex(str(row["hex"])) if "hex" in row else str(row["text"]).encode("ascii")
    if not 2 <= len(beat) <= 64:
        raise ValueError(f"a heartbeat has 2 to 64 bytes, not {len(beat)}")
    return beat, str(row.get("answer", "")).encode("ascii")


# --- a connection's first bytes ---


@dataclass(frozen=True)
class Registered:
    """``packet`` are the bytes of the registration, ``rest`` what came behind it in the same read."""

    dtu_id: str
    dialect: str
    packet: bytes
    rest: bytes
    secret: str = ""
    framing: str = "plain"

    def knows(self, secret: str) -> bool:
        """Did it say the site's secret? Always, where the site has none."""
        return not secret or hmac.compare_digest(self.secret.encode(), secret.encode())


@dataclass(frozen=True)
class Waiting:
    """Nothing recognised yet, and more bytes may help."""


@dataclass(frozen=True)
class Rejected:
    """These bytes can't become a registration. ``reason`` is a sentence for the log."""

    reason: str


def recognise(
    buffer: bytes, dialects: tuple[Dialect, ...] | None = None, heartbeats: tuple[bytes, ...] | None = None
) -> Registered | Waiting | Rejected:
    """Read the first bytes of a connection. Leading heartbeats are skipped; at most 64 bytes are looked at."""
    known = bundled_dialects()
    body = _without_heartbeats(buffer[:MAX_BYTES], known.heartbeats if heartbeats is None else heartbeats)
    for dialect in known.dialects if dialects is None else dialects:
        match = dialect.pattern.match(body)
        if match:
            return _registered(dialect, match, body + buffer[MAX_BYTES:])
    if len(buffer) >= MAX_BYTES:
        return Rejected(f"no known registration in the first {MAX_BYTES} bytes")
    return Waiting()


def _registered(dialect: Dialect, match: re.Match[bytes], body: bytes) -> Registered | Rejected:
    groups = match.groupdict()
    dtu_id = groups["id"].hex().upper() if dialect.hex_id else groups["id"].decode("ascii", "replace")
    if not _ID.fullmatch(dtu_id):
        return Rejected(f"registration by {dialect.name} holds an unusable id")
    secret = (groups.get("secret") or b"").decode("ascii", "replace")
    return Registered(dtu_id, dialect.name, match.group(0), body[match.end() :], secret, dialect.framing)


def _without_heartbeats(body: bytes, heartbeats: tuple[bytes, ...]) -> bytes:
    while found := next((h for h in heartbeats if body.startswith(h)), b""):
        body = body[len(found) :]
    return body
