"""Photos of the works: cleaned, encrypted at rest, never the same one for two dwellings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import delete_file, store_bytes
from core.pictures import CleanPhoto, NotAPhoto, clean_photo
from core.refusals import Refused
from households.models import Document
from retrofits.likeness import likeness
from retrofits.models import Photo, Task

PHOTO_KIND, SIGNATURE_KIND = "photo", "signature"
NOT_USABLE = {
    "TOO_LARGE": _("The photo is larger than 20 MB. Send a smaller one."),
    "TOO_MANY_PIXELS": _("The picture has too many pixels. Take it with a lower resolution."),
    "NO_IMAGE": _("The file is no JPEG, PNG or WebP picture, or it is damaged. Take the photo again."),
    "EMPTY_DRAWING": _("The signature is empty. Sign once more."),
}
MAX_PER_TASK = 60


@dataclass(frozen=True)
class Shot:
    """A photo as sent. Time and place are what the phone said; the camera's own record in the file wins over them."""

    stage: str
    content: bytes
    taken_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    accuracy_m: int | None = None
    from_gallery: bool = False


def add_photo(*, task: Task, stage: str, content: bytes, by: User) -> Photo:
    """Keep one photo of a stage (before, during, after, defect, repaired); see `add_photos`."""
    return add_photos(task=task, photos=[(stage, content)], by=by)[0]


def add_photos(*, task: Task, photos: Sequence[tuple[str, bytes]], by: User) -> list[Photo]:
    """Keep photos as (stage, content), all or none; see `keep_shots`."""
    return keep_shots(task=task, shots=[Shot(stage, content) for stage, content in photos], by=by)


def keep_shots(*, task: Task, shots: Sequence[Shot], by: User) -> list[Photo]:
    """Keep photos, all or none. The same photo sent twice for a stage is kept once.

    Raises `Refused`: PHOTO_UNUSABLE, PHOTO_REUSED (it belongs to another dwelling), TOO_MANY_PHOTOS.
    """
    cleaned = [(shot, _cleaned(shot.content)) for shot in shots]
    digests = [hashlib.sha256(photo.jpeg).hexdigest() for _shot, photo in cleaned]
    keys = [(shot.stage, digest) for shot, digest in zip(shots, digests, strict=True)]
    with transaction.atomic():
        Task.objects.select_for_update().get(pk=task.pk)
        known = _known(task, digests)
        new = {key: pair for key, pair in zip(keys, cleaned, strict=True) if key not in known}
        known |= _keep(task, new, by)
    return [known[key] for key in keys]


def _cleaned(content: bytes) -> CleanPhoto:
    try:
        return clean_photo(content)
    except NotAPhoto as error:
        raise Refused("PHOTO_UNUSABLE", NOT_USABLE[error.code]) from error


def _known(task: Task, digests: Sequence[str]) -> dict[tuple[str, str], Photo]:
    """Photos of this task among the digests; refused when one of them is another dwelling's."""
    found = list(Photo.objects.filter(document__sha256__in=digests).select_related("document"))
    if any(photo.task_id != task.pk for photo in found):
        words = _("This very photo already belongs to another dwelling. Take one of this dwelling.")
        raise Refused("PHOTO_REUSED", words)
    return {(photo.stage, photo.document.sha256): photo for photo in found}


def store_evidence(*, task: Task, kind: str, name: str, content_type: str, content: bytes, by: User) -> Document:
    """One encrypted file of the task's dwelling; the file goes again when its row can't be stored."""
    stored = store_bytes(content)
    try:
        with transaction.atomic():
            return Document.objects.create(
                area_id=task.area_id, dwelling_id=task.dwelling_id, kind=kind, file_name=name,
                content_type=content_type, stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size,
                uploaded_by=by,
            )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise


def _keep(task: Task, new: dict[tuple[str, str], tuple[Shot, CleanPhoto]], by: User) -> dict[tuple[str, str], Photo]:
    if new and Photo.objects.filter(task=task).count() + len(new) > MAX_PER_TASK:
        raise Refused("TOO_MANY_PHOTOS", _("There are already %(limit)d photos of this dwelling."), limit=MAX_PER_TASK)
    kept = {}
    for (stage, digest), (shot, photo) in new.items():
        name = f"{task.pk}-{stage}.jpg"
        document = store_evidence(
            task=task, kind=PHOTO_KIND, name=name, content_type="image/jpeg", content=photo.jpeg, by=by
        )
        kept[stage, digest] = _row(task, shot, photo, document)
    Photo.objects.bulk_create(kept.values())
    return kept


def _row(task: Task, shot: Shot, photo: CleanPhoto, document: Document) -> Photo:
    said = photo.longitude is None  # the file has no place of its own
    return Photo(
        task=task, area_id=task.area_id, stage=shot.stage, document=document,
        taken_at=photo.taken_at or shot.taken_at,
        longitude=shot.longitude if said else photo.longitude, latitude=shot.latitude if said else photo.latitude,
        accuracy_m=shot.accuracy_m if said else None, from_gallery=shot.from_gallery, likeness=likeness(photo.jpeg),
    )  # fmt: skip
