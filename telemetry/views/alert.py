"""One alert: its evidence, who goes there, what was written and found; and quiet times of its heater."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core import clock
from core.refusals import Refused
from telemetry import handling, queries
from telemetry.models import Alert, QuietTime
from telemetry.views.shown import AlertShown


class HandleForm(forms.Form):
    """Everything that can be done with an alert in one form; the button says which part is meant."""

    to = forms.ModelChoiceField(label=gettext_lazy("given to"), queryset=User.objects.none(), required=False)
    finding = forms.ChoiceField(label=gettext_lazy("found at the door"), required=False)
    words = forms.CharField(label=gettext_lazy("note"), max_length=300, required=False)
    hours = forms.IntegerField(label=gettext_lazy("works go on for, hours"), min_value=1, max_value=720, required=False)
    village = forms.BooleanField(label=gettext_lazy("for all heaters of the village"), required=False)

    def __init__(self, *args: Any, alert: Alert, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["to"]
        people.queryset, people.label_from_instance = queries.people_for(alert.area_id), _named
        people.initial = alert.assigned_to_id
        finding: Any = self.fields["finding"]
        finding.choices = [("", "—"), *Alert.Finding.choices]


def _named(person: User) -> str:
    return f"{person.person_name} · {person.unit}" if person.unit else str(person.person_name)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("devices.view")
def alert_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows it; POST does what the pressed button says, for those who may (the services refuse the others)."""
    rows = Alert.objects.select_related(
        "heater__bus", "heater__device_model__supplier", "heater__dwelling__household", "area__parent",
        "acknowledged_by", "assigned_to", "found_by",
    )  # fmt: skip
    alert: Alert = get_visible_or_404(rows, request.user, "devices.view", pk=pk)
    form = HandleForm(request.POST if request.method == "POST" else None, alert=alert)
    if request.method == "POST" and form.is_valid() and _done(request, alert, form):
        return redirect("telemetry:alert-detail", alert.pk)
    return render(request, "telemetry/alert_detail.html", _values(request, alert, form), status=_status(request))


def _status(request: HttpRequest) -> int:
    return 422 if request.method == "POST" else 200


def _values(request: HttpRequest, alert: Alert, form: HandleForm) -> dict[str, Any]:
    user, now = cast(User, request.user), clock.now()
    quiet = handling.quiet_now(alert.heater, now)
    return {
        "alert": alert, "heater": alert.heater, "form": form, "now": now, "quiet": list(quiet.select_related("area")),
        "shown": AlertShown(alert, now, queries.profile_of(alert.heater.profile_id)),
        "notes": list(alert.notes.select_related("by")),
        "may_handle": user.has_right(handling.RIGHT, alert.area_id),
        "may_write": user.has_right(handling.RIGHT, alert.area_id) or alert.assigned_to_id == user.pk,
    }  # fmt: skip


def _done(request: HttpRequest, alert: Alert, form: HandleForm) -> bool:
    """Whether the deed named by the button was done; a refusal stands above the form."""
    deed = _DEEDS.get(request.POST.get("deed", ""))
    try:
        if deed is None:
            raise Refused("NO_SUCH_DEED", _("Press one of the buttons."))
        messages.success(request, deed(alert, form.cleaned_data, cast(User, request.user), clock.now()))
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return False
    return True


def _assign(alert: Alert, said: dict[str, Any], by: User, now: dt.datetime) -> str:
    done = handling.assign_alert(alert=alert, to=said["to"], by=by, now=now)
    name = done.assigned_to.person_name if done.assigned_to else ""
    return _("Given to %(name)s.") % {"name": name} if name else _("Given to nobody.")


def _note(alert: Alert, said: dict[str, Any], by: User, now: dt.datetime) -> str:
    handling.add_note(alert=alert, words=said["words"], finding=said["finding"], by=by, now=now)
    return _("Written down.")


def _works(alert: Alert, said: dict[str, Any], by: User, now: dt.datetime) -> str:
    until = now + dt.timedelta(hours=said["hours"] or 4)
    handling.keep_quiet(
        alert=alert, reason=QuietTime.Reason.MAINTENANCE, by=by, starts_at=now, ends_at=until, note=said["words"],
        whole_village=said["village"],
    )  # fmt: skip
    if said["village"]:
        return _("Until %(until)s alerts of this village are not raised.") % {"until": f"{until:%m-%d %H:%M}"}
    return _("Until %(until)s alerts of this heater are not raised.") % {"until": f"{until:%m-%d %H:%M}"}


def _lived_in(alert: Alert, said: dict[str, Any], by: User, now: dt.datetime) -> str:
    handling.end_quiet(alert=alert, by=by, now=now)
    return _("Quiet times of this heater have ended.")


_DEEDS = {"assign": _assign, "note": _note, "works": _works, "lived-in": _lived_in}
