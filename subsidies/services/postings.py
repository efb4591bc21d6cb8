"""That a notice was really put up: photos of its board; and the address under which everybody may read it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.blind_index import blind_index
from core.files import delete_file, open_file, store_bytes
from core.pictures import CleanPhoto, NotAPhoto, clean_photo
from core.refusals import Refused
from households.models import Document
from subsidies.models import Notice, NoticePhoto
from subsidies.services.locking import demand_right

KIND = "notice_photo"
AT_MOST = 12
KEY_LENGTH = 24
UNUSABLE = {
    "TOO_LARGE": _("The photo is larger than 20 MB."),
    "TOO_MANY_PIXELS": _("The photo has more than 50 million pixels."),
    "NO_IMAGE": _("This is not a photo that can be read (JPEG, PNG or WebP)."),
}


@transaction.atomic
def add_notice_photo(*, notice: Notice, content: bytes, by: User, now: dt.datetime | None = None) -> NoticePhoto:
    """Keep a photo of the notice on its board, re-encoded; the same photo again is the one that is there.

    Raises Refused PHOTO_UNUSABLE, PHOTO_REUSED (it proves another notice), TOO_MANY_PHOTOS.
    """
    photo = _cleaned(content)
    locked = Notice.objects.select_for_update().get(pk=notice.pk)
    demand_right(by, "notices.publish", locked.area_id)
    digest = hashlib.sha256(photo.jpeg).hexdigest()
    twin = NoticePhoto.objects.filter(sha256=digest).first()
    if twin is not None and twin.notice_id != locked.pk:
        raise Refused("PHOTO_REUSED", _("This very photo was kept for another notice. Take one of this board."))
    if twin is not None:
        return twin
    if locked.photos.count() >= AT_MOST:
        raise Refused("TOO_MANY_PHOTOS", _("There are already %(limit)d photos of this notice."), limit=AT_MOST)
    at = now or clock.now()
    return NoticePhoto.objects.create(
        notice=locked, area_id=locked.area_id, document=_stored(locked, photo, by), sha256=digest,
        taken_at=photo.taken_at, longitude=photo.longitude, latitude=photo.latitude, added_by=by, added_at=at,
    )  # fmt: skip


def picture_of(photo: NoticePhoto) -> bytes:
    """The JPEG."""
    with open_file(photo.document.stored_name) as stream:
        return stream.read()


def is_in_time(photo: NoticePhoto, notice: Notice) -> bool | None:
    """Whether it was taken while the notice was up, by the camera's own clock; None where it wrote none."""
    return None if photo.taken_at is None else notice.published_at <= photo.taken_at <= notice.ends_at


def public_key(number: str) -> str:
    """The part of a notice's public address nobody can guess: keyed, so it needs no row of its own."""
    return blind_index(number, "notice-page")[:KEY_LENGTH]


def public_notice(number: str, key: str, at: dt.datetime) -> Notice | None:
    """The notice behind a public address while it is up; None for a wrong key as for one that is over."""
    if not hmac.compare_digest(public_key(number).encode(), key.encode()):
        return None
    found = Notice.objects.filter(number=number, state=Notice.State.OPEN, published_at__lte=at, ends_at__gt=at)
    return found.select_related("area__parent", "programme").first()


def _cleaned(content: bytes) -> CleanPhoto:
    try:
        return clean_photo(content)
    except NotAPhoto as error:
        raise Refused("PHOTO_UNUSABLE", UNUSABLE.get(error.code, UNUSABLE["NO_IMAGE"])) from error


def _stored(notice: Notice, photo: CleanPhoto, by: User) -> Document:
    stored = store_bytes(photo.jpeg)
    try:
        return Document.objects.create(
            area_id=notice.area_id, kind=KIND, file_name=f"{notice.number}.jpg", content_type="image/jpeg",
            stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
        )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise
