"""How much waits for this person behind each entry of the navigation: one statement, each count cut at `MOST`.

Papers to sign, decisions to take and households to visit; the conditions are those of the workbench
(`reports.queries.todos`), and a test holds the two together. No number is kept between requests: who has just sealed a
roster sees one less on the next page. Only homes approved or accepted without a next step, a few among very many,
are taken from the boards' sums. The words of the statement are kept: composing them from some twenty querysets took
longer than PostgreSQL's answer, and they stay the same as long as person, grants, programme, place and day do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from core import clock
from heatsupply.models import Suspension
from heatsupply.models.owned import MANAGE, OWN
from households import change_queries, change_rules
from households.models import MeterReading, Roster, RosterImport
from reports.models import BoardTotal
from reports.queries import todo_care, todo_payouts
from reports.queries.scope import Scope
from retrofits.models import Rectification, Task
from subsidies.models import Clawback, Objection, PayoutBatch, Policy
from telemetry.models import Alert

MOST = 1000
Rows = QuerySet[Any]
Source = Callable[[Scope], Rows]


@dataclass(frozen=True)
class _Asking:
    """Who asks for which entries. Equal when everything the sources make of it is; `scope` only goes with it."""

    key: tuple[Any, ...]
    names: frozenset[str]
    scope: Scope = field(compare=False)


def numbers_for(scope: Scope, entries: Iterable[str]) -> dict[str, int]:
    """URL name → number, for those of `entries` (URL names) where something can wait for this person."""
    if scope.programme is None:
        return {}
    names, statement, values = _statement(_Asking(_key(scope), frozenset(entries), scope))
    found = dict.fromkeys(names, 0)
    for name, number in _asked(statement, values):
        found[name] = min(found[name] + number, MOST)
    return found


def _key(scope: Scope) -> tuple[Any, ...]:
    user, programme = scope.user, scope.programme
    grants = tuple(sorted((grant.role, grant.area_id) for grant in user.active_grants))
    bonds = tuple(sorted(user.bonds.items()))
    return user.pk, user.person_no, user.unit, bonds, grants, programme and programme.pk, scope.area_code, clock.today()


@lru_cache(maxsize=256)
def _statement(asking: _Asking) -> tuple[list[str], str, list[Any]]:
    """Names that can be counted; all counts as one statement, each of at most `MOST` rows; its values."""
    names: list[str] = []
    statements: list[str] = []
    values: list[Any] = []
    for name, right, source in SOURCES:
        if name not in asking.names or not asking.scope.user.has_right(right):
            continue
        names.append(name)
        rows = source(asking.scope).order_by()
        stored = rows.model is BoardTotal
        try:
            wanted = rows.values_list("number") if stored else rows.values_list("pk")[:MOST]
            statement, given = wanted.query.sql_with_params()
        except EmptyResultSet:
            continue
        number = "coalesce(sum(number), 0)" if stored else "count(*)"
        statements.append(f"SELECT %s AS name, {number} FROM ({statement}) one")  # noqa: S608 - the ORM's own words
        values += [name, *given]
    return names, " UNION ALL ".join(statements), values


def _asked(statement: str, values: list[Any]) -> list[tuple[str, int]]:
    if not statement:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _in_state(model: Any, right: str, state: str) -> Source:
    return lambda scope: scope.of_programme(model, right).filter(state=state)  # type: ignore[no-any-return]


def _own_imports(scope: Scope) -> Rows:
    states = RosterImport.State
    rows: Rows = scope.of_programme(RosterImport, "rosters.import")
    return rows.filter(state__in=[states.MAPPING, states.REVIEW, states.REFUSED], uploaded_by=scope.user)


def _stored(right: str, kind: BoardTotal.Kind) -> Source:
    """Where hardly anything waits among very many, the boards' sums say how much: at most half a minute old."""
    return lambda scope: scope.of_programme(BoardTotal, right).filter(kind=kind)  # type: ignore[no-any-return]


def _to_put_right(scope: Scope) -> Rows:
    rows = scope.of_programme(Rectification, "installations.record", "acceptance__task__programme")
    return rows.filter(done_on__isnull=True, acceptance__task__state=Task.State.RECTIFY)  # type: ignore[no-any-return]


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
    ("retrofits:task-list", "tasks.open", _stored("tasks.open", BoardTotal.Kind.TO_OPEN)),
    ("retrofits:task-list", "installations.record", _in_state(Task, "installations.record", Task.State.LISTED)),
    ("retrofits:task-list", "installations.record", _to_put_right),
    ("retrofits:visit-list", "acceptances.record", _in_state(Task, "acceptances.record", Task.State.INSTALLED)),
    ("subsidies:entitlement-list", "entitlements.assess", _stored("entitlements.assess", BoardTotal.Kind.TO_ASSESS)),
    ("subsidies:notice-list", "objections.decide", _objections),
    ("subsidies:reading-list", "readings.decide", _held_readings),
    ("subsidies:clawback-list", "clawbacks.decide", _claims),
    _signing("payouts.prepare", PayoutBatch.State.DRAFT),
    _signing("payouts.prepare", PayoutBatch.State.RETURNED),
    _signing("payouts.review", PayoutBatch.State.LOCKED),
    _signing("payouts.approve", PayoutBatch.State.REVIEWED),
    _signing("payouts.release", PayoutBatch.State.APPROVED),
    *todo_payouts.COUNTED,
    ("subsidies:policy-list", "policies.release", _in_state(Policy, "policies.release", Policy.State.DRAFT)),
    ("telemetry:alert-list", "alerts.handle", _alerts),
    *(("heat:fee-list", right, _in_state(Suspension, right, "applied")) for right in (MANAGE, OWN)),
    *todo_care.COUNTED,
)
