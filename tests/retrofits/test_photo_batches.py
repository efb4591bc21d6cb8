"""Many photos at once: kept, cleaned, matched, placed by hand, filed; the same photo never in two homes."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from core.files import open_file
from core.refusals import Refused
from households.models import Document
from retrofits.models import Photo, PhotoBatch, PhotoUpload, Task
from retrofits.services import photo_batches
from retrofits.services.photos import add_photo
from tests import people
from tests.retrofits.conftest import VILLAGE, Works, picture
from tests.retrofits.test_images import huge_png

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


def stored(settings: Any) -> int:
    return sum(1 for path in settings.FILES_DIR.rglob("*") if path.is_file())


def send(works: Works, files: dict[str, bytes], *, matched: bool = True) -> PhotoBatch:
    made = photo_batches.start_batch(
        programme=works.programme, area_code="370999001", stage="during",
        files=[(name, [content]) for name, content in files.items()], by=works.clerk,
    )  # fmt: skip
    return photo_batches.match_batch(made.pk) if matched else made


def one(batch: PhotoBatch, name: str) -> PhotoUpload:
    return batch.uploads.get(file_name=name)


def number(task: Task) -> str:
    return str(task.dwelling.dwelling_no)


def test_named_photos_find_their_homes_and_are_filed_with_time_and_place(works: Works) -> None:
    first, second = works.task(), works.task()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2021:09:17 16:48:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (36.0, 9.0, 9.72), 3: "E", 4: (117.0, 13.0, 27.48)})
    batch = send(works, {f"{number(first)} 前.jpg": picture(1, exif=exif), f"{number(second)}-after.jpg": picture(2)})
    assert Photo.objects.count() == 0, "nothing is filed before somebody has seen it"
    assert photo_batches.file_batch(batch=batch, by=works.clerk) == 2
    photo = first.photos.get()
    assert (photo.stage, str(photo.latitude), str(photo.longitude)) == ("before", "36.152700", "117.224300")
    assert photo.taken_at is not None and photo.taken_at.isoformat() == "2021-09-17T08:48:00+00:00"
    assert (photo.document.dwelling_id, photo.document.area_id) == (first.dwelling_id, VILLAGE)
    assert second.photos.get().stage == "after"
    batch.refresh_from_db()
    assert batch.state == "filed"


def test_what_fits_nowhere_waits_and_is_placed_by_hand(works: Works) -> None:
    task = works.task()
    batch = send(works, {"IMG_1.jpg": picture(1), "IMG_2.jpg": picture(2)})
    waiting = one(batch, "IMG_1.jpg")
    assert (waiting.state, waiting.problem) == ("open", "NOT_FOUND")
    with pytest.raises(Refused, match="HOME_UNKNOWN"):
        photo_batches.place_upload(upload=waiting, dwelling_no="X-1", stage="after", by=works.clerk)
    photo_batches.place_upload(upload=waiting, dwelling_no=number(task).lower(), stage="after", by=works.clerk)
    assert photo_batches.file_batch(batch=batch, by=works.clerk) == 1
    batch.refresh_from_db()
    assert batch.state == "ready", "one still waits"
    photo_batches.leave_out(upload=one(batch, "IMG_2.jpg"), by=works.clerk)
    photo_batches.file_batch(batch=batch, by=works.clerk)
    batch.refresh_from_db()
    assert batch.state == "filed"
    with pytest.raises(Refused, match="PHOTO_FILED"):
        photo_batches.leave_out(upload=one(batch, "IMG_1.jpg"), by=works.clerk)


def test_a_photo_of_another_home_is_reported_and_never_filed_twice(works: Works) -> None:
    first, second = works.task(), works.task()
    add_photo(task=first, stage="after", content=picture(7), by=works.clerk)
    batch = send(works, {f"{number(second)}.jpg": picture(7), "same.jpg": picture(8), "again.jpg": picture(8)})
    reused = one(batch, f"{number(second)}.jpg")
    assert (reused.state, reused.problem) == ("open", "REUSED") and reused.twin is not None
    assert reused.twin.task == first
    with pytest.raises(Refused, match=f"PHOTO_REUSED.*{number(first)}"):
        photo_batches.place_upload(upload=reused, dwelling_no=number(second), stage="after", by=works.clerk)
    assert one(batch, "again.jpg").problem == "SAME"
    known = send(works, {f"{number(first)}.jpg": picture(7)})
    assert one(known, f"{number(first)}.jpg").state == "left_out", "it is in this very file already"


def test_bombs_and_other_files_are_refused_one_by_one(works: Works, settings: Any) -> None:
    files = {"bomb.png": huge_png(), "x.exe": b"MZ", "empty.jpg": b"", "large.jpg": b"\xff" * (20 * 2**20 + 1)}
    batch = send(works, {**files, "good.jpg": picture(3)})
    problems = dict(batch.uploads.values_list("file_name", "problem"))
    assert problems == {
        "bomb.png": "TOO_MANY_PIXELS", "x.exe": "NO_IMAGE", "empty.jpg": "NO_IMAGE", "large.jpg": "TOO_LARGE",
        "good.jpg": "NOT_FOUND",
    }  # fmt: skip
    assert stored(settings) == 1, "only the cleaned picture stays"
    with open_file(one(batch, "good.jpg").document.stored_name) as kept:  # type: ignore[union-attr]
        assert kept.read(3) == b"\xff\xd8\xff"


def test_a_worker_killed_in_the_middle_loses_nothing_and_keeps_nothing_twice(works: Works, settings: Any) -> None:
    made = send(works, {f"{n}.jpg": picture(n) for n in range(5)}, matched=False)
    commits = 0

    @contextmanager
    def dying() -> Any:
        nonlocal commits
        commits += 1
        if commits > 2:
            raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        photo_batches.match_batch(made.pk, commit=dying)
    assert made.uploads.exclude(document=None).count() == 2
    done = photo_batches.match_batch(made.pk)
    assert (done.state, done.uploads.exclude(document=None).count()) == ("ready", 5)
    assert Document.objects.filter(kind="photo").count() == 5 == stored(settings)
    assert photo_batches.match_batch(made.pk).state == "ready"


def test_too_much_at_once_is_refused_and_nothing_is_kept(
    works: Works, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_batches, "MAX_BATCH_BYTES", 100)
    with pytest.raises(Refused, match="BATCH_TOO_LARGE"):
        send(works, {"a.jpg": picture(1), "b.jpg": picture(2)}, matched=False)
    assert stored(settings) == 0 and not PhotoBatch.objects.exists()
    monkeypatch.setattr(photo_batches, "MAX_FILES", 1)
    with pytest.raises(Refused, match="TOO_MANY_PHOTOS"):
        send(works, {"a.jpg": picture(1), "b.jpg": picture(2)}, matched=False)
    with pytest.raises(Refused, match="PHOTO_MISSING"):
        send(works, {}, matched=False)


def test_only_who_records_works_there_sends_and_sees(works: Works, client: Client) -> None:
    works.task()
    stranger = people.user("town_staff", "370999002")
    with pytest.raises(Refused, match="NO_PROGRAMME"):
        photo_batches.start_batch(
            programme=works.programme, area_code="370999001", stage="after", files=[("a", [b""])], by=stranger
        )
    client.force_login(works.clerk)
    sent = client.post("/works/photos/batches/", {"stage": "after", "photos": SimpleUploadedFile("a.jpg", picture(1))})
    assert sent.status_code == 302
    batch = photo_batches.match_batch(PhotoBatch.objects.get().pk)
    upload = batch.uploads.get()
    addresses = [f"batches/{batch.pk}/", f"uploads/{upload.pk}/"]
    assert [client.get(f"/works/photos/{one}").status_code for one in addresses] == [200, 200]
    client.force_login(stranger)
    assert [client.get(f"/works/photos/{one}").status_code for one in addresses] == [404, 404]
    assert client.post(f"/works/photos/uploads/{upload.pk}/place/", {"leave_out": 1}).status_code == 404
    assert client.post(f"/works/photos/batches/{batch.pk}/file/").status_code == 404
