"""Buildings that projects are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.refusals import Refused
from retrofits.models import Building
from retrofits.services.enterprises import ENTER, may


def enter_building(*, area: Area, values: Mapping[str, Any], by: User) -> Building:
    """Register a building; `values`: number, name, kind, floor_area_m2, homes, built_year, owner_unit.

    Raises `Refused` BUILDING_FAULTY, BUILDING_KNOWN (409).
    """
    may(by, ENTER, area.code)
    number, name = values["number"].strip(), values["name"].strip()
    floor, year = values.get("floor_area_m2"), values.get("built_year")
    if not number or not name or values["kind"] not in Building.Kind.values:
        raise Refused("BUILDING_FAULTY", _("A building needs its number, its name and its kind."))
    if floor is not None and floor <= 0:
        raise Refused("BUILDING_FAULTY", _("The floor area must be more than zero; leave it empty where not known."))
    if year is not None and not 1900 <= year <= clock.today().year:
        raise Refused("BUILDING_FAULTY", _("The building can't be of the year %(year)s."), year=year)
    try:
        with transaction.atomic():
            return Building.objects.create(
                area=area, number=number[:40], name=name[:120], kind=values["kind"], floor_area_m2=floor,
                homes=values.get("homes"), built_year=year, owner_unit=(values.get("owner_unit") or "").strip()[:120],
                recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        words = _("There is a building %(number)s in %(place)s already.")
        raise Refused("BUILDING_KNOWN", words, conflict=True, number=number, place=area.name) from error
