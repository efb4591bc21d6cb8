"""What waits for this person, as queries: a to-do ends when the thing is done.

Only two steps that hardly anything waits for among very many come from the boards' sums.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from core import clock
from core.templatetags.portal_figures import wan_words
from core.together import Reading, count_of, in_step, keep, number_in, read, sums_in, sums_of
from households import change_queries, change_rules
from households.models import Enrolment, MeterReading, Roster, RosterImport
from households.queries import current_rosters
from households.roster_queries import unreported
from programmes.models import Programme
from reports.links import address
from reports.models import BoardTotal
from reports.queries import todo_bench, todo_care, todo_days, todo_heat, todo_joint, todo_payouts
from reports.queries.scope import Scope
from retrofits.models import Rectification, Task
from subsidies.models import (
    Clawback,
    DifferenceSettlement,
    Entitlement,
    Notice,
    Objection,
    PayoutBatch,
    Policy,
)
from telemetry.models import Alert

EACH = 5
FAR = dt.date.max


@dataclass(frozen=True)
class Todo:
    """One line of the workbench. `due` is its deadline, `count` how many things it stands for."""

    icon: str
    title: str
    detail: str
    url: str
    count: int = 1
    due: dt.date | None = None

    def days_left(self, today: dt.date) -> int | None:
        return None if self.due is None else (self.due - today).days

    def days_late(self, today: dt.date) -> int:
        """0 where the deadline is still to come or there is none."""
        return max(-(self.days_left(today) or 0), 0)


Todos = Reading[list[Todo]]
Source = Callable[[Scope], Todos]


def todos_for(scope: Scope) -> list[Todo]:
    """Everything the person's rights in the chosen place let wait for him, the nearest deadline first."""
    return read(todos(scope))


def todos(scope: Scope) -> Todos:
    """`todos_for` as a reading."""
    if scope.programme is None:
        return []
    mine = [source(scope) for right, source in SOURCES if scope.user.has_right(right)]
    _phases, found = yield from in_step(_read_phases(scope.programme), _all_of(*mine))
    return sorted(found, key=lambda todo: (todo.due or FAR, todo.title))


def _all_of(*sources: Todos) -> Todos:
    """Several sources as one."""
    return [todo for some in (yield from in_step(*sources)) for todo in some]


def _read_phases(programme: Programme) -> Reading[None]:
    """Runs before the sources, so that they find the phases kept."""
    rows = programme.phases.all()
    yield [rows]
    keep(programme, "phases", rows)


def _phase_end(programme: Programme | None, *codes: str) -> dt.date | None:
    """The last day of the first of these phases; asked for after a turn."""
    return next((p.ends_on for p in programme.phases.all() if p.code in codes), None) if programme and codes else None


def _held(scope: Scope, model: Any, right: str, path: str = "programme") -> QuerySet[Any]:
    """Rows where the person may do the deed, not only read."""
    return scope.of_programme(model, right, path)  # type: ignore[no-any-return]


def _imports(scope: Scope) -> Todos:
    waiting = [RosterImport.State.MAPPING, RosterImport.State.REVIEW, RosterImport.State.REFUSED]
    rows = _held(scope, RosterImport, "rosters.import").filter(state__in=waiting, uploaded_by=scope.user)
    rows = rows.select_related("area", "file").order_by("-id")[:EACH]
    returned = current_rosters(scope.programme).filter(state=Roster.State.RETURNED)  # type: ignore[arg-type]
    returned = _held(scope, Roster, "rosters.import").filter(pk__in=returned.values("pk"))
    returned = returned.annotate(first_row=Min("rows__row_no", filter=~Q(rows__returned_words="")))
    returned = returned.select_related("area").order_by("-id")[:EACH]
    yield [rows, returned]
    return [*map(_import_todo, rows), *map(_returned_todo, returned)]


def _import_todo(one: RosterImport) -> Todo:
    url = address("households:import-review", one.pk) or address("households:import-list")
    words = f"{one.area.name} · {one.file.file_name} · {one.get_state_display()}"
    return Todo("upload", _("Imported roster to check"), words, url)


def _returned_todo(roster: Any) -> Todo:
    url = address("households:roster-detail", roster.pk) + (f"#row-{roster.first_row}" if roster.first_row else "")
    return Todo("arrow-back-up", _("Roster returned"), f"{roster.area.name} · {roster.return_reason}", url)


def _unreported(scope: Scope) -> Todos:
    """Lists that are to reach the office by the programme's own day (T-44): reminded before, marked after."""
    if scope.programme is None:
        return []
    found = yield from unreported(_held(scope, Enrolment, "rosters.import"), scope.programme, clock.today())
    if found is None:
        return []
    words = ngettext("%(n)d village", "%(n)d villages", found.villages) % {"n": found.villages}
    url = address("households:roster-list")
    return [Todo("rubber-stamp", _("Village lists to report"), words, url, found.villages, found.deadline)]


def _seals(state: str, title: str, right: str) -> Source:
    def source(scope: Scope) -> Todos:
        rows = _held(scope, Roster, right).filter(state=state)
        first = rows.annotate(n=Count("rows")).select_related("area").order_by("id")[: EACH + 1]
        counted = count_of(rows)
        yield [first, counted]
        due = _phase_end(scope.programme, "survey")
        if len(first) > EACH:
            n = number_in(counted)
            words = ngettext("%(n)d village", "%(n)d villages", n) % {"n": n}
            return [Todo("rubber-stamp", str(_(title)), words, address("households:roster-list"), n, due)]
        return [_seal_todo(roster, str(_(title)), due) for roster in first]

    return source


def _seal_todo(roster: Any, title: str, due: dt.date | None) -> Todo:
    words = _("%(village)s, %(n)d households") % {"village": roster.area.name, "n": roster.n}
    return Todo("rubber-stamp", title, words, address("households:roster-detail", roster.pk), 1, due)


def _counted(
    icon: str, title: str, rows: QuerySet[Any], url: str, scope: Scope | None = None, phases: tuple[str, ...] = ()
) -> Todos:
    """One line for many households; none for none. Due when the first of `phases` ends."""
    counted = count_of(rows)
    yield [counted]
    n = number_in(counted)
    due = _phase_end(scope.programme, *phases) if scope else None
    return [Todo(icon, title, _households(n), url, n, due)] if n else []


def _households(n: int) -> str:
    return ngettext("%(n)d household", "%(n)d households", n) % {"n": n}


def _stored(icon: str, title: str, right: str, kind: BoardTotal.Kind, url: str, scope: Scope) -> Todos:
    """The same for a step that hardly anything waits for among very many: from the boards' sums, twenty seconds old."""
    summed = sums_of(_held(scope, BoardTotal, right).filter(kind=kind), n=Sum("number"))
    yield [summed]
    n = sums_in(summed)["n"]
    return [Todo(icon, title, _households(n), url, n)] if n else []


def _open_tasks(scope: Scope) -> Todos:
    url = address("retrofits:tasks-open") or address("retrofits:task-list")
    return _stored("tool", _("Retrofit tasks to open"), "tasks.open", BoardTotal.Kind.TO_OPEN, url, scope)


def _installations(scope: Scope) -> Todos:
    rows = _held(scope, Task, "installations.record").filter(state=Task.State.LISTED)
    url = address("retrofits:task-list", state="listed")
    listed = _counted("tool", _("To be installed"), rows, url, scope, ("works",))
    return _all_of(listed, _rectifications(scope))


def _rectifications(scope: Scope) -> Todos:
    rows = _held(scope, Rectification, "installations.record", "acceptance__task__programme").filter(
        done_on__isnull=True, acceptance__task__state=Task.State.RECTIFY
    )
    rows = rows.select_related("area", "acceptance__task").order_by("due_on")[:EACH]
    yield [rows]
    return [_rectification_todo(one) for one in rows]


def _rectification_todo(one: Rectification) -> Todo:
    url = address("retrofits:task-detail", one.acceptance.task_id)
    return Todo("alert-triangle", _("To be put right"), f"{one.area.name} · {one.defect}", url, 1, one.due_on)


def _visits(scope: Scope) -> Todos:
    rows = _held(scope, Task, "acceptances.record").filter(state=Task.State.INSTALLED)
    url = address("retrofits:visit-list")
    return _counted("clipboard-check", _("To be accepted"), rows, url, scope, ("acceptance", "evaluation"))


def _assessments(scope: Scope) -> Todos:
    title, url = _("Accepted, amount not calculated"), address("subsidies:entitlement-list")
    return _stored("calculator", title, "entitlements.assess", BoardTotal.Kind.TO_ASSESS, url, scope)


def _to_publish(scope: Scope) -> Todos:
    if not scope.programme or not scope.programme.notice_required:
        return []
    rows = _held(scope, Entitlement, "notices.publish").filter(state="assessed", outcome="due")
    assessed = _counted("speakerphone", _("To be put on notice"), rows, address("subsidies:notice-list"))
    return (yield from _all_of(assessed, _notices(scope)))


def _notices(scope: Scope) -> Todos:
    rows = _held(scope, Notice, "notices.publish").filter(state=Notice.State.OPEN)
    rows = rows.select_related("area").order_by("ends_at")[:EACH]
    yield [rows]
    return [_notice_todo(one) for one in rows]


def _notice_todo(one: Notice) -> Todo:
    url = address("subsidies:notice-detail", one.pk) or address("subsidies:notice-list")
    words = f"{one.area.name} · {one.number}"
    return Todo("speakerphone", _("Public notice running"), words, url, 1, timezone.localdate(one.ends_at))


def _objections(scope: Scope) -> Todos:
    rows = _held(scope, Objection, "objections.decide", "entitlement__programme").filter(decision="")
    rows = rows.select_related("area", "entitlement__household").order_by("raised_at")[:EACH]
    yield [rows]
    return [_objection_todo(one) for one in rows]


def _objection_todo(one: Objection) -> Todo:
    words = f"{one.area.name} · {one.entitlement.household.head_name}"
    url = address("subsidies:entitlement-detail", one.entitlement_id)
    return Todo("message-circle", _("Objection to decide"), words, url)


def _held_readings(scope: Scope) -> Todos:
    """Lines that count for nothing until a person has said what is so; nobody's amount is computed over them."""
    rows = scope.rows(MeterReading, "readings.decide").filter(state=MeterReading.State.HELD)
    counted = count_of(rows)
    yield [counted]
    n = number_in(counted)
    words = ngettext("%(n)d reading", "%(n)d readings", n) % {"n": n}
    url = address("subsidies:reading-list", state="held")
    return [Todo("table", _("Held meter readings to decide"), words, url, n)] if n else []


def _claims(scope: Scope) -> Todos:
    """Claims back and settled differences that somebody else proposed."""
    cases = _held(scope, Clawback, "clawbacks.decide").filter(state=Clawback.State.PROPOSED)
    cases = count_of(cases.exclude(proposed_person_no=scope.user.person_no))
    rows = _held(scope, DifferenceSettlement, "clawbacks.decide", "difference__entitlement__programme")
    rows = count_of(rows.filter(state="proposed").exclude(proposed_person_no=scope.user.person_no))
    yield [cases, rows]
    found = [
        (_("Claims back to decide"), number_in(cases), address("subsidies:clawback-list", state="proposed")),
        (_("Differences of a later version to decide"), number_in(rows), address("subsidies:difference-list")),
    ]
    return [Todo("receipt", title, _households(n), url, n) for title, n, url in found if n]


def _drafts(scope: Scope) -> Todos:
    prepared = _batches(scope, "payouts.prepare", "draft", _("Payout batch being prepared"))
    returned = _batches(scope, "payouts.prepare", "returned", _("Payout batch returned"))
    return _all_of(prepared, returned)


def _batches(scope: Scope, right: str, state: str, title: str) -> Todos:
    rows = _held(scope, PayoutBatch, right).filter(state=state).select_related("area").order_by("id")[:EACH]
    yield [rows]
    return [_batch_todo(one, title) for one in rows]


def _batch_todo(one: PayoutBatch, title: str) -> Todo:
    words = f"{one.number} · {one.area.name} {_households(one.line_count)} · {wan_words(one.total_fen)}"
    url = address("subsidies:batch-detail", one.number) or address("subsidies:batch-list")
    return Todo("cash", title, words, url)


def _signing(right: str, state: str, title: str) -> Source:
    return lambda scope: _batches(scope, right, state, str(_(title)))


def _policies(scope: Scope) -> Todos:
    rows = _held(scope, Policy, "policies.release").filter(state="draft").order_by("id")[:EACH]
    yield [rows]
    return [_policy_todo(one) for one in rows]


def _policy_todo(one: Policy) -> Todo:
    url = address("subsidies:policy-detail", one.pk) or address("subsidies:policy-list")
    return Todo("scale", _("Policy to release"), str(one), url)


def _changes(level: str) -> Source:
    """Changes of approved lists to decide: each by name while they are few, as one line when they are many."""

    def source(scope: Scope) -> Todos:
        rows = change_queries.waiting_at(level, scope.user).within(scope.area_code)
        first, counted = (
            rows.select_related("area", "dwelling__household").order_by("asked_at")[: EACH + 1],
            count_of(rows),
        )
        yield [first, counted]
        if len(first) > EACH:
            n, url = number_in(counted), address("households:change-list", mine="yes")
            return [Todo("pencil", _("Change of an approved list to decide"), _households(n), url, n)]
        return [_change_todo(one) for one in first]

    return source


def _change_todo(one: Any) -> Todo:
    words = f"{one.get_kind_display()} · {one.area.name} {one.dwelling.household.head_name}"
    return Todo("pencil", _("Change of an approved list to decide"), words, address("households:change-detail", one.pk))


def _alerts(scope: Scope) -> Todos:
    rows = scope.rows(Alert, "alerts.handle").filter(cleared_at__isnull=True, acknowledged_at__isnull=True)
    counted = sums_of(rows, n=Count("id"), cold=Count("id", filter=Q(kind=Alert.Kind.ROOM_COLD)))
    yield [counted]
    counts = sums_in(counted)
    if not counts["n"]:
        return []
    words = ngettext("%(n)d heater", "%(n)d heaters", counts["n"]) % {"n": counts["n"]}
    cold = _(", %(n)d rooms too cold") % {"n": counts["cold"]} if counts["cold"] else ""
    url = address("telemetry:alert-list")
    return [Todo("bell", _("Alerts nobody has acknowledged"), words + cold, url, counts["n"])]


def _days(source: Callable[[Scope], Reading[list[dict[str, Any]]]]) -> Source:
    def made(scope: Scope) -> Todos:
        return [Todo(**fields) for fields in (yield from source(scope))]

    return made


SOURCES: tuple[tuple[str, Source], ...] = (
    ("programmes.view", _days(todo_days.deadlines)),
    ("reports.write", _days(todo_days.reports_due)),
    ("milestones.edit", _days(todo_days.milestones)),
    ("rosters.import", _imports),
    ("rosters.import", _unreported),
    (
        "rosters.seal_village",
        _seals("draft", gettext_noop("Roster to be sealed by the village"), "rosters.seal_village"),
    ),
    (
        "rosters.seal_town",
        _seals("village_sealed", gettext_noop("Roster to be sealed by the town"), "rosters.seal_town"),
    ),
    ("rosters.approve", _seals("town_sealed", gettext_noop("Roster to be approved"), "rosters.approve")),
    *((right, _changes(level)) for level, right in change_rules.DECIDES.items()),
    ("tasks.open", _open_tasks),
    ("installations.record", _installations),
    ("acceptances.record", _visits),
    *((right, _days(source)) for right, source in todo_joint.SOURCES),
    ("entitlements.assess", _assessments),
    ("notices.publish", _to_publish),
    ("objections.decide", _objections),
    ("readings.decide", _held_readings),
    ("clawbacks.decide", _claims),
    ("payouts.prepare", _drafts),
    ("payouts.review", _signing("payouts.review", "locked", gettext_noop("Payout batch to review"))),
    ("payouts.approve", _signing("payouts.approve", "reviewed", gettext_noop("Payout batch to approve"))),
    ("payouts.release", _signing("payouts.release", "approved", gettext_noop("Payout batch to release"))),
    *((right, _days(source)) for right, source in todo_payouts.SOURCES),
    ("policies.release", _policies),
    ("alerts.handle", _alerts),
    *((right, _days(source)) for right, source in todo_care.SOURCES),
    *((right, _days(source)) for right, source in todo_heat.SOURCES),
    *((right, _days(source)) for right, source in todo_bench.SOURCES),
)
