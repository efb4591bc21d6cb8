"""确村确户: villages as rows, one list with its chain and its stamped pages, seals, returns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from core.together import asking, in_step, read
from households import queries, roster_queries, states
from households.forms import ReasonForm
from households.models import Roster, RosterSeal
from households.services import rosters, scan_jobs, scans
from households.views.stamped import roster_of, sum_of
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme

VIEW = "households.view"
_MOST_APPROVED = 200


@requires(VIEW)
@require_GET
def roster_list(request: HttpRequest) -> HttpResponse:
    """Villages with candidates, target and the state of their list."""
    programme = chosen_programme(request)
    rows = _villages(request, programme) if programme else []
    timings = roster_queries.timings(programme, [row["roster"] for row in rows], clock.today()) if programme else {}
    unlisted = roster_queries.timing_without_list(programme, clock.today()) if programme else None
    for row in rows:
        row["may_draw_up"] = _may_draw_up(request, row)
        row["may_approve"] = _may_approve(request, row["roster"])
        row["timing"] = timings.get(row["roster"].pk) if row["roster"] else unlisted
    context = {
        "deadline": roster_queries.deadline_of(programme) if programme else None,
        "late": sum(1 for row in rows if row["timing"] and row["timing"].late_days),
        "programme": programme,
        "rows": rows,
        "total": sum(row["village"].counted for row in rows),
        "target": sum(row["village"].target or 0 for row in rows),
        "approvable": sum(row["may_approve"] for row in rows),
    }
    return render(request, "households/roster_list.html", context)


def _villages(request: HttpRequest, programme: Programme) -> list[dict[str, Any]]:
    """Narrowed to the chosen area, and to where the person may read households."""
    chosen = chosen_area_code(request)
    held = request.user.area_codes_for(VIEW)  # type: ignore[union-attr]
    codes = {max(chosen, code, key=len) for code in held if is_inside(chosen, code) or is_inside(code, chosen)}
    return [row for code in sorted(codes) for row in queries.rosters_by_village(programme, code)]


def _may_draw_up(request: HttpRequest, row: dict[str, Any]) -> bool:
    roster, village = row["roster"], row["village"]
    allowed = roster is None or roster.state in (states.DRAFT, states.RETURNED)
    if roster is not None and roster.state == states.APPROVED:  # a new version, once households came or went
        allowed = roster.households != village.counted
    return bool(allowed and village.counted and request.user.has_right("rosters.import", village.area.code))  # type: ignore[union-attr]


def _may_approve(request: HttpRequest, roster: Roster | None) -> bool:
    if roster is None or roster.state != states.TOWN_SEALED:
        return False
    return bool(request.user.has_right("rosters.approve", roster.area_id))  # type: ignore[union-attr]


@requires("rosters.import")
@require_POST
def roster_draw_up(request: HttpRequest) -> HttpResponse:
    """Draw up the list of one village of the chosen programme."""
    area = get_visible_or_404(Area, request.user, "rosters.import", code=request.POST.get("area", ""))
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    made = rosters.draw_up_roster(programme=programme, area=area, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The list of %(area)s is drawn up. Print it and have it sealed.") % {"area": area.name})
    return redirect("households:roster-detail", made.pk)


@requires(VIEW)
@require_GET
def roster_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Chain, differences, rows, exclusions, and the step that is due."""
    found = roster_of(request, pk)
    return render(request, "households/roster_detail.html", _detail(request, found))


def _detail(request: HttpRequest, found: Roster, form: ReasonForm | None = None) -> dict[str, Any]:
    level = roster_queries.scan_level(found)
    targets = queries.village_target_rows(found.programme, found.area_id)
    excluded = queries.excluded(found.programme, found.area_id)
    unread, seals = roster_queries.unread_scans(found), found.seals.select_related("signer")
    standing, jobs = roster_queries.standing_of(found), scan_jobs.readings_of(found)
    sheet, _done, timings = read(in_step(
        standing, asking(targets, excluded, unread, seals, *([jobs] if level else [])),
        roster_queries.timing_of(found.programme, [found], clock.today()),
    ))  # fmt: skip
    rows, pages = sheet.rows, sheet.pages
    due = [step for step in states.steps_from(found.state) if request.user.has_right(step.right, found.area_id)]  # type: ignore[union-attr]
    return {
        "roster": found,
        "rows": rows,
        "area_m2": sum_of(row.line for row in rows),
        "target": next((int(total) for area_id, total in targets if area_id == found.area_id), None),
        "excluded": excluded,
        "differences": sheet.differences,
        "departures": sheet.departures,
        "returned": [row for row in rows if row.returned_words],
        "pages": pages,
        "scan_level": level,
        "missing_pages": roster_queries.page_words(roster_queries.pages_missing(pages, level)) if level else "",
        "unread": list(unread),
        "reading": scan_jobs.reading_in(jobs) if level else None,
        "may_scan": bool(level) and scans.may_add(found, request.user),  # type: ignore[arg-type]
        "may_submit": found.state == states.DRAFT and request.user.has_right("rosters.import", found.area_id),  # type: ignore[union-attr]
        "may_edit": request.user.has_right("households.edit", found.area_id),  # type: ignore[union-attr]
        "timing": timings.get(found.pk),
        "chain": _chain(found, seals),
        "code": queries.version_code(found),
        "is_current": queries.content_hash(rows) == found.content_hash,
        "seal": next((step for step in due if step.level), None),
        "may_return": any(step.step == "return" for step in due),
        "form": form or ReasonForm(),
    }


_TITLES = {
    states.VILLAGE: gettext_lazy("Village committee"),
    states.TOWN: gettext_lazy("Town or street"),
    states.OFFICE: gettext_lazy("Programme office"),
}


def _chain(found: Roster, sealed: Iterable[RosterSeal]) -> list[dict[str, Any]]:
    """Prepared, then the three seals; a returned list shows where it stopped."""
    seals = {seal.level: seal for seal in sealed}
    prepared = {"title": _("Drawn up"), "state": "did", "who": found.prepared_by.person_name, "when": found.created_at}
    steps = [prepared]
    waiting = "back" if found.state == states.RETURNED else "now"
    for level in (states.VILLAGE, states.TOWN, states.OFFICE):
        seal = seals.get(level)
        steps.append(_sealed(level, seal) if seal else {"title": _TITLES[level], "state": waiting})
        waiting = waiting if seal else "wait"
    if found.state == states.RETURNED:
        next(step for step in steps if step["state"] == "back")["words"] = found.return_reason
    return steps


def _sealed(level: str, seal: RosterSeal) -> dict[str, Any]:
    who = seal.signer.person_name
    if seal.on_paper:
        who = _("%(name)s on paper, entered by %(clerk)s") % {"name": seal.signed_name, "clerk": who}
    return {"title": _TITLES[level], "state": "did", "who": who, "when": seal.at}


@requires(VIEW)
@require_POST
def roster_seal(request: HttpRequest, pk: int) -> HttpResponse:
    """Seal for the village or the town: the form names the level and the hash of the list that was shown."""
    found = roster_of(request, pk)
    level = request.POST.get("level", "")
    if level not in (states.VILLAGE, states.TOWN):
        raise Http404
    get_visible_or_404(Roster, request.user, states.seal_of(level).right, pk=pk)
    shown = request.POST.get("content_hash", "")
    rosters.seal_roster(roster=found, level=level, by=request.user, content_hash=shown)  # type: ignore[arg-type]
    messages.success(request, _("The list of %(area)s is sealed.") % {"area": found.area.name})
    return redirect("households:roster-detail", found.pk)


@requires(VIEW)
@require_POST
def roster_return(request: HttpRequest, pk: int) -> HttpResponse:
    found = roster_of(request, pk)
    step = states.transition("return", found.state)
    if step is not None:
        get_visible_or_404(Roster, request.user, step.right, pk=pk)
    words = _row_words(request)
    form = ReasonForm(request.POST)
    if not words and not form.is_valid():
        return render(request, "households/roster_detail.html", _detail(request, found, form), status=422)
    reason = request.POST.get("reason", "")
    rosters.return_roster(roster=found, by=request.user, reason=reason, rows=words)  # type: ignore[arg-type]
    messages.success(request, _("The list of %(area)s was returned.") % {"area": found.area.name})
    return redirect("households:roster-detail", found.pk)


def _row_words(request: HttpRequest) -> dict[int, str]:
    """Row id -> what is wrong with it, from the fields `row_12`."""
    said = ((name[4:], text) for name, text in request.POST.items() if name.startswith("row_") and str(text).strip())
    return {int(key): str(text) for key, text in said if key.isascii() and key.isdigit()}


@requires("rosters.approve")
@require_http_methods(["GET", "POST"])
def roster_approve(request: HttpRequest) -> HttpResponse:
    """Check page over the ticked villages; the post approves exactly those lists, with a one-time code."""
    asked = request.POST if request.method == "POST" else request.GET
    ids = [int(text) for text in asked.getlist("ids") if text.isascii() and text.isdigit()][:_MOST_APPROVED]
    chosen = [get_visible_or_404(Roster, request.user, "rosters.approve", pk=pk) for pk in dict.fromkeys(ids)]
    if not chosen:
        messages.warning(request, _("Tick at least one village."))
        return redirect("households:roster-list")
    context = {"rosters": chosen, "total": 0, "refusal": ""}
    for roster in chosen:
        roster.households = roster.rows.count()
        context["total"] += roster.households
    if request.method == "GET":
        return render(request, "households/roster_approve.html", context)
    hashes = {roster.pk: request.POST.get(f"hash_{roster.pk}", "") for roster in chosen}
    try:
        step_up.demand(request, _subject(hashes))
    except Refused as refusal:
        context["refusal"] = refusal.sentence
        return render(request, "households/roster_approve.html", context, status=422)
    done = rosters.approve_rosters(hashes=hashes, by=request.user)  # type: ignore[arg-type]
    words = ngettext("%(n)d village approved", "%(n)d villages approved", len(done)) % {"n": len(done)}
    messages.success(request, words)
    return redirect("households:roster-list")


def _subject(hashes: dict[int, str]) -> str:
    """Deed and content: a code given for other lists is worth nothing here."""
    digest = hashlib.sha256(repr(sorted(hashes.items())).encode()).hexdigest()
    return f"rosters-approve:{digest}"
