"""Beneficiary classes by date: periods follow what is entered, and answer what held on a day."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from households.models import ClassPeriod, Household


def follow(household: Household, before: Collection[str], *, since: dt.date) -> None:
    """Open and close periods so that they say what `household.beneficiary_classes` says from `since` on.

    A class that ended the day it began never held. Raises Refused BEFORE_IT_BEGAN.
    """
    now, was = set(household.beneficiary_classes), set(before)
    open_rows = {one.code: one for one in household.class_periods.filter(ends_on__isnull=True)}
    for code in sorted(was - now):
        _close(household, code, open_rows.get(code), since)
    ClassPeriod.objects.bulk_create(
        ClassPeriod(household=household, code=code, starts_on=since) for code in sorted(now - was - set(open_rows))
    )


def _close(household: Household, code: str, period: ClassPeriod | None, since: dt.date) -> None:
    last = since - dt.timedelta(days=1)
    if period is None:
        ClassPeriod.objects.create(household=household, code=code, ends_on=last)
    elif period.starts_on == since:
        period.delete()
    elif period.starts_on and period.starts_on > since:
        words = _("“%(name)s” holds from %(day)s; it can't end before that.")
        raise Refused("BEFORE_IT_BEGAN", words, name=period.get_code_display(), day=period.starts_on.isoformat())
    else:
        period.ends_on = last
        period.save(update_fields=["ends_on"])


def classes_on(days: Mapping[int, dt.date]) -> dict[int, frozenset[str]]:
    """Household id and day → its classes on that day, in two queries whatever the number."""
    return on_days(days, *class_rows(days))


def class_rows(households: Collection[int]) -> tuple[QuerySet[ClassPeriod], QuerySet[Household, Any]]:
    """What `on_days` reads: the periods, and (household, classes) as the register has them now."""
    registered = Household.objects.filter(pk__in=list(households)).exclude(beneficiary_classes=[])
    periods = ClassPeriod.objects.filter(household__in=list(households))
    return periods, registered.values_list("pk", "beneficiary_classes")


def on_days(
    days: Mapping[int, dt.date], periods: Iterable[ClassPeriod], registered: Iterable[tuple[int, list[str]]]
) -> dict[int, frozenset[str]]:
    """The same from rows at hand. A class entered without any period (an old register) holds on every day."""
    found: dict[int, set[str]] = defaultdict(set)
    dated: dict[int, set[str]] = defaultdict(set)
    for one in periods:
        dated[one.household_id].add(one.code)
        if held(one, days[one.household_id]):
            found[one.household_id].add(one.code)
    for pk, codes in registered:
        found[pk] |= set(codes) - dated[pk]
    return {pk: frozenset(found[pk]) for pk in days}


def held(period: ClassPeriod, day: dt.date) -> bool:
    """Whether the class held on that day; both ends belong to the period."""
    begun = period.starts_on is None or period.starts_on <= day
    return begun and (period.ends_on is None or day <= period.ends_on)
