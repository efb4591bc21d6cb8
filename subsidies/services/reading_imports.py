"""A company's file: read on trial by a job with everything that is wrong, applied once, taken back while unused."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.blind_index import normal_form
from core.files import StoredFile, TooLarge, delete_file, open_file, store_file
from core.refusals import Refused
from core.workbooks.guard import MIB, Limits
from core.workbooks.read import read_workbook
from core.workbooks.refusals import WorkbookRefused
from households.models import Document, Dwelling, MeterReading, MeterSupply
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme
from subsidies.metering.sheets import Problem, Stated, StatedRow, read_stated
from subsidies.models import Entitlement, ReadingImport
from subsidies.services.locking import demand_right, hold
from subsidies.services.readings import (
    RECORD,
    Entry,
    Judged,
    State,
    judge_all,
    on_every_dwelling,
    record_readings,
    surroundings,
)

CHECK, APPLY, UNDO = "subsidies.check_readings", "subsidies.apply_readings", "subsidies.undo_readings"
FILE_KIND = "meter_readings"
FILE_LIMITS = Limits(file_bytes=30 * MIB, unpacked_bytes=300 * MIB, cells=3_000_000, cpu_s=60, wall_s=120)
KEPT = 2_000
SOURCES = {"electricity": MeterReading.Source.POWER_COMPANY, "gas": MeterReading.Source.GAS_COMPANY}
Phase = ReadingImport.State
Commit = Callable[[], AbstractContextManager[Any]]
Step = Callable[[int, int], None]


@dataclass
class Plan:
    """What a file would do now: lines judged, and problems of the rows that are not taken."""

    judged: list[Judged] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0

    @property
    def digest(self) -> str:
        """Of every line's fate: a plan that was shown and the plan that is applied must be the same."""
        lines = [
            [one.entry.dwelling.pk, str(one.entry.span), str(one.verdict.quantity), one.verdict.state, one.codes]
            for one in self.judged
        ]
        text = json.dumps([lines, [[p.where, p.code] for p in self.problems]], default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def counts(self) -> dict[str, int]:
        states = Counter(one.verdict.state for one in self.judged)
        taken = {"rows": self.rows, "lines": len(self.judged), "problems": len(self.problems)}
        return {**taken, **{name: states[name] for name in ("counted", "confirms", "held", "same")}}


def start_import(
    *, programme: Programme, area: Area, carrier: str, content: Iterable[bytes], file_name: str, by: User
) -> tuple[ReadingImport, bool]:
    """Keep the file and ask for its trial; the same file again gives the first one (second value False).

    Raises Refused PLACE_OUTSIDE, FILE_TOO_LARGE, METER_KIND.
    """
    demand_right(by, RECORD, area.code)
    if not is_inside(area.code, programme.area_id):
        raise Refused("PLACE_OUTSIDE", _("%(area)s does not belong to the programme."), area=area.name)
    if carrier not in SOURCES:
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


def plan_of(made: ReadingImport, today: dt.date) -> Plan:
    """Read, match and judge the file against what is known now. Raises `WorkbookRefused`."""
    stated = _read(made)
    finder = _Finder(made, stated.rows)
    plan = Plan(problems=list(stated.problems), rows=stated.seen)
    entries: list[Entry] = []
    seen: dict[tuple[Any, ...], StatedRow] = {}
    for row in stated.rows:
        found = finder.entries(row, today)
        if isinstance(found, Problem):
            plan.problems.append(found)
        elif (twin := _twin(seen, found[0], row)) is None:
            entries += found
        elif not _alike(twin, row):
            plan.problems.append(Problem(row.at("last", "month"), "TWICE_IN_FILE", f"{twin.sheet}!{twin.row_no}"))
    entries = on_every_dwelling(entries)
    around = surroundings(sorted({entry.dwelling.pk for entry in entries}))
    plan.judged = judge_all(made.programme, entries, around)
    return plan


def _twin(seen: dict[tuple[Any, ...], StatedRow], entry: Entry, row: StatedRow) -> StatedRow | None:
    """An earlier row of the file about the same meter and days; the first one is remembered."""
    key = (entry.dwelling.pk, entry.meter, entry.tariff, entry.span)
    if key in seen:
        return seen[key]
    seen[key] = row
    return None


def _alike(one: StatedRow, other: StatedRow) -> bool:
    return (one.start, one.end, one.quantity, one.factor) == (other.start, other.end, other.quantity, other.factor)


@dataclass
class _Finder:
    """Whose a row is: by dwelling number, household number or meter number, inside the import's place only."""

    made: ReadingImport
    rows: Sequence[StatedRow]

    def __post_init__(self) -> None:
        self.homes: dict[int, Dwelling] = {}
        self.by_number: dict[str, list[int]] = defaultdict(list)
        self.by_meter: dict[str, list[int]] = defaultdict(list)
        numbers = {text for row in self.rows for text in (row.dwelling, row.account) if text}
        meters = {normal_form(row.meter) for row in self.rows if row.meter}
        for part in _pieces(sorted(numbers)):
            self._learn(Q(dwelling_no__in=part) | Q(household__household_no__in=part))
        for part in _pieces(sorted(meters)):
            self._learn(Q(meter_no__in=part) if self.made.carrier == "electricity" else Q(pk__in=[]))
            self._learn_supplies(part)

    def _learn(self, which: Q) -> None:
        for home in self._reach().filter(which).select_related("household"):
            self.homes[home.pk] = home
            for key in {home.dwelling_no, home.household.household_no}:
                if home.pk not in self.by_number[key]:
                    self.by_number[key].append(home.pk)
            number = home.meter_no if self.made.carrier == "electricity" else ""
            if number and home.pk not in self.by_meter[number]:
                self.by_meter[number].append(home.pk)

    def _learn_supplies(self, numbers: Sequence[str]) -> None:
        supplies = MeterSupply.objects.filter(meter__number__in=numbers, carrier=self.made.carrier)
        pairs = list(supplies.values_list("meter__number", "dwelling_id").order_by("dwelling_id"))
        homes = {
            home.pk: home
            for home in self._reach().filter(pk__in=[pk for _number, pk in pairs]).select_related("household")
        }
        self.homes.update(homes)
        for number, pk in pairs:
            if pk in homes and pk not in self.by_meter[number]:
                self.by_meter[number].append(pk)

    def _reach(self) -> Any:
        return Dwelling.objects.within(self.made.area_id).filter(folded_into__isnull=True)

    def entries(self, row: StatedRow, today: dt.date) -> list[Entry] | Problem:
        """The row's lines (several for a shared meter), or why it is not taken."""
        if row.span.last_day > today:
            return Problem(row.at("last", "month"), "FUTURE", row.span.last_day.isoformat())
        found = self._homes_of(row)
        if isinstance(found, Problem):
            return found
        by_meter = bool(row.meter) and bool(self.by_meter.get(normal_form(row.meter)))
        wrong = None if by_meter else self._other_name(row, found)
        return wrong or [self._entry(self.homes[pk], row) for pk in found]

    def _homes_of(self, row: StatedRow) -> list[int] | Problem:
        """The number of the register is asked first, then the meter; where both are known they must agree."""
        numbered = next((self.by_number[text] for text in (row.dwelling, row.account) if self.by_number.get(text)), [])
        hanging = self.by_meter.get(normal_form(row.meter), []) if row.meter else []
        if numbered and hanging and not set(numbered) & set(hanging):
            return Problem(row.at("meter"), "OTHER_HOME", row.meter)
        if hanging:
            return hanging if not numbered or len(hanging) > 1 else [pk for pk in hanging if pk in numbered]
        if len(numbered) > 1:
            return Problem(row.at("dwelling", "account"), "SEVERAL_HOMES", row.dwelling or row.account)
        said = row.dwelling or row.account or row.meter
        return numbered or Problem(row.at("dwelling", "account", "meter"), "UNKNOWN_HOME", said)

    def _other_name(self, row: StatedRow, found: Sequence[int]) -> Problem | None:
        if not row.name:
            return None
        families = [self.homes[pk].household for pk in found]
        known = {name for family in families for name in (family.head_name, family.account_holder) if name}
        return None if row.name in known or not known else Problem(row.at("name"), "NAME_DIFFERS", row.name)

    def _entry(self, home: Dwelling, row: StatedRow) -> Entry:
        return Entry(
            home, self.made.carrier, row.span, SOURCES[self.made.carrier], row.start, row.end, row.quantity,
            row.factor, normal_form(row.meter), row.tariff, row.at("end", "quantity"),
        )  # fmt: skip


def _pieces(values: Sequence[str], size: int = 2_000) -> Iterable[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _read(made: ReadingImport) -> Stated:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _safe_name(made.file.file_name)
        with open_file(made.file.stored_name) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        return read_stated(read_workbook(path, limits=FILE_LIMITS))


def _safe_name(file_name: str) -> str:
    """The file's own name without what could lead elsewhere: a CSV's sheet is called by it."""
    path = Path(file_name)
    return re.sub(r"[^\w-]", "_", path.stem)[:60] + re.sub(r"[^.\w]", "", path.suffix.lower())[:6]


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
