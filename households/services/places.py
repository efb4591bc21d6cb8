"""What is known of a place: other names, class, networks and capacities (以供定改)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core.refusals import Refused

AREA_CLASSES = (
    ("built_up", _("built-up area")),
    ("county_seat", _("county seat")),
    ("peri_urban", _("peri-urban")),
    ("plain_rural", _("plain, rural")),
    ("remote_rural", _("remote or mountain, rural")),
)
FIELDS = ("aliases", "area_class", "in_heat_network", "in_no_coal_zone", "gas_available", "grid_capacity_ok")


@transaction.atomic
def edit_place(*, area: Area, shown: Mapping[str, Any], changes: Mapping[str, Any], reason: str, by: User) -> Area:
    """Correct what is known of a place. `shown` are the values the person had open.

    Raises Refused: REASON_NEEDED, PLACE_CHANGED (conflict), ALIAS_TAKEN.
    """
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    kept = Area.objects.select_for_update().get(pk=area.pk)
    if any(getattr(kept, name) != shown[name] for name in FIELDS if name in shown):
        raise Refused(
            "PLACE_CHANGED",
            _("%(area)s was changed meanwhile by somebody else. Open it again."),
            conflict=True,
            area=kept.name,
        )
    changed = [name for name in FIELDS if name in changes and getattr(kept, name) != changes[name]]
    if "aliases" in changed:
        _refuse_taken(kept, changes["aliases"])
    for name in changed:
        setattr(kept, name, changes[name])
    if changed:
        with acting(by, reason=reason.strip()[:300]):
            kept.save(update_fields=changed)
    return kept


def _refuse_taken(area: Area, aliases: list[str]) -> None:
    """A name that means two places of one town would send a roster's rows to the wrong village."""
    for sibling in Area.objects.filter(parent_id=area.parent_id).exclude(pk=area.pk):
        for alias in aliases:
            if alias == sibling.name or alias in sibling.aliases:
                raise Refused("ALIAS_TAKEN", _("“%(alias)s” already means %(area)s."), alias=alias, area=sibling.name)
