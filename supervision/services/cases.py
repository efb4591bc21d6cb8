"""Cases: opened, moved on, passed on, escalated. The clock is an argument everywhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from devices.models import Heater, Supplier
from households.models import Document, Dwelling
from programmes.models import Programme
from supervision import companies, states
from supervision.clocks import Clock, Rules, clock_for, deadlines
from supervision.kinds import CATEGORIES, GROUP_OF, OWN, SENSITIVE_CATEGORIES, Group, Kind
from supervision.models import Case, CaseStep, ClockRule, ServiceOutlet
from supervision.models.cases import OVER
from supervision.photos import keep_photo
from supervision.warranty import covered

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PREFIX = {Kind.COMPLAINT: "TS", Kind.QUESTION: "ZX", Kind.REPAIR: "BX", Kind.HAZARD: "YH", Kind.RELAPSE: "FR",
          Kind.NON_USE: "TY", Kind.ENFORCEMENT: "ZF", Kind.ORDER: "DB", Kind.CIRCULAR: "TB", Kind.INTERVIEW: "YT",
          Kind.EXPLANATION: "SM", Kind.FALSIFICATION: "XJ", Kind.OPINION: "YQ", Kind.ILLEGAL_USE: "WY",
          Kind.EVALUATION: "PG", Kind.WORK_PLAN: "JH"}  # fmt: skip


@dataclass(frozen=True)
class Opening:
    """What somebody writes down when a case begins."""

    kind: str
    category: str
    source: str
    title: str
    words: str = ""
    place_words: str = ""
    reporter_name: str = ""
    reporter_phone: str = ""
    responsible: str = ""
    company: companies.Company | None = None
    is_sensitive: bool = False
    dwelling: Dwelling | None = None
    heater: Heater | None = None
    supplier: Supplier | None = None
    outlet: ServiceOutlet | None = None
    parent: Case | None = None
    due_at: datetime | None = None
    photo: bytes | None = None


@transaction.atomic
def open_case(
    *,
    programme: Programme,
    area: Area,
    opening: Opening,
    by: User,
    now: datetime | None = None,
    handler: User | None = None,
) -> Case:
    """A new case with its clocks. Raises `Refused` CASE_FAULTY, PLACE_OUTSIDE, PHOTO_UNUSABLE, CASE_KNOWN (409),
    `PermissionDenied` without the group's right over the place."""
    group = GROUP_OF.get(opening.kind)
    may_open(group, area, by)
    if group is not None and not by.has_right(group.handle, area.code):
        opening = _of_own(opening, area, by)
    made = store_case(programme=programme, area=area, opening=opening, by=by, now=now or clock.now())
    if handler is not None:
        made.handler = handler
        made.save(update_fields=["handler"])
    return made


def may_open(group: Group | None, area: Area, by: User) -> None:
    """The group's own right, or an organisation's where the group lets it in."""
    if group is None:
        raise Refused("CASE_FAULTY", _("Choose what kind of case it is."))
    if by.has_right(group.handle, area.code) or (group.own and by.has_right(OWN, area.code)):
        return
    raise PermissionDenied(group.handle)


def _of_own(opening: Opening, area: Area, by: User) -> Opening:
    """An organisation writes down what is its own: nobody opens a case of another firm or company."""
    company = opening.company or companies.own_company(by, area.code)
    supplier, outlet = opening.supplier, opening.outlet
    foreign = supplier is not None and supplier.pk not in by.works_for("firm")
    foreign = foreign or (outlet is not None and outlet.supplier_id not in by.works_for("firm"))
    if foreign or (company is not None and company.pk not in by.works_for(companies.kind_of(company))):
        raise PermissionDenied(OWN)
    return replace(opening, company=company)


def store_case(
    *, programme: Programme, area: Area, opening: Opening, by: User | None, now: datetime, receipt_index: str = "",
    state: str = Case.State.OPEN,
) -> Case:  # fmt: skip
    """The row and its first step; whoever calls has judged the right. `by` is None for the public."""
    _refuse_faulty(programme, area, opening)
    respond_by, due_at = deadlines(clock_for(opening.kind, opening.category, rules_of(programme)), now)
    case = Case(
        programme=programme, area=area, kind=opening.kind, category=opening.category, source=opening.source,
        number=new_number(opening.kind, now), title=opening.title.strip()[:80], words=opening.words.strip()[:2000],
        place_words=opening.place_words.strip()[:200], reporter_name=opening.reporter_name.strip()[:40],
        reporter_phone=opening.reporter_phone.strip()[:30], responsible=_responsible(opening),
        is_sensitive=opening.is_sensitive or opening.category in SENSITIVE_CATEGORIES,
        dwelling=opening.dwelling, heater=opening.heater, supplier=opening.supplier, outlet=opening.outlet,
        parent=opening.parent, opened_by=by, opened_at=now, respond_by=respond_by, due_at=opening.due_at or due_at,
        in_warranty=covered(opening.dwelling, now), receipt_index=receipt_index,
        state=state,
    )  # fmt: skip
    photo = keep_photo(area=area, name=case.number, content=opening.photo, by=by) if opening.photo and by else None
    try:
        with transaction.atomic():
            case.save()
    except IntegrityError as error:
        raise Refused("CASE_KNOWN", _("Such a case is open for this dwelling already."), conflict=True) from error
    if opening.company is not None:
        companies.bind(case, opening.company)
    _step(case, "open", "", opening.words, by, now, photo)
    return case


def _responsible(opening: Opening) -> str:
    """The unit in words: what was typed, or the company's name."""
    return (opening.responsible.strip() or (opening.company.name if opening.company else ""))[:80]


def _refuse_faulty(programme: Programme, area: Area, opening: Opening) -> None:
    if opening.category not in CATEGORIES.get(opening.kind, ()):
        raise Refused("CASE_FAULTY", _("Choose a category that belongs to this kind of case."))
    if not opening.title.strip():
        raise Refused("CASE_FAULTY", _("Say in a few words what it is about."))
    if not is_inside(area.code, programme.area_id):
        raise Refused("PLACE_OUTSIDE", _("%(place)s lies outside the programme."), place=area.name)
    if opening.outlet and opening.supplier and opening.outlet.supplier_id != opening.supplier.pk:
        raise Refused("CASE_FAULTY", _("The outlet belongs to another enterprise."))
    if opening.kind in (Kind.RELAPSE, Kind.NON_USE) and opening.dwelling is None:
        raise Refused("CASE_FAULTY", _("Name the dwelling it is about."))


def rules_of(programme: Programme) -> Rules:
    """The programme's own clocks by (kind, category)."""
    rows = ClockRule.objects.filter(programme=programme)
    return {(row.kind, row.category): Clock(row.respond_hours, row.close_hours) for row in rows}


def new_number(kind: str, now: datetime) -> str:
    """Kind, day, six letters drawn at random: numbers tell nobody how many there are."""
    return f"{PREFIX[Kind(kind)]}{now:%y%m%d}-{random_word(6)}"


def random_word(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _n in range(length))


def _step(
    case: Case, deed: str, source: str, words: str, by: User | None, now: datetime, photo: Document | None = None
) -> CaseStep:
    return CaseStep.objects.create(
        case=case, deed=deed, source=source, target=case.state, words=words.strip()[:2000], by=by, at=now, photo=photo
    )


@transaction.atomic
def move_case(
    *,
    case: Case,
    deed: str,
    by: User,
    words: str = "",
    photo: bytes | None = None,
    version: int | None = None,
    now: datetime | None = None,
    due_at: datetime | None = None,
) -> Case:
    """One step of its life (`supervision.states`).

    Raises `Refused` CASE_STATE, CASE_CHANGED (409), WORDS_MISSING, PHOTO_MISSING, OWN_WORK, OWN_FIRM.
    """
    now = now or clock.now()
    kept = locked(case)
    if version is not None and kept.version != version:
        raise Refused("CASE_CHANGED", _("Somebody has gone on with this case. Load the page again."), conflict=True)
    move = states.permit(kept, deed, by, words, has_photo=bool(photo))
    stored = keep_photo(area=kept.area, name=kept.number, content=photo, by=by) if photo else None
    source, kept.state, kept.version = kept.state, move.target, kept.version + 1
    _stamp(kept, move, by, words, now)
    if due_at is not None and move.target not in OVER:
        kept.due_at = due_at
    kept.save()  # no reason for the history: words of cases are encrypted and stay in their step
    _step(kept, deed, source, words, by, now, stored)
    return kept


def locked(case: Case) -> Case:
    rows = Case.objects.select_for_update(of=("self",)).select_related("area", "programme", "supplier")
    return rows.get(pk=case.pk)  # type: ignore[no-any-return]


def _stamp(case: Case, move: states.Move, by: User, words: str, now: datetime) -> None:
    """The moments and the person the move leaves in the row."""
    if move.deed == "send":
        stamp_sending(case, now)
    elif move.target != Case.State.OPEN and case.responded_at is None:
        case.responded_at = now
    if move.deed == "take":
        case.handler = by
    elif move.deed == "pass_on":
        case.handler = None
    elif move.deed in ("reply", "answer"):
        case.reply, case.answered_at = words.strip()[:2000], now
    elif move.deed == "fix":
        case.answered_at = now
    elif move.deed == "reopen":
        case.answered_at, case.closed_at = None, None
    if move.target in OVER:
        case.closed_at = now


def stamp_sending(case: Case, now: datetime) -> None:
    """The clock begins when it is sent; a day typed into the draft stays if it still lies ahead."""
    hours = clock_for(case.kind, case.category, rules_of(case.programme))
    first_due = deadlines(hours, case.opened_at)[1]
    is_typed = case.due_at is not None and case.due_at != first_due and case.due_at > now
    case.opened_at, due_at = now, case.due_at
    case.respond_by, case.due_at = deadlines(hours, now)
    case.due_at = due_at if is_typed else case.due_at


@transaction.atomic
def set_sensitive(*, case: Case, is_sensitive: bool, reason: str, by: User) -> Case:
    """Whether few may read it. Raises `Refused` WORDS_MISSING; only for those who read sensitive ones."""
    kept = locked(case)
    if not by.has_right("complaints.sensitive", kept.area_id):
        raise PermissionDenied("complaints.sensitive")
    if not reason.strip():
        raise Refused("WORDS_MISSING", _("Say in words what was done or why."))
    kept.is_sensitive, kept.version = is_sensitive, kept.version + 1
    with acting(by, reason.strip()[:300]):
        kept.save(update_fields=["is_sensitive", "version"])
    return kept


@transaction.atomic
def escalate_overdue(*, now: datetime | None = None) -> int:
    """Marks hazards, orders and explanations that are past their day, once each; the office finds them on its bench."""
    now = now or clock.now()
    late = Case.objects.select_for_update().filter(
        kind__in=ESCALATES, due_at__lt=now, escalated_at__isnull=True
    ).exclude(state__in=(*OVER, Case.State.DRAFT)).exclude(
        state=Case.State.ANSWERED, answered_at__lte=F("due_at")
    )  # fmt: skip
    rows = list(late)
    for case in rows:
        case.escalated_at, case.version = now, case.version + 1
        case.save(update_fields=["escalated_at", "version"])
        _step(case, "escalate", case.state, "", None, now)
    return len(rows)


ESCALATES = (Kind.HAZARD, Kind.ORDER, Kind.EXPLANATION, Kind.COMPLAINT)
