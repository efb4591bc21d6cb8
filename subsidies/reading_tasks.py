"""Background work on readings and seasons: shims around the services. `subsidies.tasks` brings them to the workers."""

from __future__ import annotations

from celery import shared_task
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.acting import acting
from core import clock
from jobs.registry import handler
from jobs.running import JobRun
from programmes.models import Programme
from subsidies.metering_limits import takes_from_heaters
from subsidies.models import Policy, ReadingImport
from subsidies.services import heater_readings, operation, reading_imports, seasons

OPERATION, SETTLE = "subsidies.check_operation", "subsidies.settle_season"
TAKE = "subsidies.take_from_heaters"


@shared_task(name="subsidies.tasks.take_counters")
def take_counters() -> dict[str, int]:
    """The night's work where a programme wants it: what is there already stays, so that every night may try."""
    today = clock.today()
    done = {}
    with acting("take_counters"):
        for programme in Programme.objects.filter(policies__state=Policy.State.RELEASED).distinct():
            if takes_from_heaters(programme) and (season := seasons.running_season(programme, today)) is not None:
                taken = heater_readings.take_from_heaters(
                    programme=programme, area_code=programme.area_id, season=season, by="take_counters", until=today
                )
                done[programme.code] = len(taken.rows)
    return done


@handler(reading_imports.CHECK, label=gettext_lazy("Read meter readings"))
def check_readings(run: JobRun, import_id: int) -> dict[str, str]:
    """The trial of a company's file; nothing of it is stored yet."""
    made = reading_imports.check_import(import_id, commit=run.commit)
    counts = made.counts or {"lines": 0, "problems": len(made.problems)}
    message = _("%(lines)d lines understood, %(problems)d problems") % counts
    return {"url": reverse("subsidies:reading-import-detail", args=[import_id]), "message": message}


@handler(reading_imports.APPLY, label=gettext_lazy("Store meter readings"))
def apply_readings(run: JobRun, import_id: int, digest: str) -> None:
    """All lines and the end of the job become true together."""
    with run.commit():
        by = run.requested_by or ReadingImport.objects.select_related("uploaded_by").get(pk=import_id).uploaded_by
        made = reading_imports.apply_import(import_id, digest=digest, by=by)
        n = made.counts.get("stored", 0)
        message = ngettext("%(n)d line stored", "%(n)d lines stored", n) % {"n": n}
        run.finish({"url": reverse("subsidies:reading-import-detail", args=[import_id]), "message": message})


@handler(reading_imports.UNDO, label=gettext_lazy("Take readings back"))
def undo_readings(run: JobRun, import_id: int, reason: str) -> None:
    """All lines and the end of the job become true together."""
    with run.commit():
        made = ReadingImport.objects.select_related("uploaded_by").get(pk=import_id)
        n = reading_imports.undo_import(made=made, reason=reason, by=run.requested_by or made.uploaded_by)
        message = ngettext("%(n)d line taken back", "%(n)d lines taken back", n) % {"n": n}
        run.finish({"url": reverse("subsidies:reading-import-detail", args=[import_id]), "message": message})


@handler(OPERATION, label=gettext_lazy("Compare claims with heaters"))
def check_operation(run: JobRun, programme_id: int, year: int) -> dict[str, str]:
    programme = Programme.objects.get(pk=programme_id)
    season = seasons.season_of_year(programme, year)
    counts = operation.check_operation(programme=programme, season=season, step=run.progress)
    total = sum(counts.values())
    message = ngettext("%(n)d dwelling compared", "%(n)d dwellings compared", total) % {"n": total}
    return {"url": reverse("subsidies:operation-list"), "message": message}


@handler(SETTLE, label=gettext_lazy("Settle a season"))
def settle_season(run: JobRun, programme_id: int, year: int) -> None:
    """All instalments and the end of the job become true together."""
    programme = Programme.objects.get(pk=programme_id)
    season = seasons.season_of_year(programme, year)
    with run.commit():
        done = seasons.settle_season(programme=programme, season=season, by=run.requested_by or "jobs")
        if run.requested_by is not None:
            seasons.propose_overpaid(found=done, by=run.requested_by)
        counts = {"made": len(done.made), "over": len(done.overpaid), "open": done.open}
        message = _("%(made)d instalments, %(over)d overpaid, %(open)d open") % counts
        where = "subsidies:clawback-list" if done.overpaid else "subsidies:entitlement-list"
        run.finish({"url": reverse(where), "message": message})


@handler(TAKE, label=gettext_lazy("Take the heaters' counters"))
def take_from_heaters(run: JobRun, programme_id: int, area: str, year: int) -> None:
    """Readings from the heaters; what is there already stays, so that a second run adds nothing."""
    programme = Programme.objects.get(pk=programme_id)
    season = seasons.season_of_year(programme, year)
    assert run.requested_by is not None  # asked for by the button only
    with run.commit():
        done = heater_readings.take_from_heaters(
            programme=programme, area_code=area, season=season, by=run.requested_by
        )
        counts = {"counted": done.count("counted"), "agree": done.count("confirms"), "held": done.count("held")}
        message = _("%(counted)d counted, %(agree)d agree, %(held)d held") % counts
        run.finish({"url": reverse("subsidies:reading-list"), "message": message})
