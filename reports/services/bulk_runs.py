"""A deed on a selection: confirmed as it was seen, done in pieces, every refusal kept with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Selection, User
from core import clock
from core.files import store_bytes
from core.papers import NotAPaper, clean_paper
from core.refusals import Refused
from households.models import Document, Dwelling
from households.services.duplicates import deciding
from households.services.scans import PAPER_FAULTS
from jobs.models import Job
from jobs.services import enqueue
from reports.models import BulkRun, DwellingSummary
from reports.queries.scope import Scope
from reports.services import selections
from reports.services.deeds import DEEDS, unmake

JOB = "reports.bulk_run"
AT_ONCE = 50
MOST = 5_000
PIECE = 50
UNDO_WITHIN = dt.timedelta(hours=24)
PAPER_KIND = "bulk_paper"
Commit = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Sums:
    """What a selection adds up to, for the page that asks for confirmation."""

    households: int
    area_m2: Any
    due_fen: int
    paid_fen: int
    listed: int
    excluded: int


def sums_of(scope: Scope, selection: Selection) -> Sums:
    """Count and sums over the whole selection as it is now, in one statement."""
    registered = DwellingSummary.Stage.REGISTERED
    found = selections.rows_of(scope, selection).order_by().aggregate(
        n=Count("pk"), area=Sum("heated_area_m2"), due=Sum("due_fen"), paid=Sum("paid_fen"),
        listed=Count("pk", filter=~Q(stage=registered)), excluded=Count("pk", filter=~Q(exclusion="")),
    )  # fmt: skip
    return Sums(found["n"], found["area"] or 0, found["due"] or 0, found["paid"] or 0, found["listed"],
                found["excluded"])  # fmt: skip


@transaction.atomic
def begin(
    *, scope: Scope, selection: Selection, seen: str, deed: str, params: Mapping[str, Any], by: User,
    paper: tuple[str, bytes] | None = None, now: dt.datetime | None = None,
) -> BulkRun:  # fmt: skip
    """Write the run down over exactly what was seen. Up to `AT_ONCE` dwellings the caller does it, more a job does.

    Raises PermissionDenied, Refused: SELECTION_CHANGED (conflict), TOO_MANY_FOR_ONE, PAPER_UNUSABLE.
    """
    if not by.has_right(DEEDS[deed].right):
        raise PermissionDenied(DEEDS[deed].right)
    selections.demand_unchanged(scope, selection, seen)
    ids = list(selections.rows_of(scope, selection).order_by("pk").values_list("dwelling_id", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        raise Refused("TOO_MANY_FOR_ONE", _("At most %(most)s households at once; narrow the list."), most=MOST)
    run = BulkRun.objects.create(
        deed=deed, programme=scope.programme, area_id=scope.area_code, asked_by=by, asked_at=now or clock.now(),
        params=dict(params), dwelling_ids=ids, paper=_keep(scope, paper, by) if paper else None,
    )  # fmt: skip
    if len(ids) > AT_ONCE:
        enqueue(kind=JOB, args={"run_id": run.pk}, by=by, area=scope.area_code)
    return run


def _keep(scope: Scope, paper: tuple[str, bytes], by: User) -> Document:
    name, content = paper
    try:
        clean = clean_paper(content)
    except NotAPaper as fault:
        raise Refused("PAPER_UNUSABLE", PAPER_FAULTS[fault.code]) from fault
    stored = store_bytes(clean.content)
    return Document.objects.create(
        area_id=scope.area_code, kind=PAPER_KIND, file_name=name[-200:], content_type=clean.content_type,
        stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
    )  # fmt: skip


def carry_out(
    run_id: int, *, commit: Commit = transaction.atomic, step: Callable[[int, int], None] = lambda _done, _total: None
) -> BulkRun:
    """Do what is left of a run, piece by piece; a piece and the mark of how far it is become true together."""
    while True:
        with commit():
            run = BulkRun.objects.select_for_update(of=("self",)).select_related("asked_by", "paper").get(pk=run_id)
            if run.finished_at is not None:
                return run
            _piece(run)
        step(run.reached, len(run.dwelling_ids))


def _piece(run: BulkRun) -> None:
    deed, by = DEEDS[run.deed], run.asked_by
    ids = run.dwelling_ids[run.reached : run.reached + PIECE]
    homes = Dwelling.objects.select_related("household", "area").in_bulk(ids)
    needed = deed.ready(run)
    for pk in ids:
        try:
            with transaction.atomic():
                made = deed.act(homes[pk], needed, by)
        except Refused as refusal:
            run.refused.append([homes[pk].dwelling_no, refusal.code, str(refusal.sentence)])
            continue
        run.done += 1
        if made is not None:
            run.made.append(list(made))
    run.reached += len(ids)
    if run.reached >= len(run.dwelling_ids):
        run.finished_at = clock.now()
        if run.deed == BulkRun.Deed.RECHECK and run.done:
            deciding.request_search(by=by)
    run.save(update_fields=["reached", "done", "made", "refused", "finished_at"])


def may_undo(run: BulkRun, by: User, now: dt.datetime | None = None) -> bool:
    """Own finished runs with an inverse, for a day, once."""
    fresh = run.finished_at is not None and (now or clock.now()) - run.finished_at <= UNDO_WITHIN
    return fresh and bool(run.made) and run.undone_at is None and run.asked_by_id == by.pk


@transaction.atomic
def undo(*, run: BulkRun, by: User, now: dt.datetime | None = None) -> tuple[int, list[tuple[str, str]]]:
    """Take back what a run made; what others built on stays. Returns how many, and (what, why) of those that stay.

    Raises Refused NO_UNDO (conflict).
    """
    locked = BulkRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if not may_undo(locked, by, now):
        raise Refused("NO_UNDO", _("This can't be undone any more."), conflict=True)
    kept: list[tuple[str, str]] = []
    for kind, pk in locked.made:
        try:
            with transaction.atomic():
                unmake(kind, pk, locked, by)
        except Refused as refusal:
            kept.append((f"{kind} {pk}", str(refusal.sentence)))
    locked.undone_at = now or clock.now()
    locked.save(update_fields=["undone_at"])
    return len(locked.made) - len(kept), kept


def job_of(run: BulkRun) -> Job | None:
    """The job that carries a run out, if it needed one."""
    return Job.objects.filter(kind=JOB, args__run_id=run.pk).order_by("-pk").first()
