"""Thousands of sockets on one event loop, at a fraction of what a transport per socket costs.

All sockets of a hub stand in one epoll, and that epoll is one file for asyncio: a batch of answers wakes the loop once,
and each costs one `recv` and one call. Where there is no epoll every socket is a reader of the loop.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable

AT_ONCE = 8192  # more than a hub has under way, so that no deadline passes while an answer waits to be read
MOST_BACKLOG = 4096  # a far end that doesn't read its small questions is gone
SEGMENT = 440  # with its header just inside what Python allots without asking the system
_OUT = getattr(select, "EPOLLOUT", 4)
_IN = getattr(select, "EPOLLIN", 1)


class Stream:
    """A connected socket: bytes go to ``receive``; ``lost`` is called once, never from inside `write` or `close`."""

    __slots__ = ("_backlog", "_reactor", "_send", "_sock", "lost", "receive", "recv")

    def __init__(
        self, reactor: Reactor, sock: socket.socket, receive: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        self._reactor, self.receive, self.lost = reactor, receive, lost
        self._sock: socket.socket | None = sock
        self._send, self.recv = sock.send, sock.recv
        self._backlog = b""

    @property
    def open(self) -> bool:
        return self._sock is not None

    def write(self, data: bytes) -> None:
        if self._backlog:
            self._later(data)
            return
        send = self._send
        try:
            if send(data) != len(data):  # OSError where it is closed
                self.close()  # a frame cut in two by a full buffer: nobody has read for long
        except BlockingIOError:
            self._later(data)
        except OSError:
            self.close()

    def close(self) -> None:
        if self._sock is not None:
            sock, self._sock = self._sock, None
            self._reactor.forget(sock)
            sock.close()
            self._reactor.loop.call_soon(self.lost)

    def readable(self) -> None:
        try:
            data = self.recv(SEGMENT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self.receive(data)
        else:
            self.close()

    def writable(self) -> None:
        data, self._backlog = self._backlog, b""
        if self._sock is not None:
            self._reactor.watch(self._sock, self, wants_to_write=False)
            self.write(data)

    def _later(self, data: bytes) -> None:
        if self._sock is None:
            return
        self._backlog += data
        if len(self._backlog) > MOST_BACKLOG:
            self.close()
        else:
            self._reactor.watch(self._sock, self, wants_to_write=True)


class Reactor:
    """All streams of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._streams: dict[int, Stream] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            loop.add_reader(self._epoll.fileno(), self._ready)

    def add(self, sock: socket.socket, receive: Callable[[bytes], None], lost: Callable[[], None]) -> Stream:
        """Take over a connected socket. Small frames leave at once; a dead peer is found within about 90 seconds."""
        sock.setblocking(False)
        keep_alive(sock)
        stream = Stream(self, sock, receive, lost)
        self._streams[sock.fileno()] = stream
        if self._epoll is None:
            self.loop.add_reader(sock.fileno(), stream.readable)
        else:
            self._epoll.register(sock.fileno(), _IN)
        return stream

    def watch(self, sock: socket.socket, stream: Stream, *, wants_to_write: bool) -> None:
        if self._epoll is not None:
            self._epoll.modify(sock.fileno(), _IN | (_OUT if wants_to_write else 0))
        elif wants_to_write:
            self.loop.add_writer(sock.fileno(), stream.writable)
        else:
            self.loop.remove_writer(sock.fileno())

    def forget(self, sock: socket.socket) -> None:
        del self._streams[sock.fileno()]
        if self._epoll is not None:
            self._epoll.unregister(sock.fileno())
        else:
            self.loop.remove_reader(sock.fileno())
            self.loop.remove_writer(sock.fileno())

    def close(self) -> None:
        """Close every stream and stop watching."""
        for stream in list(self._streams.values()):
            stream.close()
        if self._epoll is not None:
            self.loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _ready(self) -> None:
        assert self._epoll
        streams = self._streams
        for number, event in self._epoll.poll(0, AT_ONCE):
            stream = streams.get(number)
            if stream is None:
                continue  # closed by what an earlier one of this batch said
            if event != _IN:
                self._unusual(stream, event)
                continue
            recv, receive = stream.recv, stream.receive  # as in `readable`, without the call
            try:
                data = recv(SEGMENT)
            except OSError:
                stream.readable()
                continue
            if data:
                receive(data)
            else:
                stream.close()

    @staticmethod
    def _unusual(stream: Stream, event: int) -> None:
        if event & _OUT:
            stream.writable()
        if event & ~_OUT and stream.open:
            stream.readable()


def keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def dial(host: str, port: int, timeout_s: float) -> socket.socket:
    """A connected socket; OSError or TimeoutError when nobody is there."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        trouble: OSError | None = None
        for family, kind, proto, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            sock = socket.socket(family, kind, proto)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, address)
                return sock
            except OSError as exc:
                sock.close()
                trouble = exc
            except BaseException:
                sock.close()
                raise
    raise trouble or OSError(f"{host} has no address")
