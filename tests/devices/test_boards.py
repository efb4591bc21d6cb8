"""Boards of seven shapes: what is decoded from their registers is what the house behind them has."""

from __future__ import annotations

from fractions import Fraction

import pytest

from devices.protocol.compiled import compile_decoder
from devices.protocol.encoder import encode_write, read_back
from devices.protocol.frames import Block, Request
from devices.protocol.planner import plan
from devices.protocol.points import MODES
from devices.protocol.profile_files import bundled_names, bundled_profile
from devices.protocol.profiles import Profile
from devices.simulator.house import House
from devices.simulator.slave import Slave

JANUARY = 1_611_000_000.0
NOISE_DC = 6  # the house's sensors err by a tenth of a degree (sigma)


class Board:
    """A simulated board of a profile, asked frame by frame."""

    def __init__(self, name: str, unit: int = 9) -> None:
        self.profile: Profile = bundled_profile(name)
        self.unit = unit
        self.house = House(7, self.profile.kind, JANUARY)
        self.house.running, self.house.fault = True, 1
        self.slave = Slave(unit, self.profile, self.house, lambda: JANUARY + 900)
        self.blocks = plan(self.profile)
        self.decoder = compile_decoder(self.profile, self.blocks)

    def ask(self, request: Request) -> tuple[int, ...]:
        answer = self.slave.answer(request)
        assert answer.startswith(request.head), f"{request.frame.hex()} → {answer.hex()}"
        return request.registers(answer)

    def read(self, block: Block) -> tuple[int, ...]:
        return self.ask(block.read(self.unit, self.profile.limits.unit_bytes))

    def values(self) -> dict[str, int | None]:
        row, _flags = self.decoder.row([self.read(block) for block in self.blocks])
        return dict(zip(self.decoder.names, row, strict=True))


def test_the_boards_differ_in_what_can_differ() -> None:
    profiles = [bundled_profile(name) for name in bundled_names()]
    assert {p.kind for p in profiles} == {
        "ashp", "hot_air", "direct_electric", "eboiler", "storage_electric", "gasboiler", "bundle",
    }  # fmt: skip
    points = [point for p in profiles for point in p.points.values()]
    assert {point.words for point in points} == {"ABCD", "CDAB", "BADC", "DCBA"}
    assert {point.table for point in points} == {"h", "i", "d"}
    assert {p.limits.unit_bytes for p in profiles} == {1, 2}
    assert len({frozenset(p.points["supply_t"].bad) for p in profiles}) >= 5, "sentinels of their own"


@pytest.mark.parametrize("name", bundled_names())
def test_what_is_decoded_is_what_the_house_has(name: str) -> None:
    board = Board(name)
    values = board.values()
    house = board.house.readings()
    for point in board.profile.points.values():
        value = values[point.name]
        assert value is not None, point.name
        if point.shape == "measure":
            step = Fraction(10) * abs(point.scale)
            assert abs(value - house[point.name]) <= NOISE_DC + step / 2, (point.name, value, house[point.name])
    assert values["mode"] == MODES.index("heat")
    assert (values["running"], values["fault"]) == (1, 1)


@pytest.mark.parametrize("name", bundled_names())
def test_a_broken_sensor_is_none_and_never_a_number(name: str) -> None:
    board = Board(name)
    board.slave.broken = frozenset({"supply_t"})
    values = board.values()
    assert values["supply_t"] is None and values["return_t"] is not None


@pytest.mark.clause(
    "J-26",
    "附件2-2 Modbus-RTU…可以修改设定室内温度、进出水（送回风）温度、报警复位、开关机、运行模式",
    serves="devices.protocol.encoder:encode_write",
    page="telemetry:heater-detail",
    model="devices.Command",
)
@pytest.mark.parametrize("name", bundled_names())
def test_every_write_of_annex_2_shows_when_it_is_read_back(name: str) -> None:
    board = Board(name)
    mode = next(one for one in board.profile.writes["mode"].target.map.values() if one != "heat")
    wishes = {"set_room_t": 230, "set_water_t": 500, "running": 0, "mode": mode, "reset": None}
    for write in board.profile.writes:
        board.ask(encode_write(board.profile, board.unit, write, wishes[write]))
        assert read_back(board.profile, write) is not None
    values = board.values()
    shown = (values["set_room_t"], values["running"], values["mode"], values["fault"])
    assert shown == (230, 0, MODES.index(mode), 0)
    assert "set_water_t" not in board.profile.writes or values["set_water_t"] == 500


def test_a_unit_number_of_two_bytes_goes_all_the_way() -> None:
    board = Board("wenxu-storage-09", unit=65_535)
    request = board.blocks[0].read(65_535, 2)
    assert request.frame[:3] == b"\xff\xff\x03" and board.values()["set_room_t"] is not None
    assert encode_write(board.profile, 300, "running", 1).frame[:2] == b"\x01\x2c"
