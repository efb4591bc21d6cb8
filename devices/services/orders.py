"""One wish for many heaters: dry run, a second person above ten, and a start that is spread over each village's feeder.

Thousands of heat pumps that start in the same second are an event for the grid, so the heaters of one village
follow each other at `FEEDER_GAP`; villages run side by side.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.refusals import Refused
from devices.models import Command, CommandOrder, Heater
from devices.services import approval
from devices.services.commands import LIFETIME, VILLAGE, check_reason, check_wish, feeder_of, open_order, queue

FEEDER_GAP = dt.timedelta(seconds=5)
MOST = 2_000


@dataclass(frozen=True)
class DryRun:
    """What an order would do. `refused`: heaters that can't take it, and why; `last_after`: start of the last."""

    heaters: list[Heater]
    refused: list[tuple[Heater, str]]
    needs: list[str]
    last_after: dt.timedelta

    @property
    def villages(self) -> int:
        return len({heater.area_id[:VILLAGE] for heater in self.heaters})


def dry_run(
    *, heaters: Sequence[Heater], point: str, asked: Decimal, outdoor_c: Mapping[int, Decimal | None], now: dt.datetime
) -> DryRun:
    """Ask every heater's profile, send nothing. Raises Refused TOO_MANY_HEATERS above two thousand."""
    if len(heaters) > MOST:
        words = _("One order holds at most %(most)d heaters; choose a smaller place.")
        raise Refused("TOO_MANY_HEATERS", words, most=MOST)
    fine, refused = [], []
    for heater in heaters:
        try:
            check_wish(heater, point, asked)
            fine.append(heater)
        except Refused as refusal:
            refused.append((heater, refusal.sentence))
    known = [outdoor_c.get(heater.pk) for heater in fine]
    needs = approval.needs_of(point=point, asked=asked, outdoor_c=known, on=now)
    longest = max(Counter(heater.area_id[:VILLAGE] for heater in fine).values(), default=1)
    return DryRun(fine, refused, needs, FEEDER_GAP * (longest - 1))


@transaction.atomic
def place_order(
    *, heaters: Sequence[Heater], point: str, asked: Decimal, reason: str, area_id: str, by: User,
    request_id: uuid.UUID, seen: int, outdoor_c: Mapping[int, Decimal | None], now: dt.datetime,
) -> CommandOrder:  # fmt: skip
    """Write the order down; it begins at once, or when a second person has approved. Twice the same form: one order.

    `seen` is the number of heaters the dry run showed. Raises Refused: REASON_NEEDED, NO_HEATER, OTHER_COUNT,
    TOO_MANY_HEATERS.
    """
    earlier = CommandOrder.objects.filter(request_id=request_id).first()
    if earlier:
        return earlier
    check_reason(reason)
    run = dry_run(heaters=heaters, point=point, asked=asked, outdoor_c=outdoor_c, now=now)
    if not run.heaters:
        raise Refused("NO_HEATER", _("No heater of this place can take this."))
    if len(run.heaters) != seen:
        words = _("The dry run showed %(seen)d heaters, now there are %(now)d. Look at it again.")
        raise Refused("OTHER_COUNT", words, conflict=True, seen=seen, now=len(run.heaters))
    order = open_order(
        area_id=area_id, point=point, asked=asked, reason=reason, by=by, request_id=request_id, needs=run.needs, now=now
    )
    Command.objects.bulk_create([_held(order, heater, by) for heater in run.heaters])
    if not run.needs:
        CommandOrder.objects.filter(pk=order.pk).update(state=CommandOrder.State.APPROVED, decided_at=now)
        _begin(order, now)
        order.refresh_from_db()
    return order


@transaction.atomic
def decide_order(*, order: CommandOrder, approve: bool, by: User, note: str = "", now: dt.datetime) -> CommandOrder:
    """A second person says yes or no. Raises Refused: NOT_YOURS (no right over the place), ORDER_DECIDED, ORDER_LAPSED,
    SAME_PERSON, SAME_ROLE (in the cold the second person acts in a role the first one does not hold), NOTE_NEEDED.
    """
    order = CommandOrder.objects.select_for_update().get(pk=order.pk)
    _check_decision(order, approve, by, note, now)
    order.state = CommandOrder.State.APPROVED if approve else CommandOrder.State.DECLINED
    order.decided_by, order.decided_at, order.decision_note = by, now, note.strip()[:200]
    order.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    if approve:
        _begin(order, now)
    else:
        held = order.commands.filter(state=Command.State.HELD)
        held.update(state=Command.State.DECLINED, finished_at=now, note=order.decision_note)
    return order


def _check_decision(order: CommandOrder, approve: bool, by: User, note: str, now: dt.datetime) -> None:
    roles = approval.roles_over(by, approval.APPROVE, order.area_id)
    if not roles:
        raise Refused("NOT_YOURS", _("You may not approve commands for this place."))
    if order.state != CommandOrder.State.HELD:
        raise Refused("ORDER_DECIDED", _("This has been decided already."), conflict=True)
    if now >= order.decide_until:
        raise Refused("ORDER_LAPSED", _("The time to decide is over. It has to be asked for again."), conflict=True)
    if order.requested_by_id == by.pk:
        raise Refused("SAME_PERSON", _("Somebody else has to decide what you asked for yourself."))
    if approval.COLD in order.needs and not set(roles) - set(order.requested_roles):
        words = _("To switch heating off in the cold somebody of another role than the one who asked has to agree.")
        raise Refused("SAME_ROLE", words)
    if not approve and not note.strip():
        raise Refused("NOTE_NEEDED", _("Say why it is declined."))


def _held(order: CommandOrder, heater: Heater, by: User) -> Command:
    return Command(
        heater=heater, area_id=heater.area_id, order=order, request_id=uuid.uuid4(), point=order.point,
        asked=order.asked, reason=order.reason, requested_by=by,
        expires_at=order.decide_until, state=Command.State.HELD,
    )  # fmt: skip


def _begin(order: CommandOrder, now: dt.datetime) -> None:
    """Give every command its moment: the n-th heater of a village starts n gaps later and has ten minutes from then on.

    The first of each village goes to the workers at once; the tending task brings the others when their time comes.
    """
    places: Counter[str] = Counter()
    commands = list(order.commands.filter(state=Command.State.HELD).order_by("area_id", "heater_id"))
    for command in commands:
        village = feeder_of(command)
        command.not_before = now + places[village] * FEEDER_GAP
        command.expires_at, command.state = command.not_before + LIFETIME, Command.State.QUEUED
        places[village] += 1
    Command.objects.bulk_update(commands, ["not_before", "expires_at", "state"], batch_size=500)
    for command in [one for one in commands if one.not_before == now][:20]:
        queue(command, None)
