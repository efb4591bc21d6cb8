"""What people typed is noted, so that no file writes over it unasked."""

from __future__ import annotations

from collections.abc import Collection

from accounts.acting import actor
from households.models import Dwelling, HandEdit, Household


def note_hand_edit(changed: Household | Dwelling, fields: Collection[str]) -> None:
    """Keep that the acting person typed these fields of a household or a dwelling."""
    if not fields:
        return
    home = changed if isinstance(changed, Dwelling) else None
    HandEdit.objects.create(
        household_id=home.household_id if home else changed.pk,
        dwelling=home,
        area_id=changed.area_id,
        fields=sorted(fields),
        by_id=actor().get("actor_id"),
    )
