"""A company's file: read on trial by a job with everything that is wrong, applied once, taken back while unused."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.files import StoredFile, TooLarge, delete_file, store_file
from core.refusals import Refused
from core.workbooks.refusals import WorkbookRefused
from households.models import Document, Dwelling, MeterReading
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme
from subsidies.models import Entitlement, ReadingImport
from subsidies.reading_reach import RECORD, carriers_for
from subsidies.services.locking import demand_right, hold
from subsidies.services.reading_plans import Plan, plan_of
from subsidies.services.readings import (
    State,
    record_readings,
)

CHECK, APPLY, UNDO = "subsidies.check_readings", "subsidies.apply_readings", "subsidies.undo_readings"
FILE_KIND = "meter_readings"
KEPT = 2_000
Phase = ReadingImport.State
Commit = Callable[[], AbstractContextManager[Any]]
Step = Callable[[int, int], None]


def start_import(
    *, programme: Programme, area: Area, carrier: str, content: Iterable[bytes], file_name: str, by: User
) -> tuple[ReadingImport, bool]:
    """Keep the file and ask for its trial; the same file again gives the first one (second value False).

    Raises Refused PLACE_OUTSIDE, FILE_TOO_LARGE, METER_KIND, FILE_KNOWN.
    """
    demand_right(by, RECORD, area.code)
    if not is_inside(area.code, programme.area_id):
        raise Refused("PLACE_OUTSIDE", _("%(area)s does not belong to the programme."), area=area.name)
    if carrier not in carriers_for(by):
        raise Refused("METER_KIND", _("Choose electricity or gas."))
    stored = _stored(content)
    try:
        with transaction.atomic():
            hold(f"readings:{programme.pk}")
            made, fresh = _begin(programme, area, carrier, stored, file_name, by)
    except BaseException:
        delete_file(stored.key)
        raise
    if not fresh:
        delete_file(stored.key)
    return made, fresh


def check_import(import_id: int, *, commit: Commit = nullcontext, today: dt.date | None = None) -> ReadingImport:
    """The trial: every row read, matched and judged, nothing stored but what would happen. Safe to run again."""
    made = ReadingImport.objects.select_related("file", "programme").get(pk=import_id)
    if made.state not in (Phase.READING, Phase.CHECKED):
        return made
    try:
        plan = plan_of(made, today or clock.today())
    except WorkbookRefused as refusal:
        with commit(), transaction.atomic():
            return _refuse(made, refusal)
    with commit(), transaction.atomic():
        locked = ReadingImport.objects.select_for_update().get(pk=made.pk)
        if locked.state in (Phase.READING, Phase.CHECKED):
            _note(locked, plan, Phase.CHECKED if plan.judged else Phase.REFUSED)
        return locked


def ask_to_apply(*, made: ReadingImport, digest: str, by: User) -> Job:
    """Store what the trial showed, by a job. Raises Refused READING_STATE, PLAN_CHANGED (conflicts)."""
    demand_right(by, RECORD, made.area_id)
    if made.state != Phase.CHECKED:
        raise _wrong_state(made)
    if digest != made.plan_digest:
        raise _changed()
    return enqueue(kind=APPLY, args={"import_id": made.pk, "digest": digest}, by=by, area=made.area_id)


def apply_import(import_id: int, *, digest: str, by: User, today: dt.date | None = None) -> ReadingImport:
    """All lines or none, in the caller's transaction; run again, nothing happens twice.

    Raises Refused PLAN_CHANGED where the register or other readings changed since the trial: look at it again.
    """
    with transaction.atomic():
        made = (
            ReadingImport.objects.select_for_update(of=("self",)).select_related("file", "programme").get(pk=import_id)
        )
        if made.state == Phase.APPLIED:
            return made
        if made.state != Phase.CHECKED:
            raise _wrong_state(made)
        day = today or clock.today()
        plan = plan_of(made, day)
        if plan.digest != digest:
            raise _changed()
        done = record_readings(
            programme=made.programme, entries=[one.entry for one in plan.judged], by=by, document=made.file, today=day
        )
        made.state, made.applied_by, made.applied_at = Phase.APPLIED, by, clock.now()
        made.counts = {**made.counts, "stored": len(done.rows)}
        made.save(update_fields=["state", "applied_by", "applied_at", "counts"])
        return made


def ask_to_undo(*, made: ReadingImport, reason: str, by: User) -> Job:
    """Take the file back by a job. What stands against it is said at once: see `undo_import`."""
    demand_right(by, RECORD, made.area_id)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    if made.state != Phase.APPLIED:
        raise _wrong_state(made)
    lines = _lines_of(made)
    _refuse_used(sorted(set(lines.values_list("dwelling_id", flat=True))), lines)
    args = {"import_id": made.pk, "reason": reason.strip()[:200]}
    return enqueue(kind=UNDO, args=args, by=by, area=made.area_id)


@transaction.atomic
def undo_import(*, made: ReadingImport, reason: str, by: User) -> int:
    """Take every line of the file back; they stay in the history. Returns how many.

    Raises Refused REASON_NEEDED, READING_STATE, IMPORT_USED (conflicts).
    """
    demand_right(by, RECORD, made.area_id)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    locked = ReadingImport.objects.select_for_update().get(pk=made.pk)
    if locked.state != Phase.APPLIED:
        raise _wrong_state(locked)
    lines = _lines_of(locked)
    homes = sorted(set(lines.values_list("dwelling_id", flat=True)))
    list(Dwelling.objects.select_for_update().filter(pk__in=homes).order_by("pk").values_list("pk", flat=True))
    _refuse_used(homes, lines)
    spans = list(lines.filter(state=State.COUNTED).values_list("dwelling_id", "carrier", "starts_on", "ends_on"))
    with acting(by, reason=reason.strip()[:300]):
        count = lines.update(state=State.WITHDRAWN)
        _restore_displaced(homes, spans)
        locked.state, locked.undo_reason = Phase.UNDONE, reason.strip()[:300]
        locked.save(update_fields=["state", "undo_reason"])
    return int(count)


def _lines_of(made: ReadingImport) -> Any:
    return MeterReading.objects.filter(document=made.file_id).exclude(state=State.WITHDRAWN)


def _stored(content: Iterable[bytes]) -> StoredFile:
    try:
        return store_file(content, max_bytes=settings.UPLOAD_MAX_BYTES)
    except TooLarge:
        raise Refused("FILE_TOO_LARGE", _("The file is too large. Split it by village.")) from None


def _begin(
    programme: Programme, area: Area, carrier: str, stored: StoredFile, file_name: str, by: User
) -> tuple[ReadingImport, bool]:
    alive = ReadingImport.objects.filter(programme=programme, carrier=carrier, file_sha256=stored.sha256)
    twin = alive.exclude(state__in=[Phase.REFUSED, Phase.UNDONE]).first()
    if twin is not None:
        if not ReadingImport.objects.visible_to(by, RECORD).filter(pk=twin.pk).exists():
            raise Refused("FILE_KNOWN", _("Somebody else has sent exactly this file already."), conflict=True)
        return twin, False
    document = Document.objects.create(
        area=area, kind=FILE_KIND, file_name=file_name[-200:], stored_name=stored.key, sha256=stored.sha256,
        size_bytes=stored.size, uploaded_by=by,
    )  # fmt: skip
    made = ReadingImport.objects.create(
        programme=programme, area=area, carrier=carrier, file=document, file_sha256=stored.sha256, uploaded_by=by
    )
    made.job = enqueue(kind=CHECK, args={"import_id": made.pk}, by=by, area=area)
    made.save(update_fields=["job"])
    return made, True


def _note(made: ReadingImport, plan: Plan, state: str) -> None:
    held = [one for one in plan.judged if one.verdict.state == "held"]
    made.state, made.counts, made.plan_digest = state, plan.counts(), plan.digest
    made.problems = [{"where": p.where, "code": p.code, "value": p.value} for p in plan.problems[:KEPT]]
    made.held = [
        {"where": one.entry.cell, "codes": list(one.codes), "dwelling": one.entry.dwelling.dwelling_no}
        for one in held[:KEPT]
    ]
    made.save(update_fields=["state", "counts", "plan_digest", "problems", "held"])


def _refuse(made: ReadingImport, refusal: WorkbookRefused) -> ReadingImport:
    made.state = Phase.REFUSED
    made.problems = [{"where": "", "code": refusal.code, "value": "", "params": refusal.values}]
    made.save(update_fields=["state", "problems"])
    return made


def _refuse_used(homes: Sequence[int], lines: Any) -> None:
    """Lines an amount rests on are not taken back: the amount first, or one line at a time by decision."""
    living = Entitlement.objects.filter(dwelling__in=homes).exclude(state="void").exclude(period__startswith="once")
    years = {(day.year, (day.year - 1)) for day in lines.values_list("ends_on", flat=True)}
    seasons = {str(year) for pair in years for year in pair}
    used = [one for one in living.values_list("dwelling__dwelling_no", "period") if one[1][:4] in seasons]
    if used:
        words = _(
            "Amounts of %(n)d dwellings rest on this file (%(first)s …). Strike them first, or decide line by line."
        )
        raise Refused("IMPORT_USED", words, conflict=True, n=len({home for home, _p in used}), first=used[0][0])


def _restore_displaced(homes: Sequence[int], spans: Iterable[tuple[int, str, dt.date, dt.date]]) -> None:
    """Heater's lines that only agreed with a line taken back count again."""
    over = defaultdict(list)
    for home, carrier, first, last in spans:
        over[home, carrier].append((first, last))
    agreeing = MeterReading.objects.filter(dwelling__in=homes, state=State.CONFIRMS, source="telemetry")
    freed = [
        row.pk
        for row in agreeing
        if any(first <= row.starts_on and row.ends_on <= last for first, last in over[row.dwelling_id, row.carrier])
    ]
    MeterReading.objects.filter(pk__in=freed).update(state=State.COUNTED)


def _wrong_state(made: ReadingImport) -> Refused:
    words = _("The file is “%(state)s”; this can't be done now.")
    return Refused("READING_STATE", words, conflict=True, state=made.get_state_display())


def _changed() -> Refused:
    words = _("Something changed since the file was checked. Look at what it would do now, then apply it.")
    return Refused("PLAN_CHANGED", words, conflict=True)
