"""What must become visible by itself: a sealer that has stopped, a history that does not hold, or that nobody reads."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.history.anchors import own_anchors
from accounts.history.rows import compare_rows
from accounts.history.verify import verify_chain
from accounts.models import AuditEntry, HistoryCheck

log = logging.getLogger(__name__)
LATE_S = 120  # the sealer runs every few seconds; older than this, it has stopped
UNREAD = timedelta(days=2)


def oldest_unsealed_s() -> float | None:
    """Age in seconds of the entry that has waited longest for its seal; None when none waits.

    An entry counts from its writing: one of a transaction that runs for minutes is late for the few seconds between
    its commit and the next sealing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - at)::float FROM accounts_auditentry "
            "WHERE hash IS NULL ORDER BY id LIMIT 1"
        )
        row = cursor.fetchone()
    return row[0] if row else None


def is_late() -> bool:
    return (oldest_unsealed_s() or 0) > LATE_S


def alarms() -> list[str]:
    """Sentences for the administrators' first page; empty while all is well. Three small queries."""
    return [sentence for sentence in (_late(), _broken_or_unread()) if sentence]


def watch() -> bool:
    """Say in the log when the sealer has stopped; returns whether it has."""
    age = oldest_unsealed_s() or 0
    if age > LATE_S:
        log.error("history is not being sealed: the oldest entry has waited %d s", age)
    return age > LATE_S


def check_history() -> HistoryCheck:
    """Read the whole history against the heads written down outside and against the rows; keeps what was found."""
    finding, anchors = "", []
    try:
        anchors = own_anchors()
    except (OSError, ValueError) as error:
        finding = f"anchors: {error}"
    verdict = verify_chain(anchors)
    rows = compare_rows()
    finding = str(verdict.broken or finding or next(iter(rows.found), ""))
    if finding:
        log.error("history does not hold: %s", finding)
    with acting("history check"):
        return HistoryCheck.objects.create(
            holds=not finding, links=verdict.checked, rows=rows.rows, anchors=len(anchors), finding=finding[:300]
        )


def _late() -> str:
    age = oldest_unsealed_s() or 0
    if age <= LATE_S:
        return ""
    words = _("History is not being sealed: the oldest entry has waited %(minutes)d minutes. Is the worker running?")
    return words % {"minutes": age // 60}


def _broken_or_unread() -> str:
    last = HistoryCheck.objects.order_by("-id").first()
    if last and not last.holds:
        words = _("The history does not hold (%(finding)s). Keep the database as it is and run verify_audit.")
        return words % {"finding": last.finding}
    if last and timezone.now() - last.at <= UNREAD:
        return ""
    oldest = last.at if last else AuditEntry.objects.order_by("id").values_list("at", flat=True).first()
    if oldest is None or timezone.now() - oldest <= UNREAD:
        return ""
    return _("Nobody has read the history for two days: the nightly check does not run.")
