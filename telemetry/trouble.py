"""What keeps readings from coming in: one sentence for every page that speaks of heaters, and for `./portal health`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.together import Reading, asking, in_step, read
from devices.models import Heater
from telemetry import queries


@dataclass(frozen=True)
class Trouble:
    """`look` as callouts have it."""

    look: str
    words: str | Promise


TROUBLES = {
    "hub away": Trouble(
        "bad",
        _("The hub, which holds the lines, can't be reached: nothing is being read, and silent heaters may be well."),
    ),
    "stopped": Trouble(
        "warn", _("No heater is being polled at the moment: the poll workers or the scheduler stand still.")
    ),
}


def trouble_of(heaters: QuerySet[Heater], area_code: str, now: dt.datetime) -> Reading[Trouble | None]:
    """What keeps these heaters of a place from being read; None where nothing does or none hangs there. One turn."""
    if not area_code:
        return None
    some = heaters.order_by().select_related(None).values("pk")[:1]
    polled, _done = yield from in_step(queries.polling(area_code, now), asking(some))
    return TROUBLES.get(polled.trouble) if some else None


def everywhere(now: dt.datetime) -> dict[str, Trouble]:
    """Code of each place that is polled by itself → what keeps its heaters from being read."""
    hanging = Heater.objects.filter(removed_on__isnull=True)
    found = {code: read(trouble_of(hanging.within(code), code, now)) for code in queries.poll_periods()}
    return {code: trouble for code, trouble in sorted(found.items()) if trouble}
