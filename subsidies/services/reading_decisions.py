"""What a person says about a held or wrong line or a shared meter: never who entered it, always with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from core.seasons import Season
from households.models import Dwelling, Meter, MeterReading, MeterSupply
from programmes.models import Programme
from subsidies.metering.season import divide
from subsidies.models import Entitlement
from subsidies.services.entitlements import reassess_entitlement
from subsidies.services.locking import demand_right
from subsidies.services.readings import LIVING, State
from subsidies.usage import reading_rows, usage_for

DECIDE, ASSESS = "readings.decide", "entitlements.assess"
COUNT, ASIDE = "count", "aside"
#: Undefined amounts that may have an answer once readings were cleared or came in.
OPEN_QUESTIONS = ("METER_ANOMALY", "BOUNDARY_READING_MISSING")


@transaction.atomic
def decide_reading(
    *, reading: MeterReading, decision: str, reason: str, by: User, quantity: Decimal | None = None,
    now: dt.datetime | None = None,
) -> MeterReading:  # fmt: skip
    """Let a line count with the quantity the person found, or set it aside. Lines it replaces are set aside with it.

    Amounts that were undefined because of it are computed again where the person may calculate.
    Raises Refused REASON_NEEDED, SAME_PERSON, READING_STATE (conflict), QUANTITY_NEEDED, DECISION.
    """
    Dwelling.objects.select_for_update().get(pk=reading.dwelling_id)
    row = MeterReading.objects.select_for_update().get(pk=reading.pk)
    demand_right(by, DECIDE, row.area_id)
    _refuse_careless(row, reason, by)
    words, at = reason.strip()[:300], now or clock.now()
    with acting(by, reason=words):
        if decision == ASIDE:
            _mark(row, State.ASIDE, words, by, at)
        elif decision == COUNT:
            _count(row, quantity, words, by, at)
        else:
            raise Refused("DECISION", _("Say whether the line counts or is set aside."))
        reopen_undefined(dwellings=[row.dwelling_id], by=by, now=at)
    return row


@transaction.atomic
def split_meter(
    *, meter: Meter, parts: Mapping[int, int], reason: str, by: User, now: dt.datetime | None = None
) -> int:
    """Decide by which parts the use of a shared meter belongs to its dwellings; held lines of it get their share.

    `parts` by dwelling key. Returns how many lines count now. Raises Refused REASON_NEEDED, NOT_SHARED, PARTS.
    """
    demand_right(by, DECIDE, meter.area_id)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    locked = Meter.objects.select_for_update().get(pk=meter.pk)
    supplies = list(MeterSupply.objects.select_for_update().filter(meter=locked).order_by("dwelling_id"))
    if not locked.is_shared or len(supplies) < 2:
        raise Refused(
            "NOT_SHARED", _("Meter %(number)s serves one dwelling; there is nothing to split."), number=locked
        )
    if {one.dwelling_id for one in supplies} != set(parts) or min(parts.values()) < 0 or not sum(parts.values()):
        raise Refused("PARTS", _("Give every dwelling on the meter its parts, 0 or more, not all of them 0."))
    words, at = reason.strip()[:300], now or clock.now()
    with acting(by, reason=words):
        for one in supplies:
            one.parts = parts[one.dwelling_id]
        MeterSupply.objects.bulk_update(supplies, ["parts"])
        done = _give_shares(locked, supplies, words, by, at)
        reopen_undefined(dwellings=[one.dwelling_id for one in supplies], by=by, now=at)
    return done


def reopen_undefined(*, dwellings: Iterable[int], by: User, now: dt.datetime | None = None) -> list[Entitlement]:
    """Compute again what was undefined because of readings, where `by` may calculate. A question that stays, stays."""
    rows = Entitlement.objects.filter(
        dwelling__in=list(dwellings), outcome="undefined", state="assessed", reason__in=OPEN_QUESTIONS
    ).exclude(period__startswith="once")
    open_now = [one for one in rows.select_related("programme").order_by("pk") if by.has_right(ASSESS, one.area_id)]
    return [_again(one, by, now) for one in open_now]


def reopen_season(
    *, programme: Programme, season: Season, by: User, now: dt.datetime | None = None
) -> list[Entitlement]:
    """Compute again the season's undefined amounts whose readings are complete by now."""
    rows = Entitlement.objects.filter(
        programme=programme, period=season.label, outcome="undefined", state="assessed", reason__in=OPEN_QUESTIONS
    )
    homes = list(rows.values_list("dwelling_id", flat=True))
    usage = usage_for(reading_rows(homes, [season]), season)
    complete = [home for home in homes if all(one.quantity is not None for one in usage.get(home, ()))]
    return reopen_undefined(dwellings=complete, by=by, now=now)


def _again(one: Entitlement, by: User, now: dt.datetime | None) -> Entitlement:
    at = now or clock.now()
    day = timezone.localdate(at)
    on = max(day, dt.date.fromisoformat(one.facts["on"])) if now is None else day
    return reassess_entitlement(entitlement=one, reason=str(_("readings were cleared")), by=by, on=on, now=at)


def _refuse_careless(row: MeterReading, reason: str, by: User) -> None:
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    if row.entered_person_no and row.entered_person_no == by.person_no:
        words = _("You entered this line yourself; somebody else has to decide about it.")
        raise Refused("SAME_PERSON", words)
    if row.state == State.WITHDRAWN:
        raise Refused("READING_STATE", _("The line was taken back with its file."), conflict=True)


def _count(row: MeterReading, quantity: Decimal | None, words: str, by: User, at: dt.datetime) -> None:
    if row.state == State.COUNTED:
        raise Refused("READING_STATE", _("The line counts already."), conflict=True)
    if quantity is None or quantity < 0:
        raise Refused("QUANTITY_NEEDED", _("Say which quantity was used; 0 is a quantity, nothing is not."))
    rivals = MeterReading.objects.select_for_update().filter(
        dwelling=row.dwelling_id, carrier=row.carrier, tariff=row.tariff, state__in=(State.COUNTED, State.HELD),
        starts_on__lte=row.ends_on, ends_on__gte=row.starts_on,
    )  # fmt: skip
    for rival in rivals.exclude(pk=row.pk):
        _mark(rival, State.ASIDE, words, by, at)
    row.quantity = quantity
    _mark(row, State.COUNTED, words, by, at, "quantity")


def _mark(row: MeterReading, state: str, words: str, by: User, at: dt.datetime, *more: str) -> None:
    row.state, row.decision_reason, row.decided_by, row.decided_at = state, words, by, at
    row.save(update_fields=["state", "decision_reason", "decided_by", "decided_at", *more])


def _give_shares(meter: Meter, supplies: list[MeterSupply], words: str, by: User, at: dt.datetime) -> int:
    """Held lines of the meter: the finding SHARED is answered; what else was found still waits for a person."""
    done = 0
    numbers = [one.parts or 0 for one in supplies]
    order = [one.dwelling_id for one in supplies]
    rows = MeterReading.objects.select_for_update().filter(
        dwelling__in=order, carrier=meter.carrier, state__in=LIVING, findings__contains=[{"code": "SHARED"}]
    )
    for row in rows.order_by("pk"):
        shared = next(one for one in row.findings if one["code"] == "SHARED")
        row.findings = [one for one in row.findings if one["code"] != "SHARED"]
        if row.state == State.HELD and not row.findings and shared.get("quantity"):
            row.quantity = divide(Decimal(shared["quantity"]), numbers)[order.index(row.dwelling_id)]
            _mark(row, State.COUNTED, words, by, at, "quantity", "findings")
            done += 1
        else:
            row.save(update_fields=["findings"])
    return done
