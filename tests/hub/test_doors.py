"""Who may enter: dialects of a file, the secret of a site, the right hub of several; what a line tells of itself."""

from __future__ import annotations

import pytest

from devices.hub.client import HubClient, SweepRequest
from devices.hub.group import HubGroup
from devices.hub.naming import hub_of
from devices.protocol.frames import Block
from devices.protocol.registration import DialectError, Registered, Waiting, bundled_dialects, parse_dialects, recognise
from tests.devices.hubs import SECRET, WAIT_S, RawDtu, running_hub

IMEI, BLOCK = "861990000000018", Block("h", 100, 4)


def test_dialects_come_from_a_file_and_all_bad_entries_are_told_at_once() -> None:
    own = parse_dialects("dialects: [{name: mine, text: 'ID(?P<id>\\d{6})#'}]\nheartbeats: [{text: tick}]", "mine.yaml")
    seen = recognise(b"tickID123456#", own.dialects, own.heartbeats)
    assert isinstance(seen, Registered) and (seen.dtu_id, seen.dialect) == ("123456", "mine")
    bad = """
dialects:
  - {name: no-group, text: 'ID[0-9]+'}
  - {name: odd-hex, hex: A55, id_bytes: 4}
  - {text: '(?P<id>.*)'}
  - {name: framed, text: '(?P<id>\\d+)', framing: ppp}
heartbeats: [{text: x}, 7]
"""
    with pytest.raises(DialectError) as refused:
        parse_dialects(bad, "bad.yaml")
    said = str(refused.value)
    assert all(f"dialects entry {number}" in said for number in (1, 2, 3, 4))
    assert "heartbeats entry 1" in said and "heartbeats entry 2" in said and said.startswith("bad.yaml")


@pytest.mark.parametrize("text", ["", "[", "dialects: 7", "dialects: []", "- a"])
def test_a_file_without_dialects_is_refused(text: str) -> None:
    with pytest.raises(DialectError):
        parse_dialects(text, "none.yaml")


@pytest.mark.parametrize(
    ("packet", "dtu_id", "secret"),
    [
        (b"REG:box-0007,s3cret!\r\n", "box-0007", "s3cret!"),
        (b"REG:box-0007\r\n", "box-0007", ""),
        (b"861990000000018,CSQ:23,V1.2\r\n", IMEI, ""),
        (b"\x7b\x01\x00\x1613912345678\x0a\x00\x00\x01\x1f\x40\x7b", "13912345678", ""),
    ],
)
def test_bundled_dialects(packet: bytes, dtu_id: str, secret: str) -> None:
    seen = recognise(packet)
    assert isinstance(seen, Registered) and (seen.dtu_id, seen.secret) == (dtu_id, secret)
    assert isinstance(recognise(packet[:5]), Waiting)
    assert bundled_dialects() is bundled_dialects()


def test_a_site_with_a_secret_lets_only_those_in_who_say_it() -> None:
    with running_hub(door_secret="s3cret!") as (hub, client, events):
        for packet in (IMEI.encode(), b"REG:box-0007,s3cret?\r\n"):
            assert RawDtu(hub.listen_port, packet).closed.wait(WAIT_S)
        events.wait("dtu_turned_away", count=2, why="wrong_secret")
        RawDtu(hub.listen_port, b"REG:box-0007,s3cret!\r\n")
        events.wait("dtu_registered", line="dtu:box-0007")
        assert client.read("dtu:box-0007", 1, BLOCK).ok


def test_two_hubs_share_the_lines_by_name_and_are_asked_as_one() -> None:
    ids = [f"{861990000000000 + number:015d}" for number in range(40)]
    mine = {number: [one for one in ids if hub_of(f"dtu:{one}", 2) == number] for number in (0, 1)}
    assert min(map(len, mine.values())) > 10, "the names are spread"
    with running_hub(number=0, hubs=2) as (first, _, said), running_hub(number=1, hubs=2) as (second, _, also_said):
        RawDtu(first.listen_port, mine[0][0].encode())
        RawDtu(second.listen_port, mine[1][0].encode())
        lost = RawDtu(first.listen_port, mine[1][1].encode())
        said.wait("dtu_registered")
        also_said.wait("dtu_registered")
        said.wait("dtu_turned_away", why="other_hub")
        assert lost.closed.wait(WAIT_S)
        hubs = [HubClient("127.0.0.1", hub.control_port, SECRET) for hub in (first, second)]
        with HubGroup(hubs) as group:
            lines = [f"dtu:{mine[number][0]}" for number in (0, 1)]
            results = list(group.sweep([SweepRequest(line, 1, (BLOCK,)) for line in lines], 5))
            assert sorted((r.line, r.error) for r in results) == sorted((line, "") for line in lines)
            assert group.read(lines[1], 1, BLOCK).ok and group.ping()
            assert {entry["line"] for entry in group.lines() if entry["connected"]} == set(lines)


def test_a_line_tells_how_it_fares() -> None:
    with running_hub() as (hub, client, events):
        RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered")
        for _ in range(5):
            assert client.read(f"dtu:{IMEI}", 1, BLOCK).ok
        (seen,) = client.lines([f"dtu:{IMEI}"])
        assert seen["ok"] == 5 and seen["connects_day"] == seen["connects"] == 1
        assert 0 < seen["utilisation"] < 1 and seen["rtt_p95_ms"] is not None
        client.close_line(f"dtu:{IMEI}")
        events.wait("dtu_gone")
        assert client.lines([f"dtu:{IMEI}"])[0]["utilisation"] is None
