from __future__ import annotations

import io
import struct
import zlib
from decimal import Decimal

import pytest
from PIL import Image

from core import pictures as images
from core.files import open_file
from core.pictures import NotAPhoto, clean_photo
from core.refusals import Refused
from retrofits.services.photos import add_photo
from tests.retrofits.conftest import Works, picture


def with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "secret maker"
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2021:12:08 09:42:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 29.0, 24.0), 3: "E", 4: (112.0, 51.0, 0.0)})
    return picture(exif=exif)


def huge_png() -> bytes:
    """100,000 × 100,000 pixels in a hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_time_and_place_are_copied_and_the_record_is_stripped() -> None:
    photo = clean_photo(with_exif())
    assert photo.taken_at is not None
    assert photo.taken_at.isoformat() == "2021-12-08T09:42:00+08:00"
    assert (photo.longitude, photo.latitude) == (Decimal("112.850000"), Decimal("35.490000"))
    assert (photo.width, photo.height) == (48, 64)  # turned upright
    assert b"secret maker" not in photo.jpeg
    assert dict(Image.open(io.BytesIO(photo.jpeg)).getexif()) == {}


def test_a_large_photo_is_made_small() -> None:
    out = io.BytesIO()
    Image.effect_noise((3000, 2000), 90).convert("RGB").save(out, "JPEG", quality=95)
    photo = clean_photo(out.getvalue())
    assert max(photo.width, photo.height) == 1600
    assert len(photo.jpeg) < len(out.getvalue())


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"%PDF-1.7", "NO_IMAGE"), (b"", "NO_IMAGE"), (huge_png(), "TOO_MANY_PIXELS"), (picture()[:200], "NO_IMAGE")],
    ids=["pdf", "empty", "huge", "cut off"],
)
def test_what_is_no_photo_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(NotAPhoto) as refusal:
        clean_photo(content)
    assert refusal.value.code == code


def test_size_is_judged_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 100)
    monkeypatch.setattr(images.Image, "open", lambda *_a, **_k: pytest.fail("opened"))
    with pytest.raises(NotAPhoto) as refusal:
        clean_photo(picture())
    assert refusal.value.code == "TOO_LARGE"


def test_the_same_photo_is_kept_once_and_never_for_two_dwellings(works: Works) -> None:
    task, content = works.task(), picture(33)
    first = add_photo(task=task, stage="after", content=content, by=works.inspector)
    assert add_photo(task=task, stage="after", content=content, by=works.inspector) == first
    with pytest.raises(Refused) as refusal:
        add_photo(task=works.task(), stage="after", content=content, by=works.inspector)
    assert refusal.value.code == "PHOTO_REUSED"


def test_photos_are_encrypted_at_rest(works: Works, settings: object) -> None:
    photo = add_photo(task=works.task(), stage="after", content=picture(34), by=works.inspector)
    stored = next(settings.FILES_DIR.rglob(photo.document.stored_name)).read_bytes()  # type: ignore[attr-defined]
    with open_file(photo.document.stored_name) as stream:
        plain = stream.read()
    assert plain.startswith(b"\xff\xd8")
    assert plain[100:200] not in stored
