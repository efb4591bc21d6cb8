"""The list of heaters and the page of one. GET changes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from core import clock
from core.refusals import Refused
from core.tables import BulkAction, Column, build_table, render_table
from core.together import asking, count_of, in_step, number_in, read
from devices.forms import WishForm
from devices.models import Heater
from programmes.chosen import chosen_area_code
from telemetry import door, handling, queries, registers, services
from telemetry.charts import SPANS
from telemetry.filters import HeaterFilter
from telemetry.hexes import comb_of
from telemetry.states import LOOKS, state_of
from telemetry.trouble import trouble_of
from telemetry.views.shown import Shown

EVERY_S = 30
POINT = "set_room_t"


def _temperature(column: str, label: Any, priority: int = 1) -> Column:
    """A column of the newest reading, in degrees."""

    def value(heater: Heater) -> float | None:
        found = getattr(getattr(heater, "latest", None), column, None)
        return None if found is None else found / 10

    return Column(column, label, kind="degrees", order_by=f"latest__{column}", value=value, priority=priority)


def _household(heater: Heater) -> str:
    return heater.dwelling.household.household_no if heater.dwelling else ""


COLUMNS = (
    Column("platform_no", gettext_lazy("Heater"), kind="id", order_by="platform_no", link=True),
    Column("shown_state", gettext_lazy("state"), template="telemetry/cell_state.html"),
    Column("latest.at", gettext_lazy("Last data"), order_by="latest__at", template="telemetry/cell_age.html",
           value=lambda heater: getattr(getattr(heater, "latest", None), "at", None)),
    _temperature("supply_dc", gettext_lazy("Supply temp.")),
    _temperature("return_dc", gettext_lazy("Return temp."), priority=2),
    _temperature("room_dc", gettext_lazy("Room temp.")),
    _temperature("set_room_dc", gettext_lazy("Set temp."), priority=3),
    Column("household", gettext_lazy("Household no."), kind="mono", order_by="dwelling__household__household_no",
           value=_household),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("device_model.name", gettext_lazy("Model"), kind="soft", priority=3),
    Column("line", gettext_lazy("Line / unit"), kind="mono", order_by="bus__line", priority=2,
           value=lambda heater: f"{heater.bus.line} / {heater.unit}"),
)  # fmt: skip


@require_GET
@requires("devices.view")
def heater_list(request: HttpRequest) -> HttpResponse:
    """All heaters of the chosen area; the same address answers the live part with figures and table only."""
    area, now, periods = chosen_area_code(request), clock.now(), queries.poll_periods()
    heaters = queries.installed(request.user, area)
    alerts = count_of(queries.open_alerts(request.user, area))
    silent = queries.silent_lines(heaters, now, periods)
    figures, trouble, comb, _done = read(in_step(
        queries.figures_of(heaters, now, periods), trouble_of(heaters, area, now), comb_of(heaters, now, periods),
        asking(alerts, silent),
    ))  # fmt: skip
    values: dict[str, Any] = {
        "figures": figures,
        "alerts": number_in(alerts),
        "trouble": trouble,
        "comb": comb,
        "silent_lines": list(silent),
        "now": now,
        "every": EVERY_S,
    }
    is_live = request.headers.get("HX-Request") == "true" and "HX-Target" not in request.headers
    tag = _tag(request, values)
    if is_live and request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    table = build_table(
        request, heaters, COLUMNS, filterset=HeaterFilter, unit=_("heaters"), default_sort="platform_no",
        row_url=lambda heater: reverse("telemetry:heater-detail", args=[heater.platform_no]),
        empty=(_("No heaters here yet"), _("They are registered with the record of an installation.")),
        bulk=_bulk(request),
    )  # fmt: skip
    _say_states(table.rows, now, periods)
    template = "telemetry/heater_list_part.html" if is_live else "telemetry/heater_list.html"
    response = render_table(request, template, table, values)
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    response["ETag"] = tag
    return response


def _bulk(request: HttpRequest) -> list[BulkAction]:
    """Send somebody to the ticked heaters, for those who look after alerts: their open alerts are given on."""
    if not request.user.has_right(handling.RIGHT):  # type: ignore[union-attr]
        return []
    address = f"{reverse('telemetry:alert-acknowledge')}?deed=give&of=heaters"
    return [BulkAction(_("Send somebody …"), address, icon="send")]


def _tag(request: HttpRequest, values: dict[str, Any]) -> str:
    """Changes with every new reading, with every state that time alone changes, and once a minute for the ages."""
    parts = (
        request.get_full_path(), getattr(request, "LANGUAGE_CODE", ""), values["figures"], values["alerts"],
        values["trouble"], values["comb"], values["silent_lines"], int(values["now"].timestamp()) // 60,
    )  # fmt: skip
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"'


def _say_states(rows: list[Any], now: Any, periods: dict[str, int]) -> None:
    for row in rows:
        heater = row.item
        period_s = queries.period_within(periods, heater.area_id)
        state = state_of(getattr(heater, "latest", None), now, period_s)
        heater.shown_state, heater.shown_look = state, LOOKS[state]


@require_GET
@requires("devices.view")
def heater_detail(request: HttpRequest, platform_no: str) -> HttpResponse:
    return detail_page(request, Shown.of(request, platform_no))


@require_POST
@requires("devices.view")
def heater_read(request: HttpRequest, platform_no: str) -> HttpResponse:
    """Ask the heater itself now. No reading is stored; one that had been given up is polled again at once."""
    shown = Shown.of(request, platform_no)
    if request.POST.get("deed") == "door":
        return _read_at_door(request, shown)
    snapshot = registers.read_now(shown.heater, queries.read_profile_of(shown.heater.profile_id), shown.now)
    if not snapshot.trouble:
        services.expect_again(heater=shown.heater)
    return _registers(request, shown, snapshot)


def _read_at_door(request: HttpRequest, shown: Shown) -> HttpResponse:
    """Ten reads and one write of the same value (J-31), kept. The inspector's phone asks for JSON."""
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    try:
        done = door.check_at_door(heater=shown.heater, by=shown.user, now=shown.now)
    except Refused as refusal:
        if wants_json:
            return JsonResponse({"code": refusal.code, "sentence": refusal.sentence}, status=refusal.status)
        raise
    if wants_json:
        said = {name: getattr(done, name) for name in ("passed", "asked", "good")}
        return JsonResponse(said | {"at": done.at.isoformat(), "lines": door.worded(done.lines)})
    return detail_page(request, Shown.of(request, shown.heater.platform_no))


def _registers(request: HttpRequest, shown: Shown, snapshot: registers.Snapshot | None = None) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return render(request, "telemetry/part_registers.html", register_values(shown, snapshot))
    return detail_page(request, shown, snapshot=snapshot)


def detail_page(
    request: HttpRequest, shown: Shown, *, form: Any = None, snapshot: Any = None, status: int = 200
) -> HttpResponse:
    """The whole page; `form` is a command's form that was refused, `snapshot` what was just read."""
    if form is None and not shown.command_denied:
        form = WishForm(profile=shown.profile, initial={"deed": POINT, "value": _set_point(shown)})
    span = request.GET.get("period", "")
    values = {
        "shown": shown,
        "heater": shown.heater,
        "form": form,
        "spans": SPANS.values(),
        "span": span if span in SPANS else _usual_span(shown),
        "link": registers.link_of(shown.heater),
        "every": EVERY_S,
        **register_values(shown, snapshot),
    }
    return render(request, "telemetry/heater_detail.html", values, status=status)


def register_values(shown: Shown, snapshot: registers.Snapshot | None = None) -> dict[str, Any]:
    rows = registers.rows(shown.profile, shown.latest, snapshot)
    return {"shown": shown, "heater": shown.heater, "registers": rows, "snapshot": snapshot}


def _usual_span(shown: Shown) -> str:
    """A day; the last hour of a heater that was heard for the first time within the last three; the season of one
    that was removed, and where a season is asked for."""
    if shown.heater.removed_on or shown.asked_season:
        return "season"
    early = shown.now - dt.timedelta(hours=3)
    heard = shown.heater.readings.filter(at__gte=shown.now - dt.timedelta(days=1), at__lt=early).exists()
    return "24h" if heard else "1h"


def _set_point(shown: Shown) -> str:
    if shown.latest is None or shown.latest.set_room_dc is None:
        return ""
    return f"{shown.latest.set_room_dc / 10:.1f}"
