"""Frames against an independent codec (pymodbus), and bytes as the standard prints them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import register_message as regs

from devices.protocol.crc import crc16
from devices.protocol.frames import (
    BadRequest,
    Block,
    Request,
    answer_at,
    exception_answer,
    read_answer,
    request_at,
    write_answer,
)

units, addresses = st.integers(1, 247), st.integers(0, 65000)
words = st.integers(0, 65535)
REQUESTS = {1: bits.ReadCoilsRequest, 2: bits.ReadDiscreteInputsRequest, 3: regs.ReadHoldingRegistersRequest,
            4: regs.ReadInputRegistersRequest}  # fmt: skip
RESPONSES = {3: regs.ReadHoldingRegistersResponse, 4: regs.ReadInputRegistersResponse}


def theirs(message) -> bytes:
    return FramerRTU(DecodePDU(False)).buildFrame(message)


def test_bytes_of_a_known_request_and_its_crc() -> None:
    assert Block("h", 107, 3).read(17).frame.hex() == "1103006b00037687"
    assert crc16(bytes.fromhex("1103006b00037687")) == 0


@given(units, st.sampled_from([1, 2, 3, 4]), addresses, st.integers(1, 125))
def test_read_requests_are_as_pymodbus_builds_them(unit: int, code: int, addr: int, count: int) -> None:
    frame = Request(unit, code, addr, count).frame
    assert frame == theirs(REQUESTS[code](dev_id=unit, address=addr, count=count))
    assert request_at(frame) == (Request(unit, code, addr, count), 8)


@given(units, addresses, st.lists(words, min_size=1, max_size=123))
def test_write_requests_are_as_pymodbus_builds_them(unit: int, addr: int, values: list[int]) -> None:
    many = Request(unit, 16, addr, len(values), tuple(values))
    pdu = regs.WriteMultipleRegistersRequest(dev_id=unit, address=addr, count=len(values), registers=values)
    assert many.frame == theirs(pdu)
    assert request_at(many.frame) == (many, len(many.frame))
    one = Request(unit, 6, addr, 1, (values[0],))
    assert one.frame == theirs(regs.WriteSingleRegisterRequest(dev_id=unit, address=addr, registers=values[:1]))
    assert answer_at(write_answer(many), 0) == (many.head, 8)


@given(units, st.sampled_from([3, 4]), addresses, st.lists(words, min_size=1, max_size=125))
def test_answers_of_pymodbus_are_read_exactly(unit: int, code: int, addr: int, values: list[int]) -> None:
    request = Request(unit, code, addr, len(values))
    frame = theirs(RESPONSES[code](dev_id=unit, registers=values))
    assert frame == read_answer(request, tuple(values))
    assert answer_at(frame, 0) == (request.head, request.answer_size)
    assert request.registers(frame) == tuple(values)


@given(st.integers(1, 2000), st.randoms())
def test_coils_come_back_bit_by_bit(count: int, dice) -> None:
    request = Request(1, 1, 0, count)
    values = tuple(dice.randrange(2) for _ in range(count))
    assert request.registers(read_answer(request, values)) == values


@given(st.lists(words, min_size=1, max_size=40), st.data())
def test_one_damaged_bit_is_no_answer(values: list[int], data) -> None:
    frame = bytearray(read_answer(Request(1, 3, 0, len(values)), tuple(values)))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    assert answer_at(bytes(frame), 0) is None or bytes(frame[:2]) != b"\x01\x03"


@given(st.binary(max_size=300), st.integers(0, 20))
def test_any_bytes_are_survived(noise: bytes, at: int) -> None:
    found, asked = answer_at(noise, at), request_at(noise, 0)
    assert found is None or found[1] <= len(noise) - at
    assert asked is None or asked[1] <= len(noise)


def test_exceptions_are_recognised() -> None:
    assert answer_at(exception_answer(9, 3, 2), 0) == (b"\x09\x83", 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Block("x", 0, 1), "table 'x'"),
        (lambda: Block("h", 0, 126), "count 126 is outside 1-125"),
        (lambda: Block("h", 65535, 2), "outside 0-65535"),
        (lambda: Block("h", 1.5, 1), "whole numbers"),
        (lambda: Request(0, 3, 0), "unit 0"),
        (lambda: Request(248, 3, 0), "unit 248"),
        (lambda: Request(1, 5, 0), "function 5"),
        (lambda: Request(1, 6, 0, 1, (70000,)), "register value 70000"),
        (lambda: Request(1, 16, 0, 2, (1,)), "1 values for 2"),
    ],
)
def test_a_bad_request_never_becomes_bytes(make, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        make()
