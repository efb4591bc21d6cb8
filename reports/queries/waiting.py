"""How much waits for this person behind each entry of the navigation: one statement, each count cut at `MOST`.

Papers to sign, decisions to take and households to visit; the conditions are those of the workbench
(`reports.queries.todos`), and a test holds the two together. Nothing is kept between requests: who has just sealed a
roster sees one less on the next page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from households import change_queries, change_rules
from households.models import MeterReading, Roster, RosterImport
from reports.queries import todo_care
from reports.queries.scope import Scope
from retrofits.models import Acceptance, Rectification, Task
from retrofits.queries import rows_to_open
from subsidies.models import Clawback, Entitlement, Objection, PayoutBatch, Policy
from telemetry.models import Alert

MOST = 1000
Rows = QuerySet[Any]
Source = Callable[[Scope], Rows]


def numbers_for(scope: Scope, entries: Iterable[str]) -> dict[str, int]:
    """URL name → number, for those of `entries` (URL names) where something can wait for this person."""
    wanted = set(entries)
    parts = [
        (name, source(scope))
        for name, right, source in SOURCES
        if name in wanted and scope.programme is not None and scope.user.has_right(right)
    ]
    found = dict.fromkeys((name for name, _rows in parts), 0)
    for name, number in _counted(parts):
        found[name] = min(found[name] + number, MOST)
    return found


def _counted(parts: list[tuple[str, Rows]]) -> list[tuple[str, int]]:
    """(name, count) of every part, all parts in one statement; a part reads at most `MOST` rows."""
    statements: list[str] = []
    values: list[Any] = []
    for name, rows in parts:
        try:
            statement, given = rows.order_by().values_list("pk")[:MOST].query.sql_with_params()
        except EmptyResultSet:
            continue
        statements.append(f"SELECT %s AS name, count(*) FROM ({statement}) one")  # noqa: S608 - the ORM's own words
        values += [name, *given]
    if not statements:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), values)
        return cursor.fetchall()


def _in_state(model: Any, right: str, state: str) -> Source:
    return lambda scope: scope.of_programme(model, right).filter(state=state)  # type: ignore[no-any-return]


def _own_imports(scope: Scope) -> Rows:
    states = RosterImport.State
    rows: Rows = scope.of_programme(RosterImport, "rosters.import")
    return rows.filter(state__in=[states.MAPPING, states.REVIEW, states.REFUSED], uploaded_by=scope.user)


def _to_open(scope: Scope) -> Rows:
    held = any(scope.area_code.startswith(code) for code in scope.user.area_codes_for("tasks.open"))
    return rows_to_open(scope.programme, [scope.area_code] if held else [])  # type: ignore[arg-type]


def _to_put_right(scope: Scope) -> Rows:
    rows = scope.of_programme(Rectification, "installations.record", "acceptance__task__programme")
    return rows.filter(done_on__isnull=True, acceptance__task__state=Task.State.RECTIFY)  # type: ignore[no-any-return]


def _to_assess(scope: Scope) -> Rows:
    due = Entitlement.objects.filter(task=OuterRef("task")).exclude(state="void")
    rows = scope.of_programme(Acceptance, "entitlements.assess", "task__programme").filter(~Exists(due))
    return rows.filter(result="passed").exclude(task__state=Task.State.WITHDRAWN)  # type: ignore[no-any-return]


def _objections(scope: Scope) -> Rows:
    return scope.of_programme(Objection, "objections.decide", "entitlement__programme").filter(decision="")  # type: ignore[no-any-return]


def _held_readings(scope: Scope) -> Rows:
    return scope.rows(MeterReading, "readings.decide").filter(state=MeterReading.State.HELD)  # type: ignore[no-any-return]


def _claims(scope: Scope) -> Rows:
    """Proposed by somebody else: who proposed a claim never decides it."""
    rows = scope.of_programme(Clawback, "clawbacks.decide").filter(state=Clawback.State.PROPOSED)
    return rows.exclude(proposed_person_no=scope.user.person_no)  # type: ignore[no-any-return]


def _changes(level: str) -> Source:
    return lambda scope: change_queries.waiting_at(level, scope.user).within(scope.area_code)  # type: ignore[no-any-return]


def _alerts(scope: Scope) -> Rows:
    return scope.rows(Alert, "alerts.handle").filter(cleared_at__isnull=True, acknowledged_at__isnull=True)  # type: ignore[no-any-return]


def _signing(right: str, state: str) -> tuple[str, str, Source]:
    return ("subsidies:batch-list", right, _in_state(PayoutBatch, right, state))


def _sealing(right: str, state: str) -> tuple[str, str, Source]:
    return ("households:roster-list", right, _in_state(Roster, right, state))


SOURCES: tuple[tuple[str, str, Source], ...] = (
    ("households:import-list", "rosters.import", _own_imports),
    _sealing("rosters.import", Roster.State.RETURNED),
    _sealing("rosters.seal_village", Roster.State.DRAFT),
    _sealing("rosters.seal_town", Roster.State.VILLAGE_SEALED),
    _sealing("rosters.approve", Roster.State.TOWN_SEALED),
    *(("households:change-list", right, _changes(level)) for level, right in change_rules.DECIDES.items()),
    ("retrofits:task-list", "tasks.open", _to_open),
    ("retrofits:task-list", "installations.record", _in_state(Task, "installations.record", Task.State.LISTED)),
    ("retrofits:task-list", "installations.record", _to_put_right),
    ("retrofits:visit-list", "acceptances.record", _in_state(Task, "acceptances.record", Task.State.INSTALLED)),
    ("subsidies:entitlement-list", "entitlements.assess", _to_assess),
    ("subsidies:notice-list", "objections.decide", _objections),
    ("subsidies:reading-list", "readings.decide", _held_readings),
    ("subsidies:clawback-list", "clawbacks.decide", _claims),
    _signing("payouts.prepare", PayoutBatch.State.DRAFT),
    _signing("payouts.prepare", PayoutBatch.State.RETURNED),
    _signing("payouts.review", PayoutBatch.State.LOCKED),
    _signing("payouts.approve", PayoutBatch.State.REVIEWED),
    _signing("payouts.release", PayoutBatch.State.APPROVED),
    ("subsidies:return-list", "payouts.reconcile", _in_state(PayoutBatch, "payouts.reconcile", "released")),
    ("subsidies:policy-list", "policies.release", _in_state(Policy, "policies.release", Policy.State.DRAFT)),
    ("telemetry:alert-list", "alerts.handle", _alerts),
    *todo_care.COUNTED,
)
