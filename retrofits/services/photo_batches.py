"""Many photos at once: kept as sent, cleaned by a job, matched to homes, shown, and filed once the clerk agrees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import TooLarge, delete_file, open_file, store_bytes, store_file
from core.pictures import MAX_BYTES, CleanPhoto, NotAPhoto, clean_photo
from core.refusals import Refused
from households.models import Document
from jobs.services import enqueue
from programmes.models import Programme
from retrofits.matching import Home, Match, Shot, match_shots, stage_of
from retrofits.models import Photo, PhotoBatch, PhotoUpload, Task
from retrofits.services.photos import MAX_PER_TASK, PHOTO_KIND

KIND, RIGHT = "retrofits.match_photos", "installations.record"
MAX_FILES = 200
MAX_BATCH_BYTES = 1024 * 2**20
SAME, REUSED = "SAME", "REUSED"
State = PhotoUpload.State
Commit = Callable[[], AbstractContextManager[Any]]
Step = Callable[[int, int], None]
File = tuple[str, Iterable[bytes]]


def start_batch(
    *, programme: Programme | None, area_code: str, stage: str, files: Sequence[File], by: User
) -> PhotoBatch:
    """Keep what was sent, as it was sent, and ask for it to be read. `files` are (name, chunks).

    Raises Refused: NO_PROGRAMME, PHOTO_MISSING, TOO_MANY_PHOTOS, BATCH_TOO_LARGE.
    """
    if programme is None or not area_code or not by.has_right(RIGHT, area_code):
        raise Refused("NO_PROGRAMME", _("Choose a programme and a place of yours first."))
    if stage not in Photo.Stage.values or not files:
        raise Refused("PHOTO_MISSING", _("Choose the stage and at least one photo."))
    if len(files) > MAX_FILES:
        raise Refused("TOO_MANY_PHOTOS", _("At most %(limit)d photos at once."), limit=MAX_FILES)
    kept: list[PhotoUpload] = []
    try:
        with transaction.atomic():
            made = PhotoBatch.objects.create(programme=programme, area_id=area_code, stage=stage, uploaded_by=by)
            total = 0
            for name, content in files:
                upload, size = _received(made, name, content)
                kept.append(upload)
                total += size
                if total > MAX_BATCH_BYTES:
                    raise Refused("BATCH_TOO_LARGE", _("The photos are larger than 1 GB together. Send fewer at once."))
            PhotoUpload.objects.bulk_create(kept)
            made.job = enqueue(kind=KIND, args={"batch_id": made.pk}, by=by, area=area_code)
            made.save(update_fields=["job"])
            return made
    except BaseException:
        for upload in kept:
            _drop(upload.raw_key)
        raise


def _received(batch: PhotoBatch, name: str, content: Iterable[bytes]) -> tuple[PhotoUpload, int]:
    """The photo as it came, or its refusal: one that is too large doesn't keep the others out."""
    upload = PhotoUpload(batch=batch, file_name=name[-200:], stage=stage_of(name, batch.stage))
    try:
        stored = store_file(content, max_bytes=MAX_BYTES)
    except TooLarge:
        upload.state, upload.problem = State.REFUSED, "TOO_LARGE"
        return upload, 0
    upload.raw_key = stored.key
    return upload, stored.size


def _drop(key: str) -> None:
    if key:
        delete_file(key)


def match_batch(batch_id: int, *, commit: Commit = nullcontext, step: Step = lambda _done, _all: None) -> PhotoBatch:
    """Clean every photo, one commit each, then match all of them. Safe to run again after being killed anywhere."""
    batch = PhotoBatch.objects.get(pk=batch_id)
    if batch.state != PhotoBatch.State.READING:
        return batch
    waiting = list(batch.uploads.filter(state=State.WAITING, document=None))
    for number, upload in enumerate(waiting, 1):
        _read(batch, upload, commit)
        step(number, len(waiting))
    with commit(), transaction.atomic():
        _match(batch)
        batch.state = PhotoBatch.State.READY
        batch.save(update_fields=["state"])
    return batch


def _read(batch: PhotoBatch, upload: PhotoUpload, commit: Commit) -> None:
    raw = upload.raw_key
    try:
        with open_file(raw) as stream:
            photo = clean_photo(stream.read(MAX_BYTES + 1))
    except NotAPhoto as error:
        upload.state, upload.problem, upload.raw_key = State.REFUSED, error.code, ""
        with commit(), transaction.atomic():
            upload.save(update_fields=["state", "problem", "raw_key"])
    else:
        _keep(batch, upload, photo, commit)
    _drop(raw)  # after its row says so: a worker killed before finds the file again


def _keep(batch: PhotoBatch, upload: PhotoUpload, photo: CleanPhoto, commit: Commit) -> None:
    stored = store_bytes(photo.jpeg)
    try:
        with commit(), transaction.atomic():
            upload.document = Document.objects.create(
                area_id=batch.area_id, kind=PHOTO_KIND, file_name=upload.file_name, content_type="image/jpeg",
                stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=batch.uploaded_by,
            )  # fmt: skip
            upload.taken_at, upload.raw_key = photo.taken_at, ""
            upload.longitude, upload.latitude = photo.longitude, photo.latitude
            upload.save()
    except BaseException:
        delete_file(stored.key)
        raise


def _match(batch: PhotoBatch) -> None:
    uploads = list(batch.uploads.filter(state=State.WAITING).exclude(document=None).select_related("document"))
    uploads = _mark_twins(uploads)
    matches = match_shots([_shot(one) for one in uploads], homes_of(batch))
    for upload in uploads:
        _propose(upload, matches[upload.pk])
        upload.save(update_fields=["state", "task", "how", "distance_m", "problem", "twin"])


def _mark_twins(uploads: list[PhotoUpload]) -> list[PhotoUpload]:
    """Leave out what was sent twice in this batch; the others are matched."""
    seen: set[str] = set()
    fresh = []
    for upload in uploads:
        if upload.document.sha256 in seen:  # type: ignore[union-attr]
            upload.state, upload.problem = State.LEFT_OUT, SAME
            upload.save(update_fields=["state", "problem"])
        else:
            fresh.append(upload)
        seen.add(upload.document.sha256)  # type: ignore[union-attr]
    known = Photo.objects.filter(document__sha256__in=seen).select_related("task").order_by("id")
    twins = {photo.document.sha256: photo for photo in known.select_related("document")}
    for upload in fresh:
        upload.twin = twins.get(upload.document.sha256)  # type: ignore[union-attr]
    return fresh


def _propose(upload: PhotoUpload, match: Match) -> None:
    upload.task_id, upload.how = match.home, match.how
    upload.distance_m, upload.problem = match.distance_m, match.problem
    if upload.twin is not None:
        same_home = match.home in (None, upload.twin.task_id)
        upload.task_id = upload.twin.task_id if same_home else match.home
        upload.problem = SAME if same_home else REUSED
        upload.state = State.LEFT_OUT if same_home else State.OPEN
        return
    upload.state = State.OPEN if match.problem or match.home is None else State.MATCHED


def _shot(upload: PhotoUpload) -> Shot:
    return Shot(upload.pk, upload.file_name, upload.taken_at, upload.longitude, upload.latitude)


def tasks_of(batch: PhotoBatch) -> Any:
    """Works of the programme in the batch's place."""
    return Task.objects.within(batch.area_id).filter(programme=batch.programme_id).exclude(state=Task.State.WITHDRAWN)


def homes_of(batch: PhotoBatch) -> list[Home]:
    """Places come from the installation record where there is one, otherwise from the register."""
    rows = tasks_of(batch).values_list(
        "pk", "dwelling__dwelling_no", "dwelling__household__household_no", "dwelling__household__head_name",
        "installation__longitude", "installation__latitude", "dwelling__longitude", "dwelling__latitude",
    )  # fmt: skip
    return [Home(pk, no, family, head, x or x2, y or y2) for pk, no, family, head, x, y, x2, y2 in rows]


@transaction.atomic
def place_upload(*, upload: PhotoUpload, dwelling_no: str, stage: str, by: User) -> PhotoUpload:
    """Put a photo to a home by hand. Raises Refused: NO_RIGHT, HOME_UNKNOWN, PHOTO_REUSED, PHOTO_FILED."""
    locked = _locked(upload, by)
    task = tasks_of(locked.batch).filter(dwelling__dwelling_no=dwelling_no.strip().upper()).first()
    if task is None or stage not in Photo.Stage.values:
        words = _("“%(number)s” is no dwelling with works in this place. Give its number as in the list.")
        raise Refused("HOME_UNKNOWN", words, number=dwelling_no.strip()[:30])
    _refuse_reused(locked, task)
    locked.task, locked.stage, locked.how = task, stage, PhotoUpload.How.HAND
    locked.state, locked.problem = State.MATCHED, ""
    locked.save(update_fields=["task", "stage", "how", "state", "problem"])
    return locked


@transaction.atomic
def leave_out(*, upload: PhotoUpload, by: User) -> PhotoUpload:
    """Keep a photo out of every file; it stays in the batch. Raises Refused: NO_RIGHT, PHOTO_FILED."""
    locked = _locked(upload, by)
    locked.state, locked.task = State.LEFT_OUT, None
    locked.save(update_fields=["state", "task"])
    return locked


def _locked(upload: PhotoUpload, by: User) -> PhotoUpload:
    rows = PhotoUpload.objects.select_for_update(of=("self",)).select_related("batch", "document")
    locked = rows.get(pk=upload.pk)
    if not by.has_right(RIGHT, locked.batch.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this."))
    if locked.document is None or locked.state == State.FILED:
        raise Refused("PHOTO_FILED", _("This photo is in its file already, or can't be used."), conflict=True)
    return locked


def _refuse_reused(upload: PhotoUpload, task: Task) -> None:
    twins = Photo.objects.filter(document__sha256=upload.document.sha256).exclude(task=task)  # type: ignore[union-attr]
    twin = twins.select_related("task__dwelling").first()
    if twin is not None:
        words = _("This very photo already belongs to %(number)s. Take one of this dwelling.")
        raise Refused("PHOTO_REUSED", words, number=twin.task.dwelling.dwelling_no)


@transaction.atomic
def file_batch(*, batch: PhotoBatch, by: User) -> int:
    """File every photo that has its home; what is still open stays on the page. Returns how many were filed.

    Raises Refused: NO_RIGHT, NOT_READ, TOO_MANY_PHOTOS, PHOTO_REUSED.
    """
    if not by.has_right(RIGHT, batch.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this."))
    locked = PhotoBatch.objects.select_for_update().get(pk=batch.pk)
    if locked.state == PhotoBatch.State.READING:
        raise Refused("NOT_READ", _("The photos are still being read."), conflict=True)
    ready = list(locked.uploads.filter(state=State.MATCHED).select_related("document", "task"))
    tasks = {task.pk: task for task in Task.objects.select_for_update().filter(pk__in={one.task_id for one in ready})}
    by_task: dict[int, list[PhotoUpload]] = defaultdict(list)
    for upload in ready:
        by_task[upload.task_id].append(upload)  # type: ignore[index]
    for key, uploads in by_task.items():
        _file(tasks[key], uploads)
    left = locked.uploads.filter(state__in=[State.OPEN, State.MATCHED]).exists()
    locked.state = PhotoBatch.State.READY if left else PhotoBatch.State.FILED
    locked.save(update_fields=["state"])
    return len(ready)


def _file(task: Task, uploads: list[PhotoUpload]) -> None:
    if Photo.objects.filter(task=task).count() + len(uploads) > MAX_PER_TASK:
        raise Refused("TOO_MANY_PHOTOS", _("There are already %(limit)d photos of this dwelling."), limit=MAX_PER_TASK)
    for upload in uploads:
        _refuse_reused(upload, task)
        document: Any = upload.document
        document.area_id, document.dwelling_id = task.area_id, task.dwelling_id
        document.save(update_fields=["area", "dwelling"])
        Photo.objects.create(
            task=task, area_id=task.area_id, stage=upload.stage, document=document, taken_at=upload.taken_at,
            longitude=upload.longitude, latitude=upload.latitude,
        )  # fmt: skip
        upload.state = State.FILED
        upload.save(update_fields=["state"])
