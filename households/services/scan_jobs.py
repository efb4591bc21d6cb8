"""Many stamped pages at once: kept as they came, read by a job one file after the other, each file once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import delete_file, open_file, store_bytes
from core.papers import MAX_BYTES
from core.refusals import Refused
from households.models import Document, Roster
from households.services import scans
from jobs.models import Job
from jobs.services import enqueue

READ = "households.read_scans"
RAW, UNREADABLE = "roster_scan_raw", "roster_scan_bad"
MAX_FILES = 60
MAX_BYTES_AT_ONCE = 300 * 2**20
PAGES_PER_FILE = 60
Commit = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Reading:
    """How far the newest upload of a list is: the job, files not read yet, and (name, why) of those not kept."""

    job: Job
    waiting: int
    problems: list[tuple[str, str]]


def send_scans(*, roster: Roster, files: Iterable[tuple[str, bytes]], by: User) -> Job:
    """Keep the files encrypted and ask for the job that reads them. `files` are (name, content).

    Raises Refused: NO_SCAN_DUE (conflict), NO_RIGHT, TOO_MANY_SCANS.
    """
    scans.level_of(roster, by)
    kept: list[Document] = []
    try:
        with transaction.atomic():
            for name, content in files:
                kept.append(_keep(roster, name, content, by))
                _refuse_many(kept)
            args = {"roster_id": roster.pk, "documents": [one.pk for one in kept]}
            return enqueue(kind=READ, args=args, by=by, area=roster.area_id)
    except BaseException:
        for one in kept:
            delete_file(one.stored_name)
        raise


def _keep(roster: Roster, name: str, content: bytes, by: User) -> Document:
    stored = store_bytes(content[: MAX_BYTES + 1])
    return Document.objects.create(
        area_id=roster.area_id, kind=RAW, file_name=name[-190:], stored_name=stored.key, sha256=stored.sha256,
        size_bytes=stored.size, uploaded_by=by,
    )  # fmt: skip


def _refuse_many(kept: list[Document]) -> None:
    if len(kept) > MAX_FILES or sum(one.size_bytes for one in kept) > MAX_BYTES_AT_ONCE:
        words = _("At most %(files)d files and %(mib)d MB at once. Send the others afterwards.")
        raise Refused("TOO_MANY_SCANS", words, files=MAX_FILES, mib=MAX_BYTES_AT_ONCE >> 20)


def read_sent(
    roster_id: int, documents: list[int], *, by: User, commit: Commit = transaction.atomic,
    step: Callable[[int, int], None] = lambda _done, _total: None,
) -> scans.Received:  # fmt: skip
    """Read what was sent and is not read yet. A file's pages and its leaving the queue become true together."""
    roster, done = Roster.objects.select_related("area", "programme").get(pk=roster_id), scans.Received()
    for number, pk in enumerate(documents, 1):
        sent = Document.objects.filter(pk=pk, kind=RAW).first()
        if sent is not None:
            with commit():
                _read_one(roster, sent, by, done)
            delete_file(sent.stored_name)
        step(number, len(documents))
    return done


def _read_one(roster: Roster, sent: Document, by: User, done: scans.Received) -> None:
    with open_file(sent.stored_name) as stream:
        content = stream.read()
    before = len(done.problems)
    try:
        scans.read_file(roster, scans.level_of(roster, by), sent.file_name, content, by, done, PAGES_PER_FILE)
    except Refused as refusal:
        done.problems.append(refusal.sentence)
    said = " ".join(done.problems[before:])
    if said:
        sent.kind, sent.withdrawn_reason = UNREADABLE, said[:200]
        sent.save(update_fields=["kind", "withdrawn_reason"])
    else:
        sent.delete()


def reading_of(roster: Roster) -> Reading | None:
    """The newest upload of a list that a job reads or has read; None where nothing was sent that way."""
    return reading_in(readings_of(roster))


def readings_of(roster: Roster) -> QuerySet[Job]:
    """The newest job that read an upload of this list, to be read with others."""
    return Job.objects.filter(kind=READ, args__roster_id=roster.pk).order_by("-pk")[:1]


def reading_in(jobs: Iterable[Job]) -> Reading | None:
    """`reading_of`, the job being at hand."""
    job = next(iter(jobs), None)
    if job is None:
        return None
    rows = Document.objects.filter(pk__in=job.args["documents"], kind__in=[RAW, UNREADABLE])
    found = list(rows.order_by("pk").values_list("kind", "file_name", "withdrawn_reason"))
    problems = [(name, why) for kind, name, why in found if kind == UNREADABLE]
    return Reading(job, sum(kind == RAW for kind, _name, _why in found), problems)
