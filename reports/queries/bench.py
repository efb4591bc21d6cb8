"""What auditors, operators of the devices and administrators find on their workbench."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from accounts.history import watching
from accounts.history.queries import log_for, looks_for
from accounts.models import AccessLog, AuditEntry, Grant, User
from core.together import Reading, asking, count_of, in_step, number_in, sums_in, sums_of
from devices.models import Gateway, Heater
from jobs.models import Job
from reports.models import LedgerExport
from reports.queries.proof import Broken, broken_chains, broken_count
from reports.queries.scope import Scope
from reports.queries.trace import Kind, Standing, standing, totals
from reports.table_names import NAMES
from subsidies.models import Policy
from telemetry.models import Alert
from telemetry.queries import Online, figures_of
from telemetry.trouble import Trouble, trouble_of

SHOWN = 6
MONTH = dt.timedelta(days=30)


@dataclass(frozen=True)
class AuditBench:
    """Broken chains first, then this month's payments, rules that changed, exports and looks."""

    broken: list[Broken]
    broken_count: int
    standing: Standing
    payments: int
    paid_fen: int
    month_fen: int
    policies: list[Policy]
    exports: list[LedgerExport]
    looks: list[AccessLog]


def audit_bench(scope: Scope, now: dt.datetime) -> Reading[AuditBench]:
    since = timezone.localtime(now - MONTH).date().isoformat()
    sums = sums_of(
        totals(scope).filter(kind__in=[Kind.PAYMENTS, Kind.DAY]), n=Sum("number", filter=Q(kind=Kind.PAYMENTS)),
        fen=Sum("paid_fen", filter=Q(kind=Kind.PAYMENTS)),
        month=Sum("paid_fen", filter=Q(kind=Kind.DAY, key__gte=since)),
    )  # fmt: skip
    exports = scope.of_programme(LedgerExport).select_related("area", "requested_by").order_by("-id")[:SHOWN]
    policies = scope.of_programme(Policy).exclude(state="draft").order_by("-released_at")[:SHOWN]
    looks = looks_for(scope.user)[:SHOWN]
    _done, broken, count, fresh = yield from in_step(
        asking(sums, exports, policies, looks), broken_chains(scope), broken_count(scope), standing()
    )
    found = sums_in(sums)
    return AuditBench(
        broken=broken, broken_count=count, standing=fresh, payments=found["n"] or 0, paid_fen=found["fen"] or 0,
        month_fen=found["month"] or 0, policies=list(policies), exports=list(exports), looks=list(looks),
    )  # fmt: skip


@dataclass(frozen=True)
class DeviceBench:
    """New alerts, heaters by state, lines; `trouble` is what keeps the heaters from being read."""

    online: Online
    gateways: int
    alerts: list[Alert]
    unacknowledged: int
    trouble: Trouble | None = None


def device_bench(scope: Scope, now: dt.datetime) -> Reading[DeviceBench]:
    heaters = scope.rows(Heater).filter(removed_on__isnull=True)
    alerts = scope.rows(Alert).filter(cleared_at__isnull=True)
    gateways, new = count_of(scope.rows(Gateway)), count_of(alerts.filter(acknowledged_at__isnull=True))
    newest = alerts.select_related("heater", "area").order_by("-opened_at")[:12]
    online, trouble, _done = yield from in_step(
        figures_of(heaters, now), trouble_of(heaters, scope.area_code, now), asking(gateways, new, newest)
    )
    return DeviceBench(online, number_in(gateways), list(newest), number_in(new), trouble)


@dataclass(frozen=True)
class AdminBench:
    """Each administrator sees only the own field: services and jobs, accounts, or what the administrators did."""

    jobs: dict[str, int] | None
    failed: list[Job]
    accounts: int | None
    expiring: list[Grant]
    log: list[tuple[Any, AuditEntry]]
    """What was changed, by the name people know, and the entry."""
    alarms: list[str]  # about the history: for all three, because any of them may be the first to see it


def _log(user: User) -> list[tuple[Any, AuditEntry]]:
    return [(NAMES.get(entry.table, entry.table), entry) for entry in log_for(user)[:SHOWN]]


def admin_bench(user: User) -> AdminBench:
    jobs = Job.objects.visible_to(user) if user.has_right("jobs.view_all") else Job.objects.none()
    found = jobs.order_by().values_list("state").annotate(n=Count("id"))
    counts = {str(Job.State(state).label): n for state, n in found}
    grants = Grant.objects.filter(expires_on__isnull=False).select_related("user", "area").order_by("expires_on")
    return AdminBench(
        jobs=counts if user.has_right("jobs.view_all") else None,
        failed=list(jobs.filter(state=Job.State.FAILED).order_by("-id")[:SHOWN]),
        accounts=User.objects.filter(is_active=True).count() if user.has_right("users.view") else None,
        expiring=list(grants[:SHOWN]) if user.has_right("grants.manage") else [],
        log=_log(user) if user.has_right("audit.admin_log") else [],
        alarms=watching.alarms(),
    )
