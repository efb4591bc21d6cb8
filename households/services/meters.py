"""Meters: which dwelling hangs on which, alone or together with others (T-21)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core.blind_index import normal_form
from core.refusals import Refused
from households.models import Dwelling, Meter, MeterSupply

ELECTRICITY = Meter.Carrier.ELECTRICITY


@transaction.atomic
def connect_meter(
    *, dwelling: Dwelling, carrier: str, number: str, is_shared: bool, reason: str, by: User, remark: str = ""
) -> Meter:
    """Hang a dwelling on a meter, which is entered where it is new; what it hung on before is let go.

    The dwelling's own columns follow: an individual electricity meter stands in `meter_no` and proves one household,
    one meter; a shared one proves the opposite. Raises Refused: REASON_NEEDED, METER_NUMBER, METER_INDIVIDUAL,
    METER_KIND, METER_FAR.
    """
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    text = normal_form(number)
    if not text or len(text) > 30:
        raise Refused("METER_NUMBER", _("Give the meter's number as it stands on the meter, at most 30 characters."))
    home = Dwelling.objects.select_for_update().get(pk=dwelling.pk)
    with acting(by, reason=reason.strip()[:300]):
        meter = _meter(home, carrier, text, is_shared, remark)
        _refuse_taken(meter, home)
        MeterSupply.objects.update_or_create(dwelling=home, carrier=carrier, defaults={"meter": meter})
        _follow(home, meter)
    return meter


@transaction.atomic
def disconnect_meter(*, dwelling: Dwelling, meter: Meter, reason: str, by: User) -> None:
    """Take a dwelling off a meter. What was proved by it is unknown again. Raises Refused: REASON_NEEDED."""
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    home = Dwelling.objects.select_for_update().get(pk=dwelling.pk)
    with acting(by, reason=reason.strip()[:300]):
        gone, _rows = MeterSupply.objects.filter(dwelling=home, meter=meter).delete()
        if gone and meter.carrier == ELECTRICITY:
            _set(home, "" if home.meter_no == meter.number else home.meter_no, None)


def _meter(home: Dwelling, carrier: str, number: str, is_shared: bool, remark: str) -> Meter:
    if carrier not in Meter.Carrier.values:
        raise Refused("METER_KIND", _("Choose electricity or gas."))
    meter, created = Meter.objects.select_for_update().get_or_create(
        carrier=carrier, number=number, defaults={"area_id": home.area_id, "is_shared": is_shared, "remark": remark}
    )
    if not created and meter.is_shared != is_shared:
        meter.is_shared = is_shared
        meter.version += 1
        meter.save(update_fields=["is_shared", "version"])
        if is_shared:
            _share(meter)
    return meter


def _share(meter: Meter) -> None:
    """Dwellings that had the meter for their own now share it."""
    for supply in meter.supplies.select_related("dwelling"):
        _follow(supply.dwelling, meter)


def _refuse_taken(meter: Meter, home: Dwelling) -> None:
    """An individual meter has one dwelling, and nobody hangs on a meter of another county."""
    if meter.area_id[:6] != home.area_id[:6]:
        raise Refused("METER_FAR", _("Meter %(number)s belongs to another county."), number=meter.number)
    others = Dwelling.objects.exclude(pk=home.pk)
    if meter.carrier == ELECTRICITY and not meter.is_shared and others.filter(meter_no=meter.number).exists():
        raise _taken(meter)
    if not meter.is_shared and meter.supplies.exclude(dwelling=home).exists():
        raise _taken(meter)


def _taken(meter: Meter) -> Refused:
    return Refused(
        "METER_INDIVIDUAL",
        _("Meter %(number)s serves another dwelling already. Tick “shared” if both really hang on it."),
        number=meter.number,
    )


def _follow(home: Dwelling, meter: Meter) -> None:
    if meter.carrier == ELECTRICITY:
        _set(home, "" if meter.is_shared else meter.number, not meter.is_shared)


def _set(home: Dwelling, number: str, individual: bool | None) -> None:
    if (home.meter_no, home.meter_is_individual) != (number, individual):
        home.meter_no, home.meter_is_individual = number, individual
        home.version += 1
        home.save(update_fields=["meter_no", "meter_is_individual", "version"])
