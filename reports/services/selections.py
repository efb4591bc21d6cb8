"""“All that match” as a stored thing: what was counted when it was ticked, and what it comes to when it is used."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Selection, User
from core import clock
from core.refusals import Refused
from reports.filters import HouseholdFilter
from reports.models import DwellingSummary
from reports.queries import dwellings
from reports.queries.scope import Scope

PAGE = "households"
LIVES = dt.timedelta(minutes=30)
TICKED_MOST = 200


@dataclass(frozen=True)
class Recount:
    """The selection as it was stored and as it is now."""

    before: int
    now: int
    fingerprint: str
    changed: bool


def store_selection(
    *, scope: Scope, query: str, ids: Sequence[int] | None = None, by: User, now: dt.datetime | None = None
) -> Selection:
    """Ticked rows, or with `ids` None everything the filter `query` finds. Raises `Refused` when that is nothing."""
    if ids is not None and not ids:
        raise Refused("NOTHING_SELECTED", _("Nothing is ticked. Tick at least one row, or choose all that match."))
    if ids and len(ids) > TICKED_MOST:
        raise Refused("TOO_MANY_TICKED", _("More rows are ticked than a page holds; choose all that match instead."))
    selection = Selection(
        owner=by, page=PAGE, query=_with_place(scope, query), included_ids=list(ids or ()),
        expires_at=(now or clock.now()) + LIVES,
    )  # fmt: skip
    selection.count, selection.fingerprint = _measure(rows_of(scope, selection))
    if not selection.count:
        raise Refused("NOTHING_SELECTED", _("Nothing matches any more; look at the list again."))
    selection.save()
    return selection


def rows_of(scope: Scope, selection: Selection) -> QuerySet[DwellingSummary]:
    """What the selection finds now, always through what its owner may see."""
    rows = dwellings.summaries(scope)
    if selection.included_ids:
        rows = rows.filter(pk__in=selection.included_ids)
    else:
        filters = HouseholdFilter(QueryDict(selection.query), rows, scope=scope)
        rows = filters.qs if filters.is_valid() else rows.none()  # a condition that is refused would widen the deed
    return rows.exclude(pk__in=selection.excluded_ids) if selection.excluded_ids else rows


def find(*, token: str, by: User, now: dt.datetime | None = None) -> Selection:
    """One's own live selection. Raises `Refused` (SELECTION_GONE) for any other."""
    found = Selection.objects.filter(token=token, owner=by, page=PAGE, expires_at__gt=now or clock.now()).first()
    if found is None:
        raise Refused("SELECTION_GONE", _("This selection is older than 30 minutes; choose the rows once more."))
    return found


def recount(scope: Scope, selection: Selection) -> Recount:
    """Compare by count and by the rows themselves: one gone and one new is a change too."""
    count, fingerprint = _measure(rows_of(scope, selection))
    return Recount(selection.count, count, fingerprint, fingerprint != selection.fingerprint)


def demand_unchanged(scope: Scope, selection: Selection, seen: str) -> None:
    """Act only on what the person saw: `seen` is the fingerprint on the page. Raises `Refused` (409) otherwise."""
    now = recount(scope, selection)
    if now.fingerprint != seen:
        message = _("The selection has changed since you looked: it was %(before)d households, it is %(now)d now.")
        raise Refused("SELECTION_CHANGED", message, conflict=True, before=selection.count, now=now.now)


def _with_place(scope: Scope, query: str) -> str:
    """The stored filter names its place, so that a later change of the switch in the top bar changes nothing."""
    kept = QueryDict(query, mutable=True)
    kept["place"] = scope.area_code
    return kept.urlencode()


def _measure(rows: QuerySet[DwellingSummary]) -> tuple[int, str]:
    """Number of rows and a fingerprint of which ones they are, in one pass of the database."""
    try:
        statement, values = rows.order_by().values_list("pk").query.sql_with_params()
    except EmptyResultSet:  # nothing can match: no programme here, or no place
        return 0, ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(id), 0), coalesce(bit_xor(hashint8(id)), 0) FROM ({statement}) chosen(id)",  # noqa: S608
            values,
        )
        count, total, mixed = cursor.fetchone()
    return count, hashlib.sha256(f"{count}:{total}:{mixed}".encode()).hexdigest()
