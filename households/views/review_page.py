"""What the review page shows, whole or in parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from households import queries
from households.models import RosterImport
from households.problem_wording import title
from households.services import attention, repair_steps
from households.services.imports import APPLY, PARSE, UNDO
from households.views.review_rows import shown_row
from jobs.models import Job
from programmes.models import PolicyDocument

PAGE_SIZE = 50
State = RosterImport.State


def review_context(request: HttpRequest, found: RosterImport, **more: Any) -> dict[str, Any]:
    """Counts, villages, causes, repairs and one page of rows."""
    if found.state == State.PARSING:
        return {"roster_import": found, "steps": [], "job": _job(found, PARSE)}
    return {**counts_context(found, request.user), **_table(request, found), **_after(found), **more}


def _after(found: RosterImport) -> dict[str, Any]:
    """What is under way, and what storing left for a person to decide."""
    job = Job.objects.open().filter(kind__in=[APPLY, UNDO], args__import_id=found.pk).first()
    return {
        "job": job,
        "taking_back": job is not None and job.kind == UNDO,
        "conflicts": found.conflicts.filter(decision="").count(),
    }


def counts_context(found: RosterImport, user: Any) -> dict[str, Any]:
    """The parts above and below the table; they change with every saved row."""
    counts = queries.row_counts(found)
    villages = queries.village_counts(found)
    return {
        "roster_import": found,
        "counts": counts,
        "dry_run": queries.dry_run_counts(found),
        "bar_parts": _bar_parts(counts),
        "steps": _steps(found, counts),
        "villages": villages,
        "counted": sum(one.counted for one in villages),
        "target": sum(one.target or 0 for one in villages),
        "document": PolicyDocument.objects.filter(programme=found.programme).first(),
        "causes": _causes(found),
        "repairs": [{"group": group, "title": title(group.code)} for group in queries.repairs(found)[:6]],
        "can_edit": found.state == State.REVIEW,
        "last_step": repair_steps.last_step(found, user) if found.state == State.REVIEW else None,
    }


def _causes(found: RosterImport) -> list[dict[str, Any]]:
    """Chips: causes people call by one name together, most frequent first."""
    rows, codes = Counter[str](), defaultdict[str, set[str]](set)
    for blocking in queries.blocking_codes(found):
        rows.update({title(code) for code in blocking})
        for code in blocking:
            codes[title(code)].add(code)
    return [
        {"title": name, "code": ".".join(sorted(codes[name])), "rows": number} for name, number in rows.most_common()
    ]


def _bar_parts(counts: queries.RowCounts) -> list[dict[str, str]]:
    """Pieces of the bar “where the rows went”, left to right, in percent."""
    parts, start = [], 0.0
    looks = (("done", counts.applied), ("ok", counts.ready), ("bad", counts.faulty), ("soft", counts.merged))
    for look, number in looks:
        width = 100 * number / counts.rows if counts.rows else 0.0
        parts.append({"look": look, "x": f"{start:.2f}", "width": f"{width:.2f}"})
        start += width
    return [*parts, {"look": "idle", "x": f"{start:.2f}", "width": f"{max(0.0, 100 - start):.2f}"}]


def _table(request: HttpRequest, found: RosterImport) -> dict[str, Any]:
    cause, hide = request.GET.get("cause", ""), request.GET.get("hide") == "1"
    rows = queries.rows_to_show(found, cause=cause, hide_fixed=hide)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    names, others = technology_names(found), attention.colleagues_at(found, request.user, now=clock.now())  # type: ignore[arg-type]
    rows = [shown_row(row, names, colleagues=others.get(row.pk, "")) for row in page]
    return {"cause": cause, "hide": hide, "page": page, "rows": rows}


def technology_names(found: RosterImport) -> dict[str, str]:
    return dict(found.programme.technologies.values_list("code", "name"))


def _job(found: RosterImport, kind: str) -> Job | None:
    return Job.objects.open().filter(kind=kind, args__import_id=found.pk).first()


def _steps(found: RosterImport, counts: queries.RowCounts) -> list[dict[str, str]]:
    columns = sum(len(sheet["columns"]) for sheet in found.mapping.get("sheets", []))
    done = found.state == State.APPLIED
    left = ngettext("%(n)d row left", "%(n)d rows left", counts.faulty) % {"n": counts.faulty}
    stored = ngettext("%(n)d row stored", "%(n)d rows stored", counts.applied) % {"n": counts.applied}
    return [
        {"title": _("Upload the file"), "state": "did", "note": _("%(n)d rows") % {"n": counts.rows}},
        {"title": _("Match columns"), "state": "did", "note": _("%(n)d recognised") % {"n": columns}},
        {"title": _("Check and correct"), "state": "did" if done else "now", "note": left},
        {
            "title": _("Store"),
            "state": "did" if done else "",
            "note": stored if counts.applied else _("one file per household"),
        },
        {"title": _("Seal and submit"), "state": "now" if done else "", "note": _("village, town, office")},
    ]
