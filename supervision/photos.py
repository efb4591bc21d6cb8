"""Photos of cases: cleaned of the camera's record, encrypted at rest, handed out by the case's page only."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Area, User
from core.files import delete_file, store_bytes
from core.pictures import NotAPhoto, clean_photo
from core.refusals import Refused
from households.models import Document
from retrofits.services.photos import NOT_USABLE

KIND = "case_photo"


def keep_photo(*, area: Area, name: str, content: bytes, by: User) -> Document:
    """One photo as an encrypted document of the place. Raises `Refused` PHOTO_UNUSABLE."""
    try:
        photo = clean_photo(content)
    except NotAPhoto as error:
        raise Refused("PHOTO_UNUSABLE", NOT_USABLE[error.code]) from error
    stored = store_bytes(photo.jpeg)
    try:
        with transaction.atomic():
            return Document.objects.create(
                area=area, kind=KIND, file_name=f"{name}.jpg", content_type="image/jpeg", stored_name=stored.key,
                sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
            )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise
