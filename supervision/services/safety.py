"""Safety bodies, officers, and what a year asks for: training, expert visit, drill, plan (T-60 … T-65, J-55, J-57)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from households.models import Document, Household
from supervision.models import PublicityMark, SafetyAttendance, SafetyEvent, SafetyPost

RIGHT = "hazards.record"
LEVEL_OF = {SafetyPost.Kind.BODY: Area.Level.TOWN, SafetyPost.Kind.OFFICER: Area.Level.VILLAGE}


def _may(by: User, area: str) -> None:
    if not by.has_right(RIGHT, area):
        raise PermissionDenied(RIGHT)


@transaction.atomic
def appoint(
    *, area: Area, kind: str, person_name: str, phone: str = "", body_name: str = "", since: date, by: User
) -> SafetyPost:
    """A town's body or a village's officer; whoever held the post before ends on that day.

    Raises `Refused` POST_FAULTY (a body belongs to a town and has a name, an officer to a village; both a person).
    """
    _may(by, area.code)
    if kind not in LEVEL_OF or area.level != LEVEL_OF[SafetyPost.Kind(kind)]:
        raise Refused("POST_FAULTY", _("A safety body belongs to a town, a safety officer to a village."))
    if not person_name.strip() or (kind == SafetyPost.Kind.BODY and not body_name.strip()):
        raise Refused("POST_FAULTY", _("Name the responsible person, and for a town the body."))
    before = SafetyPost.objects.select_for_update().filter(area=area, kind=kind, until=None).first()
    if before is not None:
        if since < before.since:
            raise Refused("POST_FAULTY", _("The post has been held since %(day)s already."), day=before.since)
        before.until = since
        before.save(update_fields=["until"])
    return SafetyPost.objects.create(
        area=area, kind=kind, person_name=person_name.strip()[:40], phone=phone.strip()[:30],
        body_name=body_name.strip()[:80], since=since,
    )  # fmt: skip


@transaction.atomic
def record_event(
    *,
    area: Area,
    kind: str,
    on: date,
    topic: str,
    partners: str = "",
    version: str = "",
    findings: int | None = None,
    attended: Sequence[SafetyPost] = (),
    document: Document | None = None,
    by: User,
    today: date | None = None,
) -> SafetyEvent:
    """What was done for safety on a day. Raises `Refused` EVENT_FAULTY, naming what is missing."""
    _may(by, area.code)
    _refuse_faulty(kind, on, topic, partners, version, findings, today or clock.today())
    if any(not post.area_id.startswith(area.code) for post in attended):
        raise Refused("EVENT_FAULTY", _("Somebody of those who attended is of another place."))
    event = SafetyEvent.objects.create(
        area=area, kind=kind, on=on, topic=topic.strip()[:120], partners=partners.strip()[:120],
        version=version.strip()[:20], findings=findings, document=document, recorded_by=by,
    )  # fmt: skip
    SafetyAttendance.objects.bulk_create([SafetyAttendance(event=event, post=post) for post in attended])
    return event


def _refuse_faulty(
    kind: str, on: date, topic: str, partners: str, version: str, findings: int | None, today: date
) -> None:
    kinds = SafetyEvent.Kind
    if kind not in kinds.values or not topic.strip():
        raise Refused("EVENT_FAULTY", _("Choose what was done and name its topic."))
    if on > today:
        raise Refused("EVENT_FAULTY", _("The day must not lie in the future."))
    if kind in (kinds.DRILL, kinds.EXPERT) and not partners.strip():
        raise Refused("EVENT_FAULTY", _("Say with whom: the experts, or the fire service and the enterprises."))
    if kind == kinds.PUBLICITY and not partners.strip():
        raise Refused(
            "EVENT_FAULTY", _("Say through whom it was spread: the station, paper or site, or who went round.")
        )
    if kind == kinds.PLAN and not version.strip():
        raise Refused("EVENT_FAULTY", _("A plan needs its version."))
    if kind == kinds.EXPERT and findings is None:
        raise Refused("EVENT_FAULTY", _("Say how many hazards the experts found; 0 is an answer."))


@transaction.atomic
def mark_publicity(*, area: Area, material: str, on: date, by: User, today: date | None = None) -> int:
    """Every household of a village was given the paper (T-67); those marked before stay. How many were new.

    Raises `Refused` EVENT_FAULTY.
    """
    _may(by, area.code)
    if not material.strip() or on > (today or clock.today()):
        raise Refused("EVENT_FAULTY", _("Name the paper and a day that does not lie in the future."))
    if area.level not in (Area.Level.VILLAGE, Area.Level.GROUP):
        raise Refused("EVENT_FAULTY", _("Papers are marked village by village."))
    material = material.strip()[:80]
    known = PublicityMark.objects.filter(material=material).values("household")
    homes = Household.objects.within(area.code).exclude(pk__in=known)
    marks = [
        PublicityMark(household=home, area_id=home.area_id, material=material, on=on, marked_by=by) for home in homes
    ]
    return len(PublicityMark.objects.bulk_create(marks, batch_size=500, ignore_conflicts=True))
