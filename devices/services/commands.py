"""Commands to heaters: queued → sent → echoed → verified | mismatch | refused | unknown | expired (DEVICES §3.7).

A write whose answer is lost is never repeated: reading back decides. A command that is not sent within its time
expires, so that a wish of the morning doesn't reach a house at night.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.refusals import Refused
from devices.hub.client import ExchangeResult, HubClient, HubUnavailable
from devices.models import Command, Heater
from devices.protocol.decoder import decode
from devices.protocol.encoder import WriteRefused, encode_write, read_back
from devices.protocol.planner import merge_results
from devices.protocol.profile_files import parse_profile
from devices.protocol.profiles import Profile
from jobs.services import enqueue

LIFETIME = dt.timedelta(minutes=10)
Pause = Callable[[float], None]


@transaction.atomic
def request_command(
    *, heater: Heater, point: str, asked: Decimal, reason: str, by: User, request_id: uuid.UUID, now: dt.datetime
) -> Command:
    """Write the wish down and queue its sending. The same `request_id` again returns the first wish.

    Raises Refused: COMMAND_NOT_ALLOWED (value, step or point outside the profile), REASON_NEEDED, HEATER_REMOVED.
    """
    Heater.objects.select_for_update().get(pk=heater.pk)  # the same form sent twice at once: one after the other
    earlier = Command.objects.filter(request_id=request_id).first()
    if earlier:
        return earlier
    _check(heater, point, asked, reason)
    command = Command.objects.create(
        heater=heater,
        area_id=heater.area_id,
        request_id=request_id,
        point=point,
        asked=asked,
        reason=reason.strip(),
        requested_by=by,
        expires_at=now + LIFETIME,
    )
    enqueue(kind="devices.send_command", args={"command_id": command.pk}, by=by, area=heater.area_id)
    return command


def send_command(*, command_id: int, hub: HubClient, now: dt.datetime, pause: Pause = time.sleep) -> Command:
    """Send one queued command and read back what became of it. Safe to run twice: only one run sends."""
    command = Command.objects.select_related("heater__bus", "heater__profile").get(pk=command_id)
    if command.state == Command.State.SENT:
        return _settle(command, hub, "", pause)  # an earlier run died after sending: only reading back can tell
    if command.state != Command.State.QUEUED:
        return command
    if now >= command.expires_at:
        return _end(command, Command.State.EXPIRED)
    before = _read_value(command, hub)
    if not Command.objects.filter(pk=command_id, state=Command.State.QUEUED).update(
        state=Command.State.SENT, before=before
    ):
        return Command.objects.get(pk=command_id)
    command.state, command.before = Command.State.SENT, before
    return _write(command, hub, pause)


def expire_commands(*, now: dt.datetime) -> int:
    """Close commands nobody could send in time."""
    late = Command.objects.filter(state=Command.State.QUEUED, expires_at__lte=now)
    return late.update(state=Command.State.EXPIRED, finished_at=now)


def _check(heater: Heater, point: str, asked: Decimal, reason: str) -> None:
    if heater.removed_on:
        raise Refused("HEATER_REMOVED", _("This heater has been removed; nothing can be sent to it."))
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say why: the household is told and the reason is kept."))
    try:
        encode_write(profile_of(heater), heater.unit, point, _raw_value(point, asked))
    except WriteRefused as error:
        raise Refused(
            "COMMAND_NOT_ALLOWED", _("The heater's profile does not allow this: %(why)s."), why=str(error)
        ) from error


def profile_of(heater: Heater) -> Profile:
    return parse_profile(heater.profile.document, str(heater.profile))


def _raw_value(point: str, asked: Decimal) -> int:
    """Tenths for temperatures, whole numbers for switches."""
    return int(asked) if point in {"running", "reset"} else int(asked * 10)


def _write(command: Command, hub: HubClient, pause: Pause) -> Command:
    heater = command.heater
    request = encode_write(profile_of(heater), heater.unit, command.point, _raw_value(command.point, command.asked))
    try:
        result = hub.write(heater.bus.line, request)
    except HubUnavailable as error:
        return _end(command, Command.State.UNKNOWN, note=str(error))
    command.frames = [*command.frames, f"→ {result.sent}", f"← {result.answer}"]
    command.duration_ms = int(result.took_ms)
    if result.status == "refused":
        return _end(command, Command.State.REFUSED, note=f"exception {result.code}")
    if result.status in {"offline", "expired", "out_of_step"} and not result.sent:
        return _end(command, Command.State.UNKNOWN, note=result.status)
    if result.ok:
        command.state = Command.State.ECHOED
        command.save(update_fields=["state", "frames", "duration_ms"])
    return _settle(command, hub, result.status, pause)


def _settle(command: Command, hub: HubClient, status: str, pause: Pause) -> Command:
    """Read back up to twice, after the time the board needs to apply the value."""
    wait_s = profile_of(command.heater).writes[command.point].settle_ms / 1000
    for _attempt in range(2):
        pause(wait_s)
        after = _read_value(command, hub)
        if after is not None:
            command.after = after
        if after == command.asked:
            return _end(command, Command.State.VERIFIED)
    if command.after is None:
        return _end(command, Command.State.UNKNOWN, note=status)
    return _end(command, Command.State.MISMATCH)


def _read_value(command: Command, hub: HubClient) -> Decimal | None:
    """What the heater holds now at the point of the command; None when it doesn't say."""
    heater, profile = command.heater, profile_of(command.heater)
    block = read_back(profile, command.point)
    if block is None:
        return None
    try:
        result: ExchangeResult = hub.read(heater.bus.line, heater.unit, block)
    except HubUnavailable:
        return None
    command.frames = [*command.frames, f"→ {result.sent}", f"← {result.answer}"]
    if not result.ok:
        return None
    value = decode(profile, merge_results([(block, result.registers)])).values.get(command.point)
    return None if value is None else Decimal(value) / (1 if command.point in {"running"} else 10)


def _end(command: Command, state: str, note: str = "") -> Command:
    command.state, command.finished_at, command.note = state, clock.now(), note[:200]
    command.save(update_fields=["state", "finished_at", "note", "before", "after", "frames", "duration_ms"])
    return command
