"""What supervision lets wait: complaints, tickets, hazards, measures, duties, what a year of safety lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import clock
from core.together import Reading, sums_in, sums_of
from reports.links import address
from reports.queries.scope import Scope
from supervision.kinds import GROUPS, OWN, Kind
from supervision.models import Case, NetworkAlarm
from supervision.models.cases import OVER
from supervision.queries import late, open_duties_of, safety_reading
from supervision.services.network import REPORT

Days = Reading[list[dict[str, Any]]]
TITLES = {
    "complaints": gettext_lazy("Complaints and questions to answer"), "tickets": gettext_lazy("Repair tickets open"),
    "hazards": gettext_lazy("Hazards not put right"), "coal": gettext_lazy("Homes to visit about coal"),
    "measures": gettext_lazy("Orders to answer or to judge"),
}  # fmt: skip
ICONS = {"complaints": "message-circle", "tickets": "tool", "hazards": "alert-triangle", "coal": "map-pin",
         "measures": "speakerphone"}  # fmt: skip
PAGES = {"complaints": "supervision:complaint-list", "tickets": "supervision:ticket-list",
         "hazards": "supervision:hazard-list", "coal": "supervision:coal-list",
         "measures": "supervision:measure-list"}  # fmt: skip
ANSWER, ACT = "supervision.answer", "supervision.act"


def open_cases(group: str, right: str) -> Callable[[Scope], QuerySet[Any]]:
    """Unfinished cases of the group in the places where the person holds `right`.

    Of measures towns see those they have to answer, the office those it has to judge or that are late; of complaints
    those that have no answer, an organisation those it has not put right.
    """

    def rows(scope: Scope) -> QuerySet[Any]:
        found = scope.of_programme(Case, right).filter(kind__in=GROUPS[group].kinds).exclude(state__in=OVER)
        if right == ANSWER:
            return found.filter(state=Case.State.OPEN, kind__in=(Kind.ORDER, Kind.EXPLANATION, Kind.CIRCULAR))  # type: ignore[no-any-return]
        if right == ACT:
            return found.exclude(state=Case.State.OPEN, kind__in=(Kind.ORDER, Kind.EXPLANATION, Kind.CIRCULAR))  # type: ignore[no-any-return]
        if right == OWN:
            return found.filter(state__in=(Case.State.OPEN, Case.State.HANDLED))  # type: ignore[no-any-return]
        if group == "complaints":
            return found.exclude(state=Case.State.ANSWERED)  # type: ignore[no-any-return]
        return found  # type: ignore[no-any-return]

    return rows


def waiting(group: str, right: str) -> Callable[[Scope], Days]:
    """One line for a group: how many are open and how many are late, due when the nearest one is."""

    def reading(scope: Scope) -> Days:
        rows = open_cases(group, right)(scope)
        behind = late(rows, clock.now()).order_by().values("pk")
        counted = sums_of(rows, n=Count("id"), due=Min("due_at"), late=Count("id", filter=Q(pk__in=behind)))
        yield [counted]
        sums = sums_in(counted)
        if not sums["n"]:
            return []
        detail = ngettext("%(n)d case", "%(n)d cases", sums["n"]) % {"n": sums["n"]}
        detail += _(", %(n)d late") % {"n": sums["late"]} if sums["late"] else ""
        due = timezone.localdate(sums["due"]) if sums["due"] else None
        url = address(PAGES[group], state="unfinished")
        return [{"icon": ICONS[group], "title": str(TITLES[group]), "detail": detail, "url": url, "count": sums["n"],
                 "due": due}]  # fmt: skip

    return reading


def duties(scope: Scope) -> Days:
    """Duties of the person's own unit and roles that are open, due when the nearest one is."""
    if scope.programme is None or not scope.area_code:
        return []
    counted = sums_of(open_duties_of(scope.user, scope.programme, scope.area_code), n=Count("id"), due=Min("due_on"))
    yield [counted]
    sums = sums_in(counted)
    if not sums["n"]:
        return []
    words = ngettext("%(n)d duty of the document", "%(n)d duties of the document", sums["n"]) % {"n": sums["n"]}
    return [{"icon": "scale", "title": _("Duties to do"), "detail": words, "url": address("supervision:duty-board"),
             "count": sums["n"], "due": sums["due"]}]  # fmt: skip


def safety(scope: Scope) -> Days:
    """Towns whose year still lacks a body, officers, training, expert visit, drill or plan (T-60 … T-65)."""
    year = clock.today().year
    towns = yield from safety_reading(scope.user, scope.area_code, year)
    lacking = sum(1 for town in towns if town.lacking)
    if not lacking:
        return []
    words = ngettext("%(n)d town", "%(n)d towns", lacking) % {"n": lacking}
    return [{"icon": "alert-triangle", "title": _("Safety of the year is not complete"), "detail": words,
             "url": address("supervision:safety-year"), "count": lacking}]  # fmt: skip


def open_alarms(scope: Scope) -> QuerySet[Any]:
    """Alarms of the own company's points that are not over and that nobody has seen to."""
    return NetworkAlarm.objects.visible_to(scope.user, REPORT).filter(cleared_at=None, seen_at=None)


def alarms(scope: Scope) -> Days:
    """One line for the alarms of one's own points."""
    counted = sums_of(open_alarms(scope), n=Count("id"))
    yield [counted]
    n = sums_in(counted)["n"]
    if not n:
        return []
    words = ngettext("%(n)d alarm", "%(n)d alarms", n) % {"n": n}
    return [{"icon": "alert-triangle", "title": _("Alarms of your points"), "detail": words,
             "url": address("supervision:network-board"), "count": n}]  # fmt: skip


SOURCES: tuple[tuple[str, Callable[[Scope], Days]], ...] = (
    ("complaints.handle", waiting("complaints", "complaints.handle")),
    ("tickets.handle", waiting("tickets", "tickets.handle")),
    (OWN, waiting("tickets", OWN)),
    (OWN, waiting("hazards", OWN)),
    (REPORT, alarms),
    (REPORT, duties),
    ("hazards.record", waiting("hazards", "hazards.record")),
    ("hazards.record", waiting("coal", "hazards.record")),
    ("supervision.answer", waiting("measures", ANSWER)),
    ("supervision.act", waiting("measures", ACT)),
    ("supervision.answer", safety),
    ("programmes.view", duties),
)
COUNTED: tuple[tuple[str, str, Callable[[Scope], QuerySet[Any]]], ...] = (
    ("supervision:complaint-list", "complaints.handle", open_cases("complaints", "complaints.handle")),
    ("supervision:ticket-list", "tickets.handle", open_cases("tickets", "tickets.handle")),
    ("supervision:ticket-list", OWN, open_cases("tickets", OWN)),
    ("supervision:hazard-list", OWN, open_cases("hazards", OWN)),
    ("supervision:network-board", REPORT, open_alarms),
    ("supervision:hazard-list", "hazards.record", open_cases("hazards", "hazards.record")),
    ("supervision:coal-list", "hazards.record", open_cases("coal", "hazards.record")),
    ("supervision:measure-list", ANSWER, open_cases("measures", ANSWER)),
    ("supervision:measure-list", ACT, open_cases("measures", ACT)),
)
