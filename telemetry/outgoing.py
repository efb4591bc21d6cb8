"""One signed POST to an address somebody typed in: only to public machines, never further than there. No database.

The name is looked up once, every answer is checked, and the connection goes to the address that was checked, so that a
name that changes its mind in between reaches nobody inside. Redirects are answers like any other and not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

TIMEOUT_S, WHOLE_S = 10.0, 30.0
"""For one step of a connection, and for all of it: an answer that comes drop by drop holds no worker."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
ADDRESS_MAX = 300
Lookup = Callable[[str, int], list[str]]


class AddressRefused(ValueError):
    """Nothing is sent to this address; `code` names why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or what went wrong on the way (`status` 0)."""

    status: int
    trouble: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def looked_up(host: str, port: int) -> list[str]:
    """Every address of a name. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def checked(address: str, *, inside: bool = False) -> SplitResult:
    """The parts of an address that may be called. `inside`: plain http and private machines are allowed here.

    Raises AddressRefused: ADDRESS (not one, or with a name and password), SCHEME.
    """
    try:
        parts = urlsplit(address)
        odd = not parts.hostname or parts.port == 0 or "@" in parts.netloc or bool(parts.fragment)
    except ValueError:
        raise AddressRefused("ADDRESS") from None
    if odd or len(address) > ADDRESS_MAX or not address.isascii() or any(sign <= " " for sign in address):
        raise AddressRefused("ADDRESS")
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise AddressRefused("SCHEME")
    return parts


def reachable(parts: SplitResult, *, inside: bool = False, lookup: Lookup = looked_up) -> str:
    """The machine behind a checked address. Raises AddressRefused: UNKNOWN_HOST, PRIVATE (one of its addresses is)."""
    try:
        found = lookup(parts.hostname or "", _port(parts))
    except OSError:
        raise AddressRefused("UNKNOWN_HOST") from None
    if not found:
        raise AddressRefused("UNKNOWN_HOST")
    if not inside and not all(_is_public(one) for one in found):
        raise AddressRefused("PRIVATE")
    return found[0]


def _is_public(text: str) -> bool:
    one: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF) if one in NAT64 else None
        one = one.ipv4_mapped or one.sixtofour or inner or one
    return one.is_global and not one.is_multicast


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA-256 over time, a full stop and the body, in hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(
    address: str, body: bytes, headers: Mapping[str, str], *, inside: bool = False, lookup: Lookup = looked_up
) -> Answer:
    """Send once. What goes wrong is in the answer, refusals of the address too."""
    try:
        parts = checked(address, inside=inside)
        line = _line(parts, reachable(parts, inside=inside, lookup=lookup))
    except AddressRefused as refusal:
        return Answer(0, refusal.code)
    over = threading.Event()
    watch = threading.Timer(WHOLE_S, _hang_up, [line, over])
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request("POST", path, body, {**headers, "Content-Type": "application/json", "Connection": "close"})
        status = line.getresponse().status
        return Answer(0, "TimeoutError") if over.is_set() else Answer(status)
    except ssl.SSLCertVerificationError:
        return Answer(0, "CERTIFICATE")
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, "TimeoutError" if over.is_set() else type(error).__name__)
    finally:
        watch.cancel()
        line.close()


def _hang_up(line: http.client.HTTPConnection, over: threading.Event) -> None:
    """Whoever waits on it sees its end; half a status that came until then is none."""
    over.set()
    with suppress(OSError, AttributeError):  # it was over just now
        socket.socket.shutdown(line.sock, socket.SHUT_RDWR)  # beneath TLS, which is being read just now


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


class _Pinned(http.client.HTTPSConnection):
    """TLS to a machine that was checked, under the name that was asked for."""

    machine = ""

    def connect(self) -> None:
        raw = socket.create_connection((self.machine, self.port), self.timeout)
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(raw, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


class _PinnedPlain(http.client.HTTPConnection):
    machine = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.machine, self.port), self.timeout)


def _line(parts: SplitResult, machine: str) -> _Pinned | _PinnedPlain:
    kind = _Pinned if parts.scheme == "https" else _PinnedPlain
    line = kind(parts.hostname or "", _port(parts), timeout=TIMEOUT_S)
    line.machine = machine
    return line
