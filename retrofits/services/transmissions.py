"""The item "data transmission confirmed": opened provisionally with an acceptance, settled when its window is full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min, Q

from devices.models import Heater
from programmes.models import Programme
from retrofits import transmission
from retrofits.models import Acceptance, TransmissionCheck
from retrofits.transmission import Rules, Window
from telemetry.models import Reading

AT_ONCE = 500
_SAID = Q(supply_dc__isnull=False) | Q(return_dc__isnull=False) | Q(room_dc__isnull=False)
_STRANGE = (
    ~Q(supply_dc__range=transmission.WATER_DC) & Q(supply_dc__isnull=False)
    | ~Q(return_dc__range=transmission.WATER_DC) & Q(return_dc__isnull=False)
    | ~Q(room_dc__range=transmission.ROOM_DC) & Q(room_dc__isnull=False)
)


@dataclass(frozen=True)
class Heard:
    """What a heater said between two moments. `good` readings hold a temperature and only plausible ones."""

    good: int
    implausible: int


def rules_for(programme: Programme) -> Rules:
    return transmission.rules_of(
        programme.settings, period_s=programme.poll_period_s, is_demonstration=programme.is_demonstration
    )


def heard(heater: Heater, start: datetime, end: datetime) -> Heard:
    """One query over the readings from `start` (included) to `end` (left out)."""
    rows = Reading.objects.filter(heater=heater, at__gte=start, at__lt=end)
    found = rows.aggregate(good=Count("at", filter=_SAID & ~_STRANGE), strange=Count("at", filter=_STRANGE))
    return Heard(found["good"], found["strange"])


def first_message(heater: Heater) -> datetime | None:
    """When the heater was first heard with a temperature; None while it never was."""
    found: datetime | None = Reading.objects.filter(_SAID, heater=heater).aggregate(first=Min("at"))["first"]
    return found


def open_check(*, acceptance: Acceptance, heater: Heater, first_at: datetime, now: datetime) -> TransmissionCheck:
    """Write down how far the item is; final at once when the window was full already."""
    programme = acceptance.task.programme
    rules = rules_for(programme)
    window = transmission.window_of(first_at, acceptance.visited_at or now, rules)
    check = TransmissionCheck(
        acceptance=acceptance, first_message_at=first_at, window_from=window.start, window_to=window.end,
        needed_percent=rules.needed_percent, expected=rules.expected,
    )  # fmt: skip
    _judge(check, heater, rules, now)
    check.save()
    return check


def settle_checks(*, now: datetime) -> int:
    """Judge every provisional item whose window is full by `now`; how many. Safe to repeat and to run twice at once."""
    due = TransmissionCheck.objects.filter(state=transmission.PROVISIONAL, window_to__lte=now)
    return sum(_settle(key, now) for key in list(due.order_by("window_to").values_list("pk", flat=True)[:AT_ONCE]))


@transaction.atomic
def _settle(key: int, now: datetime) -> int:
    rows = TransmissionCheck.objects.select_for_update(skip_locked=True, of=("self",))
    rows = rows.select_related("acceptance__task__programme", "acceptance__task__installation__heater")
    check = rows.filter(pk=key, state=transmission.PROVISIONAL).first()
    if check is None:
        return 0
    task = check.acceptance.task
    rules = rules_for(task.programme)
    _judge(check, task.installation.heater, rules, now)
    check.save(update_fields=["state", "good", "implausible", "judged_at"])
    return 1


def _judge(check: TransmissionCheck, heater: Heater, rules: Rules, now: datetime) -> None:
    """By window and share written down when the item was opened; later changes of the programme do not count."""
    window = Window(check.window_from, check.window_to)
    said = heard(heater, window.start, min(window.end, now))
    kept = Rules(window.end - window.start, check.needed_percent, rules.site_reads, rules.period_s)
    check.good, check.implausible, check.judged_at = said.good, said.implausible, now
    check.state = transmission.verdict(window, said.good, kept, now=now)
