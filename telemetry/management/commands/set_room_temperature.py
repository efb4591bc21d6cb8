"""`set_room_temperature PLATFORM_NO DEGREES --reason … --by U --code 123456`: a wish; a worker sends it."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, demand_code
from accounts.models import User
from core import clock
from devices.models import Heater
from devices.services.commands import request_command

POINT, RIGHT = "set_room_t", "devices.command"


class Command(ByCommand):
    help = "Ask a heater for a room temperature within the limits of its profile; the worker sends it and reads back."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform_no", help="number of the heater on the platform")
        parser.add_argument("degrees", help="room temperature in °C, e.g. 19.5")
        parser.add_argument("--reason", required=True, help="why; the household is told")
        parser.add_argument("--code", required=True, help="one-time code of the person's second factor")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        heater = asked(Heater.objects.visible_to(by), "platform_no", options["platform_no"], _("heater"))
        if not by.has_right(RIGHT, heater.area_id):
            raise PermissionDenied(RIGHT)
        degrees = _degrees(options["degrees"])
        demand_code(by, options["code"])
        command = request_command(
            heater=heater, point=POINT, asked=degrees, reason=options["reason"], by=by,
            request_id=uuid.uuid4(), now=clock.now(),
        )  # fmt: skip
        return f"{heater.platform_no}: {command.asked} °C, {command.get_state_display()}"


def _degrees(text: str) -> Decimal:
    try:
        degrees = Decimal(text)
    except InvalidOperation:
        degrees = Decimal("NaN")
    if not degrees.is_finite() or abs(degrees) > 100 or degrees * 10 % 1:
        words = _("“%(text)s” is no temperature in steps of 0.1 °C.")
        raise CommandError(words % {"text": text})
    return degrees
