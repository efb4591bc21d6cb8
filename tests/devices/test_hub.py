"""The hub over real sockets: who gets in, who answers for an id, and what a sweep or a write brings back."""

from __future__ import annotations

import socket
import threading

import pytest

from devices.hub.client import HubClient, HubRefused, HubUnavailable, SweepRequest
from devices.line.rules import LineRules
from devices.protocol.frames import Block, Request, exception_answer
from tests.devices.hubs import QUICK, SECRET, WAIT_S, RawDtu, running_hub
from tests.devices.virtual import right_answer, right_registers
from tests.until import until

IMEI = "861990000000018"
LINE = f"dtu:{IMEI}"
BLOCK = Block("h", 100, 4)


def only(hub: HubClient, line: str, unit: int = 1, *blocks: Block):
    return list(hub.sweep([SweepRequest(line, unit, blocks or (BLOCK,))], 5))


@pytest.mark.parametrize(
    "packet",
    [IMEI.encode(), f"REG:{IMEI}\r\n".encode(), b"ping" + IMEI.encode() + b"\r\n"],
    ids=["imei", "text", "heartbeat first"],
)
def test_a_dtu_registers_and_is_read(packet: bytes) -> None:
    with running_hub() as (hub, client, events):
        RawDtu(hub.listen_port, packet)
        events.wait("dtu_registered", line=LINE)
        assert [entry["line"] for entry in client.unclaimed()] == [LINE]
        (result,) = only(client, LINE)
        assert result.registers == (1100, 1101, 1102, 1103) and result.error == ""
        assert client.unclaimed() == []
        assert client.lines([LINE])[0]["ok"] == 1


def test_registration_and_heartbeat_in_mid_stream_are_no_answers() -> None:
    with running_hub() as (hub, client, events):
        RawDtu(hub.listen_port, IMEI.encode(), lambda q: IMEI.encode() + right_answer(q) + b"ping")
        events.wait("dtu_registered")
        assert [only(client, LINE)[0].registers for _ in range(3)] == [(1100, 1101, 1102, 1103)] * 3
        assert client.lines([LINE])[0]["heartbeats"] >= 3


@pytest.mark.parametrize(("unit", "unit_bytes"), [(1, 1), (300, 2)])
def test_a_second_dtu_with_the_id_of_a_living_one_is_refused(unit: int, unit_bytes: int) -> None:
    with running_hub() as (hub, client, events):
        first = RawDtu(hub.listen_port, IMEI.encode(), unit_bytes=unit_bytes)
        events.wait("dtu_registered")
        registers = client.read(LINE, unit, BLOCK, unit_bytes=unit_bytes).registers
        assert registers and client.lines([LINE])[0]["duplicate_s"] is None
        second = RawDtu(hub.listen_port, IMEI.encode())
        assert second.closed.wait(WAIT_S)
        events.wait("duplicate_dtu_id", line=LINE)
        assert not first.closed.is_set()
        assert client.read(LINE, unit, BLOCK, unit_bytes=unit_bytes).registers == registers
        (seen,) = client.lines([LINE])
        assert seen["duplicates"] == 1 and seen["duplicate_s"] >= 0


def test_a_half_open_connection_is_replaced() -> None:
    with running_hub() as (hub, client, events):
        answers = [True]
        first = RawDtu(hub.listen_port, IMEI.encode(), lambda q: right_answer(q) if answers[0] else b"")
        events.wait("dtu_registered")
        only(client, LINE)
        answers[0] = False
        RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered", count=2)
        assert first.closed.wait(WAIT_S)
        assert only(client, LINE)[0].registers == (1100, 1101, 1102, 1103)


def test_a_half_open_line_does_not_bar_its_own_return_where_an_address_holds_all_its_lines() -> None:
    with running_hub(max_lines_per_address=1) as (hub, client, events):
        first = RawDtu(hub.listen_port, IMEI.encode(), lambda q: b"")
        events.wait("dtu_registered")
        RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered", count=2)
        assert first.closed.wait(WAIT_S)
        assert only(client, LINE)[0].registers == (1100, 1101, 1102, 1103)
        assert RawDtu(hub.listen_port, b"861990000000034").closed.wait(WAIT_S)


def test_of_two_that_come_for_a_half_open_line_one_is_attached_and_the_other_judged_against_it() -> None:
    with running_hub() as (hub, client, events):
        answers = [True]
        RawDtu(hub.listen_port, IMEI.encode(), lambda q: right_answer(q) if answers[0] else b"")
        events.wait("dtu_registered")
        only(client, LINE)
        answers[0] = False
        both = [RawDtu(hub.listen_port, IMEI.encode()) for _ in range(2)]
        events.wait("duplicate_dtu_id")
        until(lambda: sum(dtu.closed.is_set() for dtu in both) == 1, seconds=WAIT_S, what="one is turned away")
        assert only(client, LINE)[0].registers == (1100, 1101, 1102, 1103)


def test_strangers_are_turned_away() -> None:
    with running_hub(register_s=0.1, max_pending_per_address=2) as (hub, _, events):
        talker = RawDtu(hub.listen_port, b"GET / HTTP/1.1\r\nHost: " + b"x" * 60)
        events.wait("dtu_turned_away", why="bad_registration")
        silent = RawDtu(hub.listen_port, b"")
        events.wait("dtu_turned_away", why="register_timeout")
        assert talker.closed.wait(WAIT_S) and silent.closed.wait(WAIT_S)


def test_one_address_may_not_hold_all_doors() -> None:
    with running_hub(max_pending_per_address=2) as (hub, client, _):
        waiting = [RawDtu(hub.listen_port, b"8") for _ in range(5)]
        closed = [dtu for dtu in waiting if dtu.closed.wait(0.5)]
        assert len(closed) == 3 and hub.door.counters["refused_cap"] == 3
        assert client.ping()


def test_one_address_may_not_hold_all_lines() -> None:
    with running_hub(max_lines_per_address=2) as (hub, client, events):
        for number in (18, 26):
            RawDtu(hub.listen_port, f"8619900000000{number}".encode())
        events.wait("dtu_registered", count=2)
        assert RawDtu(hub.listen_port, b"861990000000034").closed.wait(WAIT_S)
        assert hub.door.counters["refused_cap"] == 1 and len(client.unclaimed()) == 2


def test_a_flood_of_noise_closes_the_line() -> None:
    rules = LineRules(timeout_s=0.15, settle_s=0.0, flood_bytes=4096)
    with running_hub(rules=rules) as (hub, client, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered")
        only(client, LINE)
        dtu.socket.sendall(b"\xaa" * 8192)
        events.wait("dtu_gone", line=LINE)


def test_a_dead_unit_costs_the_others_nothing_but_time() -> None:
    with running_hub() as (hub, client, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode(), lambda q: b"" if q.unit == 2 else right_answer(q))
        events.wait("dtu_registered")
        blocks = (BLOCK, Block("h", 10, 3), Block("h", 20, 2), Block("h", 30, 5))
        asked = [SweepRequest(LINE, unit, blocks) for unit in (1, 2, 3)]
        results = list(client.sweep(asked, 10))
        assert len(results) == 12
        assert {r.unit for r in results if r.error == ""} == {1, 3}
        assert [r.error for r in results if r.unit == 2] == ["timeout"] * 4
        assert sum(request.unit == 2 for request in dtu.requests) == 2


def test_a_refused_block_tells_the_exception_code() -> None:
    with running_hub() as (hub, client, events):
        RawDtu(hub.listen_port, IMEI.encode(), lambda q: exception_answer(q.unit, q.code, 2))
        events.wait("dtu_registered")
        (result,) = only(client, LINE)
        assert (result.registers, result.error, result.code) == (None, "refused", 2)


def test_lines_that_can_not_be_reached_say_so_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        free_port = gone.getsockname()[1]
    with running_hub() as (_, client, _):
        names = [LINE, f"tcp:127.0.0.1:{free_port}", "serial:/dev/no-such-port", "nonsense"]
        results = list(client.sweep([SweepRequest(name, 1, (BLOCK,) * 300) for name in names], 5))
        assert len(results) == 1200 and {r.error for r in results} == {"offline"}


def test_the_deadline_ends_a_sweep_and_every_block_is_accounted_for() -> None:
    rules = LineRules(timeout_s=0.4, settle_s=0.0)
    with running_hub(rules=rules) as (hub, client, events):
        RawDtu(hub.listen_port, IMEI.encode(), lambda q: b"")
        events.wait("dtu_registered")
        asked = [SweepRequest(LINE, unit, (BLOCK,)) for unit in range(1, 40)]
        results = list(client.sweep(asked, 0.2))
        assert sorted(r.error for r in results) == ["expired"] * 38 + ["timeout"]


def test_a_client_that_leaves_ends_its_sweep() -> None:
    with running_hub() as (hub, client, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered")
        sweep = client.sweep([SweepRequest(LINE, 1 + i % 3, (Block("h", i, 2),)) for i in range(12_000)], 60)
        next(sweep)
        sweep.close()
        with HubClient("127.0.0.1", hub.control_port, SECRET) as other:
            assert other.read(LINE, 1, BLOCK).ok
        assert len(dtu.requests) < 12_000
        assert hub.lines.by_name[LINE].bus.queued == 0


# --- writes ---


def test_a_write_is_echoed() -> None:
    with running_hub() as (hub, client, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered")
        result = client.write(LINE, Request(1, 6, 105, 1, (235,)))
        assert result.status == "ok" and result.sent == result.answer == dtu.requests[-1].frame.hex()
        assert client.write(LINE, Request(1, 16, 105, 2, (1, 2))).status == "ok"


def test_a_write_waits_for_one_exchange_however_many_reads_are_under_way() -> None:
    """Two sweeps share the line; while a read is in flight the other sweep's and then the write are handed in."""
    queued, patient = threading.Event(), LineRules(timeout_s=WAIT_S, ceiling_s=WAIT_S, settle_s=0.0)
    with running_hub(rules=patient) as (hub, client, events):

        def reply(request: Request) -> bytes:
            if len(dtu.requests) == 3:
                assert queued.wait(WAIT_S)
            return right_answer(request)

        dtu = RawDtu(hub.listen_port, IMEI.encode(), reply)
        events.wait("dtu_registered")
        bus = hub.lines.by_name[LINE].bus

        def read_on(unit: int) -> None:
            with HubClient("127.0.0.1", hub.control_port, SECRET) as one:
                list(one.sweep([SweepRequest(LINE, unit, (Block("h", addr, 2),)) for addr in range(10)], WAIT_S))

        readers = [threading.Thread(target=read_on, args=(unit,), daemon=True) for unit in (1, 2)]
        writer = threading.Thread(target=client.write, args=(LINE, Request(1, 6, 105, 1, (235,))), daemon=True)
        for number, one in enumerate((*readers, writer)):
            one.start()
            until(lambda number=number: len(dtu.requests) == 3 and bus.queued >= number)
        queued.set()
        for one in (*readers, writer):
            one.join(WAIT_S)
    assert [request.is_write for request in dtu.requests] == [False] * 3 + [True] + [False] * 17


def test_a_write_without_answer_is_unknown_and_sent_once() -> None:
    with running_hub() as (hub, client, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode(), lambda q: b"" if q.is_write else right_answer(q))
        events.wait("dtu_registered")
        write = Request(1, 6, 105, 1, (235,))
        assert client.write(LINE, write).status == "unknown"
        assert client.read(LINE, 1, Block("h", 105, 1)).registers == right_registers(Request(1, 3, 105))
        assert dtu.requests.count(write) == 1


def test_a_write_with_another_echo_is_not_ok() -> None:
    with running_hub() as (hub, client, events):
        RawDtu(
            hub.listen_port, IMEI.encode(), lambda q: right_answer(Request(q.unit, 6, q.addr, 1, (q.values[0] + 1,)))
        )
        events.wait("dtu_registered")
        assert client.write(LINE, Request(1, 6, 105, 1, (235,))).status == "unknown"


def test_a_write_that_finds_no_line_was_not_sent() -> None:
    with running_hub() as (_, client, _):
        result = client.write(LINE, Request(1, 6, 105, 1, (235,)))
        assert (result.status, result.sent) == ("offline", "")


# --- control side ---


def test_the_wrong_secret_gets_nothing() -> None:
    with running_hub() as (hub, client, _):
        with pytest.raises(HubUnavailable, match="shared secret"):
            HubClient("127.0.0.1", hub.control_port, b"wrong").ping()
        assert client.ping()


def test_who_does_not_know_the_secret_is_cut_off_whatever_he_says() -> None:
    with running_hub() as (hub, _, events):
        with socket.create_connection(("127.0.0.1", hub.control_port), WAIT_S) as stranger:
            stranger.sendall(b'{"auth": "00"}\n{"op": "ping"}\n')
            said = b"".join(iter(lambda: stranger.recv(4096), b""))
        assert b"shared secret" in said and b'"ok"' not in said
        events.wait("control_refused")


def test_nonsense_is_refused_with_a_sentence_and_the_connection_lives() -> None:
    with running_hub() as (_, client, _):
        with pytest.raises(HubRefused, match=r"requests\[1\]: unit 300"):
            list(client.sweep([SweepRequest(LINE, 1, (BLOCK,)), SweepRequest(LINE, 300, (BLOCK,))], 5))
        with pytest.raises(HubRefused, match="op 'format'"):
            client._ask({"op": "format"}, 5)
        with pytest.raises(HubRefused, match="wanted dtu"):
            client.claim(["nonsense"])
        assert client.ping()


def test_a_hub_that_is_not_there_is_unavailable() -> None:
    with running_hub() as (hub, _, _):
        port = hub.control_port
    with pytest.raises(HubUnavailable, match=f"127.0.0.1:{port}"):
        HubClient("127.0.0.1", port, SECRET).ping()


def test_a_lost_lease_closes_every_line() -> None:
    tokens = iter([7])
    with running_hub(take_lease=lambda: next(tokens, None), lease_s=0.2, lease_every_s=0.05) as (hub, _, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode())
        assert dtu.closed.wait(WAIT_S)
        assert events.wait("hub_stopped")["lease_lost"] is True


def test_silent_lines_are_closed() -> None:
    with running_hub(silent_s=0.1, housekeeping_s=0.02, rules=QUICK) as (hub, _, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_silent", line=LINE)
        assert dtu.closed.wait(WAIT_S)
