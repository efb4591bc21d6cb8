"""What waits for this person, as queries: nothing of it is stored, a to-do ends when the thing is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Window
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from core import clock
from core.templatetags.portal_figures import wan_words
from households import change_queries, change_rules
from households.models import Enrolment, Roster, RosterImport
from households.queries import current_rosters
from households.roster_queries import unreported
from programmes.models import Programme
from reports.links import address
from reports.queries import todo_days
from reports.queries.scope import Scope
from retrofits.models import Acceptance, Rectification, Task
from retrofits.queries import rows_to_open
from subsidies.models import Entitlement, Notice, Objection, PayoutBatch, PayoutLine, Policy
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


Source = Callable[[Scope], Iterator[Todo]]


def todos_for(scope: Scope) -> list[Todo]:
    """Everything the person's rights in the chosen place let wait for him, the nearest deadline first."""
    if scope.programme is None:
        return []
    found = [todo for right, source in SOURCES if scope.user.has_right(right) for todo in source(scope)]
    return sorted(found, key=lambda todo: (todo.due or FAR, todo.title))


def _phase_end(programme: Programme, *codes: str) -> dt.date | None:
    return next((p.ends_on for p in programme.phases.all() if p.code in codes), None)


def _held(scope: Scope, model: Any, right: str, path: str = "programme") -> QuerySet[Any]:
    """Rows where the person may do the deed, not only read."""
    return scope.of_programme(model, right, path)  # type: ignore[no-any-return]


def _imports(scope: Scope) -> Iterator[Todo]:
    waiting = [RosterImport.State.MAPPING, RosterImport.State.REVIEW, RosterImport.State.REFUSED]
    rows = _held(scope, RosterImport, "rosters.import").filter(state__in=waiting, uploaded_by=scope.user)
    for one in rows.select_related("area", "file").order_by("-id")[:EACH]:
        url = address("households:import-review", one.pk) or address("households:import-list")
        yield Todo("upload", _("Imported roster to check"), f"{one.area.name} · {one.get_state_display()}", url)
    returned = current_rosters(scope.programme).filter(state=Roster.State.RETURNED)  # type: ignore[arg-type]
    returned = _held(scope, Roster, "rosters.import").filter(pk__in=returned.values("pk"))
    returned = returned.annotate(first_row=Min("rows__row_no", filter=~Q(rows__returned_words="")))
    for roster in returned.select_related("area").order_by("-id")[:EACH]:
        url = address("households:roster-detail", roster.pk) + (f"#row-{roster.first_row}" if roster.first_row else "")
        yield Todo("arrow-back-up", _("Roster returned"), f"{roster.area.name} · {roster.return_reason}", url)


def _unreported(scope: Scope) -> Iterator[Todo]:
    """Lists that are to reach the office by the programme's own day (T-44): reminded before, marked after."""
    if scope.programme is None:
        return
    found = unreported(_held(scope, Enrolment, "rosters.import"), scope.programme, clock.today())
    if found is not None:
        words = ngettext("%(n)d village", "%(n)d villages", found.villages) % {"n": found.villages}
        url = address("households:roster-list")
        yield Todo("rubber-stamp", _("Village lists to report"), words, url, found.villages, found.deadline)


def _seals(state: str, title: str, right: str) -> Source:
    def source(scope: Scope) -> Iterator[Todo]:
        rows = _held(scope, Roster, right).filter(state=state).annotate(n=Count("rows")).select_related("area")
        found = list(rows.order_by("id")[: EACH + 1])
        due = _phase_end(scope.programme, "survey") if found and scope.programme else None
        if len(found) > EACH:
            n = rows.count()
            words = ngettext("%(n)d village", "%(n)d villages", n) % {"n": n}
            yield Todo("rubber-stamp", str(_(title)), words, address("households:roster-list"), n, due)
            return
        for roster in found:
            words = _("%(village)s, %(n)d households") % {"village": roster.area.name, "n": roster.n}
            yield Todo("rubber-stamp", str(_(title)), words, address("households:roster-detail", roster.pk), 1, due)

    return source


def _counted(
    icon: str, title: str, rows: QuerySet[Any], unit: Callable[[int], str], url: str, due: dt.date | None = None
) -> Iterator[Todo]:
    """One line for many rows; none for none."""
    n = rows.count()
    if n:
        yield Todo(icon, title, unit(n), url, n, due)


def _households(n: int) -> str:
    return ngettext("%(n)d household", "%(n)d households", n) % {"n": n}


def _open_tasks(scope: Scope) -> Iterator[Todo]:
    codes = [code for code in scope.user.area_codes_for("tasks.open") if scope.area_code.startswith(code)]
    rows = rows_to_open(scope.programme, [scope.area_code] if codes else [])  # type: ignore[arg-type]
    url = address("retrofits:tasks-open") or address("retrofits:task-list")
    return _counted("tool", _("Retrofit tasks to open"), rows, _households, url)


def _installations(scope: Scope) -> Iterator[Todo]:
    rows = _held(scope, Task, "installations.record").filter(state=Task.State.LISTED)
    due = _phase_end(scope.programme, "works")  # type: ignore[arg-type]
    url = address("retrofits:task-list", state="listed")
    yield from _counted("tool", _("To be installed"), rows, _households, url, due)
    yield from _rectifications(scope)


def _rectifications(scope: Scope) -> Iterator[Todo]:
    rows = _held(scope, Rectification, "installations.record", "acceptance__task__programme").filter(
        done_on__isnull=True, acceptance__task__state=Task.State.RECTIFY
    )
    for one in rows.select_related("area", "acceptance__task").order_by("due_on")[:EACH]:
        url = address("retrofits:task-detail", one.acceptance.task_id)
        yield Todo("alert-triangle", _("To be put right"), f"{one.area.name} · {one.defect}", url, 1, one.due_on)


def _visits(scope: Scope) -> Iterator[Todo]:
    rows = _held(scope, Task, "acceptances.record").filter(state=Task.State.INSTALLED)
    due = _phase_end(scope.programme, "acceptance", "evaluation")  # type: ignore[arg-type]
    url = address("retrofits:visit-list")
    return _counted("clipboard-check", _("To be accepted"), rows, _households, url, due)


def _assessments(scope: Scope) -> Iterator[Todo]:
    due = Entitlement.objects.filter(task=OuterRef("task")).exclude(state="void")
    rows = _held(scope, Acceptance, "entitlements.assess", "task__programme")
    rows = rows.filter(~Exists(due), result="passed").exclude(task__state=Task.State.WITHDRAWN)
    url = address("subsidies:entitlement-list")
    return _counted("calculator", _("Accepted, amount not calculated"), rows, _households, url)


def _to_publish(scope: Scope) -> Iterator[Todo]:
    if not scope.programme or not scope.programme.notice_required:
        return
    rows = _held(scope, Entitlement, "notices.publish").filter(state="assessed", outcome="due")
    yield from _counted("speakerphone", _("To be put on notice"), rows, _households, address("subsidies:notice-list"))
    notices = _held(scope, Notice, "notices.publish").filter(state=Notice.State.OPEN)
    for one in notices.select_related("area").order_by("ends_at")[:EACH]:
        url = address("subsidies:notice-detail", one.pk) or address("subsidies:notice-list")
        yield Todo(
            "speakerphone", _("Public notice running"), f"{one.area.name} · {one.number}", url, 1, one.ends_at.date()
        )


def _objections(scope: Scope) -> Iterator[Todo]:
    rows = _held(scope, Objection, "objections.decide", "entitlement__programme").filter(decision="")
    for one in rows.select_related("area", "entitlement__household").order_by("raised_at")[:EACH]:
        words = f"{one.area.name} · {one.entitlement.household.head_name}"
        url = address("subsidies:objection-detail", one.pk) or address("subsidies:notice-list")
        yield Todo("message-circle", _("Objection to decide"), words, url)


def _payable(scope: Scope) -> Iterator[Todo]:
    rows = _held(scope, Entitlement, "payouts.prepare").filter(state="payable", outcome="due")
    yield from _counted("cash", _("May be paid, in no batch yet"), rows, _households, address("subsidies:batch-list"))
    yield from _batches(scope, "payouts.prepare", "draft", _("Payout batch being prepared"))
    yield from _batches(scope, "payouts.prepare", "returned", _("Payout batch returned"))


def _batches(scope: Scope, right: str, state: str, title: str) -> Iterator[Todo]:
    rows = _held(scope, PayoutBatch, right).filter(state=state)
    for one in rows.select_related("area").order_by("id")[:EACH]:
        words = f"{one.number} · {one.area.name} {_households(one.line_count)} · {wan_words(one.total_fen)}"
        url = address("subsidies:batch-detail", one.number) or address("subsidies:batch-list")
        yield Todo("cash", title, words, url)


def _signing(right: str, state: str, title: str) -> Source:
    return lambda scope: _batches(scope, right, state, str(_(title)))


def _returns(scope: Scope) -> Iterator[Todo]:
    yield from _batches(scope, "payouts.reconcile", "released", _("Bank return to enter"))
    live = PayoutLine.objects.filter(entitlement=OuterRef("entitlement")).exclude(state__in=["failed", "dropped"])
    rows = _held(scope, PayoutLine, "payouts.reconcile", "batch__programme").filter(~Exists(live), state="failed")
    url = address("reports:household-list", returned="yes")
    yield from _counted("alert-circle", _("Sent back by the bank, to be paid again"), rows, _households, url)


def _policies(scope: Scope) -> Iterator[Todo]:
    rows = _held(scope, Policy, "policies.release").filter(state="draft")
    for one in rows.order_by("id")[:EACH]:
        url = address("subsidies:policy-detail", one.pk) or address("subsidies:policy-list")
        yield Todo("scale", _("Policy to release"), str(one), url)


def _changes(level: str) -> Source:
    """Changes of approved lists to decide: each by name while they are few, as one line when they are many."""

    def source(scope: Scope) -> Iterator[Todo]:
        rows = change_queries.waiting_at(level, scope.user).within(scope.area_code)
        counted = rows.annotate(among=Window(Count("pk")))  # how many there are comes with the first of them
        found = list(counted.select_related("area", "dwelling__household").order_by("asked_at")[: EACH + 1])
        title = _("Change of an approved list to decide")
        if len(found) > EACH:
            n = found[0].among
            yield Todo("pencil", title, _households(n), address("households:change-list", mine="yes"), n)
            return
        for one in found:
            words = f"{one.get_kind_display()} · {one.area.name} {one.dwelling.household.head_name}"
            yield Todo("pencil", title, words, address("households:change-detail", one.pk))

    return source


def _alerts(scope: Scope) -> Iterator[Todo]:
    rows = scope.rows(Alert, "alerts.handle").filter(cleared_at__isnull=True, acknowledged_at__isnull=True)
    counts = rows.order_by().aggregate(n=Count("id"), cold=Count("id", filter=Q(kind=Alert.Kind.ROOM_COLD)))
    if counts["n"]:
        words = ngettext("%(n)d heater", "%(n)d heaters", counts["n"]) % {"n": counts["n"]}
        cold = _(", %(n)d rooms too cold") % {"n": counts["cold"]} if counts["cold"] else ""
        url = address("telemetry:alert-list")
        yield Todo("bell", _("Alerts nobody has acknowledged"), words + cold, url, counts["n"])


def _days(source: Callable[[Scope], Iterator[dict[str, Any]]]) -> Source:
    return lambda scope: (Todo(**fields) for fields in source(scope))


SOURCES: tuple[tuple[str, Source], ...] = (
    ("programmes.view", _days(todo_days.deadlines)),
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
    ("entitlements.assess", _assessments),
    ("notices.publish", _to_publish),
    ("objections.decide", _objections),
    ("payouts.prepare", _payable),
    ("payouts.review", _signing("payouts.review", "locked", gettext_noop("Payout batch to review"))),
    ("payouts.approve", _signing("payouts.approve", "reviewed", gettext_noop("Payout batch to approve"))),
    ("payouts.release", _signing("payouts.release", "approved", gettext_noop("Payout batch to release"))),
    ("payouts.reconcile", _returns),
    ("policies.release", _policies),
    ("alerts.handle", _alerts),
)
