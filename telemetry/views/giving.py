"""Many alerts given to one person at once: those ticked, or those of the ticked heaters (确认并派单, 批量派单)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from core import clock
from core.refusals import Refused
from programmes.chosen import chosen_area_code
from telemetry import handling, queries
from telemetry.filters import HeaterFilter
from telemetry.models import Alert

MOST_GIVEN = 200
KEPT = ("ids", "scope", "query", "seen", "next")


class GiveForm(forms.Form):
    """To whom, and a word with it that stands at every alert."""

    to = forms.ModelChoiceField(label=gettext_lazy("given to"), queryset=User.objects.none())
    words = forms.CharField(label=gettext_lazy("note"), max_length=300, required=False)

    def __init__(self, *args: Any, area: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["to"]
        people.queryset = queries.people_for(area)
        people.label_from_instance = lambda person: " · ".join(filter(None, (person.person_name, person.unit)))


def give_page(request: HttpRequest, alerts: list[Alert], back: str) -> HttpResponse:
    """First the question to whom, with what it is about; then the deed. What others must give is left and counted."""
    user, area = cast(User, request.user), chosen_area_code(request)
    if len(alerts) > MOST_GIVEN:
        raise Refused("TOO_MANY_ALERTS", _("At most %(n)d alerts at once; narrow the filter."), n=MOST_GIVEN)
    asked = "to" in request.POST
    form = GiveForm(request.POST if asked else None, area=area)
    if asked and request.POST.get("count") != str(len(alerts)):
        form.add_error(None, _("Meanwhile it is another number of alerts. Look at them, then give them on."))
    if asked and form.is_valid():
        given = _give(alerts, form.cleaned_data, user)
        words = ngettext("%(n)d alert given to %(name)s.", "%(n)d alerts given to %(name)s.", given)
        text = words % {"n": given, "name": form.cleaned_data["to"].person_name}
        if left := len(alerts) - given:
            text += " " + _("Left as they were: %(n)d (outside your area or theirs).") % {"n": left}
        messages.success(request, text)
        return redirect(back)
    kept = [(name, value) for name in KEPT for value in request.POST.getlist(name)[:2000]]
    context = {"form": form, "alerts": alerts[:20], "count": len(alerts), "kept": kept, "back": back}
    return render(request, "telemetry/alert_give.html", context, status=422 if asked else 200)


def _give(alerts: list[Alert], said: dict[str, Any], by: User) -> int:
    now, given = clock.now(), 0
    for alert in alerts:
        try:
            handling.assign_alert(alert=alert, to=said["to"], by=by, now=now)
            if said["words"].strip():
                handling.add_note(alert=alert, words=said["words"], by=by, now=now)
        except Refused:
            continue
        given += 1
    return given


def alerts_of_heaters(request: HttpRequest, alerts: QuerySet[Alert]) -> QuerySet[Alert]:
    """Open alerts among `alerts` of the heaters that were ticked, or that match the list's filter."""
    ids = [int(one) for one in request.POST.getlist("ids") if one.isascii() and one.isdigit() and len(one) < 19]
    if request.POST.get("scope") == "all":
        heaters = queries.installed(request.user, chosen_area_code(request))
        query = QueryDict(request.POST.get("query", "")[:2000])
        found: Any = HeaterFilter(query, queryset=heaters, request=request).qs
        return alerts.filter(cleared_at__isnull=True, heater__in=found.order_by().values("pk"))
    return alerts.filter(cleared_at__isnull=True, heater__in=ids)
