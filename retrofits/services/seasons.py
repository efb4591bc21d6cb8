"""Whether a heater really ran through a season: days with heat, counted from its hours (D-14)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from core.seasons import Season
from devices.models import Heater
from retrofits.models import Installation
from retrofits.site_rules import running_days_percent
from telemetry.models import HourlyRollup


def running_days(heater: Heater, season: Season) -> int:
    """Days of the season on which the heater gave heat in at least one recorded hour."""
    first = timezone.make_aware(datetime.combine(season.first_day, time.min))
    after = timezone.make_aware(datetime.combine(season.last_day + timedelta(days=1), time.min))
    hours = HourlyRollup.objects.filter(heater=heater, hour__gte=first, hour__lt=after, minutes_on__gt=0)
    return hours.annotate(day=TruncDate("hour")).values("day").distinct().count()


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
