"""Gateways that dial in become lines of a place."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Area
from core.refusals import Refused
from devices.models import Bus, Gateway
from devices.services.heaters import LINE


@transaction.atomic
def claim_gateway(*, line: str, area: Area, by: Any) -> Bus:
    """Take a gateway that has dialled in (`dtu:<id>`) for a place; heaters are registered on it afterwards.

    Raises `Refused` LINE_SHAPE, or LINE_KNOWN when somebody was quicker.
    """
    if not line.startswith("dtu:") or not LINE.fullmatch(line):
        raise Refused("LINE_SHAPE", _("“%(line)s” is no gateway that dials in."), line=line[:60])
    if Bus.objects.filter(line=line).exists():
        raise Refused("LINE_KNOWN", _("%(line)s has been claimed already."), line=line)
    gateway = Gateway.objects.get_or_create(dtu_id=line.removeprefix("dtu:"), defaults={"area": area})[0]
    return Bus.objects.create(line=line, area=area, gateway=gateway)
