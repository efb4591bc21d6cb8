"""Sending a command: right over the place, bounds of the profile, reason, one-time code, and never twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import step_up
from accounts.access import requires
from core.refusals import Refused
from devices.forms import WishForm
from devices.models import Command
from devices.services.commands import request_command
from telemetry.charts import SPANS
from telemetry.views.heaters import detail_page
from telemetry.views.shown import COMMAND_RIGHT, Shown, heater_of

FRESH = dt.timedelta(hours=6)


@require_POST
@requires(COMMAND_RIGHT)
def heater_command(request: HttpRequest, platform_no: str) -> HttpResponse:
    """Queue one command. The same form sent again leads to the same command and asks for no second code."""
    heater_of(request, platform_no, COMMAND_RIGHT)
    shown = Shown.of(request, platform_no)
    if shown.command_denied:
        raise Refused("COMMAND_DENIED", shown.command_denied)
    form = WishForm(request.POST, profile=shown.profile)
    if form.is_valid() and (_is_known(request, form, shown) or _queue(request, form, shown)):
        messages.success(request, _said(form))
        period = request.GET.get("period", "")
        address = reverse("telemetry:heater-detail", args=[shown.heater.platform_no])
        return redirect(f"{address}?period={period}" if period in SPANS else address)
    return detail_page(request, shown, form=form, status=422)


def _is_known(request: HttpRequest, form: WishForm, shown: Shown) -> bool:
    """Whether this very form has been sent before by this person."""
    request_id = form.cleaned_data["request_id"]
    return Command.objects.filter(request_id=request_id, heater=shown.heater, requested_by=request.user.pk).exists()


def _queue(request: HttpRequest, form: WishForm, shown: Shown) -> bool:
    try:
        step_up.demand(request, f"heater-command:{shown.heater.platform_no}:{form.point}:{form.asked:.1f}")
        request_command(
            heater=shown.heater, point=form.point, asked=form.asked, reason=form.cleaned_data["reason"],
            request_id=form.cleaned_data["request_id"], by=request.user, now=shown.now,  # type: ignore[arg-type]
            outdoor_c=_outdoor(shown),
        )  # fmt: skip
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return False
    return True


def _outdoor(shown: Shown) -> Decimal | None:
    """What the heater itself last said of the cold; None when that is too old to go by."""
    latest = shown.latest
    if latest is None or latest.at is None or latest.outdoor_dc is None or shown.now - latest.at > FRESH:
        return None
    return Decimal(latest.outdoor_dc) / 10


def _said(form: WishForm) -> str:
    command = Command.objects.get(request_id=form.cleaned_data["request_id"])
    if command.state == Command.State.HELD:
        return _("Heating would go off in the cold: somebody of another role has to approve it within 30 minutes.")
    return _("The command is on its way. Below you see when the heater has confirmed it.")
