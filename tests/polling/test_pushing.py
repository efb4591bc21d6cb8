"""Readings sent upwards over real TLS: a receiver on this machine, its certificate from a throw-away authority."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from telemetry import outgoing, tasks, webhooks
from telemetry.outgoing import Answer
from tests import people
from tests.telemetry.said import bare_heater, say

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2021, 1, 18, 4, tzinfo=dt.UTC)
BODY = b'{"results": []}'


class Authority:
    """Signs certificates for as long as a test lasts. `file`: what a portal that trusts it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away authority")])
        signed = self._made(self.name, self.key, 1).add_extension(x509.BasicConstraints(True, 0), True)
        self.file = self._kept("ca.pem", signed.sign(self.key, hashes.SHA256()))

    def server(self, name: str = "localhost", ended: dt.timedelta = -DAY) -> ssl.SSLContext:
        """A server's context under this name, its certificate at an end for so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))])
        signed = self._made(subject, key, 2, ended).add_extension(names, False).sign(self.key, hashes.SHA256())
        file = self._kept("server.pem", signed, key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _made(self, subject: x509.Name, key: Any, serial: int, ended: dt.timedelta = -DAY) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder(self.name, subject, key.public_key(), serial)
        return made.not_valid_before(now - 3 * DAY).not_valid_after(now - ended)

    def _kept(self, name: str, signed: x509.Certificate, key: Any = None) -> Path:
        file = self.folder / name
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        text = signed.public_bytes(serialization.Encoding.PEM) + (key.private_bytes(*plain) if key else b"")
        file.write_bytes(text)
        return file


@dataclass
class Receiver:
    """The platform above. `statuses`: what it answers in turn, then 200."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}/readings?from=portal"


@contextmanager
def listening(context: ssl.SSLContext) -> Iterator[Receiver]:
    receiver = Receiver()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers) | {"path": self.path}, body))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Location", receiver.address)
            self.end_headers()

        def log_message(self, *_told: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_told: Any) -> None:  # a client that does not trust us leaves in mid-handshake
            pass

    server = Quiet(("127.0.0.1", 0), Taking)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority this process trusts, as a site does that names its own by SSL_CERT_FILE."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


class Run:
    """A job that is never cancelled."""

    commit = staticmethod(webhooks.transaction.atomic)

    def progress(self, done: int) -> None:
        pass


@pytest.mark.django_db
def test_a_batch_goes_over_tls_signed_and_again_the_same_after_a_no(trusted: Authority, settings: Any) -> None:
    settings.WEBHOOK_INSIDE = True
    people.programme("370999", poll_period_s=30)
    heater, by = bare_heater(), people.user("system_admin", "370999")
    with listening(trusted.server()) as receiver:
        receiver.statuses = [302, 503]
        hook = webhooks.make_webhook(
            area=people.area("370999"), name="市平台", address=receiver.address, by=by, now=NOW
        )
        say(heater, NOW + dt.timedelta(minutes=1), room_dc=205)
        said = []
        for minute in (3, 4, 6):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(tasks.clock, "now", lambda minute=minute: NOW + dt.timedelta(minutes=minute))
                said.append(tasks.push_to_one(Run(), hook.pk)["message"])  # type: ignore[arg-type]
    assert ["302" in said[0], "503" in said[1], said[2]] == [True, True, "1"]
    assert len(receiver.got) == 3, "a redirect is an answer and not followed"
    (first, body), (last, again) = receiver.got[0], receiver.got[-1]
    assert first["path"] == "/readings?from=portal" and first["Host"] == f"localhost:{receiver.port}"
    assert body == again and first["Idempotency-Key"] == last["Idempotency-Key"] == json.loads(body)["batch"]
    assert last["X-Portal-Signature"] == "sha256=" + outgoing.signature(hook.secret, last["X-Portal-Timestamp"], again)
    assert first["X-Portal-Timestamp"] != last["X-Portal-Timestamp"]
    assert [row["room_dc"] for row in json.loads(body)["results"]] == [205]


@pytest.mark.parametrize("why", ["another name", "too old", "signed by a stranger"])
def test_nothing_is_said_to_a_machine_that_cannot_prove_its_name(why: str, trusted: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    servers: dict[str, Callable[[], ssl.SSLContext]] = {
        "another name": lambda: trusted.server("platform.example"),
        "too old": lambda: trusted.server(ended=DAY),
        "signed by a stranger": lambda: Authority(tmp_path / "other").server(),
    }
    with listening(servers[why]()) as receiver:
        assert outgoing.post(receiver.address, BODY, {}, inside=True) == Answer(0, "CERTIFICATE")
    assert receiver.got == []


def test_without_its_setting_this_machine_is_not_even_knocked_at(trusted: Authority) -> None:
    with listening(trusted.server()) as receiver:
        assert outgoing.post(receiver.address, BODY, {}) == Answer(0, "PRIVATE")
        assert outgoing.post(receiver.address, BODY, {}, inside=True) == Answer(200)
        plain = f"http://localhost:{receiver.port}/"
        assert outgoing.post(plain, BODY, {}) == Answer(0, "SCHEME")
        assert not outgoing.post(plain, BODY, {}, inside=True).ok, "no plain words to a TLS port"
    assert len(receiver.got) == 1


def test_an_answer_that_comes_drop_by_drop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "WHOLE_S", 0.2)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def drip() -> None:
            guest, _address = door.accept()
            with guest:
                guest.sendall(b"HTTP/1.1 200 ")
                while not over.wait(0.02):
                    try:
                        guest.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        answer = outgoing.post(f"http://127.0.0.1:{door.getsockname()[1]}/", BODY, {}, inside=True)
        over.set()
        thread.join(10)
    assert answer == Answer(0, "TimeoutError"), "not the 200 with which it began"
