"""The household's file, and its heater card that refreshes itself."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import reveal
from accounts.access import get_visible_or_404, requires
from accounts.models import User
from core import clock
from core.together import in_step, read
from devices.models import Heater
from households.models import Dwelling
from households.provenance import source_reading
from programmes.chosen import chosen_programme
from reports.links import address
from reports.public import codes, senders
from reports.queries import household_file as queries
from reports.queries.household_care import care_of
from reports.services import file_zip
from telemetry.charts import SPANS, track
from telemetry.models import LatestReading
from telemetry.queries import FRESH_PERIODS, period_at

EVERY = 3
FORMS = "zh-hans"
"""The language of printed forms, whatever that of the screen: they are sealed and filed."""
TEMPERATURES = (
    ("room_dc", gettext_lazy("Room"), "key-indoor"),
    ("outdoor_dc", gettext_lazy("Outdoor"), "key-outdoor"),
    ("supply_dc", gettext_lazy("Supply"), "key-supply"),
    ("return_dc", gettext_lazy("Return"), "key-return"),
)


@require_GET
@requires("households.view")
def household_detail(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """Outside one's area the file does not exist."""
    dwelling = _dwelling(request, dwelling_no)
    user = cast(User, request.user)
    file, changes, looks, sources, care = read(in_step(
        queries.file_reading(dwelling, chosen_programme(request), user), queries.changes_to(dwelling, user),
        queries.looks_at(dwelling), source_reading(dwelling, user), care_of(dwelling, user),
    ))  # fmt: skip
    papers = queries.papers_of(file)
    context = {
        **_completeness(papers),
        "file": file,
        "dwelling": dwelling,
        "household": dwelling.household,
        "places": _places(dwelling),
        "stages": queries.stages_of(file, clock.today()),
        "papers": papers,
        "events": queries.newest_first([*queries.events_of(file), *care.events]),
        "care": care,
        "changes": changes,
        "looks": looks,
        "lookalikes": queries.lookalikes_of(file, user),
        "sources": sources,
        "links": queries.links_of(file),
        "card": card_of(file.heater, dwelling.area_id, clock.now()),
        "may_reveal": user.has_right(reveal.RIGHT, dwelling.area_id),
        "may_edit": user.has_right("households.edit", dwelling.area_id),
        "may_trace": user.has_right("audit.trace", dwelling.area_id),
        "reasons": reveal.REASONS,
    }
    if user.has_right(codes.RIGHT, dwelling.area_id):
        context |= {"may_slip": True, "held": senders.held_for(dwelling.household_id, clock.now())}
    response = render(request, "reports/household_file.html", context)
    response["Cache-Control"] = "no-store"  # shared office machines: nothing personal stays behind
    return response


def _completeness(papers: list[queries.PaperLine]) -> dict[str, Any]:
    """Items the programme asks for: how many there are, how many stand in the file, which are missing."""
    asked = [line for line in papers if line.asked]
    return {"wanted": len(asked), "have": sum(line.there for line in asked),
            "missing": [line for line in asked if not line.there]}  # fmt: skip


@require_GET
@requires("households.view")
def household_print(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """Cover and contents sheet of the file on A4, in Chinese as every form; personal numbers stay masked."""
    dwelling = _dwelling(request, dwelling_no)
    file = queries.file_of(dwelling, chosen_programme(request), cast(User, request.user))
    with translation.override(FORMS):
        papers = queries.papers_of(file)
        context = {
            **_completeness(papers), "file": file, "dwelling": dwelling, "household": dwelling.household,
            "village": dwelling.area, "town": dwelling.area.parent, "papers": papers,
            "stages": queries.stages_of(file, clock.today()), "today": clock.today(),
        }  # fmt: skip
        response = render(request, "reports/household_print.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(reveal.RIGHT)
def household_zip(request: HttpRequest, dwelling_no: str) -> HttpResponse | FileResponse:
    """All stored papers and photos in one zip; they show full numbers, so a reason is written down first."""
    rows = Dwelling.objects.select_related("household", "area__parent")
    dwelling = cast(Dwelling, get_visible_or_404(rows, request.user, reveal.RIGHT, dwelling_no=dwelling_no))
    user = cast(User, request.user)
    file = queries.file_of(dwelling, chosen_programme(request), user)
    made = file_zip.zip_of(
        file=file, reason=request.POST.get("reason", ""), by=user, address=request.META.get("REMOTE_ADDR")
    )
    response = FileResponse(made, as_attachment=True, filename=f"{dwelling.dwelling_no}.zip")
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@requires("households.view")
def household_heater(request: HttpRequest, dwelling_no: str) -> HttpResponse:
    """The card alone; 304 while no newer reading has come."""
    dwelling = _dwelling(request, dwelling_no)
    heater = (
        Heater.objects.filter(dwelling=dwelling, removed_on__isnull=True)
        .select_related("latest")
        .order_by("-id")
        .first()
    )
    latest = _latest(heater)
    tag = f'"{heater.pk if heater else 0}-{latest.at.timestamp() if latest and latest.at else "never"}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    response = render(request, "reports/parts/heater_card.html", card_of(heater, dwelling.area_id, clock.now()))
    response["ETag"] = tag
    return response


def card_of(heater: Heater | None, area_code: str, now: dt.datetime) -> dict[str, Any]:
    """Four temperatures in degrees (None where nothing was said), and the last 24 hours of two of them."""
    if heater is None:
        return {"heater": None}
    latest, period_s = _latest(heater), period_at(area_code)
    drawn = track(heater, SPANS["24h"], now, period_s)
    return {
        "heater": heater,
        "latest": latest,
        "stale": latest is None
        or latest.at is None
        or now - latest.at > dt.timedelta(seconds=FRESH_PERIODS * period_s),
        "temperatures": [(words, css, _degrees(latest, name)) for name, words, css in TEMPERATURES],
        "supply": drawn.values("supply_dc")[::EVERY],
        "room": drawn.values("room_dc")[::EVERY],
        "url": address("telemetry:heater-detail", heater.platform_no),
    }


def _latest(heater: Heater | None) -> LatestReading | None:
    return getattr(heater, "latest", None) if heater else None


def _degrees(latest: LatestReading | None, name: str) -> float | None:
    tenths = getattr(latest, name, None)
    return None if tenths is None else tenths / 10


def _dwelling(request: HttpRequest, dwelling_no: str) -> Dwelling:
    rows = Dwelling.objects.select_related("household", "area__parent")
    return cast(Dwelling, get_visible_or_404(rows, request.user, dwelling_no=dwelling_no))


def _places(dwelling: Dwelling) -> list[tuple[str, str]]:
    """Town and village with the address of the list narrowed to each."""
    village, town = dwelling.area, dwelling.area.parent
    found = [(town.name, address("reports:household-list", town=town.code))] if town else []
    here = address("reports:household-list", town=town.code if town else "", village=village.code)
    return [*found, (village.name, here)]
