"""One household, one file (一户一档): what every room knows of a dwelling, gathered for one page."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.history.actors import reason_words
from accounts.history.naming import Names
from accounts.history.queries import Change, changes_of
from accounts.models import AccessLog, AuditEntry, User
from core.beside import hang
from core.refusals import Refused
from core.seasons import SeasonError, SeasonRule
from core.together import Reading, asking, in_step, keep, read
from devices.models import Heater
from households.models import Document, Dwelling, MeterReading
from households.queries import DwellingPanel
from households.queries import panel_of as household_panel
from households.roster_queries import StampedPlace, stamped_in, stamped_rows
from programmes.models import Programme, RequiredPaper, Technology
from programmes.papers import UPLOADABLE, Paper
from reports.links import address
from reports.models import DwellingSummary
from retrofits.models import Acceptance, Installation, Photo, Task
from retrofits.queries import panel_of as works_panel
from subsidies.models import Entitlement, EntitlementLine, PayoutLine
from subsidies.rules.documents import DocumentError
from subsidies.rules.encoding import decode_steps
from subsidies.services.policies import rules_of
from subsidies.wording import reason_sentence, source_name, step_sentence

LOOKS_SHOWN = 5
CHANGES_SHOWN = 8
LIKE_BITS, LIKE_PHOTOS, LIKE_SHOWN = 2, 12, 5
IMPORTED = re.compile(r"^roster import (\d+)")
STAGES = (Photo.Stage.BEFORE, Photo.Stage.DURING, Photo.Stage.AFTER)


@dataclass(frozen=True)
class Stage:
    """One stage of the chain on the cover: `state` is did, now or ""."""

    title: str
    note: Any = ""
    state: str = ""


@dataclass(frozen=True)
class PaperLine:
    """One of the fourteen items: whether it is there and since when, its stored files, and who owes it if asked for."""

    paper: Paper
    there: bool
    at: Any = None
    asked: RequiredPaper | None = None
    files: tuple[Document, ...] = ()

    @property
    def title(self) -> Any:
        return self.paper.label

    @property
    def is_missing(self) -> bool:
        return self.asked is not None and not self.there

    @property
    def may_upload(self) -> bool:
        return self.paper in UPLOADABLE


@dataclass(frozen=True)
class MoneyLine:
    """One benefit: the amount (None is undefined), its sources, its steps in words, its payment."""

    due: Entitlement
    sources: list[tuple[str, int]]
    steps: list[str]
    reason: str
    payment: PayoutLine | None
    title: str = ""


@dataclass(frozen=True)
class Event:
    at: Any
    title: str
    note: str = ""
    look: str = ""

    @property
    def day(self) -> dt.date:
        return timezone.localtime(self.at).date() if isinstance(self.at, dt.datetime) else self.at


@dataclass
class HouseholdFile:
    """What the page draws. Money is empty for people who may not read entitlements there."""

    dwelling: Dwelling
    programme: Programme | None
    summary: DwellingSummary | None
    panel: DwellingPanel
    task: Task | None
    heater: Heater | None
    stamped: StampedPlace | None = None
    paid_at: Any = None
    money: list[MoneyLine] = field(default_factory=list)
    sees_money: bool = False
    held_readings: list[MeterReading] = field(default_factory=list)

    @property
    def record(self) -> Installation | None:
        return getattr(self.task, "installation", None) if self.task else None

    @property
    def route(self) -> Technology | None:
        """What the household heats with by the works, before them what it chose."""
        chosen = (one for one in self.panel.enrolments if one.programme == self.programme)
        return self.task.technology if self.task else next((one.technology for one in chosen), None)

    @property
    def acceptances(self) -> list[Acceptance]:
        """Newest first."""
        return sorted(self.task.acceptances.all(), key=lambda one: one.recorded_at, reverse=True) if self.task else []

    @property
    def passed(self) -> Acceptance | None:
        return next((one for one in self.acceptances if one.result == "passed"), None)

    @property
    def photos(self) -> list[Photo]:
        return sorted(self.task.photos.all(), key=lambda one: one.pk) if self.task else []

    @property
    def asks_for_photos(self) -> bool:
        """Whether the programme does: a missing photo is missing only then."""
        return any(one.paper == Paper.PHOTOS for one in _asked(self))

    @property
    def cover_photos(self) -> list[tuple[Any, Photo | None]]:
        """The newest photo before, during and after the works; None where it is missing."""
        return [(stage.label, next((p for p in reversed(self.photos) if p.stage == stage), None)) for stage in STAGES]

    @property
    def approved_at(self) -> dt.datetime | None:
        rows = (row.roster for row in self.panel.rosters if row.roster.state == "approved" and not row.exclusion)
        return next((roster.approved_at for roster in rows), None)

    @property
    def total_fen(self) -> int | None:
        known = [line.due.amount_fen for line in self.money if line.due.amount_fen is not None]
        return sum(known) if known else None

    @property
    def paid(self) -> list[PayoutLine]:
        return [line.payment for line in self.money if line.payment and line.payment.state == "paid"]


def file_of(dwelling: Dwelling, programme: Programme | None, user: User) -> HouseholdFile:
    """Everything of one dwelling, in the chosen programme where it takes part, otherwise in its newest."""
    return read(file_reading(dwelling, programme, user))


def file_reading(dwelling: Dwelling, programme: Programme | None, user: User) -> Reading[HouseholdFile]:
    """`file_of` as a reading: one turn for all that hangs on the dwelling, one for what hangs on the programme."""
    summaries = DwellingSummary.objects.filter(dwelling=dwelling).select_related("programme").order_by("-id")
    heaters = Heater.objects.filter(dwelling=dwelling, removed_on__isnull=True).select_related("latest", "device_model")
    heaters, stamped, paid = heaters.order_by("-id"), stamped_rows(dwelling), _payments(dwelling)
    sees_works = user.has_right("tasks.view", dwelling.area_id)
    sees_money = user.has_right("entitlements.view", dwelling.area_id)
    held = MeterReading.objects.filter(dwelling=dwelling, state=MeterReading.State.HELD).order_by("-id")
    _done, panel, tasks, dues = yield from in_step(
        asking(summaries, heaters, stamped, paid, *([held] if sees_money else [])), household_panel(dwelling),
        works_panel(dwelling) if sees_works else asking(), _dues(dwelling) if sees_money else asking(),
    )  # fmt: skip
    summary = next((one for one in summaries if one.programme == programme), next(iter(summaries), None))
    chosen = summary.programme if summary else programme
    file = HouseholdFile(
        dwelling=dwelling, programme=chosen, summary=summary, panel=panel, task=_alive(tasks or [], chosen),
        heater=next(iter(heaters), None), sees_money=sees_money,
        paid_at=next((at for key, at in paid if chosen and key == chosen.pk), None),
        held_readings=list(held) if sees_money else [],
        money=[_money_line(due) for due in dues or [] if chosen and due.programme_id == chosen.pk],
    )  # fmt: skip
    file.stamped, _asked = yield from in_step(stamped_in(stamped, chosen), _required(chosen) if chosen else asking())
    return file


def _alive(tasks: list[Task], programme: Programme | None) -> Task | None:
    return next((one for one in tasks if one.programme == programme and one.state != Task.State.WITHDRAWN), None)


def _required(programme: Programme) -> Reading[None]:
    rows = programme.required_papers.all()
    yield [rows]
    keep(programme, "required_papers", rows)


def _payments(dwelling: Dwelling) -> QuerySet[PayoutLine, Any]:
    """(programme, when its money arrived), earliest first; that it did is no secret, how much is."""
    lines = PayoutLine.objects.filter(entitlement__dwelling=dwelling, state="paid").order_by("settled_at")
    return lines.values_list("entitlement__programme_id", "settled_at")


def _dues(dwelling: Dwelling) -> Reading[list[Entitlement]]:
    """What is due for the dwelling in all programmes, with its sources and payments."""
    rows = Entitlement.objects.filter(dwelling=dwelling).exclude(state="void").order_by("id")
    rows = rows.select_related("notice", "policy__programme")
    sources = EntitlementLine.objects.filter(entitlement__dwelling=dwelling)
    payments = PayoutLine.objects.filter(entitlement__dwelling=dwelling).select_related("batch")
    yield [rows, sources, payments]
    hang(rows, "lines", sources, "entitlement_id")
    hang(rows, "payout_lines", payments, "entitlement_id")
    return list(rows)


def _money_line(due: Entitlement) -> MoneyLine:
    payments = sorted(due.payout_lines.all(), key=lambda one: one.pk)
    sources = [(source_name(line.source), line.amount_fen) for line in due.lines.all()]
    steps = [step_sentence(step) for step in decode_steps(due.steps)]
    title = _title(due)
    return MoneyLine(due, sources, steps, reason_sentence(due.reason), payments[-1] if payments else None, title)


def _title(due: Entitlement) -> str:
    """What the policy's document calls the benefit; "" for one whose document is not read any more."""
    with suppress(Refused, DocumentError):
        benefit = rules_of(due.policy).benefit(due.benefit)
        return benefit.title if benefit else ""
    return ""


def stages_of(file: HouseholdFile, today: dt.date) -> list[Stage]:
    """The chain on the cover: done with its day, or the first open one marked as now; named so that both are true."""
    has_heater = bool(file.task and file.task.technology.has_heater)
    done = [
        (pgettext("step", "Listing"), file.approved_at),
        (pgettext("step", "Works"), file.record.installed_on if file.record else None),
        *([(pgettext("step", "Connection"), file.heater.installed_on if file.heater else None)] if has_heater else []),
        (pgettext("step", "Acceptance"), file.passed.accepted_on if file.passed else None),
        (pgettext("step", "Public notice"), _notice_day(file)),
        (pgettext("step", "Payment"), file.paid[0].settled_at if file.paid else None),
    ]
    stages, now = [], True
    for title, at in done:
        stages.append(Stage(title, at, "did" if at else "now" if now else ""))
        now = now and bool(at)
    return [*stages, Stage(pgettext("step", "Operation"), _season_words(file.programme, today), "now" if now else "")]


def _notice_day(file: HouseholdFile) -> Any:
    notices = [line.due.notice for line in file.money if line.due.notice and line.due.notice.state == "closed"]
    return (notices[0].closed_at or notices[0].ends_at) if notices else None


def _season_words(programme: Programme | None, today: dt.date) -> str:
    if programme is None:
        return ""
    try:
        season = SeasonRule.parse(programme.season_start, programme.season_end).season_of(today)
    except SeasonError:
        return ""
    return _("day %(n)d of the season") % {"n": season.days_passed(today)} if season else _("between two seasons")


def papers_of(file: HouseholdFile) -> list[PaperLine]:
    """The fourteen items in their order. What the programme asks for is its own data; stored files count everywhere."""
    asked = {one.paper: one for one in _asked(file)}
    kept = _kept(file)
    days = _paper_days(file)
    lines = []
    for paper in Paper:
        files, day = kept.get(paper.value, ()), days.get(paper.value)
        at = day if day is not None else files[0].uploaded_at if files else None
        lines.append(PaperLine(paper, at is not None, at, asked.get(paper.value), files))
    return lines


def _asked(file: HouseholdFile) -> list[RequiredPaper]:
    """What the programme asks of this dwelling: some items only where a heater belongs to the route."""
    if file.programme is None:
        return []
    has_heater = bool(file.route and file.route.has_heater)
    return [one for one in file.programme.required_papers.all() if has_heater or not one.heater_only]


def _kept(file: HouseholdFile) -> dict[str, tuple[Document, ...]]:
    """Stored files per item, newest first, the withdrawn ones left out."""
    found: dict[str, list[Document]] = {}
    for one in file.panel.documents:
        if one.kind in Paper.values and not one.withdrawn_reason:
            found.setdefault(one.kind, []).append(one)
    return {kind: tuple(files) for kind, files in found.items()}


def _paper_days(file: HouseholdFile) -> dict[str, Any]:
    """Since when an item is there by what the rooms know, without a stored file of its own."""
    record, passed, family = file.record, file.passed, file.dwelling.household
    numbers = family.id_number_index and family.phone_index and family.bank_card_index
    shown = {photo.stage: photo.taken_at or photo.document.uploaded_at for photo in file.photos}
    is_basic = bool(numbers) and file.dwelling.heated_area_m2 is not None
    signed = passed is not None and bool(passed.signature_id or passed.signer_name)
    scans = file.stamped.scans if file.stamped and file.stamped.row.roster.state == "approved" else []
    return {
        Paper.BASIC: family.created_at if is_basic else None,
        Paper.CHOICE: scans[-1].uploaded_at if scans else None,
        Paper.PHOTOS: max(shown[stage] for stage in STAGES) if shown.keys() >= set(STAGES) else None,
        Paper.RECORD: record.installed_on if record else None,
        Paper.CONNECTION: record.heater.installed_on if record and record.heater else None,
        Paper.ACCEPTANCE: passed.accepted_on if passed else None,
        Paper.JOINT: passed.accepted_on if passed and signed else None,
        Paper.SELF_PAYMENT: file.task.opened_at if file.task and file.task.self_funds_proven else None,
        Paper.PAYMENT: file.paid_at,
    }


def events_of(file: HouseholdFile) -> list[Event]:
    """What happened, newest first, from the rows of every room the person may read."""
    events: list[Event] = []
    if file.approved_at:
        events.append(Event(file.approved_at, _("Roster approved by the office")))
    if file.record:
        words = f"{file.record.device_name} {file.record.model_no}"
        events.append(Event(file.record.installed_on, _("Installed"), words))
    events += [_acceptance_event(one) for one in file.acceptances]
    for line in file.money:
        events += _money_events(line)
    return newest_first(events)


def newest_first(events: list[Event]) -> list[Event]:
    """By day: some are known by their moment, others by their day alone."""
    return sorted(events, key=lambda event: event.day, reverse=True)


def _acceptance_event(one: Acceptance) -> Event:
    if one.result == "passed":
        room = "" if one.room_temp_c is None else _("room %(c)s ℃") % {"c": one.room_temp_c}
        return Event(one.accepted_on, _("Accepted at the door"), room)
    fault = getattr(one, "rectification", None)
    return Event(one.accepted_on, _("Sent back at acceptance"), fault.defect if fault else one.opinion, "bad")


def _money_events(line: MoneyLine) -> list[Event]:
    events = [Event(line.due.assessed_at, _("What is due was calculated"), line.reason)]
    if line.due.notice:
        events.append(Event(line.due.notice.published_at, _("Put up on public notice"), line.due.notice.number))
    if line.payment and line.payment.settled_at:
        paid = line.payment.state == "paid"
        title = _("Arrived at the household's account") if paid else _("Sent back by the bank")
        events.append(Event(line.payment.settled_at, title, line.payment.bank_reference, "" if paid else "bad"))
    return events


@dataclass(frozen=True)
class Lookalike:
    """A photo of this file that looks like one of another household's."""

    photo: Photo
    other: Photo


def lookalikes_of(file: HouseholdFile, user: User) -> list[Lookalike]:
    """`lookalikes`, read alone."""
    return read(lookalikes(file, user))


def lookalikes(file: HouseholdFile, user: User) -> Reading[list[Lookalike]]:
    """Photos that look like another household's, as far as this person may see both; no turn without photos.

    Two difference hashes at most `LIKE_BITS` bits apart are one picture, sent anew or cut by a pixel.
    """
    mine = {photo.likeness: photo for photo in file.photos if photo.likeness.strip("0f")}
    wanted = {near: said for said in list(mine)[:LIKE_PHOTOS] for near in neighbours(said, LIKE_BITS)}
    if not wanted:
        return []
    rows = Photo.objects.visible_to(user).filter(likeness__in=wanted).exclude(task__dwelling=file.dwelling)
    rows = rows.select_related("task__dwelling__household", "area").order_by("pk")[:LIKE_SHOWN]
    yield [rows]
    return [Lookalike(mine[wanted[other.likeness]], other) for other in rows]


def neighbours(likeness: str, bits: int) -> set[str]:
    """Every hash of the same length at most so many bits away, itself included (2,081 for 64 bits and 2).

    >>> sorted(neighbours("0", 1))
    ['0', '1', '2', '4', '8']
    """
    number, width = int(likeness, 16), len(likeness)
    flips = (sum(1 << bit for bit in some) for n in range(bits + 1) for some in combinations(range(4 * width), n))
    return {f"{number ^ flip:0{width}x}" for flip in flips}


def changes_to(dwelling: Dwelling, user: User) -> Reading[list[tuple[AuditEntry, list[Change], str]]]:
    """The last changes of household and dwelling, personal columns hidden on both sides."""
    family = AuditEntry.objects.filter(table="households_household", row_pk=str(dwelling.household_id))
    home = AuditEntry.objects.filter(table="households_dwelling", row_pk=str(dwelling.pk))
    parts = [family.order_by("-id")[:CHANGES_SHOWN], home.order_by("-id")[:CHANGES_SHOWN]]
    yield parts
    newest = sorted((entry for rows in parts for entry in rows), key=lambda entry: -entry.pk)[:CHANGES_SHOWN]
    names = Names(user)
    worded = [
        (entry, [one for one in changes_of(entry, names) if one.column != "version"], why_words(entry.reason))
        for entry in newest
    ]
    asked = names.questions()
    yield asked
    names.keep(asked)
    return worded


def why_words(reason: str) -> str:
    """A reason as people read it: what the importer writes into the history is worded in their language."""
    return IMPORTED.sub(lambda found: _("import of roster %(n)s") % {"n": found[1]}, reason_words(reason))


def looks_at(dwelling: Dwelling) -> Reading[list[AccessLog]]:
    """Who saw a full number of this household lately, and why."""
    rows = AccessLog.objects.filter(
        kind="reveal", object_table__in=["households_household", "households_dwelling"],
        object_pk__in=[str(dwelling.household_id), str(dwelling.pk)], area_id=dwelling.area_id,
    )  # fmt: skip
    rows = rows.select_related("user").order_by("-id")[:LOOKS_SHOWN]
    yield [rows]
    return list(rows)


def links_of(file: HouseholdFile) -> dict[str, str]:
    """Addresses of other rooms' pages about this dwelling; "" where there is none."""
    return {
        "edit": address("households:household-edit", file.dwelling.dwelling_no),
        "task": address("retrofits:task-detail", file.task.pk) if file.task else "",
        "heater": address("telemetry:heater-detail", file.heater.platform_no) if file.heater else "",
        "trace": address("reports:audit-trace", dwelling=file.dwelling.dwelling_no),
    }
