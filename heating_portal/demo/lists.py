"""First half of the story: rosters arrive as files, are stored, drawn up per village and sealed by three people."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from accounts.acting import acting
from accounts.models import Area
from core.refusals import Refused
from heating_portal.demo.people import person
from heating_portal.demo.progress import Progress
from heating_portal.demo.rosters import WrittenRoster, write_rosters
from households.models import Roster, RosterImport
from households.services.imports import request_apply, start_import
from households.services.rosters import draw_up_roster, seal_roster
from jobs.models import Job
from jobs.running import run_job
from programmes.models import Programme

WHY = "demonstration"
LEVELS = (("village", "village_staff"), ("town", "town_leader"), ("office", "office"))
SEALED = {Roster.State.DRAFT: 0, Roster.State.VILLAGE_SEALED: 1, Roster.State.TOWN_SEALED: 2, Roster.State.APPROVED: 3}


def import_rosters(preset: str, programme: Programme, progress: Progress) -> None:
    """Every town's clerk uploads the town's file; it is read and stored by the functions that jobs call."""
    with tempfile.TemporaryDirectory() as folder:
        for roster in write_rosters(preset, Path(folder)):
            _import(roster, programme)
            progress.tick(roster.households)


def _import(roster: WrittenRoster, programme: Programme) -> None:
    clerk = person("town_staff", roster.town_code)
    with acting(clerk, WHY):
        made = _started(roster, programme)
        if made.state == RosterImport.State.REVIEW:
            _run(request_apply(roster_import=made, by=clerk))
            made.refresh_from_db()
        if made.state != RosterImport.State.APPLIED:
            raise RuntimeError(f"{roster.path.name}: the import ended as “{made.state}”: {made.counts} {made.refusal}")


def _started(roster: WrittenRoster, programme: Programme) -> RosterImport:
    """The file's import, parsed; taken up again where an earlier load was interrupted."""
    clerk, town = person("town_staff", roster.town_code), Area.objects.get(code=roster.town_code)
    try:
        made, job = start_import(
            programme=programme, area=town, content=[roster.path.read_bytes()], file_name=roster.path.name, by=clerk
        )
    except Refused as refusal:
        if refusal.code != "SAME_FILE":
            raise
        made = RosterImport.objects.get(pk=refusal.values["import_id"])
        job = Job.objects.filter(kind="households.parse_import", args__import_id=made.pk).latest("id")
    _run(job)
    made.refresh_from_db()
    return made


def _run(job: Job) -> None:
    """What a worker would do, here and now. A job that another process has already taken is left to it."""
    run_job(job.pk)
    job.refresh_from_db()
    if job.state == Job.State.FAILED:
        raise RuntimeError(f"job {job.pk} ({job.kind}): {job.error}")


def draw_up(programme: Programme, villages: Iterable[str], progress: Progress) -> None:
    """The town's clerk draws up one list per village."""
    for code in villages:
        if not Roster.objects.filter(programme=programme, area_id=code).exists():
            clerk = person("town_staff", code)
            with acting(clerk, WHY):
                draw_up_roster(programme=programme, area=Area.objects.get(code=code), by=clerk)
        progress.tick()


def seal(programme: Programme, how_far: dict[str, int], begun: datetime, progress: Progress) -> None:
    """Village, town and office seal, each by its own person; `how_far` says how many seals a village's list gets."""
    for roster in Roster.objects.filter(programme=programme, version_no=1).order_by("area_id"):
        wanted = how_far.get(roster.area_id, len(LEVELS))
        for number in range(SEALED.get(Roster.State(roster.state), 3), wanted):
            _seal(roster, number, begun + timedelta(days=2 * number))
        progress.tick()


def _seal(roster: Roster, number: int, at: datetime) -> None:
    level, role = LEVELS[number]
    signer = person(role, roster.area_id)
    with acting(signer, WHY):
        seal_roster(roster=roster, level=level, by=signer, content_hash=roster.content_hash, now=at)
