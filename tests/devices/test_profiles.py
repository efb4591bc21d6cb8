"""Profiles, plans and values: what a file may say, how few reads it takes, what the registers mean."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.decoder import decode
from devices.protocol.encoder import WriteRefused, encode_write, raw_of, words_of
from devices.protocol.frames import Block
from devices.protocol.planner import LineCost, plan, split
from devices.protocol.points import MODES, Quality
from devices.protocol.profile_files import bundled_names, bundled_profile, load_profile, parse_profile
from devices.protocol.profiles import Limits, ProfileError

SMALL = """
profile: small-one
version: 1
kind: ashp
limits: {max_regs: 10, holes: [[4, 5]]}
points:
  supply_t: {reg: h0, type: i16, scale: 0.1, range: [-30, 85], bad: [32767]}
  energy_kwh: {reg: h2, type: u32, words: CDAB, scale: 0.01}
  running: {reg: h6, bit: 3}
  mode: {reg: h7, map: {0: off, 5: heat}}
  fault: {reg: h8, len: 2, bits: {17: [E17, fan]}}
  set_room_t: {reg: h12, type: i16, scale: 0.5, range: [0, 40]}
writes:
  set_room_t: {point: set_room_t, fc: 6, range: [5, 30], step: 0.5}
"""
GOOD = {0: 0xFF38, 2: 0x5678, 3: 0x0001, 6: 0x0008, 7: 5, 8: 2, 9: 0, 12: 43}


def registers(**changes: int | None) -> dict[tuple[str, int], int]:
    cells = GOOD | {int(name[1:]): value for name, value in changes.items()}
    return {("h", addr): value for addr, value in cells.items() if value is not None}


# --- files ---


@pytest.mark.clause(
    "J-25",
    "设定的室内温度、开关机状态、运行模式状态和故障信息",
    serves="devices.protocol.profile_files:bundled_profile",
    model="devices.RegisterProfile",
)
@pytest.mark.clause(
    "J-23",
    "供、回水（送、回风）温度传感器、室外环境温度传感器",
    serves="devices.protocol.profile_files:bundled_profile",
    model="devices.RegisterProfile",
)
@pytest.mark.parametrize("name", bundled_names())
def test_bundled_profiles_have_every_point_of_annex_2(name: str) -> None:
    profile = bundled_profile(name)
    assert profile.missing == () and profile.name == name
    assert len(profile.digest) == 64


def test_the_hash_follows_content_not_layout() -> None:
    same = "# a comment\n" + SMALL.replace("version: 1", "version:    1")
    assert parse_profile(same).digest == parse_profile(SMALL).digest
    assert parse_profile(SMALL.replace("scale: 0.01", "scale: 0.1")).digest != parse_profile(SMALL).digest


def test_a_draft_says_what_it_lacks() -> None:
    assert parse_profile(SMALL).missing == ("return_t", "outdoor_t", "write running", "write mode", "write reset")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("reg: h0", "reg: z9", "line 7: points.supply_t.reg: 'z9', wanted a table letter"),
        ("reg: h0", "reg: h4", "a place outside 4-5"),
        ("reg: h0", "reg: h2", "h2 is also used by supply_t"),
        ("range: [-30, 85]", "range: [-30, 9000]", "a rising range inside -3276.8 to 3276.7"),
        ("range: [-30, 85]", "range: [85, -30]", "a rising range"),
        ("bad: [32767]", "bad: [65535]", "numbers its registers can hold"),
        ("bit: 3", "bit: 16", "a whole number from 0 to 15"),
        ("map: {0: off, 5: heat}", "map: {0: warm}", "numbers to modes"),
        ("17: [E17, fan]", "32: [E17, fan]", "bit numbers 0 to 31"),
        ("words: CDAB", "words: ABBA", "one of ABCD, CDAB, BADC, DCBA"),
        ("step: 0.5", "step: 0.3", "a multiple of the scale 0.5"),
        ("point: set_room_t, ", "point: room_t, ", "one of the points above"),
        (", range: [5, 30], step", ", step", "never written without bounds"),
        ("scale: 0.01", "scale: 0", "a number that is not 0"),
        ("max_regs: 10", "max_regs: 10, unit_bytes: 3", "limits.unit_bytes: 3, wanted a whole number from 1 to 2"),
        ("max_regs: 10", "max_regs: 10, base: 2", "line 5: limits.base: 2, wanted a whole number from 0 to 1"),
        ("bit: 3", "bit: 3, every: 0", "line 9: points.running.every: 0, wanted a whole number from 1 to 288"),
        ("17: [E17, fan]", "17: [E17]", "line 11: points.fault.bits: {17: ['E17']}, wanted bit numbers to [code"),
        ("kind: ashp", "kind: ashp\nkind: ashp", "kind is written twice"),
        ("kind: ashp", "kind: stove", "one of ashp"),
        ("  energy_kwh:", "  enrgy:", "points: enrgy unknown; known: supply_t"),
        ("version: 1", "version: &x 1\ntitle: *x", "aliases"),
        ("version: 1", "version: [", "not readable as YAML"),
        ("version: 1", "colour: red", "unknown colour"),
    ],
)
def test_a_wrong_profile_is_refused_with_place_and_value(old: str, new: str, problem: str) -> None:
    assert old in SMALL
    with pytest.raises(ProfileError) as caught:
        parse_profile(SMALL.replace(old, new))
    assert problem in str(caught.value)


def test_all_problems_come_at_once() -> None:
    broken = SMALL.replace("reg: h0", "reg: z9").replace("kind: ashp", "kind: stove").replace("bit: 3", "bit: 99")
    with pytest.raises(ProfileError) as caught:
        parse_profile(broken)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "x" * 70_000, "[" * 20_000, "\x00", "points: {supply_t: 3}", "points: 7"],
    ids=["empty", "list", "long", "deep", "nul", "number", "no mapping"],
)
def test_hostile_files_are_refused_in_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ProfileError):
        load_profile(path)


# --- plans ---


def covered(blocks: list[Block]) -> set[int]:
    return {addr for block in blocks for addr in range(block.addr, block.end)}


def cheapest(spans: list[tuple[int, int]], limits: Limits, cost: LineCost) -> float:
    """All ways to cut, tried one by one."""
    best = float("inf")
    for cuts in itertools.product([False, True], repeat=len(spans) - 1):
        groups, part = [], [spans[0]]
        for span, cut in zip(spans[1:], cuts, strict=True):
            if cut:
                groups.append(part)
                part = []
            part.append(span)
        groups.append(part)
        ends = [(g[0][0], max(e for _, e in g)) for g in groups]
        hole = any(s <= last and e > first for s, e in ends for _, first, last in limits.holes)
        if not hole and all(e - s <= limits.max_regs for s, e in ends):
            best = min(best, sum(cost.request + cost.register * (e - s) for s, e in ends))
    return best


@given(
    st.sets(st.integers(0, 120), min_size=1, max_size=9),
    st.integers(2, 40),
    st.integers(0, 100),
    st.floats(1, 300),
)
def test_the_plan_is_the_cheapest_there_is(places: set[int], most: int, hole: int, request: float) -> None:
    spans = sorted((addr, addr + 1) for addr in places - {hole, hole + 1}) or [(200, 201)]
    limits, cost = Limits(most, (("h", hole, hole + 1),)), LineCost(request)
    blocks = split("h", spans, limits, cost)
    assert {start for start, _ in spans} <= covered(blocks)
    assert all(block.count <= most for block in blocks) and not covered(blocks) & {hole, hole + 1}
    total = sum(cost.request + cost.register * block.count for block in blocks)
    assert total == pytest.approx(cheapest(spans, limits, cost))


@pytest.mark.parametrize("name", bundled_names())
def test_few_reads_of_different_length_fetch_a_whole_heater(name: str) -> None:
    profile = bundled_profile(name)
    blocks = plan(profile)
    assert len(blocks) <= 4 and len({(block.table, block.count) for block in blocks}) == len(blocks)
    needed = {(p.table, a) for p in profile.points.values() for a in range(p.addr, p.end)}
    assert needed <= {(b.table, a) for b in blocks for a in range(b.addr, b.end)}


def test_a_plan_for_some_points_reads_only_them() -> None:
    assert plan(parse_profile(SMALL), frozenset({"running", "mode"})) == (Block("h", 6, 2),)


# --- values ---


def test_registers_become_tenths() -> None:
    decoded = decode(parse_profile(SMALL), registers())
    heat = MODES.index("heat")
    assert decoded.values == {
        "supply_t": -200, "energy_kwh": 8767, "running": 1, "mode": heat, "fault": 1 << 17, "set_room_t": 215,
    }  # fmt: skip
    assert decoded.quality is Quality.GOOD


@pytest.mark.parametrize(
    ("change", "point", "flag"),
    [
        ({"h0": 32767}, "supply_t", Quality.SENSOR_BROKEN),
        ({"h0": 900}, "supply_t", Quality.OUT_OF_RANGE),
        ({"h3": None}, "energy_kwh", Quality.PARTIAL),
        ({"h7": 9}, "mode", Quality.UNKNOWN_CODE),
    ],
)
def test_a_value_that_can_not_be_trusted_is_none_with_a_flag(change, point: str, flag: Quality) -> None:
    decoded = decode(parse_profile(SMALL), registers(**change))
    assert decoded.values[point] is None and decoded.flags == {point: flag} and decoded.quality is flag
    assert decoded.rejected == ({"supply_t": 900} if flag is Quality.OUT_OF_RANGE else {})


def test_faults_have_words_in_both_languages() -> None:
    assert parse_profile(SMALL).fault_texts(1 << 17 | 2) == [("bit 1", ""), ("E17", "fan")]
    both = parse_profile(SMALL.replace("[E17, fan]", "[E17, 风机故障, fan failure]"))
    assert both.fault_texts(1 << 17, "zh-hans") == [("E17", "风机故障")]
    assert both.fault_texts(1 << 17, "en") == [("E17", "fan failure")]


@pytest.mark.parametrize("name", bundled_names())
def test_every_fault_of_a_bundled_profile_has_words_in_both_languages(name: str) -> None:
    texts = bundled_profile(name).points["fault"].bits.values()
    assert texts and all(text.chinese and text.english for text in texts)


def test_slow_points_are_read_every_nth_turn() -> None:
    profile = parse_profile(SMALL.replace("scale: 0.01}", "scale: 0.01, every: 3}"))
    assert [profile.due(turn) is None for turn in range(7)] == [True, False, False, True, False, False, True]
    quick = profile.due(1)
    assert quick == set(profile.points) - {"energy_kwh"}
    assert 2 not in covered(list(plan(profile, quick))) and 2 in covered(list(plan(profile, profile.due(3))))


@given(st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]), st.integers(0, 2**32 - 1))
def test_word_orders_are_what_they_say(order: str, number: int) -> None:
    point = parse_profile(SMALL.replace("words: CDAB", f"words: {order}")).points["energy_kwh"]
    letters = dict(zip("ABCD", number.to_bytes(4, "big"), strict=True))
    wire = bytes(letters[letter] for letter in order)
    assert words_of(point, number) == [int.from_bytes(wire[:2], "big"), int.from_bytes(wire[2:], "big")]


def test_values_survive_the_way_there_and_back() -> None:
    for profile in map(bundled_profile, bundled_names()):
        for name, point in profile.points.items():
            value = {"measure": 210, "flag": 1, "code": MODES.index("heat"), "bits": 1}[point.shape]
            cells = {(point.table, point.addr + i): w for i, w in enumerate(words_of(point, raw_of(point, value)))}
            if point.bit is not None:
                cells = {place: word << point.bit for place, word in cells.items()}
            read = decode(profile, cells, asked={name}).values[name]
            step = float(10 * point.scale) if point.shape == "measure" else 0
            assert read is not None and abs(read - value) <= step / 2, (profile.name, name, read)


def test_writes_keep_to_the_profile() -> None:
    profile = parse_profile(SMALL)
    assert encode_write(profile, 3, "set_room_t", 205).frame[:6] == bytes([3, 6, 0, 12, 0, 41])
    for value, message in ((305, "outside 5 to 30"), (202, "step of 0.5"), (20.5, "tenths"), (None, "tenths")):
        with pytest.raises(WriteRefused, match=message):
            encode_write(profile, 3, "set_room_t", value)
    with pytest.raises(WriteRefused, match="no write 'reset'"):
        encode_write(profile, 3, "reset")
    modes = bundled_profile("shiyang-hotair-03")
    assert encode_write(modes, 1, "mode", "auto").values == (4,)
    with pytest.raises(WriteRefused, match="not one of heat"):
        encode_write(modes, 1, "mode", "dhw")
    with pytest.raises(WriteRefused, match="not 0 or 1"):
        encode_write(modes, 1, "running", 2)
    assert encode_write(modes, 1, "reset").values == (165,)
