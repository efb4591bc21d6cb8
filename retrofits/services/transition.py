"""The list of dwellings that heat by other means until their supply is there (D-13, D-16)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import ancestors
from core.refusals import Refused
from households.models import Dwelling
from programmes.models import Programme, Threshold
from programmes.plan_queries import threshold
from retrofits.models import TransitionalHome
from retrofits.services.enterprises import may

RIGHT, RADIUS = "installations.record", "NO_GAS_RADIUS_KM"
LOOKUPS = {"<": "lt", "<=": "lte"}


def radius_km(programme: Programme | None) -> Threshold | None:
    """How far from the gas network a converted village counts as one to be supplied (D-13: 5 km); None: not stated."""
    return threshold(programme, RADIUS) if programme else None


def with_radius(rows: Any, programme: Programme | None) -> Any:
    """`is_near` beside each home: inside the radius, outside it, None where distance or radius is not known."""
    limit = radius_km(programme)
    if limit is None:
        return rows.annotate(is_near=Value(None, output_field=BooleanField()))
    inside = Q(**{f"network_km__{LOOKUPS[limit.operator]}": limit.value})
    return rows.annotate(is_near=Case(
        When(network_km=None, then=None), When(inside, then=True), default=False, output_field=BooleanField(),
    ))  # fmt: skip


def put_on_list(
    *,
    programme: Programme,
    dwelling: Dwelling,
    reason: str,
    fuel: str,
    since: date,
    network_km: Decimal | None = None,
    by: User,
    today: date | None = None,
) -> TransitionalHome:
    """Why a dwelling waits and what it heats with. Raises `Refused` HOME_FAULTY, NO_COAL_ZONE, ON_LIST (409)."""
    may(by, RIGHT, dwelling.area_id)
    if reason not in TransitionalHome.Reason.values or fuel not in TransitionalHome.Fuel.values:
        raise Refused("HOME_FAULTY", _("Choose why it waits and what it heats with."))
    if since > (today or clock.today()):
        raise Refused("HOME_FAULTY", _("It can't have begun in the future (%(day)s)."), day=since)
    if fuel == TransitionalHome.Fuel.CLEAN_COAL and in_no_coal_zone(dwelling.area_id):
        words = _("%(place)s lies in the no-coal zone: clean coal is no fallback there.")
        raise Refused("NO_COAL_ZONE", words, place=dwelling.area.name)
    if reason == TransitionalHome.Reason.NO_GAS and (network_km is None or network_km < 0):
        raise Refused("HOME_FAULTY", _("Say how far the dwelling is from the gas network, in km."))
    try:
        with transaction.atomic():
            return TransitionalHome.objects.create(
                programme=programme, dwelling=dwelling, area_id=dwelling.area_id, reason=reason, fuel=fuel,
                since=since, network_km=network_km, recorded_by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused("ON_LIST", _("The dwelling is on the list already."), conflict=True) from error


def in_no_coal_zone(area_code: str) -> bool:
    """What is said of the place itself, otherwise of the nearest place above it (J-50)."""
    places = Area.objects.filter(code__in=[area_code, *ancestors(area_code)]).order_by("-code")
    known = places.exclude(in_no_coal_zone=None).values_list("in_no_coal_zone", flat=True)
    return bool(known.first())


@transaction.atomic
def take_off_list(
    *, home: TransitionalHome, on: date, note: str, by: User, today: date | None = None
) -> TransitionalHome:
    """The supply is there. Raises `Refused` HOME_FAULTY, OFF_LIST (409)."""
    kept = TransitionalHome.objects.select_for_update().get(pk=home.pk)
    may(by, RIGHT, kept.area_id)
    if kept.ended_on:
        raise Refused("OFF_LIST", _("The dwelling is off the list already."), conflict=True)
    if not kept.since <= on <= (today or clock.today()):
        words = _("The day must lie between %(since)s and today.")
        raise Refused("HOME_FAULTY", words, since=kept.since)
    if not note.strip():
        raise Refused("HOME_FAULTY", _("Say in a few words what it heats with now."))
    kept.ended_on, kept.end_note, kept.version = on, note.strip()[:300], kept.version + 1
    kept.save(update_fields=["ended_on", "end_note", "version"])
    return kept
