"""What two sources state differently is decided by a person."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from households.models import Dwelling, ValueConflict
from households.services.households import change_values, refuse_listed


@transaction.atomic
def decide_conflict(*, conflict: ValueConflict, take_file: bool, by: User) -> ValueConflict:
    """Keep what was typed, or take the file's value. Raises Refused: ALREADY_DECIDED, and as the correction itself."""
    locked = ValueConflict.objects.select_for_update().get(pk=conflict.pk)
    if locked.decision:
        raise Refused("ALREADY_DECIDED", _("This was decided meanwhile by somebody else."), conflict=True)
    if take_file:
        home = Dwelling.objects.select_for_update(of=("self",)).select_related("household").get(pk=locked.dwelling_id)
        with acting(by, reason=f"roster import {locked.roster_import_id}: value of the file taken"):
            wanted = {locked.field: _typed(locked.field, str(locked.given))}
            refuse_listed(home.household, home, wanted)
            change_values(home.household, home, wanted)
    decision = ValueConflict.Decision.FILE if take_file else ValueConflict.Decision.MINE
    locked.decision, locked.decided_by, locked.decided_at = decision, by, clock.now()
    locked.save(update_fields=["decision", "decided_by", "decided_at"])
    return locked


def _typed(field: str, text: str) -> str | int | Decimal | list[str]:
    if field == "beneficiary_classes":
        return text.split(",")
    if field == "heated_area_m2":
        return Decimal(text)
    return int(text) if field == "residents" else text
