"""Network points: values by workbook text or API, alarms opened and cleared by the band of the point (B-20, B-21)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedQuerySet
from core.refusals import Refused
from supervision.companies import Company, bind
from supervision.models import EnergyCompany, NetworkAlarm, NetworkPoint, NetworkValue

RIGHT, REPORT = "hazards.record", "networks.report"
AT_ONCE = 5000
BOUNDS: dict[str, tuple[Decimal | None, Decimal]] = {
    NetworkPoint.Kind.WEATHER: (Decimal(-60), Decimal(60)),
    NetworkPoint.Kind.ROOM: (Decimal(-40), Decimal(60)),
    NetworkPoint.Kind.TEMPERATURE: (Decimal(-40), Decimal(200)),
}
"""What can be true, in ℃; what lies beyond is a fault of the sender and no alarm. Other kinds: from 0 up."""
ANY = (Decimal(0), Decimal(999_999_999))


@dataclass(frozen=True)
class Said:
    """One value: code of the point, moment (aware), value in the point's unit."""

    code: str
    at: datetime
    value: Decimal


@transaction.atomic
def register_point(
    *, area: Area, code: str, name: str, kind: str, unit: str, low: Decimal | None, high: Decimal | None, by: User,
    company: Company | None = None,
) -> NetworkPoint:  # fmt: skip
    """A point, new or with another band; `company` reports its values and sees it as its own.

    Raises `Refused` POINT_FAULTY.
    """
    if not by.has_right(RIGHT, area.code):
        raise PermissionDenied(RIGHT)
    if kind not in NetworkPoint.Kind.values or not (code.strip() and name.strip() and unit.strip()):
        raise Refused("POINT_FAULTY", _("A point needs its number, a name, its kind and a unit."))
    if low is not None and high is not None and low >= high:
        raise Refused("POINT_FAULTY", _("The lower limit lies above the upper one."))
    known = NetworkPoint.objects.filter(code=code.strip()).first()
    if known and not by.has_right(RIGHT, known.area_id):
        raise PermissionDenied(RIGHT)
    values = {
        "area": area,
        "name": name.strip()[:80],
        "kind": kind,
        "unit": unit.strip()[:12],
        "low": low,
        "high": high,
        "operator": company.name if company else "",
    }
    made, _new = NetworkPoint.objects.update_or_create(code=code.strip()[:40], defaults=values)
    bind(made, company)
    return made


@transaction.atomic
def keep_company(
    *, area: Area, carrier: str, name: str, phone: str = "", known: EnergyCompany | None = None, by: User
) -> EnergyCompany:
    """An energy company, new or under another name; what belongs to it stays its own. Raises `Refused`
    COMPANY_FAULTY, COMPANY_KNOWN (409)."""
    if not by.has_right(RIGHT, area.code) or (known is not None and not by.has_right(RIGHT, known.area_id)):
        raise PermissionDenied(RIGHT)
    if carrier not in EnergyCompany.Carrier.values or not name.strip():
        raise Refused("COMPANY_FAULTY", _("A company needs a name and the energy it supplies."))
    made = known or EnergyCompany()
    made.area, made.carrier, made.name, made.phone = area, carrier, name.strip()[:80], phone.strip()[:30]
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Refused("COMPANY_KNOWN", _("This company is in the list already."), conflict=True) from error
    return made


@transaction.atomic
def take_values(*, said: Iterable[Said], by: User, now: datetime) -> int:
    """Stores values and moves the alarms; what was taken before is left. How many points spoke.

    Raises `Refused` VALUES_FAULTY naming every code that is unknown or lies outside the person's places or company, and
    every value that is of the future or can't be true (`BOUNDS`); nothing is stored then.
    """
    lines = sorted(said, key=lambda one: one.at)
    if len(lines) > AT_ONCE:
        raise Refused("VALUES_FAULTY", _("At most %(most)d values at once."), most=AT_ONCE)
    codes = {one.code for one in lines}
    rows = points_of(by, RIGHT).filter(code__in=codes).order_by("pk")
    points = {point.code: point for point in rows.select_for_update()}
    strange = sorted(codes - set(points)) + [f"{one.code} {one.at.isoformat()}" for one in lines if one.at > now]
    strange += [f"{one.code} {one.value}" for one in lines if one.code in points and not can_be(points[one.code], one)]
    if strange:
        words = _("Not known here, of the future or impossible: %(codes)s")
        raise Refused("VALUES_FAULTY", words, codes="、".join(strange[:20]))
    NetworkValue.objects.bulk_create(
        [NetworkValue(point=points[one.code], at=one.at, value=one.value) for one in lines],
        ignore_conflicts=True, batch_size=1000,
    )  # fmt: skip
    for point in points.values():
        _judge(point, [one for one in lines if one.code == point.code])
    return len(points)


def points_of(user: User, right: str) -> ScopedQuerySet:
    """Points where the person holds `right`, and those of the own company."""
    return NetworkPoint.objects.visible_to(user, right) | NetworkPoint.objects.visible_to(user, REPORT)  # type: ignore[no-any-return]


def can_be(point: NetworkPoint, said: Said) -> bool:
    """Whether a value of this kind of point can be true at all."""
    low, high = BOUNDS.get(point.kind, ANY)
    return (low is None or said.value >= low) and said.value <= high


def _judge(point: NetworkPoint, lines: list[Said]) -> None:
    """In the order of time: the first value outside opens an alarm, the first inside clears it; old news do nothing."""
    alarm = point.alarms.filter(cleared_at=None).first()
    for one in lines:
        if point.last_at is not None and one.at <= point.last_at:
            continue
        point.last_at, point.last_value = one.at, one.value
        alarm = _turn(point, alarm, one)
    point.save(update_fields=["last_at", "last_value"])


def _turn(point: NetworkPoint, alarm: NetworkAlarm | None, one: Said) -> NetworkAlarm | None:
    outside = is_outside(point, one.value)
    if outside and alarm is None:
        return NetworkAlarm.objects.create(
            point=point, area_id=point.area_id, opened_at=one.at, value=one.value, worst=one.value
        )
    if outside and alarm is not None and _is_worse(point, one.value, alarm.worst):
        alarm.worst = one.value
        alarm.save(update_fields=["worst"])
    if not outside and alarm is not None:
        alarm.cleared_at = one.at
        alarm.save(update_fields=["cleared_at"])
        return None
    return alarm


def is_outside(point: NetworkPoint, value: Decimal) -> bool:
    """The limits themselves are in order."""
    return (point.low is not None and value < point.low) or (point.high is not None and value > point.high)


def _is_worse(point: NetworkPoint, value: Decimal, than: Decimal) -> bool:
    return _distance(point, value) > _distance(point, than)


def _distance(point: NetworkPoint, value: Decimal) -> Decimal:
    below = point.low - value if point.low is not None else Decimal(0)
    above = value - point.high if point.high is not None else Decimal(0)
    return max(below, above)


@transaction.atomic
def handle_alarm(*, alarm: NetworkAlarm, words: str, by: User, now: datetime) -> NetworkAlarm:
    """Says what is done, beside what was said before; `seen_at` stays the first moment. The same words again by the
    same person are the press that was made twice.

    Raises `Refused` WORDS_MISSING.
    """
    kept: NetworkAlarm = NetworkAlarm.objects.select_for_update().get(pk=alarm.pk)
    if not points_of(by, RIGHT).filter(pk=kept.point_id).exists():
        raise PermissionDenied(RIGHT)
    if not words.strip():
        raise Refused("WORDS_MISSING", _("Say in words what was done or why."))
    said = words.strip()[:300]
    if kept.seen_by_id == by.pk and kept.done_words == said:
        return kept
    kept.seen_at, kept.seen_by, kept.done_words = kept.seen_at or now, by, said
    kept.notes.append([now.isoformat(), by.person_name, said])
    kept.save(update_fields=["seen_at", "seen_by", "done_words", "notes"])
    return kept
