"""What a dialled-in DTU says first: bytes in, an id (or "wait", or "no") out. No sockets, no clock.

Dialects are data; manuals of the common 4G units know IMEI digits, free text and hex with an id in it.
The packet may repeat in mid-stream and heartbeats come at any time; the line engine skips both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BYTES = 64
_ID = re.compile(r"[A-Za-z0-9_-]{4,32}")


@dataclass(frozen=True)
class Dialect:
    """One way to register. ``pattern`` matches from the first byte and holds the group ``id``.

    ``hex_id`` turns the matched bytes of the id into upper-case hex digits.
    """

    name: str
    pattern: re.Pattern[bytes]
    hex_id: bool = False


IMEI15 = Dialect("imei15", re.compile(rb"(?P<id>\d{15})(?!\d)(?:\r\n?|\n)?"))
ICCID20 = Dialect("iccid20", re.compile(rb"(?P<id>\d{19}[\dA-Fa-f])(?!\d)(?:\r\n?|\n)?"))


def text_dialect(name: str, pattern: str) -> Dialect:
    """A dialect from a regular expression over ASCII text with the group ``id``; ValueError says what is wrong."""
    try:
        compiled = re.compile(pattern.encode("ascii"))
    except (re.error, UnicodeEncodeError) as exc:
        raise ValueError(f"registration dialect {name}: {pattern!r} is not a usable expression: {exc}") from exc
    if "id" not in compiled.groupindex:
        raise ValueError(f"registration dialect {name}: the expression {pattern!r} has no group (?P<id>...)")
    return Dialect(name, compiled)


def hex_dialect(name: str, prefix: str, id_bytes: int) -> Dialect:
    """A dialect of fixed bytes (``prefix`` in hex) followed by ``id_bytes`` bytes, whose hex digits are the id."""
    head = bytes.fromhex(prefix)
    if not 2 <= id_bytes <= 16 or not head:
        raise ValueError(f"registration dialect {name}: needs a prefix and 2 to 16 id bytes")
    return Dialect(name, re.compile(re.escape(head) + rb"(?P<id>[\x00-\xff]{%d})" % id_bytes), hex_id=True)


REG_TEXT = text_dialect("reg-text", r"(?:REG|DTU)[:=,](?P<id>[A-Za-z0-9_-]{4,32})(?:\r\n?|\n|;)")
REG_HEX = hex_dialect("reg-hex", "A55A", 8)
DIALECTS = (IMEI15, ICCID20, REG_TEXT, REG_HEX)
HEARTBEATS = (b"ping", b"www.usr.cn", b"HB", bytes.fromhex("FEFEFEFE"))


@dataclass(frozen=True)
class Registered:
    """``packet`` are the bytes of the registration, ``rest`` what came behind it in the same read."""

    dtu_id: str
    dialect: str
    packet: bytes
    rest: bytes


@dataclass(frozen=True)
class Waiting:
    """Nothing recognised yet, and more bytes may help."""


@dataclass(frozen=True)
class Rejected:
    """These bytes can't become a registration. ``reason`` is a sentence for the log."""

    reason: str


def recognise(
    buffer: bytes, dialects: tuple[Dialect, ...] = DIALECTS, heartbeats: tuple[bytes, ...] = HEARTBEATS
) -> Registered | Waiting | Rejected:
    """Read the first bytes of a connection. Leading heartbeats are skipped; at most 64 bytes are looked at."""
    body = _without_heartbeats(buffer[:MAX_BYTES], heartbeats)
    for dialect in dialects:
        match = dialect.pattern.match(body)
        if match:
            return _registered(dialect, match, body + buffer[MAX_BYTES:])
    if len(buffer) >= MAX_BYTES:
        return Rejected(f"no known registration in the first {MAX_BYTES} bytes")
    return Waiting()


def _registered(dialect: Dialect, match: re.Match[bytes], body: bytes) -> Registered | Rejected:
    raw = match.group("id")
    dtu_id = raw.hex().upper() if dialect.hex_id else raw.decode("ascii", "replace")
    if not _ID.fullmatch(dtu_id):
        return Rejected(f"registration by {dialect.name} holds an unusable id")
    return Registered(dtu_id, dialect.name, match.group(0), body[match.end() :])


def _without_heartbeats(body: bytes, heartbeats: tuple[bytes, ...]) -> bytes:
    while found := next((h for h in heartbeats if body.startswith(h)), b""):
        body = body[len(found) :]
    return body
