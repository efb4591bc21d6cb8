"""The steps a machine does by itself: 1 profile, 3 reads, 4 edges, 5 writes, 6 bounds, 8 wrong frames."""

from __future__ import annotations

from collections.abc import Callable

from devices.conformance.findings import MACHINE_STEPS, Probe, Step, frames
from devices.protocol.decoder import in_order
from devices.protocol.encoder import encode_write, words_of
from devices.protocol.frames import Block, Request
from devices.protocol.planner import plan
from devices.protocol.points import MODES
from devices.protocol.profiles import Profile, Write

WANTED_SHARE = 0.995
BACK_TO_BACK = 20
ASKED_OF_8 = ["bad_crc_ignored", "display_unmoved"]
"""What only somebody at the board can say: the broken CRC was tried by hand, and its display shows nothing of it."""


def machine_steps(probe: Probe) -> list[Step]:
    """All of them in order; a unit that answers nothing ends after step 3."""
    found = []
    for number in MACHINE_STEPS:
        found.append(run_step(probe, number))
        if number == 3 and found[-1].evidence[0]["answered"] == 0:
            break
    return found


def run_step(probe: Probe, number: int) -> Step:
    return _STEPS[number](probe)


def profile_complete(probe: Probe) -> Step:
    missing = probe.profile.missing
    text = f"lacks {', '.join(missing)}" if missing else "has every point and write of annex 2"
    return Step(1, "profile complete", not missing, text, [{"sha256": probe.profile.digest}])


def reads_answered(probe: Probe) -> Step:
    """Step 3: blocks of the plan in turn; at least 99.5 % answered, the slowest twentieth told.

    How long the board thinks (the answer time without the bytes) begins the next version of its profile:
    `devices.services.register_profiles.next_text`.
    """
    blocks, baud = plan(probe.profile), probe.profile.serial.baud
    answered, took, thought, first = 0, list[float](), list[float](), None
    for i in range(probe.reads):
        result = probe.read(blocks[i % len(blocks)])
        first = first or result
        if result.ok:
            answered += 1
            took.append(result.took_ms)
            thought.append(max(0.0, result.took_ms - on_wire_ms(blocks[i % len(blocks)], baud)))
        probe.told(i + 1, probe.reads)
        if i >= 9 and not answered:
            break
    p95 = _slow_one(took)
    figures = {
        "asked": i + 1, "answered": answered, "p95_ms": p95, "turnaround_p95_ms": _slow_one(thought),
        "first": frames(first) if first else None,
    }  # fmt: skip
    text = f"{answered} of {i + 1} reads answered, p95 {p95} ms"
    if first and not answered:
        text = f"none of {i + 1} reads answered: {first.status} {first.code or ''}".strip()
    return Step(3, "reads answered", answered >= WANTED_SHARE * (i + 1), text, [figures])


def on_wire_ms(block: Block, baud: int) -> float:
    """For how long question and answer of a register block are on the bus, ten bits a character."""
    return (8 + 5 + 2 * block.count) * 10_000 / baud


def _slow_one(values: list[float]) -> float | None:
    """The p95."""
    return sorted(values)[int(0.95 * len(values))] if values else None


def edges(probe: Probe) -> Step:
    """Step 4: the longest block is answered, its values make sense, and one register past the end is refused at once.

    A board may have more registers than its paper tells: then the one a thousand further is asked for.
    """
    longest = max(plan(probe.profile), key=lambda block: block.count)
    whole = probe.read(longest)
    last = max(p.end for p in probe.profile.points.values() if p.table == longest.table)
    asked = [probe.read(Block(longest.table, min(last, 65535), 1))]
    if asked[0].ok:
        asked.append(probe.read(Block(longest.table, min(last + 1000, 65535), 1)))
    decoded, _results = probe.values()
    odd = {name: str(flag) for name, flag in decoded.flags.items()}
    refused = asked[-1].status == "refused" and asked[-1].code == 2
    said = ", +1000: ".join(f"{one.status} {one.code or ''}".strip() for one in asked)
    text = f"longest block of {longest.count}: {whole.status}; past the end: {said}"
    text += f"; odd values: {odd}" if odd else ""
    evidence = [frames(whole), *map(frames, asked), {"values": decoded.values, "rejected": decoded.rejected}]
    return Step(4, "longest block and past the end", whole.ok and refused and not odd, text, evidence)


def writes(probe: Probe) -> Step:
    """Step 5: every write of the profile with another value and read-back, then the old value again.

    A person has to say that the board really did it.
    """
    before, _results = probe.values()
    evidence = [{"before": before.values}]
    failed = []
    for name, write in probe.profile.writes.items():
        values = _values_to_try(write, before.values.get(name))
        if not values:
            failed.append(f"{name}: not read before")
        for value in values:
            written = probe.write(encode_write(probe.profile, probe.unit, name, value))
            probe.wait(write.settle_ms / 1000)
            after = probe.values()[0].values.get("fault" if name == "reset" else name)
            evidence.append({"write": name, "value": value, "after": after} | frames(written))
            if not written.ok or after != _canonical(name, value):
                failed.append(f"{name} {value}: {written.status}, reads {after}")
    text = "; ".join(failed) or f"{len(probe.profile.writes)} writes echoed and read back"
    return Step(5, "writes read back", not failed, text, evidence, ["effect_seen"])


def out_of_range(probe: Probe) -> Step:
    """Step 6: a value beyond the bounds is refused or clamped; if the board takes it, the old one is put back."""
    write = probe.profile.writes.get("set_room_t")
    if write is None or write.range is None:
        return Step(6, "value out of range", None, "the profile has no set_room_t with a range")
    words = tuple(words_of(write.target, int((write.range[1] + 20) / write.target.scale)))
    block = Block(write.target.table, write.target.addr, write.target.length)
    before = probe.read(block)
    result = probe.write(_raw_request(probe, write, words))
    probe.wait(write.settle_ms / 1000)
    after = probe.read(block)
    good = after.ok and _number(after.registers, write) * write.target.scale <= write.range[1]
    if not good and before.ok:
        probe.write(_raw_request(probe, write, before.registers))
    text = "refused" if result.status == "refused" else "clamped" if good else "the board took it"
    return Step(6, "value out of range", good, text, [frames(before), frames(result), frames(after)])


def wrong_frames(probe: Probe) -> Step:
    """Step 8: another unit's number stays unanswered, and questions without a pause are all answered.

    The lines of the portal never send a broken CRC, so that part is a person's with a bus tool.
    """
    other = probe.unit % probe.profile.limits.last_unit + 1
    foreign = probe.read(probe.one_register(), unit=other)
    quick = [probe.read(plan(probe.profile)[i % len(plan(probe.profile))]) for i in range(BACK_TO_BACK)]
    answered = sum(result.ok for result in quick)
    silent = foreign.status in ("timeout", "out_of_step")
    text = f"unit {other}: {foreign.status}; {answered} of {len(quick)} questions back to back answered"
    evidence = [frames(foreign), frames(quick[-1])]
    return Step(8, "wrong frames ignored", silent and answered == len(quick), text, evidence, ASKED_OF_8)


_STEPS: dict[int, Callable[[Probe], Step]] = {
    1: profile_complete, 3: reads_answered, 4: edges, 5: writes, 6: out_of_range, 8: wrong_frames,
}  # fmt: skip


def _values_to_try(write: Write, now: int | None) -> list[int | str | None]:
    """Another allowed value and the present one again; a reset has none."""
    if write.name == "reset" or now is None:
        return [None] if write.name == "reset" else []
    if write.name == "running":
        return [1 - now, now]
    if write.name == "mode":
        names = list(write.target.map.values())
        return [next((name for name in names if name != MODES[now]), MODES[now]), MODES[now]]
    low, high = write.range or (0, 0)
    step = int(10 * (write.step or 1))
    kept = min(max(now, int(10 * low)), int(10 * high))
    kept -= (kept - int(10 * low)) % step
    return [kept + step if kept + step <= 10 * high else kept - step, kept]


def _canonical(name: str, value: int | str | None) -> int | None:
    if name == "reset":
        return 0
    return MODES.index(value) if isinstance(value, str) else value


def _raw_request(probe: Probe, write: Write, words: tuple[int, ...]) -> Request:
    width = probe.profile.limits.unit_bytes
    return Request(probe.unit, write.code, write.target.addr, len(words), words, width)


def _number(registers: tuple[int, ...], write: Write) -> int:
    value = 0
    for word in in_order(list(registers), write.target.words):
        value = value << 16 | word
    return value


def address_words(profile: Profile) -> str:
    """How this model satisfies item 3 of annex 2, at least 65,535 addresses: which way, for the certificate."""
    return "unit field of two bytes, 1-65535" if profile.limits.unit_bytes == 2 else "id of the DTU and unit 1-247"
