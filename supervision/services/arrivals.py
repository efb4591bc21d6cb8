"""Heaters that come into a town are received and counted (T-48)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from devices.models import DeviceModel
from programmes.models import Programme
from supervision.models import DeviceArrival

RIGHT = "tickets.handle"


@transaction.atomic
def record_arrival(
    *, programme: Programme, area: Area, device_model: DeviceModel, arrived_on: date, quantity: int, is_whole: bool,
    received_by: str, words: str = "", by: User, today: date | None = None,
) -> DeviceArrival:  # fmt: skip
    """Heaters of one product that came in on a day, received by people of the place.

    Raises `Refused` ARRIVAL_FAULTY, PLACE_OUTSIDE, ARRIVAL_KNOWN (409), `PermissionDenied`.
    """
    if not by.has_right(RIGHT, area.code):
        raise PermissionDenied(RIGHT)
    if not is_inside(area.code, programme.area_id):
        raise Refused("PLACE_OUTSIDE", _("%(place)s lies outside the programme."), place=area.name)
    if quantity < 1 or arrived_on > (today or clock.today()) or not received_by.strip():
        raise Refused(
            "ARRIVAL_FAULTY", _("Say how many heaters came, on which day up to today, and who received them.")
        )
    if not is_whole and not words.strip():
        raise Refused("ARRIVAL_FAULTY", _("Say in words what was missing or damaged."))
    try:
        with transaction.atomic():
            return DeviceArrival.objects.create(
                programme=programme, area=area, device_model=device_model, arrived_on=arrived_on, quantity=quantity,
                is_whole=is_whole, received_by=received_by.strip()[:40], words=words.strip()[:300], recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        words_known = _("The arrival of this product on that day is recorded already.")
        raise Refused("ARRIVAL_KNOWN", words_known, conflict=True) from error
