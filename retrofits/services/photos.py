"""Photos of the works: cleaned, encrypted at rest, never the same one for two dwellings."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import delete_file, store_bytes
from core.refusals import Refused
from households.models import Document
from retrofits.images import CleanPhoto, NotAPhoto, clean_photo
from retrofits.models import Photo, Task

PHOTO_KIND, SIGNATURE_KIND = "photo", "signature"
NOT_USABLE = {
    "TOO_LARGE": _("The photo is larger than 20 MB. Send a smaller one."),
    "TOO_MANY_PIXELS": _("The picture has too many pixels. Take it with a lower resolution."),
    "NO_IMAGE": _("The file is no JPEG, PNG or WebP picture, or it is damaged. Take the photo again."),
    "EMPTY_DRAWING": _("The signature is empty. Sign once more."),
}
MAX_PER_TASK = 60


def add_photo(*, task: Task, stage: str, content: bytes, by: User) -> Photo:
    """Keep a photo of a stage (before, during, after, defect, repaired). The same photo sent twice is kept once.

    Raises `Refused`: PHOTO_UNUSABLE, PHOTO_REUSED (it belongs to another dwelling), TOO_MANY_PHOTOS.
    """
    try:
        photo = clean_photo(content)
    except NotAPhoto as error:
        raise Refused("PHOTO_UNUSABLE", NOT_USABLE[error.code]) from error
    digest = hashlib.sha256(photo.jpeg).hexdigest()
    with transaction.atomic():
        Task.objects.select_for_update().get(pk=task.pk)
        known = Photo.objects.filter(task=task, stage=stage, document__sha256=digest).first()
        if known:
            return known
        _refuse(task, digest)
        return _keep(task, stage, photo, by)


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


def _refuse(task: Task, digest: str) -> None:
    if Photo.objects.filter(document__sha256=digest).exclude(task=task).exists():
        raise Refused(
            "PHOTO_REUSED", _("This very photo already belongs to another dwelling. Take one of this dwelling.")
        )
    if Photo.objects.filter(task=task).count() >= MAX_PER_TASK:
        raise Refused("TOO_MANY_PHOTOS", _("There are already %(limit)d photos of this dwelling."), limit=MAX_PER_TASK)


def _keep(task: Task, stage: str, photo: CleanPhoto, by: User) -> Photo:
    name = f"{task.pk}-{stage}.jpg"
    document = store_evidence(
        task=task, kind=PHOTO_KIND, name=name, content_type="image/jpeg", content=photo.jpeg, by=by
    )
    return Photo.objects.create(
        task=task, area_id=task.area_id, stage=stage, document=document, taken_at=photo.taken_at,
        longitude=photo.longitude, latitude=photo.latitude,
    )  # fmt: skip
