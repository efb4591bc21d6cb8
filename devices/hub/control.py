"""The control side of the hub: JSON lines over TCP, a shared secret proved by HMAC before anything else.

    hub    {"hello": "<nonce>", "leased": true}
    client {"auth": hex HMAC-SHA256(secret, nonce)}
    hub    {"ok": true}
    client {"op": "sweep", "token": 7, "plans": [[["h", 100, 14], ...], ...],
            "requests": [["dtu:86...", 1, 0, 1, 0], ...], "deadline_s": 20, "after_ms": {"dtu:86...": 12000}}
    hub    {"results": [[0, 0, 41.2, 1611000000123, "00e1..."], ...]} ... {"done": true, "counts": {"ok": 12}}

One request at a time per connection; a client that goes away ends its sweep (what is in flight ends by itself).
A hub with a lease speaks on a bus only for who names the lease's token: who read an older one is refused, and who read
a newer one tells the hub that another has taken over.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

from devices.hub.config import HubConfig, split_address
from devices.hub.door import Door
from devices.hub.exchanges import BadAsk, Sweep, exchange, parse_after, parse_sweep
from devices.hub.lease import HeldLease, StaleLease
from devices.hub.lines import BadLine, Lines
from devices.protocol.frames import BadRequest, Block, Request

MAX_LINE = 16 * 1024 * 1024
ON_THE_BUS = ("sweep", "read", "write")
MAX_CLIENTS = 64
AUTH_S = 5.0
FLUSH_S = 0.02
BATCH = 500


def proof(secret: bytes, nonce: str) -> str:
    return hmac.new(secret, nonce.encode(), hashlib.sha256).hexdigest()


class Control:
    """Listens for workers and services of the platform. ``lease`` is None where one hub is the rule of the house."""

    def __init__(self, config: HubConfig, lines: Lines, door: Door, lease: HeldLease | None = None) -> None:
        self.config, self.lines, self.door, self.lease = config, lines, door, lease
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        host, port = split_address(self.config.control)
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        if self._server:
            self._server.close()
        for task in self._clients:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._clients.add(task)
        try:
            if len(self._clients) <= MAX_CLIENTS and await self._authenticated(reader, writer):
                await self._requests(reader, writer)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, sent too long a line, or the hub stops
        finally:
            self._clients.discard(task)
            writer.close()

    async def _authenticated(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        nonce = secrets.token_hex(16)
        await _send(writer, {"hello": nonce, "leased": self.lease is not None})
        line = await asyncio.wait_for(reader.readline(), AUTH_S)
        given = _object(line[:1000]).get("auth", "")
        good = isinstance(given, str) and hmac.compare_digest(given.encode(), proof(self.config.secret, nonce).encode())
        await _send(writer, {"ok": True} if good else {"error": "the shared secret is not the hub's"})
        if not good:
            self.config.log("control_refused", {"remote": str(writer.get_extra_info("peername"))})
        return good

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            try:
                async for message in self._answer(_object(line), reader):
                    await _send(writer, message)
            except StaleLease as exc:
                if self.lease and self.lease.lost:
                    self.lines.close_all()
                await _send(writer, {"error": str(exc), "stale": True})
            except (BadAsk, BadLine, BadRequest, TypeError) as exc:
                await _send(writer, {"error": str(exc)})

    def _answer(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        handlers = {
            "sweep": self._sweep,
            "read": self._read,
            "write": self._write,
            "lines": self._lines,
            "connected": self._connected,
            "claim": self._claim,
            "close": self._close,
            "ping": self._ping,
        }
        handler = handlers.get(str(ask.get("op")))
        if handler is None:
            raise BadAsk(f"op {ask.get('op')!r} is not one of {', '.join(handlers)}")
        if self.lease and ask["op"] in ON_THE_BUS:
            self.lease.check(ask.get("token"))
        return handler(ask, reader)

    async def _sweep(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        batch: list[list[Any]] = []
        after = parse_after(ask.get("after_ms", {}))
        sweep = Sweep(self.lines, parse_sweep(ask.get("plans"), ask.get("requests")), batch.append, after)
        sweep.start(_seconds(ask, "deadline_s", 30.0, 600.0))
        over = asyncio.ensure_future(sweep.finished.wait())
        try:
            ended = False
            while not ended:
                # Not asyncio.timeout: where both come in the same moment it cancels whatever is awaited next.
                await asyncio.wait({over}, timeout=FLUSH_S)
                if reader.at_eof():
                    return
                ended = sweep.finished.is_set()  # asked before the last flush: a sweep may end without ever waiting
                while batch:
                    part, batch[:BATCH] = batch[:BATCH], []
                    yield {"results": part}
            yield {"done": True, "counts": sweep.counts}
        finally:
            over.cancel()
            sweep.stop()

    async def _read(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        try:
            request = Block(*ask["block"]).read(ask["unit"], ask.get("unit_bytes", 1))
        except (KeyError, TypeError) as exc:
            raise BadAsk(f"read: line, unit and block [table, addr, count] are wanted ({exc})") from exc
        yield await exchange(self.lines, str(ask.get("line")), request, _seconds(ask, "deadline_s", 10.0, 60.0))

    async def _write(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        try:
            values = tuple(int(v) for v in ask["values"])
            wide = ask.get("unit_bytes", 1)
            request = Request(int(ask["unit"]), int(ask["fc"]), int(ask["addr"]), len(values), values, wide)
        except (KeyError, TypeError, BadRequest, ValueError) as exc:
            raise BadAsk(f"write: line, unit, fc (6 or 16), addr and values are wanted ({exc})") from exc
        if not request.is_write:
            raise BadAsk(f"write: fc {request.code} is not 6 or 16")
        name = str(ask.get("line"))
        result = await exchange(self.lines, name, request, _seconds(ask, "deadline_s", 10.0, 600.0))
        self.config.log("write", {"line": name, "unit": request.unit, "frame": request.frame.hex(), **result})
        yield result

    async def _connected(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        """Of these lines those with a connection, each with the moment it came."""
        names = ask.get("names")
        if not isinstance(names, list):
            raise BadAsk("connected: a list of names is wanted")
        known = (self.lines.by_name.get(name) for name in names if isinstance(name, str))
        yield {"since": {one.name: round(one.connected_at, 3) for one in known if one and one.bus.connected}}

    async def _lines(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        wanted = ask.get("names")
        names = [str(n) for n in wanted] if isinstance(wanted, list) else list(self.lines.by_name)
        for start in range(0, len(names), BATCH):
            found = [self.lines.by_name[n] for n in names[start : start + BATCH] if n in self.lines.by_name]
            yield {"results": [self.lines.metrics(line) for line in found]}
        yield {"done": True, "counts": dict(self.door.counters)}

    async def _claim(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        for name in ask.get("names") or []:
            self.lines.find(str(name))
        yield {"done": True}

    async def _close(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        yield {"closed": self.lines.close(str(ask.get("line")))}

    async def _ping(self, ask: dict[str, Any], reader: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
        yield {"ok": True}


async def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
    await writer.drain()


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise BadAsk(f"not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise BadAsk("a JSON object is wanted")
    return value


def _seconds(ask: dict[str, Any], key: str, default: float, most: float) -> float:
    value = ask.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
        raise BadAsk(f"{key} {value!r} is not a number of seconds up to {most:g}")
    return float(value)
