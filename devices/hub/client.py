"""The hub from the outside: a small synchronous client for Celery tasks and Django services."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, NoReturn

from devices.hub.config import split_address
from devices.hub.control import MAX_LINE, ON_THE_BUS, proof
from devices.protocol.frames import Block, Request


class HubUnavailable(ConnectionError):
    """The hub can't be reached, went away, or doesn't know our secret. Nothing is known of what it did."""


class HubRefused(ValueError):
    """The hub understood and said no; the message says which entry and why."""


@dataclass(frozen=True)
class SweepRequest:
    """What to read from one unit: ``line`` as in Bus.line, blocks from the planner, ``unit_bytes`` from the profile.

    ``spare``: the unit has been silent for long; asking such units takes a tenth of a line's time at most.
    ``after_s``: its line is not asked before so many seconds of the sweep have passed.
    """

    line: str
    unit: int
    blocks: tuple[Block, ...]
    unit_bytes: int = 1
    spare: bool = False
    after_s: float = 0.0


class BlockResult(NamedTuple):
    """One block of one unit. ``registers`` None when not read: then ``error`` is timeout, refused (``code`` is
    the Modbus exception), out_of_step, offline, expired, or spared (a unit long silent that was not asked, because
    its like have had their share of the line's time). ``at``: epoch seconds; ``took_ms`` on the wire."""

    line: str
    unit: int
    block: Block
    registers: tuple[int, ...] | None
    error: str
    code: int
    took_ms: float
    at: float
    detail: str = ""


@dataclass(frozen=True)
class ExchangeResult:
    """One read or write. ``status``: ok, refused (``code``), timeout, out_of_step, offline, expired; for a write
    that may or may not have been applied ``unknown`` (read back before anything else, never just repeat it).
    ``sent`` and ``answer`` are the frames in hex, evidence for the audit entry."""

    status: str
    code: int
    registers: tuple[int, ...]
    sent: str
    answer: str
    took_ms: float
    at: float
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.status == "ok"


class HubClient:
    """``with HubClient("127.0.0.1", 7502, secret) as hub: ...``; one request at a time; not thread-safe."""

    def __init__(
        self,
        host: str,
        port: int,
        secret: bytes,
        timeout_s: float = 10.0,
        token: Callable[[], int | None] = lambda: None,
    ) -> None:
        """``token`` reads the lease's token; asked only where the hub has a lease and before each use of a bus."""
        self.host, self.port, self._secret, self.timeout_s = host, port, secret, timeout_s
        self._token, self._leased = token, False
        self._socket: socket.socket | None = None
        self._buffer = b""

    @classmethod
    def at(
        cls, address: str, secret: bytes, timeout_s: float = 10.0, token: Callable[[], int | None] = lambda: None
    ) -> HubClient:
        """From ``host:port``, as in settings.HUB_CONTROL."""
        return cls(*split_address(address), secret, timeout_s, token)

    def __enter__(self) -> HubClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket, self._buffer = None, b""

    # --- operations ---

    def sweep(self, requests: Iterable[SweepRequest], deadline_s: float) -> Iterator[BlockResult]:
        """Results as they arrive, exactly one per block, in no order; all within about ``deadline_s``.

        Leaving the iterator early closes the connection, which ends the sweep in the hub.
        """
        asked = list(requests)
        plans = {blocks: number for number, blocks in enumerate(dict.fromkeys(one.blocks for one in asked))}
        ask = {
            "op": "sweep",
            "plans": [[[block.table, block.addr, block.count] for block in blocks] for blocks in plans],
            "requests": [[r.line, r.unit, plans[r.blocks], r.unit_bytes, int(r.spare)] for r in asked],
            "deadline_s": deadline_s,
        }
        if later := {r.line: int(1000 * r.after_s) for r in asked if r.after_s}:
            ask["after_ms"] = later
        ended = False
        try:
            for message in self._stream(ask, deadline_s):
                for row in message:
                    yield _block_result(asked[row[0]], row)
            ended = True
        finally:
            if not ended:
                self.close()

    def read(
        self, line: str, unit: int, block: Block, deadline_s: float = 10.0, *, unit_bytes: int = 1
    ) -> ExchangeResult:
        """One urgent read: it waits for at most the exchange in flight on that line."""
        place = [block.table, block.addr, block.count]
        ask = {"op": "read", "line": line, "unit": unit, "unit_bytes": unit_bytes, "block": place}
        ask["deadline_s"] = deadline_s
        return _exchange_result(self._ask(ask, deadline_s))

    def write(self, line: str, request: Request, deadline_s: float = 10.0) -> ExchangeResult:
        """One urgent write (`devices.protocol.encoder.encode_write` makes the request). Never sent twice.

        Not sent within ``deadline_s`` -> ``expired``. Hub lost after asking -> HubUnavailable: treat as unknown.
        """
        ask = {"op": "write", "line": line, "unit": request.unit, "fc": request.code, "addr": request.addr}
        ask |= {"values": list(request.values), "unit_bytes": request.unit_bytes, "deadline_s": deadline_s}
        return _exchange_result(self._ask(ask, deadline_s))

    def lines(self, names: Iterable[str] | None = None, wait_s: float = 10) -> list[dict[str, Any]]:
        """Metrics per line: state, connected, claimed, heard_s, rtt_p50_ms, ok, timeouts, late, foreign, ..."""
        ask = {"op": "lines", "names": None if names is None else list(names)}
        return [entry for part in self._stream(ask, wait_s) for entry in part]

    def connected(self, names: Iterable[str], wait_s: float = 10) -> dict[str, float]:
        """Of these lines those with a connection, and since when (epoch seconds)."""
        found: dict[str, float] = self._ask({"op": "connected", "names": list(names)}, wait_s)["since"]
        return found

    def unclaimed(self) -> list[dict[str, Any]]:
        """Dialled-in units nobody has asked for yet."""
        return [entry for entry in self.lines() if not entry["claimed"] and entry["connected"]]

    def claim(self, names: Iterable[str]) -> None:
        self._ask({"op": "claim", "names": list(names)}, 10)

    def close_line(self, name: str) -> bool:
        """Drop a line's connection; a DTU dials again. False when it had none."""
        return bool(self._ask({"op": "close", "line": name}, 10)["closed"])

    def ping(self) -> bool:
        return bool(self._ask({"op": "ping"}, 5).get("ok"))

    # --- plumbing ---

    def _stream(self, ask: dict[str, Any], wait_s: float) -> Iterator[list[dict[str, Any]]]:
        message = self._ask(ask, wait_s)
        while not message.get("done"):
            yield message["results"]
            message = self._receive()

    def _ask(self, ask: dict[str, Any], wait_s: float) -> dict[str, Any]:
        self._connect()
        assert self._socket
        if self._leased and ask["op"] in ON_THE_BUS:
            ask["token"] = self._token()
        # The hub answers within the deadline and one exchange in flight.
        self._socket.settimeout(wait_s + self.timeout_s)
        self._send(ask)
        return self._receive()

    def _connect(self) -> None:
        if self._socket:
            return
        try:
            self._socket = socket.create_connection((self.host, self.port), self.timeout_s)
        except OSError as exc:
            raise HubUnavailable(f"the DTU hub at {self.host}:{self.port} can't be reached: {exc}") from exc
        try:
            hello = self._receive()
            self._leased = bool(hello.get("leased"))
            self._send({"auth": proof(self._secret, str(hello.get("hello")))})
            self._receive()
        except HubRefused as exc:
            self.close()
            raise HubUnavailable(f"the DTU hub at {self.host}:{self.port} refused us: {exc}") from exc

    def _send(self, message: dict[str, Any]) -> None:
        assert self._socket
        try:
            self._socket.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        except OSError as exc:
            self._gone(exc)

    def _receive(self) -> dict[str, Any]:
        assert self._socket
        parts = [self._buffer]
        while b"\n" not in parts[-1]:
            try:
                part = self._socket.recv(1 << 18)
            except OSError as exc:
                self._gone(exc)
            if not part or sum(map(len, parts)) > MAX_LINE:
                self._gone(ConnectionError("it closed the connection"))
            parts.append(part)
        line, _, self._buffer = b"".join(parts).partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        if message.get("stale"):
            self._gone(ConnectionError(message["error"]))
        if "error" in message:
            raise HubRefused(message["error"])
        return message

    def _gone(self, exc: Exception) -> NoReturn:
        self.close()
        raise HubUnavailable(f"the DTU hub at {self.host}:{self.port} went away: {exc}") from exc


def _block_result(request: SweepRequest, row: list[Any]) -> BlockResult:
    _number, place, took_ms, at_ms, told = row
    block = request.blocks[place]
    if isinstance(told, str):
        return BlockResult(
            request.line, request.unit, block, _registers(block, bytes.fromhex(told)), "", 0, took_ms, at_ms / 1000
        )
    error, code, detail = told
    return BlockResult(request.line, request.unit, block, None, error, code, took_ms, at_ms / 1000, detail)


def _registers(block: Block, data: bytes) -> tuple[int, ...]:
    if block.table in "hi":
        return struct.unpack(f">{block.count}H", data)
    bits = int.from_bytes(data, "little")
    return tuple(bits >> i & 1 for i in range(block.count))


def _exchange_result(entry: dict[str, Any]) -> ExchangeResult:
    return ExchangeResult(
        status=entry["status"],
        code=entry["code"],
        registers=tuple(entry["registers"]),
        sent=entry["sent"],
        answer=entry["answer"],
        took_ms=entry["ms"],
        at=entry["time"],
        detail=entry["detail"],
    )
