"""Photos that come from the phone in pieces: a cut line goes on where it stopped, and nothing is kept twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import delete_file, open_file, store_bytes
from core.refusals import Refused
from retrofits.models import Photo, PhotoTransfer, Task
from retrofits.services.photos import Shot, keep_shots

RIGHT = "acceptances.record"
SIZE_MAX = 4 * 2**20  # the phone has made the photo smaller than 400 KB before; without canvas it sends what it has
PIECE_MAX = 512 * 1024
WAITING_MAX = 200  # unfinished photos of one person
KEPT = timedelta(days=14)


@dataclass(frozen=True)
class Piece:
    """Bytes of photo `key` from `offset` on; the whole photo has `size` bytes."""

    key: UUID
    stage: str
    size: int
    offset: int
    content: bytes
    taken_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    accuracy_m: int | None = None
    from_gallery: bool = False


def receive_piece(*, task: Task, piece: Piece, by: User) -> PhotoTransfer:
    """Keep a piece; with the last one the photo is cleaned and filed. Answers where to go on (`received`).

    A piece that begins elsewhere than `received` changes nothing: the phone reads `received` and goes on there. The
    same photo again after it is filed changes nothing either. Raises `Refused` PIECE_SIZE, PIECE_STRANGE,
    TOO_MANY_WAITING, and what `keep_shots` raises.
    """
    if not by.has_right(RIGHT, task.area_id):
        raise PermissionDenied(RIGHT)
    _check(piece)
    stale = ""
    with transaction.atomic():
        transfer = _transfer(task, piece, by)
        if transfer.photo_id is None and piece.offset == transfer.received:
            stale = _append(task, transfer, piece, by)
    if stale:
        delete_file(stale)
    return transfer


def forget_transfers(*, now: datetime) -> int:
    """Remove photos that never arrived whole, a fortnight after they began; how many."""
    old = list(PhotoTransfer.objects.filter(begun_at__lt=now - KEPT, photo__isnull=True)[:500])
    for transfer in old:
        if transfer.partial:
            delete_file(transfer.partial)
        transfer.delete()
    return len(old)


def _check(piece: Piece) -> None:
    if piece.stage not in Photo.Stage.values:
        raise Refused("PIECE_STRANGE", _("The portal does not know this kind of photo. Load the page again."))
    end = piece.offset + len(piece.content)
    if not 0 < piece.size <= SIZE_MAX or not piece.content or len(piece.content) > PIECE_MAX or end > piece.size:
        words = _("A photo may have %(most)d MB and comes in pieces of at most %(piece)d KB.")
        raise Refused("PIECE_SIZE", words, most=SIZE_MAX // 2**20, piece=PIECE_MAX // 1024)


def _transfer(task: Task, piece: Piece, by: User) -> PhotoTransfer:
    waiting = PhotoTransfer.objects.filter(sent_by=by, photo__isnull=True).exclude(key=piece.key).count()
    if waiting >= WAITING_MAX:
        raise Refused("TOO_MANY_WAITING", _("Too many photos have begun and not arrived. Send those first."))
    values = {"task": task, "area_id": task.area_id, "stage": piece.stage, "size": piece.size, "sent_by": by}
    PhotoTransfer.objects.bulk_create([PhotoTransfer(key=piece.key, **values)], ignore_conflicts=True)
    transfer: PhotoTransfer = PhotoTransfer.objects.select_for_update().get(key=piece.key)
    if (transfer.task_id, transfer.sent_by_id, transfer.size) != (task.pk, by.pk, piece.size):
        words = _("This photo was begun for another dwelling or by somebody else. Take it again.")
        raise Refused("PIECE_STRANGE", words, conflict=True)
    return transfer


def _append(task: Task, transfer: PhotoTransfer, piece: Piece, by: User) -> str:
    """Store what is there now; the name of the stored file that is no longer needed, "" while there was none."""
    before = transfer.partial
    content = _arrived(transfer) + piece.content
    transfer.received = len(content)
    if transfer.received == transfer.size:
        shot = Shot(
            piece.stage, content, piece.taken_at, piece.longitude, piece.latitude, piece.accuracy_m, piece.from_gallery
        )
        transfer.photo, transfer.partial = keep_shots(task=task, shots=[shot], by=by)[0], ""
    else:
        transfer.partial = store_bytes(content).key
    transfer.save(update_fields=["received", "photo", "partial"])
    return before


def _arrived(transfer: PhotoTransfer) -> bytes:
    if not transfer.partial:
        return b""
    with open_file(transfer.partial) as stream:
        return stream.read()
