"""Commands to heaters: queued → sent → echoed → verified | mismatch | refused | unknown | expired (DEVICES §3.7).

What left for a house is never sent twice: the row says ``sent`` before the first byte goes, and from then on only
reading back decides what became of it. What surely did not leave waits in the queue, but no longer than its lifetime,
so that a wish of the morning doesn't reach a house at night.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.hub.client import ExchangeResult, HubClient, HubRefused, HubUnavailable
from devices.models import Command, CommandOrder, Heater
from devices.protocol.decoder import decode
from devices.protocol.encoder import WriteRefused, encode_write, read_back
from devices.protocol.frames import Request
from devices.protocol.planner import merge_results
from devices.protocol.points import MODES
from devices.protocol.profile_files import parse_profile
from devices.protocol.profiles import Profile
from devices.services import approval
from jobs.models import Job
from jobs.services import enqueue

LIFETIME, TRY_AGAIN_AFTER = dt.timedelta(minutes=10), dt.timedelta(seconds=30)
READ_BACKS = 2
AT_ONCE, MOST_DUE = 200, 4_000
VILLAGE = 12
"""Digits of a village's code: its homes hang on one feeder."""
Pause = Callable[[float], None]
State = Command.State


@transaction.atomic
def request_command(
    *, heater: Heater, point: str, asked: Decimal, reason: str, by: User, request_id: uuid.UUID, now: dt.datetime,
    outdoor_c: Decimal | None = None,
) -> Command:  # fmt: skip
    """Write the wish down and queue its sending. The same `request_id` again returns the first wish.

    `asked`: degrees, 1 or 0 for running, the place in MODES for mode, 1 for reset. `outdoor_c` is what the heater last
    said of the cold; switching it off then waits for a second person (`state` held).
    Raises Refused: COMMAND_NOT_ALLOWED (value, step or point outside the profile), REASON_NEEDED, HEATER_REMOVED.
    """
    Heater.objects.select_for_update().get(pk=heater.pk)  # the same form sent twice at once: one after the other
    earlier = Command.objects.filter(request_id=request_id).first()
    if earlier:
        return earlier
    check_reason(reason)
    check_wish(heater, point, asked)
    needs = approval.needs_of(point=point, asked=asked, outdoor_c=[outdoor_c], on=now)
    order = None
    if needs:
        order = open_order(
            area_id=heater.area_id, point=point, asked=asked, reason=reason, by=by, request_id=request_id,
            needs=needs, now=now,
        )  # fmt: skip
    command = Command.objects.create(
        heater=heater, area_id=heater.area_id, order=order, request_id=request_id, point=point, asked=asked,
        reason=reason.strip(), requested_by=by, expires_at=order.decide_until if order else now + LIFETIME,
        state=State.HELD if order else State.QUEUED,
    )  # fmt: skip
    if order is None:
        queue(command, by)
    return command


def open_order(
    *, area_id: str, point: str, asked: Decimal, reason: str, by: User, request_id: uuid.UUID, needs: list[str],
    now: dt.datetime,
) -> CommandOrder:  # fmt: skip
    """The wish of which a second person is told."""
    return CommandOrder.objects.create(
        area_id=area_id, request_id=request_id, point=point, asked=asked, reason=reason.strip(), needs=needs,
        requested_by=by, requested_roles=approval.roles_over(by, "devices.command", area_id), requested_at=now,
        decide_until=now + approval.DECIDE_WITHIN,
    )  # fmt: skip


def queue(command: Command, by: User | None) -> Job:
    """One job per try of a command: asking again for the same try changes nothing."""
    key = f"command:{command.pk}:{command.tries}"
    return enqueue(
        kind="devices.send_command", args={"command_id": command.pk}, by=by, area=command.area_id, idempotency_key=key
    )


def send_command(*, command_id: int, hub: HubClient, now: dt.datetime, pause: Pause = time.sleep) -> Command:
    """Send one queued command and read back what became of it. Safe to run twice: only one run sends."""
    command = Command.objects.select_related("heater__bus", "heater__profile").get(pk=command_id)
    if command.state in (State.SENT, State.ECHOED):
        return _settle(command, hub, "lost", pause)  # an earlier run died after sending: only reading back can tell
    if command.state != State.QUEUED or (command.not_before and now < command.not_before):
        return command
    if now >= command.expires_at:
        return _end(command, State.EXPIRED, command.note)
    trouble = _look_before(command, hub)
    if trouble:
        return _wait(command, trouble, now)
    claimed = Command.objects.filter(pk=command_id, state=State.QUEUED)
    if not claimed.update(state=State.SENT, before=command.before, frames=command.frames):
        return Command.objects.get(pk=command_id)
    command.state = State.SENT
    return _write(command, hub, pause, now)


def tend_commands(*, now: dt.datetime) -> dict[str, int]:
    """Close what nobody could send or decide in time, and bring what still waits to the workers again.

    So too what was sent and then left by its job, which had died too often: reading back ends it.
    """
    lapsed = CommandOrder.objects.filter(state=CommandOrder.State.HELD, decide_until__lte=now)
    orders = lapsed.update(state=CommandOrder.State.LAPSED, decided_at=now)
    late = Command.objects.filter(state__in=(State.QUEUED, State.HELD), expires_at__lte=now)
    expired = late.update(state=State.EXPIRED, finished_at=now)
    due = Command.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=now), state=State.QUEUED)
    waiting = one_of_each_feeder(due.order_by("tries", "expires_at")[:MOST_DUE])[:AT_ONCE]
    left = list(Command.objects.filter(state__in=(State.SENT, State.ECHOED), expires_at__lte=now)[:AT_ONCE])
    for command in left:
        command.tries += 1  # a new job: the old one is over
        command.save(update_fields=["tries"])
    for command in waiting + left:
        queue(command, None)
    return {"expired": expired, "lapsed": orders, "queued": len(waiting), "left": len(left)}


def one_of_each_feeder(due: Iterable[Command]) -> list[Command]:
    """Of the commands of orders the first of each village, and all that somebody sent to one heater.

    So the heaters of a village still start one after the other when the workers come late. Those that have not been
    tried go first in `due`: a heater that can't be reached keeps nobody waiting.
    """
    taken, chosen = set[str](), list[Command]()
    for command in due:
        feeder = feeder_of(command) if command.order_id else ""
        if feeder not in taken:
            chosen.append(command)
        if feeder:
            taken.add(feeder)
    return chosen


def feeder_of(command: Command) -> str:
    """The village whose electric line the heater hangs on."""
    return command.area_id[:VILLAGE]


def check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say why: the household is told and the reason is kept."))


def check_wish(heater: Heater, point: str, asked: Decimal) -> Request:
    """The frame this wish would send. Raises Refused HEATER_REMOVED or COMMAND_NOT_ALLOWED."""
    if heater.removed_on:
        raise Refused("HEATER_REMOVED", _("This heater has been removed; nothing can be sent to it."))
    try:
        return encode_write(profile_of(heater), heater.unit, point, _canonical(point, asked))
    except WriteRefused as error:
        words = _("The heater's profile does not allow this: %(why)s.")
        raise Refused("COMMAND_NOT_ALLOWED", words, why=str(error)) from error


def profile_of(heater: Heater) -> Profile:
    return parse_profile(heater.profile.document, str(heater.profile))


def _canonical(point: str, asked: Decimal) -> int | str | None:
    """The value as `encode_write` takes it: tenths of degrees, 0 or 1, the name of a mode, nothing for a reset."""
    if point == "reset":
        return None
    if point == "mode":
        return MODES[int(asked)] if 0 <= asked < len(MODES) and asked == int(asked) else str(asked)
    return int(asked) if point == "running" else int(asked * 10)


def _look_before(command: Command, hub: HubClient) -> str:
    """Keep what the heater holds now; what is wrong when it doesn't say, "" when all is well."""
    try:
        result = _read(command, hub)
    except HubUnavailable:
        return "hub away"
    except HubRefused as error:
        return str(error)
    command.before = _value(command, result)
    return "" if result is None or result.ok else result.status


def _write(command: Command, hub: HubClient, pause: Pause, now: dt.datetime) -> Command:
    """The one time its bytes may leave."""
    try:
        result = hub.write(command.heater.bus.line, check_wish(command.heater, command.point, command.asked))
    except HubUnavailable:
        return _settle(command, hub, "hub away", pause)  # nobody knows whether it left
    except HubRefused as error:
        return _wait(command, str(error), now)
    _keep(command, result)
    command.duration_ms = int(result.took_ms)
    if result.status == "refused":
        return _end(command, State.REFUSED, note=f"exception {result.code}")
    if not result.sent:
        return _wait(command, result.status, now)  # the hub vouches for it: not one byte went out
    if result.ok:
        command.state = State.ECHOED
    command.save(update_fields=["state", "frames", "duration_ms"])
    return _settle(command, hub, result.status, pause)


def _settle(command: Command, hub: HubClient, status: str, pause: Pause) -> Command:
    """Read back up to twice, after the time the board needs to apply the value."""
    wait_s = profile_of(command.heater).writes[command.point].settle_ms / 1000
    for _attempt in range(READ_BACKS):
        pause(wait_s)
        after = _read_again(command, hub)
        if after is not None:
            command.after = after
        if after is not None and after == (0 if command.point == "reset" else command.asked):
            return _end(command, State.VERIFIED)
    if command.after is None:
        return _end(command, State.UNKNOWN, note=status)
    return _end(command, State.MISMATCH, note="" if status == "ok" else status)


def _read_again(command: Command, hub: HubClient) -> Decimal | None:
    try:
        return _value(command, _read(command, hub))
    except (HubUnavailable, HubRefused):
        return None


def _read(command: Command, hub: HubClient) -> ExchangeResult | None:
    """Ask for the point of the command, once; None where the profile has none to look at."""
    heater, profile = command.heater, profile_of(command.heater)
    block = read_back(profile, command.point)
    if block is None:
        return None
    result = hub.read(heater.bus.line, heater.unit, block, unit_bytes=profile.limits.unit_bytes)
    _keep(command, result)
    return result


def _value(command: Command, result: ExchangeResult | None) -> Decimal | None:
    """The point's value of an answer: degrees, 0 or 1, place of a mode, number of a fault."""
    profile = profile_of(command.heater)
    block = read_back(profile, command.point)
    if block is None or result is None or not result.ok:
        return None
    name = "fault" if command.point == "reset" else command.point
    value = decode(profile, merge_results([(block, result.registers)]), asked={name}).values.get(name)
    return None if value is None else Decimal(value) / (10 if profile.points[name].shape == "measure" else 1)


def _keep(command: Command, result: ExchangeResult) -> None:
    """Every frame that went and came, in hex, with the time the answer took."""
    if result.sent:
        answer = f"{result.answer or '—'} {result.took_ms:.0f} ms"
        command.frames = [*command.frames, f"→ {result.sent}", f"← {answer}"]


def _wait(command: Command, why: str, now: dt.datetime) -> Command:
    """Nothing was sent: the command stays in the queue for the rest of its lifetime and is tried again in a while."""
    command.state, command.note, command.tries = State.QUEUED, why[:200], command.tries + 1
    command.not_before = now + TRY_AGAIN_AFTER
    command.save(update_fields=["state", "note", "tries", "frames", "before", "not_before"])
    return command


def _end(command: Command, state: str, note: str = "") -> Command:
    command.state, command.finished_at, command.note = state, clock.now(), note[:200]
    command.save(update_fields=["state", "finished_at", "note", "before", "after", "frames", "duration_ms"])
    return command
