"""Audit findings as to-dos: open ones of who answers for the place, answered ones of the auditors who close them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from core import clock
from core.together import Reading
from reports.links import address
from reports.models import AuditFinding
from reports.queries.scope import Scope

TRACE, FIND = "audit.trace", "audit.find"
EACH = 5


def findings(scope: Scope) -> Reading[list[dict[str, Any]]]:
    """The findings that wait for this person's side, the nearest day first."""
    auditor = scope.user.has_right(FIND)
    state = AuditFinding.State.ANSWERED if auditor else AuditFinding.State.OPEN
    rows = scope.of_programme(AuditFinding, TRACE).filter(state=state).order_by("due_on", "id")[:EACH]
    yield [rows]
    title = _("Answer to an audit finding") if auditor else _("Audit finding to answer")
    return [_line(one, title) for one in rows]


def _line(one: AuditFinding, title: str) -> dict[str, Any]:
    return {
        "icon": "alert-circle" if one.late_days(clock.today()) else "pencil", "title": title,
        "detail": " · ".join((one.number, one.title, one.owner)), "due": one.due_on,
        "url": address("reports:finding-detail", one.pk),
    }  # fmt: skip


SOURCES = ((TRACE, findings),)
