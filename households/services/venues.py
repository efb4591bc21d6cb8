"""Public venues: entered, corrected, put forward for a programme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core.refusals import Refused
from households.models import PublicVenue, VenueEnrolment
from households.services.numbers import take_venue_number
from programmes.models import Programme, Technology

FIELDS = ("name", "subtype", "heated_area_m2", "address", "contact_name", "contact_phone", "remark")


@transaction.atomic
def register_venue(
    *, programme: Programme, area: Area, values: Mapping[str, Any], technology: Technology, by: User
) -> PublicVenue:
    """Enter a venue of a village or town and put it forward. `values` by FIELDS. Raises Refused: VENUE_KNOWN."""
    number = take_venue_number(area)
    _refuse_twin(area.code, str(values["name"]))
    venue = PublicVenue.objects.create(venue_no=number, area=area, **{name: values[name] for name in FIELDS})
    enrol_venue(venue=venue, programme=programme, technology=technology, by=by)
    return venue


@transaction.atomic
def edit_venue(*, venue: PublicVenue, version: int, changes: Mapping[str, Any], reason: str, by: User) -> PublicVenue:
    """Correct a venue, with a reason. Raises Refused: REASON_NEEDED, VENUE_CHANGED (conflict), VENUE_KNOWN."""
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    kept = PublicVenue.objects.select_for_update().get(pk=venue.pk)
    if kept.version != version:
        raise Refused(
            "VENUE_CHANGED",
            _("%(venue)s was changed meanwhile by somebody else. Open it again."),
            conflict=True,
            venue=kept.name,
        )
    changed = [name for name in FIELDS if name in changes and getattr(kept, name) != changes[name]]
    for name in changed:
        setattr(kept, name, changes[name])
    if "name" in changed:
        _refuse_twin(kept.area_id, kept.name)
    if changed:
        kept.version += 1
        with acting(by, reason=reason.strip()[:300]):
            kept.save(update_fields=[*changed, "version"])
    return kept


@transaction.atomic
def enrol_venue(*, venue: PublicVenue, programme: Programme, technology: Technology, by: User) -> VenueEnrolment:
    """Put a venue forward for a programme; a second call changes its route. Raises Refused: ROUTE_UNKNOWN."""
    if technology.programme_id != programme.pk:
        raise Refused("ROUTE_UNKNOWN", _("This technology is none of the programme's."))
    made, _created = VenueEnrolment.objects.update_or_create(
        programme=programme,
        venue=venue,
        defaults={"technology": technology, "area_id": venue.area_id, "entered_by": by},
    )
    return made


def _refuse_twin(area: str, name: str) -> None:
    twin = PublicVenue.objects.filter(area_id=area, name=name).first()
    if twin is not None:
        raise Refused(
            "VENUE_KNOWN",
            _("“%(name)s” is registered here already as %(number)s."),
            name=name,
            number=twin.venue_no,
        )
