"""Which villages an energy company serves, and what it says of them: capacity for heating, works on its network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.refusals import Refused
from households.services.places import edit_place
from supervision.models import EnergyCompany, ServedPlace

KEEP, REPORT = "places.edit", "networks.report"
FIELDS = {"electricity": "grid_capacity_ok", "gas": "gas_available"}
"""What is known of a place (accounts.Area) that a company's word on its capacity answers."""


@dataclass(frozen=True)
class Said:
    """What a company says of villages: `works_on` is the day the works were or will be done; `words` name the paper."""

    has_capacity: bool
    words: str
    works: str = ""
    works_on: date | None = None


@dataclass(frozen=True)
class Served:
    """`fresh` villages were given to the company, `others` are served by another one and stay its."""

    fresh: int
    others: int


@transaction.atomic
def serve(*, company: EnergyCompany, area: Area, by: User) -> Served:
    """The villages of the place are the company's from now on, but those another one serves with this energy.

    Raises `Refused` PLACE_OUTSIDE, NO_VILLAGES.
    """
    _may_keep(company, area, by)
    villages = list(Area.objects.within(area.code).filter(level=Area.Level.VILLAGE).values_list("code", flat=True))
    if not villages:
        raise Refused("NO_VILLAGES", _("%(area)s has no villages."), area=area.name)
    held = dict(
        ServedPlace.objects.filter(area__in=villages, carrier=company.carrier).values_list("area_id", "company_id")
    )
    ServedPlace.objects.bulk_create(
        ServedPlace(area_id=code, company=company, carrier=company.carrier) for code in villages if code not in held
    )
    return Served(len(villages) - len(held), sum(1 for key in held.values() if key != company.pk))


@transaction.atomic
def leave(*, company: EnergyCompany, area: Area, by: User) -> int:
    """The company serves the villages of the place no more; what it said stays in the history. How many they were.

    Raises `Refused` NOT_SERVED.
    """
    _may_keep(company, area, by)
    rows = ServedPlace.objects.within(area.code).filter(company=company)
    count = rows.count()
    if not count:
        raise _not_served(company, area)
    rows.delete()
    return count


@transaction.atomic
def confirm(*, company: EnergyCompany, area: Area, said: Said, by: User, now: datetime) -> int:
    """The company's word on all villages of the place it serves; it becomes what is known of them, so gates of the
    works ask it. How many villages.

    Raises `Refused` NOT_SERVED, WORDS_MISSING, WORKS_FAULTY.
    """
    own = by.has_right(REPORT, area.code) and company.pk in by.works_for("energy")
    if not own and not by.has_right(KEEP, area.code):
        raise PermissionDenied(REPORT)
    _check(said, now)
    rows = ServedPlace.objects.within(area.code).filter(company=company).select_for_update(of=("self",))
    villages = list(rows.select_related("area").order_by("area_id"))
    if not villages:
        raise _not_served(company, area)
    for row in villages:
        row.has_capacity, row.works, row.works_on = said.has_capacity, said.works, said.works_on
        row.words, row.said_by, row.said_at = said.words.strip()[:300], by, now
        row.save(update_fields=["has_capacity", "works", "works_on", "words", "said_by", "said_at"])
        reason = f"{company.name}: {said.words.strip()}"
        edit_place(area=row.area, shown={}, changes={FIELDS[row.carrier]: said.has_capacity}, reason=reason, by=by)
    return len(villages)


def _may_keep(company: EnergyCompany, area: Area, by: User) -> None:
    if not by.has_right(KEEP, area.code) or not by.has_right(KEEP, company.area_id):
        raise PermissionDenied(KEEP)
    if not area.code.startswith(company.area_id):
        words = _("%(company)s is a company of %(place)s; %(area)s lies outside.")
        raise Refused("PLACE_OUTSIDE", words, company=company.name, place=company.area.name, area=area.name)


def _check(said: Said, now: datetime) -> None:
    if not said.words.strip():
        raise Refused("WORDS_MISSING", _("Name the paper that says so, or what is lacking."))
    if said.works == ServedPlace.Works.DONE and (said.works_on is None or said.works_on > timezone.localdate(now)):
        raise Refused("WORKS_FAULTY", _("Works that are done have a day that does not lie in the future."))
    if said.works in (ServedPlace.Works.PLANNED, ServedPlace.Works.RUNNING) and said.works_on is None:
        raise Refused("WORKS_FAULTY", _("Say by which day the works will be done."))


def _not_served(company: EnergyCompany, area: Area) -> Refused:
    words = _("%(company)s serves no village of %(area)s. The office says who serves what.")
    return Refused("NOT_SERVED", words, company=company.name, area=area.name)
