"""Sending a set-point: right over the place, bounds of the profile, reason, one-time code, and never twice."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import step_up
from accounts.access import requires
from core.refusals import Refused
from devices.models import Command
from devices.services.commands import request_command
from telemetry.charts import SPANS
from telemetry.forms import POINT, SetPointForm
from telemetry.views.heaters import detail_page
from telemetry.views.shown import COMMAND_RIGHT, Shown, heater_of


@require_POST
@requires(COMMAND_RIGHT)
def heater_command(request: HttpRequest, platform_no: str) -> HttpResponse:
    """Queue one set-point. The same form sent again leads to the same command and asks for no second code."""
    heater_of(request, platform_no, COMMAND_RIGHT)
    shown = Shown.of(request, platform_no)
    if shown.command_denied:
        raise Refused("COMMAND_DENIED", shown.command_denied)
    form = SetPointForm(request.POST, write=shown.profile.writes[POINT])
    if form.is_valid() and (_is_known(request, form, shown) or _queue(request, form, shown)):
        messages.success(request, _("The command is on its way. Below you see when the heater has confirmed it."))
        period = request.GET.get("period", "")
        address = reverse("telemetry:heater-detail", args=[shown.heater.platform_no])
        return redirect(f"{address}?period={period}" if period in SPANS else address)
    return detail_page(request, shown, form=form, status=422)


def _is_known(request: HttpRequest, form: SetPointForm, shown: Shown) -> bool:
    """Whether this very form has been sent before by this person."""
    request_id = form.cleaned_data["request_id"]
    return Command.objects.filter(request_id=request_id, heater=shown.heater, requested_by=request.user.pk).exists()


def _queue(request: HttpRequest, form: SetPointForm, shown: Shown) -> bool:
    asked = form.cleaned_data["value"]
    try:
        step_up.demand(request, f"heater-command:{shown.heater.platform_no}:{asked:.1f}")
        request_command(
            heater=shown.heater, point=POINT, asked=asked, reason=form.cleaned_data["reason"],
            request_id=form.cleaned_data["request_id"], by=request.user, now=shown.now,  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return False
    return True
