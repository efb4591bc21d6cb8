"""Whether a heater really ran through a season: days with heat, counted from its hours (D-14)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from core.seasons import Season
from devices.models import Heater
from retrofits.models import Installation
from retrofits.site_rules import running_days_percent
from telemetry.usage import days_run


def running_days(heater: Heater, season: Season) -> int:
    """Days of the season on which the heater gave heat in at least one recorded hour."""
    return days_run(heater.pk, season.first_day, season.last_day)


def refuse_unproven(record: Installation, season: Season, note: str) -> None:
    """A heater on line proves its season itself; what it didn't say needs a note on how it was proven otherwise.

    Not asked of homes without a heater on line, nor where the programme states no share. Raises `Refused`
    SEASON_NOT_RUN with both numbers.
    """
    least = running_days_percent(record.task.programme.settings)
    if least is None or record.heater is None or note.strip():
        return
    days = running_days(record.heater, season)
    if days * 100 < least * season.days:
        words = _(
            "The heater reported heat on %(days)s of the season's %(all)s days, less than %(least)s %%. Say in the "
            "note how the season was proven otherwise (meter, visit)."
        )
        raise Refused("SEASON_NOT_RUN", words, days=days, all=season.days, least=least)
