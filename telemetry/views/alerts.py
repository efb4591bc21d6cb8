"""The queue of alerts: two bits each, seen by somebody and over by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.models import User
from core import clock
from core.refusals import Refused
from core.tables import BulkAction, Column, View, build_table, render_table
from core.together import asking, count_of, in_step, number_in, read
from programmes.chosen import chosen_area_code
from telemetry import handling, queries
from telemetry.filters import AlertFilter
from telemetry.models import Alert
from telemetry.trouble import Trouble, trouble_of
from telemetry.views.giving import alerts_of_heaters, give_page
from telemetry.views.shown import AlertShown

RIGHT = handling.RIGHT
MOST_AT_ONCE = 2000
GROUPINGS = [
    ("line", gettext_lazy("by line")),
    ("village", gettext_lazy("by village")),
    ("vendor", gettext_lazy("by vendor")),
]

COLUMNS = (
    Column("kind", gettext_lazy("Alert"), order_by="kind", template="telemetry/cell_alert.html"),
    Column("heater.platform_no", gettext_lazy("Heater"), kind="id", order_by="heater__platform_no", link=True),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("heater.bus.line", gettext_lazy("Line"), kind="mono", order_by="heater__bus__line", priority=3),
    Column("opened_at", gettext_lazy("Since"), kind="when", order_by="opened_at"),
    Column("duration", gettext_lazy("Duration"), template="telemetry/cell_duration.html"),
    Column("cleared_at", gettext_lazy("Over"), order_by="cleared_at", template="telemetry/cell_cleared.html"),
    Column("acknowledged_at", gettext_lazy("Acknowledged"), order_by="acknowledged_at",
           template="telemetry/cell_acknowledged.html"),
    Column("assigned_to.person_name", gettext_lazy("Given to"), order_by="assigned_to__person_name", priority=2),
    Column("finding", gettext_lazy("found at the door"), order_by="finding", priority=3,
           value=lambda alert: alert.get_finding_display()),
)  # fmt: skip


@require_GET
@requires("devices.view")
def alert_list(request: HttpRequest) -> HttpResponse:
    """Alerts of the chosen area, open ones first; above the table they are counted by line, village or vendor."""
    area, now = chosen_area_code(request), clock.now()
    alerts = _visible(request, area)
    trouble, waiting, opened = _standing(request, area, now)
    table = build_table(
        request, alerts.order_by("-cleared_at", "-opened_at", "pk"), COLUMNS, filterset=AlertFilter, unit=_("alerts"),
        row_url=lambda alert: reverse("telemetry:heater-detail", args=[alert.heater.platform_no]),
        views=_views(waiting), bulk=_bulk(request),
        empty=(_("No alert has ever been raised here"), _("Silence and faults appear by themselves.")),
    )  # fmt: skip
    for row in table.rows:
        row.item.shown = AlertShown(row.item, now, queries.profile_of(row.item.heater.profile_id))
    by = request.GET.get("by", "")
    by = by if by in queries.GROUPS else next(iter(queries.GROUPS))
    values = {
        "groups": queries.alert_groups(alerts, by), "by": by, "by_filter": queries.GROUPS[by][2],
        "groupings": GROUPINGS,
        "opened": opened, "waiting": waiting, "now": now, "trouble": trouble,
        "last_at": None if opened else alerts.aggregate(last=Max("opened_at"))["last"],
    }  # fmt: skip
    is_live = request.headers.get("HX-Request") == "true" and "HX-Target" not in request.headers
    template = "telemetry/alert_list_part.html" if is_live else "telemetry/alert_list.html"
    return render_table(request, template, table, values)


@require_POST
@requires(RIGHT)
def alert_acknowledge(request: HttpRequest) -> HttpResponse:
    """Acknowledge the ticked alerts, or all that match the filter the person saw; with `?deed=give` hand them on."""
    user, deed = cast(User, request.user), request.GET.get("deed", "")
    is_of_heaters = request.GET.get("of") == "heaters"
    found = alerts_of_heaters(request, _visible(request, chosen_area_code(request))) if is_of_heaters else None
    chosen = list((_chosen(request) if found is None else found)[: MOST_AT_ONCE + 1])
    if not chosen and is_of_heaters:
        raise Refused("NO_ALERTS", _("These heaters have no open alert: there is nothing to send anybody for."))
    if not chosen:
        raise Http404
    if len(chosen) > MOST_AT_ONCE:
        raise Refused("TOO_MANY_ALERTS", _("At most %(n)d alerts at once; narrow the filter."), n=MOST_AT_ONCE)
    if deed == "give":
        return give_page(request, chosen, _way_back(request, "" if is_of_heaters else None))
    mine = [alert for alert in chosen if user.has_right(RIGHT, alert.area_id)]
    done = handling.acknowledge_alerts(alerts=mine, by=user, now=clock.now())
    text = ngettext("%(n)d alert acknowledged.", "%(n)d alerts acknowledged.", done) % {"n": done}
    if len(chosen) > done:
        text += " " + _("Left as they were: %(n)d (already acknowledged, or outside your area).") % {
            "n": len(chosen) - done
        }
    messages.success(request, text)
    return redirect(_way_back(request))


def _visible(request: HttpRequest, area: str) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.visible_to(request.user).within(area)
    return rows.select_related("heater__bus", "area", "acknowledged_by", "assigned_to")


def _standing(request: HttpRequest, area: str, now: dt.datetime) -> tuple[Trouble | None, int, int]:
    """What keeps the heaters from being read, alerts nobody acknowledged, open alerts."""
    opened = queries.open_alerts(request.user, area)
    waiting, every = count_of(opened.filter(acknowledged_at__isnull=True)), count_of(opened)
    heaters = queries.installed(request.user, area)
    trouble, _done = read(in_step(trouble_of(heaters, area, now), asking(waiting, every)))
    return trouble, number_in(waiting), number_in(every)


def _views(waiting: int) -> list[View]:
    return [
        View(_("all"), ""),
        View(_("to acknowledge"), "bits=new", waiting),
        View(_("to be visited"), "bits=visit"),
        View(_("given to me"), "bits=mine"),
        View(_("open, acknowledged"), "bits=seen"),
        View(_("over"), "bits=over"),
    ]


def _bulk(request: HttpRequest) -> list[BulkAction]:
    if not request.user.has_right(RIGHT):  # type: ignore[union-attr]
        return []
    address = reverse("telemetry:alert-acknowledge")
    return [
        BulkAction(_("Acknowledge"), address, icon="checkbox"),
        BulkAction(_("Acknowledge and give to …"), f"{address}?deed=give", icon="send"),
    ]


def _chosen(request: HttpRequest) -> QuerySet[Alert]:
    """Rows named by number, or by the filter with the count the person saw."""
    area = chosen_area_code(request)
    if request.POST.get("scope") != "all":
        ids = [int(one) for one in request.POST.getlist("ids") if one.isascii() and one.isdigit() and len(one) < 19]
        return _visible(request, area).filter(pk__in=ids)
    query = QueryDict(request.POST.get("query", "")[:2000])
    found: Any = AlertFilter(query, queryset=_visible(request, area), request=request).qs
    if str(found.count()) != request.POST.get("seen", ""):
        raise Refused(
            "LIST_CHANGED",
            _("The list has changed since you saw it. Look at it again, then acknowledge."),
            conflict=True,
        )
    return cast("QuerySet[Alert]", found)


def _way_back(request: HttpRequest, query: str | None = None) -> str:
    """Where the person came from; `query` in place of the list's own filter."""
    back = request.POST.get("next", "")
    if back and url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return back
    query = request.POST.get("query", "")[:2000] if query is None else query
    return reverse("telemetry:alert-list") + (f"?{QueryDict(query).urlencode()}" if query else "")
