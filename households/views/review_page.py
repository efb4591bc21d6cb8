"""What the review page shows, whole or in parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Area
from core import clock
from core.together import Reading, asking, count_of, in_step, number_in, read
from households import queries
from households.models import ImportRow, RosterImport
from households.problem_wording import title
from households.services import attention, repair_steps
from households.services.imports import APPLY, PARSE, UNDO
from households.views.review_rows import shown_row
from jobs.models import Job
from programmes.models import PolicyDocument

PAGE_SIZE = 50
MOST_VILLAGES = 500  # offered while one is typed
State = RosterImport.State
Context = Reading[dict[str, Any]]


class KnownCount(Paginator):  # type: ignore[type-arg]
    """Pages of rows that were counted with something else."""

    def __init__(self, rows: Any, per_page: int, count: int) -> None:
        super().__init__(rows, per_page)
        self.count = count  # type: ignore[misc]  # a cached property of Django's


def review_context(request: HttpRequest, found: RosterImport, **more: Any) -> dict[str, Any]:
    """Counts, villages, causes, repairs and one page of rows."""
    if found.state == State.PARSING:
        return {"roster_import": found, "steps": [], "job": _job(found, PARSE)}
    parts = read(in_step(_counts(found, request.user), _table(request, found), _after(found)))
    return {**parts[0], **parts[1], **parts[2], **more}


def _after(found: RosterImport) -> Context:
    """What is under way, and what storing left for a person to decide."""
    jobs = Job.objects.open().filter(kind__in=[APPLY, UNDO], args__import_id=found.pk).order_by("pk")[:1]
    conflicts = count_of(found.conflicts.filter(decision=""))
    yield [jobs, conflicts]
    job = next(iter(jobs), None)
    return {"job": job, "taking_back": job is not None and job.kind == UNDO, "conflicts": number_in(conflicts)}


def counts_context(found: RosterImport, user: Any) -> dict[str, Any]:
    """The parts above and below the table; they change with every saved row."""
    return read(_counts(found, user))


def _counts(found: RosterImport, user: Any) -> Context:
    documents = PolicyDocument.objects.filter(programme=found.programme)[:1]
    faulty, steps = queries.faulty_rows(found), repair_steps.last_steps(found, user)
    in_review = found.state == State.REVIEW
    counts, villages, dry_run, _done = yield from in_step(
        queries.counting_rows(found), queries.village_counts(found), queries.dry_run(found),
        asking(documents, faulty, *([steps] if in_review else [])),
    )  # fmt: skip
    return {
        "roster_import": found,
        "counts": counts,
        "dry_run": dry_run,
        "bar_parts": _bar_parts(counts),
        "steps": _steps(found, counts),
        "villages": villages,
        "counted": sum(one.counted for one in villages),
        "target": sum(one.target or 0 for one in villages),
        "document": next(iter(documents), None),
        "causes": _causes(faulty),
        "repairs": [{"group": group, "title": title(group.code)} for group in queries.repairs_in(faulty)[:6]],
        "can_edit": in_review,
        "last_step": next(iter(steps), None) if in_review else None,
    }


def _causes(faulty: Iterable[ImportRow]) -> list[dict[str, Any]]:
    """Chips: causes people call by one name together, most frequent first."""
    rows, codes = Counter[str](), defaultdict[str, set[str]](set)
    for blocking in queries.blocking_codes(faulty):
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


def _table(request: HttpRequest, found: RosterImport) -> Context:
    cause, hide = request.GET.get("cause", ""), request.GET.get("hide") == "1"
    wanted = queries.rows_to_show(found, cause=cause, hide_fixed=hide)
    counted, technologies = count_of(wanted), found.programme.technologies.values_list("code", "name")
    villages = Area.objects.within(found.area_id).filter(level=Area.Level.VILLAGE).values_list("name", flat=True)
    villages = villages.order_by("code")[:MOST_VILLAGES]
    _done, others = yield from in_step(
        asking(counted, technologies, villages),
        attention.colleagues(found, request.user, now=clock.now()),  # type: ignore[arg-type]
    )
    page = KnownCount(wanted, PAGE_SIZE, number_in(counted)).get_page(request.GET.get("page"))
    names = dict(technologies)
    rows = [shown_row(row, names, colleagues=others.get(row.pk, "")) for row in page]
    return {"cause": cause, "hide": hide, "page": page, "rows": rows, "village_names": villages}


def technology_names(found: RosterImport) -> dict[str, str]:
    return dict(found.programme.technologies.values_list("code", "name"))


def _job(found: RosterImport, kind: str) -> Job | None:
    return Job.objects.open().filter(kind=kind, args__import_id=found.pk).first()


def _steps(found: RosterImport, counts: queries.RowCounts) -> list[dict[str, str]]:
    columns = max((len(sheet["columns"]) for sheet in found.mapping.get("sheets", [])), default=0)
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
