"""Lines and gateways: which are connected and how well, and those that dial in without belonging to anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import requires
from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from devices.models import Bus
from devices.services.gateways import claim_gateway
from programmes.chosen import chosen_area_code
from telemetry import lines, queries
from telemetry.states import fresh

EVERY_S = 30
EDIT = "devices.edit"


class ClaimForm(forms.Form):
    """Which gateway, and to which village of the chosen area it goes."""

    line = forms.CharField(label=gettext_lazy("Gateway"), max_length=120)
    area = forms.ModelChoiceField(label=gettext_lazy("Village"), queryset=Area.objects.none())

    def __init__(self, *args: Any, villages: QuerySet[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area: Any = self.fields["area"]
        area.queryset, area.label_from_instance = villages, _named


def _named(village: Area) -> str:
    return f"{village.parent.name} {village.name}" if village.parent else village.name


def _columns(found: Mapping[str, dict[str, Any]]) -> tuple[Column, ...]:
    """What the list shows of a line, with what the hub counts of it."""

    def of(name: str) -> Any:
        return lambda bus: found.get(bus.line, {}).get(name)

    return (
        Column("line", gettext_lazy("Line"), kind="mono", order_by="line", link=True),
        Column("state", gettext_lazy("Connection"), template="telemetry/cell_line.html",
               value=lambda bus: found.get(bus.line)),
        Column("area.name", gettext_lazy("Place"), order_by="area_id"),
        Column("n", gettext_lazy("Heaters on it"), kind="number", order_by="n"),
        Column("online", gettext_lazy("with data"), kind="number", order_by="online"),
        Column("rtt", gettext_lazy("Answer time p50 / p95"), value=lambda bus: _rtt(found.get(bus.line, {})),
               priority=2),
        Column("ok", gettext_lazy("Answers"), kind="number", value=of("ok"), priority=2),
        Column("timeouts", gettext_lazy("Timeouts"), kind="number", value=of("timeouts")),
        Column("late", gettext_lazy("Late answers"), kind="number", value=of("late"), priority=3),
        Column("foreign", gettext_lazy("Foreign frames"), kind="number", value=of("foreign")),
        Column("connects", gettext_lazy("Connections"), kind="number", value=of("connects"), priority=3),
    )  # fmt: skip


def _rtt(hub: dict[str, Any]) -> str | None:
    p50, p95 = hub.get("rtt_p50_ms"), hub.get("rtt_p95_ms")
    return None if p50 is None else f"{p50} / {p95} ms"


@require_safe
@requires("devices.view")
def gateway_list(request: HttpRequest) -> HttpResponse:
    """Lines of the chosen area with the hub's counters."""
    return _page(request, ClaimForm(villages=_villages(chosen_area_code(request))))


@require_POST
@requires(EDIT)
def gateway_claim(request: HttpRequest) -> HttpResponse:
    """Take an unclaimed gateway for a village; what is wrong with it stands above the same form."""
    area = chosen_area_code(request)
    form = ClaimForm(request.POST, villages=_villages(area))
    if area and not cast(User, request.user).has_right(EDIT, area):
        raise PermissionDenied(EDIT)
    if form.is_valid() and _claimed(request, form):
        return redirect("telemetry:gateway-list")
    return _page(request, form, status=422)


def _page(request: HttpRequest, form: ClaimForm, *, status: int = 200) -> HttpResponse:
    area, user, now = chosen_area_code(request), cast(User, request.user), clock.now()
    may_claim = user.has_right(EDIT, area) if area else False
    found = lines.seen_by_hub()
    online = Count("heaters", filter=fresh(now, queries.poll_periods(), "heaters__") & _HANGING)
    rows = Bus.objects.visible_to(user).within(area).select_related("area").annotate(
        n=Count("heaters", filter=_HANGING), online=online
    )  # fmt: skip
    table = build_table(
        request, rows, _columns(found or {}), unit=_("lines"), default_sort="line",
        row_url=lambda bus: f"{reverse('telemetry:heater-list')}?line={bus.line}",
        empty=(_("No line here yet"), _("A line comes with the first heater on it, or with a claimed gateway.")),
    )  # fmt: skip
    values = {
        "hub_away": found is None, "form": form, "may_claim": may_claim, "now": now, "every": EVERY_S,
        "unclaimed": lines.unclaimed(found or {}) if may_claim else [],
    }  # fmt: skip
    is_live = request.headers.get("HX-Request") == "true" and "HX-Target" not in request.headers
    template = "telemetry/gateway_list_part.html" if is_live else "telemetry/gateway_list.html"
    response = render_table(request, template, table, values)
    response.status_code = status
    return response


_HANGING = Q(heaters__removed_on__isnull=True)


def _villages(area: str) -> QuerySet[Area]:
    inside = Area.objects.filter(code__startswith=area or "-", level="village")
    return inside.select_related("parent").order_by("code")


def _claimed(request: HttpRequest, form: ClaimForm) -> bool:
    said, user = form.cleaned_data, cast(User, request.user)
    try:
        bus = claim_gateway(line=said["line"], area=said["area"], by=user)
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return False
    lines.tell_hub(bus.line)
    messages.success(request, _("%(line)s now belongs to %(place)s.") % {"line": bus.line, "place": bus.area.name})
    return True
