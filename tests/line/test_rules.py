"""The rules of a line that the table of faults (tests/frames) doesn't reach: settling, silence, answer time, widths."""

from __future__ import annotations

import pytest

from devices.line.busline import BusLine
from devices.line.rules import LineRules, Outcome, Status
from devices.protocol.frames import BadRequest, Block, Request, answer_at, exception_answer, request_at
from devices.protocol.mbap import BadStream, Numbered
from tests.devices.virtual import RULES, VirtualTimer, VirtualWire, World, ask, make_line, right_answer, right_registers

READ = Block("h", 100, 4).read(1)


class Replies:
    """A far end that answers after ``delay`` seconds, or not at all (None)."""

    def __init__(self, world: World, delay: float | None = 0.01) -> None:
        self.world, self.delay = world, delay
        self.seen: list[tuple[float, Request]] = []
        self.line: BusLine

    def __call__(self, request: Request) -> None:
        self.seen.append((self.world.now, request))
        if self.delay is not None:
            self.world.at(self.world.now + self.delay, lambda: self.line.received(right_answer(request)))


def line_with(world: World, rules: LineRules = RULES, delay: float | None = 0.01) -> tuple[BusLine, Replies]:
    replies = Replies(world, delay)
    replies.line, _ = make_line(world, replies, rules)
    return replies.line, replies


def test_what_comes_while_a_line_settles_is_drained() -> None:
    world = World()
    line = BusLine(lambda: world.now, lambda one: VirtualTimer(world, one), LineRules(settle_s=1.0))
    replies = Replies(world)
    replies.line = line
    line.attach(VirtualWire(replies))
    ended: list[Outcome] = []
    line.submit(READ, ended.append)
    world.run_for(0.5)
    line.received(right_answer(READ))  # replayed from before the connection broke
    assert not ended and line.stats.drained_bytes == READ.answer_size
    world.run(lambda: bool(ended))
    assert ended[0].registers == right_registers(READ)
    assert [moment for moment, _ in replies.seen] == [1.0]


def test_a_serial_line_is_silent_before_each_request_and_silence_begins_anew_with_every_byte() -> None:
    world = World()
    line, replies = line_with(world, LineRules(timeout_s=0.3, settle_s=0.0, gap_s=0.05))
    ask(world, line, READ)
    assert ask(world, line, READ).status is Status.OK
    first, second = (moment for moment, _ in replies.seen)
    assert second - first == pytest.approx(0.01 + 0.05)
    ended: list[Outcome] = []
    line.submit(READ, ended.append)
    world.run_for(0.03)
    line.received(b"\xff")
    world.run(lambda: bool(ended))
    assert replies.seen[2][0] - (second + 0.01) == pytest.approx(0.03 + 0.05)


def test_late_answers_stretch_the_answer_time_and_quick_ones_shrink_it_again() -> None:
    world = World()
    line, replies = line_with(world, delay=0.8)
    assert ask(world, line, READ).status is Status.TIMEOUT
    world.run_for(1.0)
    assert line.stats.late == 1 and line.answer_time == pytest.approx(1.2)
    assert ask(world, line, READ).status is Status.OK
    replies.delay = 0.01
    seen = [line.answer_time]
    for _ in range(30):
        ask(world, line, READ)
        seen.append(line.answer_time)
    assert seen == sorted(seen, reverse=True) and seen[-1] == RULES.timeout_s


def test_the_answer_time_has_a_ceiling() -> None:
    world = World()
    line, _ = line_with(world, LineRules(timeout_s=0.3, ceiling_s=2.0, settle_s=0.0), delay=4.0)
    ask(world, line, READ)
    world.run_for(4.0)
    assert line.answer_time == 2.0


def test_an_outstanding_answer_is_waited_for_no_longer_than_the_rules_say() -> None:
    world = World()
    line, replies = line_with(world, LineRules(timeout_s=0.3, late_s=10.0, settle_s=0.0), delay=None)
    ask(world, line, READ)
    world.run_for(10.1)
    replies.delay = 0.01
    assert ask(world, line, READ).status is Status.OK
    assert [request.count for _, request in replies.seen] == [4, 4], "no fence after the window"


def test_a_line_that_may_not_send_stays_silent_and_says_expired() -> None:
    world = World()
    line, replies = line_with(world)
    line.may_send = lambda: False
    assert ask(world, line, READ) == Outcome(Status.EXPIRED)
    ended: list[Outcome] = []
    line.may_send = lambda: world.now < 0.01  # lost between the question before and its answer
    for _ in range(3):
        line.submit(READ, ended.append)
    world.run(lambda: len(ended) == 3)
    assert [one.status for one in ended] == [Status.OK, Status.EXPIRED, Status.EXPIRED] and len(replies.seen) == 1


def test_a_heartbeat_that_wants_an_answer_gets_it_but_never_between_question_and_answer() -> None:
    world = World()
    written: list[bytes] = []

    class Wire:
        def write(self, data: bytes) -> None:
            written.append(data)

        def close(self) -> None:
            raise AssertionError("nobody asked for that")

    line = BusLine(lambda: world.now, lambda one: VirtualTimer(world, one), RULES, (b"PING?",))
    line.heartbeat_answers = ((b"PING?", b"PONG!"),)
    line.attach(Wire())
    world.run_for(0)
    line.received(b"PING?")
    assert written == [b"PONG!"]
    line.submit(READ, lambda outcome: None)
    line.received(b"PING?")
    assert written == [b"PONG!", READ.frame]


def test_the_fence_of_a_request_that_was_taken_back_may_still_be_answered_and_is_not_believed() -> None:
    world = World()
    line, replies = line_with(world, delay=None)
    ask(world, line, READ)
    assert line.cancel(line.submit(READ, lambda outcome: None)), "only its fence has been sent"
    fence = replies.seen[-1][1]
    ended: list[Outcome] = []
    line.submit(Block("h", 500, fence.count).read(1), ended.append)
    line.received(right_answer(fence))
    assert not ended and line.stats.late == 1


def test_a_fence_has_a_shape_that_nothing_outstanding_has() -> None:
    world = World()
    line, replies = line_with(world, delay=None)
    for request in (READ, Block("h", 500, 1).read(1), READ):
        ask(world, line, request)
    assert [request.count for _, request in replies.seen[:3]] == [4, 1, 2]


def test_what_was_on_the_wire_when_the_connection_broke_may_come_over_the_next_one() -> None:
    world = World()
    line, replies = line_with(world, delay=None)
    ended: list[Outcome] = []
    line.submit(READ, ended.append)
    line.detach()
    assert ended == [Outcome(Status.OFFLINE, sent=True)]
    line.attach(VirtualWire(replies))
    world.run_for(0)
    line.submit(Block("h", 300, READ.count).read(1), ended.append)
    line.received(right_answer(READ))
    assert len(ended) == 1 and line.stats.late == 1


def test_noise_is_held_in_bounds_and_a_flood_of_it_closes_the_line() -> None:
    world = World()
    line, wire = make_line(world, lambda request: None, LineRules(settle_s=0.0, flood_bytes=2000))
    line.received(b"\xfe" * 1500)
    assert line.stats.skipped_bytes == 1500 - 512 and not wire.closed
    line.received(b"\xfe" * 1500)
    assert line.stats.floods == 1 and wire.closed


def test_urgent_requests_go_first_in_their_own_order() -> None:
    world = World()
    line, replies = line_with(world)
    ended: list[Outcome] = []
    for addr, urgent in ((1, False), (2, False), (3, True), (4, True), (5, False)):
        line.submit(Block("h", addr, 1).read(1), ended.append, urgent=urgent)
    world.run(lambda: len(ended) == 5)
    assert [request.addr for _, request in replies.seen] == [1, 3, 4, 2, 5]


def test_a_damaged_answer_in_one_piece_is_no_answer() -> None:
    """The short way: nothing is outstanding, and what comes is as long as the answer and begins as it does."""
    for spot in range(READ.answer_size):
        world = World()
        line, _ = line_with(world, delay=None)
        ended: list[Outcome] = []
        line.submit(READ, ended.append)
        answer = bytearray(right_answer(READ))
        answer[spot] ^= 0x10
        line.received(bytes(answer))
        assert not ended, spot


@pytest.mark.parametrize("count", [1, 12, 125])
@pytest.mark.parametrize("unit_bytes", [1, 2])
def test_a_plain_answer_is_read_as_the_long_way_reads_it(unit_bytes: int, count: int) -> None:
    request = Request(200, 4, 7, count, unit_bytes=unit_bytes)
    right, plain = right_answer(request), request.plain
    assert plain and plain.frame == request.frame and plain.read(right) == right_registers(request)
    assert answer_at(right, 0, unit_bytes) == (request.head, len(right))
    other = right_answer(Request(201, 4, 7, count, unit_bytes=unit_bytes))
    for wrong in (right[:-1], right + b"\0", other, b"", right[:-2] + right[:-3:-1]):
        assert plain.read(wrong) is None
    assert Request(1, 6, 5, 1, (215,)).plain is None and Block("c", 0, 16).read(1).plain is None


# --- a unit field of two bytes ---


@pytest.mark.parametrize(
    ("request_", "frame", "answer"),
    [
        (Request(513, 3, 100, 2, unit_bytes=2), "020103006400020427", "0201030404c404c5"),
        (Request(65535, 6, 5, 1, (215,), 2), "ffff06000500d7", "ffff06000500d7"),
        (Request(1, 16, 5, 1, (215,), 2), "00011000050001", "00011000050001"),
    ],
)
def test_frames_with_two_unit_bytes(request_: Request, frame: str, answer: str) -> None:
    assert request_.frame.hex().startswith(frame[:14])
    assert request_at(request_.frame, 0, 2) == (request_, len(request_.frame))
    real = right_answer(request_) if request_.is_write else None
    if real is not None:
        assert real.hex().startswith(answer) and answer_at(real, 0, 2) == (request_.head, request_.answer_size)


def test_a_board_with_two_unit_bytes_is_read_and_its_exceptions_are_understood() -> None:
    world = World()
    wide = Block("h", 100, 4).read(4660, 2)
    line = BusLine(lambda: world.now, lambda one: VirtualTimer(world, one), RULES)

    class Wire:
        answers = iter([b"", b"\x00" + right_answer(wide), exception_answer(4660, 3, 2, 2)])

        def write(self, data: bytes) -> None:
            assert request_at(data, 0, 2) is not None
            answer = next(self.answers)
            world.at(world.now + 0.01, lambda: line.received(answer) if answer else None)

        def close(self) -> None:
            return

    line.attach(Wire())
    world.run_for(0)
    assert ask(world, line, wide).status is Status.TIMEOUT
    world.run_for(11)
    assert ask(world, line, wide).registers == right_registers(wide)
    assert ask(world, line, wide)[:3] == (Status.REFUSED, (), 2)


@pytest.mark.parametrize(("unit", "unit_bytes"), [(0, 1), (248, 1), (0, 2), (65536, 2), (1, 3)])
def test_units_outside_their_field_are_refused(unit: int, unit_bytes: int) -> None:
    with pytest.raises(BadRequest, match="unit"):
        Request(unit, 3, 0, 1, unit_bytes=unit_bytes)


# --- Modbus TCP ---


def test_numbers_tell_late_and_foreign_answers_from_the_one_that_is_waited_for() -> None:
    clock = [0.0]
    numbers = Numbered(lambda: clock[0])
    first = numbers.wrap(READ.frame)
    assert first.hex() == "000100000006" + READ.frame[:-2].hex()
    clock[0] = 3.0
    numbers.wrap(READ.frame)
    body = right_answer(READ)[:-2]
    said = [number.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body for number in (1, 2, 2, 9)]
    stream = b"".join(said)
    assert numbers.unwrap(stream[:7]) == []
    assert numbers.unwrap(stream[7:]) == [(b"", 3.0), (right_answer(READ), None), (b"", None), (b"", None)]
    with pytest.raises(BadStream):
        numbers.unwrap(b"\0\1\0\1\0\6\1\3")


def test_a_numbered_line_asks_again_without_a_fence() -> None:
    world = World()
    line, replies = line_with(world, LineRules(timeout_s=0.3, settle_s=0.0, numbered=True), delay=None)
    ask(world, line, READ)
    replies.delay = 0.01
    assert ask(world, line, READ).status is Status.OK
    assert line.stats.fences == 0
