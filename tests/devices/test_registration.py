"""What a DTU says first, as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.registration import Registered, Rejected, Waiting, hex_dialect, recognise, text_dialect

IMEI = b"861990000000018"


@pytest.mark.parametrize(
    ("data", "dtu_id", "dialect", "rest"),
    [
        (IMEI, IMEI.decode(), "imei15", b""),
        (IMEI + b"\r\n", IMEI.decode(), "imei15", b""),
        (IMEI + b"ping", IMEI.decode(), "imei15", b"ping"),
        (b"pingping" + IMEI, IMEI.decode(), "imei15", b""),
        (b"89860000000000000019", "89860000000000000019", "iccid20", b""),
        (b"REG:box-7_a\r\n\x01\x03", "box-7_a", "reg-text", b"\x01\x03"),
        (b"DTU=abcd;", "abcd", "reg-text", b""),
        (b"\xa5\x5a\x01\x02\x03\x04\x05\x06\x07\x0a!", "010203040506070A", "reg-hex", b"!"),
    ],
)
def test_known_registrations(data: bytes, dtu_id: str, dialect: str, rest: bytes) -> None:
    seen = recognise(data)
    assert isinstance(seen, Registered)
    assert (seen.dtu_id, seen.dialect, seen.rest) == (dtu_id, dialect, rest)


@pytest.mark.parametrize("data", [b"", b"8", IMEI[:14], b"REG:box", b"ping", b"\xa5\x5a\x01", b"GET / HTTP/1.1\r\n"])
def test_not_yet(data: bytes) -> None:
    assert isinstance(recognise(data), Waiting)


@pytest.mark.parametrize("data", [b"\x00" * 64, b"GET / " + b"a" * 60, b"1" * 64])
def test_never(data: bytes) -> None:
    assert isinstance(recognise(data), Rejected)


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer_and_ids_are_tame(data: bytes) -> None:
    seen = recognise(data)
    if isinstance(seen, Registered):
        assert 4 <= len(seen.dtu_id) <= 32 and seen.dtu_id.replace("-", "").replace("_", "").isalnum()


def test_dialects_are_checked_when_made() -> None:
    with pytest.raises(ValueError, match="no group"):
        text_dialect("mine", "ID[0-9]+")
    with pytest.raises(ValueError, match="not a usable expression"):
        text_dialect("mine", "ID([0-9]+")
    with pytest.raises(ValueError, match="2 to 16 id bytes"):
        hex_dialect("mine", "AA", 40)
    own = text_dialect("mine", "ID(?P<id>[0-9]{6})#")
    assert recognise(b"ID123456#", (own,)) == Registered("123456", "mine", b"ID123456#", b"")
