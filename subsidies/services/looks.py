"""Which payments of a batch a person has opened from its page: written down once for each round."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from core import clock
from subsidies.models import Entitlement, PayoutLine, SampleLook


def note_look(*, entitlement: Entitlement, batch_number: str, by: User, now: dt.datetime | None = None) -> bool:
    """Note that `by` opened this payment of a locked batch, the first time; False where it is no living line of it.

    Nothing is refused: the look is noted beside the page and never in its way.
    """
    rows = PayoutLine.objects.visible_to(by).exclude(state=PayoutLine.State.DROPPED)
    line = rows.filter(entitlement=entitlement, batch__number=batch_number).select_related("batch").first()
    if line is None or not line.batch.content_hash:
        return False
    SampleLook.objects.bulk_create(
        [SampleLook(line=line, round_no=line.batch.round_no, looker=by, person_no=by.person_no, at=now or clock.now())],
        ignore_conflicts=True,
    )
    return True
