"""Turns that never came: while beat, broker or database were away nobody polled, and the list of turns says so."""

from __future__ import annotations

import datetime as dt

from telemetry.models import PollCycle

NOT_POLLED = "not polled"
NOTED_AT_MOST = 500


def note_missing(*, cycle: PollCycle, now: dt.datetime) -> int:
    """Write down the turns between this one and the one before it, as gaps; returns how many.

    Only where the period is the same, for at most a day and 500 turns: the notes are for people who ask why.
    """
    of_shard = PollCycle.objects.filter(area_id=cycle.area_id, shard=cycle.shard, period_s=cycle.period_s)
    last = of_shard.filter(cycle__lt=cycle.cycle).order_by("-cycle").values_list("cycle", flat=True).first()
    if last is None:
        return 0
    first = max(last + 1, cycle.cycle - NOTED_AT_MOST, cycle.cycle - 86_400 // cycle.period_s)
    missing = range(first, cycle.cycle)
    PollCycle.objects.bulk_create(
        [
            PollCycle(
                area_id=cycle.area_id, shard=cycle.shard, cycle=number, period_s=cycle.period_s, outcome=NOT_POLLED,
                planned_at=dt.datetime.fromtimestamp(number * cycle.period_s, dt.UTC), finished_at=now,
            )
            for number in missing
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(missing)
