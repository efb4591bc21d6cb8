"""What a programme says about heat fees, from its settings; nothing is assumed where it says nothing.

    settings:
      heat_fees:
        shares: {late: "1", stopped: "1", insufficient: "0.5"}    # of a day's fee (B-32)
        suspended_share: "0.3"                                     # basic fee while suspended (B-31)
        counting: full_days                                        # or begun_days, hours
        satisfied_from: 4                                          # score from which an answer is content (B-03)

Season dates and the least room temperature are the programme's own columns. Where a released policy answers the same
(its switches Q23 and Q24), its answer goes before what is written here (`subsidies.heat_terms`).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, get_args

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import clock
from core.refusals import Refused
from core.seasons import Season, SeasonRule
from heatsupply.rules.refunds import FAULTS, Counting, Fault, RefundError, Terms
from programmes.models import Programme
from subsidies.heat_terms import heat_terms_in_force

SATISFIED_FROM = 4
_LABEL = re.compile(r"(\d{4})(-\d{4})?")


def terms_of(programme: Programme, on: date | None = None) -> Terms:
    """Shares and counting of a programme; a share nobody has decided is left out. Raises `Refused` TERMS_FAULTY.

    The policy in force on a day (today unless told) goes first, the settings fill in what it leaves open.
    """
    said, ruled = _said(programme), heat_terms_in_force(programme, on or clock.today())
    given, suspended = dict(said.get("shares") or {}), said.get("suspended_share")
    counting = said.get("counting", "full_days")
    if ruled is not None:
        given |= ruled.shares
        suspended = suspended if ruled.suspended_share is None else ruled.suspended_share
        if ruled.whole_days is not None:
            counting = "full_days" if ruled.whole_days else "hours"
    try:
        if counting not in get_args(Counting) or set(given) - set(FAULTS):
            raise RefundError(str(counting) if counting not in get_args(Counting) else str(sorted(given)))
        known: list[Fault] = [name for name in FAULTS if given.get(name) is not None]
        shares = {name: Fraction(str(given[name])) for name in known}
        return Terms(shares, None if suspended is None else Fraction(str(suspended)), counting)
    except (ValueError, ZeroDivisionError) as error:
        words = _("The programme's terms of heat fees can't be read: %(why)s. Correct settings.heat_fees.")
        raise Refused("TERMS_FAULTY", words, why=str(error)) from error


def satisfied_from(programme: Programme) -> int:
    """The score of 1 to 5 from which an answer counts as content; 4 where the programme says nothing."""
    said = _said(programme).get("satisfied_from")
    return said if isinstance(said, int) and 1 <= said <= 5 else SATISFIED_FROM


def floor_dc(programme: Programme) -> int:
    """The least room temperature that complies, in tenths of a degree."""
    return int(programme.room_temp_min_c * 10)


def season_rule(programme: Programme) -> SeasonRule:
    return SeasonRule.parse(programme.season_start, programme.season_end)


def season_of(programme: Programme, label: str) -> Season:
    """The season of that label ("2022-2023"). Raises `Refused` SEASON_UNKNOWN."""
    found = _LABEL.fullmatch(label.strip())
    season = season_rule(programme).season(int(found[1])) if found and 2000 <= int(found[1]) <= 2100 else None
    if season is None or season.label != label.strip():
        words = _("“%(label)s” is no heating season; write it like 2022-2023.")
        raise Refused("SEASON_UNKNOWN", words, label=label[:20])
    return season


def fee_season(programme: Programme, label: str, on: date | None = None) -> Season:
    """The same season with the days by which fees are divided: those of the policy in force, where it names any."""
    season, ruled = season_of(programme, label), heat_terms_in_force(programme, on or clock.today())
    return ruled.season_rule.season(season.year) if ruled and ruled.season_rule else season


def seasons_offered(programme: Programme, today: date) -> list[str]:
    """Labels a person may choose from, the newest first: the programme's years, the day's, and one before these."""
    rule = season_rule(programme)
    last = max(rule.first_after(today).year, programme.year_to)
    first = min(rule.latest(today).year, programme.year_from) - 1
    return [rule.season(year).label for year in range(last, first - 1, -1)]


def latest_season(programme: Programme, today: date) -> str:
    return season_rule(programme).latest(today).label


def hours_inside(season: Season, starts_at: datetime, ends_at: datetime) -> Fraction:
    """Hours of a span that lie in the season, by the portal's own clock; 0 outside it."""
    first = timezone.make_aware(datetime.combine(season.first_day, time.min))
    end = timezone.make_aware(datetime.combine(season.last_day + timedelta(days=1), time.min))
    begun, over = max(first, starts_at), min(end, ends_at)
    return Fraction(max(0, int((over - begun).total_seconds())), 3600)


def _said(programme: Programme) -> dict[str, Any]:
    said = programme.settings.get("heat_fees")
    return said if isinstance(said, dict) else {}
