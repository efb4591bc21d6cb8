"""What the phone takes along and what it sends: once and only once, in pieces, with conflicts told."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import clock
from core.files import open_file
from retrofits.models import Acceptance, Photo, PhotoTransfer, Task
from retrofits.services.transfers import forget_transfers
from tests import people
from tests.retrofits.conftest import OTHER_TOWN, Works, picture
from tests.retrofits.test_pages import client_of, page


def send(client: Client, task: Task, **changes: Any) -> Any:
    body = {
        "request_id": str(uuid.uuid4()), "result": "passed", "opinion": "满意", "signer_name": "张示例",
        "answers": {"IDENTITY": "ok", "WIRING": "na", "ROOM_TEMP": "19.3"}, "found": {},
    } | changes  # fmt: skip
    return client.post(page("visit-send", task.pk), json.dumps(body), content_type="application/json")


def piece(client: Client, task: Task, key: str, content: bytes, offset: int, size: int, **more: Any) -> Any:
    query = {"key": key, "stage": "after", "size": size, "offset": offset, **more}
    address = f"{page('photo-piece', task.pk)}?" + "&".join(f"{name}={value}" for name, value in query.items())
    return client.post(address, content, content_type="application/octet-stream")


def test_the_day_is_taken_along_without_numbers_of_people(works: Works) -> None:
    task = works.ready()
    family = task.dwelling.household
    said = client_of(works.inspector).get(page("phone-package"))
    text = said.content.decode()
    (home,) = said.json()["homes"]
    assert (home["task"], home["name"], home["id_tail"]) == (task.pk, family.head_name, family.id_number[-4:])
    assert [item["code"] for item in home["items"]][:2] == ["IDENTITY", "WIRING"]
    assert (home["live"]["supply"], home["stages"], home["version"]) == ("44.6", ["after"], 1)
    assert not [number for number in (family.id_number, family.phone, family.bank_card) if number in text]


def test_a_day_has_a_bound_and_a_constant_number_of_queries(
    works: Works, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _n in range(4):
        works.ready()
    client = client_of(works.inspector)
    monkeypatch.setattr("retrofits.views.phone.HOMES_MAX", 3)
    with django_assert_max_num_queries(12):
        said = client.get(page("phone-package")).json()
    assert len(said["homes"]) == 3


def test_homes_of_another_place_are_not_taken_along(works: Works) -> None:
    works.ready()
    stranger = people.user("inspector", OTHER_TOWN)
    assert client_of(stranger).get(page("phone-package")).json()["homes"] == []


def test_a_visit_made_on_the_phone_is_stored_once(works: Works) -> None:
    task, client, key = works.ready(), client_of(works.inspector), str(uuid.uuid4())
    visited = clock.now() - timedelta(hours=3)
    found = {
        "visited_at": visited.isoformat(), "began_at": (visited - timedelta(minutes=4)).isoformat(),
        "longitude": 112.85, "latitude": 35.4901, "accuracy_m": 5.2, "plate": " sl0000 " + "x",
    }  # fmt: skip
    answers = [send(client, task, request_id=key, found=found) for _n in range(3)]
    assert [(one.status_code, one.json()["result"]) for one in answers] == [(200, "passed")] * 3
    kept = Acceptance.objects.get()
    assert (kept.visited_at, kept.began_at) == (visited, visited - timedelta(minutes=4))
    assert (kept.found["metres"], kept.found["accuracy_m"], kept.found["plate_matches"]) == (11, 5, False)


def test_the_plate_as_recorded_matches_in_any_spelling(works: Works) -> None:
    task = works.ready()
    send(client_of(works.inspector), task, found={"plate": f" {task.installation.factory_address_code.lower()} "})
    assert Acceptance.objects.get().found["plate_matches"] is True


def test_a_conflict_says_who_was_first(works: Works) -> None:
    task, first = works.ready(), people.user("inspector", "370999")
    assert send(client_of(first), task).status_code == 200
    late = send(client_of(works.inspector), task)
    said = late.json()
    assert (late.status_code, said["code"], said["meanwhile"]["person"]) == (409, "TASK_STATE", first.person_name)
    assert Acceptance.objects.count() == 1


def test_open_items_come_back_with_their_sentences(works: Works) -> None:
    answer = send(client_of(works.inspector), works.ready(), answers={"IDENTITY": "ok", "ROOM_TEMP": "15.9"})
    assert answer.status_code == 422
    assert {fault["field"]: fault["code"] for fault in answer.json()["faults"]} == {
        "WIRING": "MISSING", "ROOM_TEMP": "TOO_LOW",
    }  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"[" * 100_000, b'{"result": "maybe"}', b'{"result": "passed", "request_id": "x"}']
)
def test_a_strange_visit_is_refused_in_words(works: Works, body: bytes) -> None:
    answer = client_of(works.inspector).post(
        page("visit-send", works.ready().pk), body, content_type="application/json"
    )
    assert answer.status_code in (409, 422)
    assert answer.json()["sentence"]


def test_a_visit_dated_by_a_broken_clock_counts_as_of_today(works: Works) -> None:
    task = works.ready()
    send(client_of(works.inspector), task, found={"visited_at": "2009-01-01T00:00:00Z"})
    kept = Acceptance.objects.get()
    assert (kept.visited_at, kept.accepted_on) == (None, clock.today())


def test_a_visit_of_yesterday_is_dated_by_its_own_day(works: Works) -> None:
    task, yesterday = works.ready(), clock.now() - timedelta(days=1)
    send(client_of(works.inspector), task, found={"visited_at": yesterday.isoformat()})
    assert Acceptance.objects.get().accepted_on == clock.today() - timedelta(days=1)


def test_a_photo_cut_in_the_middle_goes_on_where_it_stopped(works: Works) -> None:
    task, client, key = works.installed(), client_of(works.inspector), str(uuid.uuid4())
    photo = picture(31)
    half = len(photo) // 2
    place = {"longitude": "112.85", "latitude": "35.49", "accuracy_m": "6", "taken_at": clock.now().strftime("%FT%TZ")}
    assert piece(client, task, key, photo[:half], 0, len(photo)).json()["received"] == half
    assert piece(client, task, key, photo[:half], 0, len(photo)).json()["received"] == half  # sent again: no harm
    done = piece(client, task, key, photo[half:], half, len(photo), **place).json()
    assert (done["received"], done["photo"]) == (len(photo), Photo.objects.get().pk)
    again = piece(client, task, key, photo[half:], half, len(photo)).json()
    assert (again["photo"], Photo.objects.count()) == (done["photo"], 1)
    kept = Photo.objects.get()
    assert (str(kept.longitude), kept.accuracy_m) == ("112.850000", 6)


def test_what_arrived_of_a_photo_is_encrypted_and_gone_when_it_is_whole(works: Works) -> None:
    task, client, key, photo = works.installed(), client_of(works.inspector), str(uuid.uuid4()), picture(32)
    piece(client, task, key, photo[:100], 0, len(photo))
    partial = PhotoTransfer.objects.get().partial
    with open_file(partial) as stream:
        assert stream.read() == photo[:100]
    piece(client, task, key, photo[100:], 100, len(photo))
    assert PhotoTransfer.objects.get().partial == ""
    with pytest.raises(FileNotFoundError):
        open_file(partial)


@pytest.mark.parametrize(("offset", "size", "length"), [(0, 0, 4), (0, 3, 4), (9, 10, 4), (0, 2**30, 4), (0, 10, 0)])
def test_a_piece_that_can_not_be_is_refused(works: Works, offset: int, size: int, length: int) -> None:
    task, client = works.installed(), client_of(works.inspector)
    assert piece(client, task, str(uuid.uuid4()), b"x" * length, offset, size).status_code == 422


def test_a_key_of_somebody_else_is_worth_nothing(works: Works) -> None:
    task, key, photo = works.installed(), str(uuid.uuid4()), picture(33)
    piece(client_of(works.inspector), task, key, photo[:50], 0, len(photo))
    other = client_of(people.user("inspector", "370999"))
    assert piece(other, task, key, photo[50:], 50, len(photo)).status_code == 409


def test_no_picture_in_pieces_is_told_and_nothing_kept(works: Works) -> None:
    task, client = works.installed(), client_of(works.inspector)
    answer = piece(client, task, str(uuid.uuid4()), b"MZ no photo", 0, 11)
    assert (answer.status_code, answer.json()["code"], Photo.objects.count()) == (422, "PHOTO_UNUSABLE", 0)


def test_photos_that_never_arrived_are_forgotten_after_a_fortnight(works: Works) -> None:
    task, client, photo = works.installed(), client_of(works.inspector), picture(34)
    piece(client, task, str(uuid.uuid4()), photo[:50], 0, len(photo))
    now = PhotoTransfer.objects.get().begun_at
    assert forget_transfers(now=now + timedelta(days=14)) == 0
    assert forget_transfers(now=now + timedelta(days=14, seconds=1)) == 1
    assert PhotoTransfer.objects.count() == 0


def test_the_worker_and_the_manifest_serve_the_folder_of_visits(works: Works, settings: Any, tmp_path: Any) -> None:
    client, settings.STATIC_BUILD_DIR = Client(), tmp_path
    assert client.get(page("phone-worker")).status_code == 404  # without a built interface there is none
    (tmp_path / "worker.js").write_text("// worker")
    script = client.get(page("phone-worker"))
    assert (script.status_code, script["Cache-Control"]) == (200, "no-cache")
    assert script["Content-Type"].startswith("text/javascript")
    assert page("phone") in script.content.decode()
    said = client.get(page("phone-manifest")).json()
    assert (said["scope"], said["display"], said["start_url"]) == (page("visit-list"), "standalone", page("phone"))


def test_the_shell_holds_nothing_of_anybody(works: Works) -> None:
    task = works.ready()
    shells = []
    for person in (works.inspector, people.user("inspector", "370999")):
        shells.append(client_of(person).get(page("phone")).content.decode())
        assert person.person_name not in shells[-1]
    strip = [text.split("X-CSRFToken")[0] for text in shells]
    assert strip[0] == strip[1]
    assert task.dwelling.household.head_name not in shells[0]


def test_uploads_by_the_plain_page_still_work(works: Works) -> None:
    task, client = works.installed(), client_of(works.inspector)
    photo = SimpleUploadedFile("p.jpg", picture(35), content_type="image/jpeg")
    answer = client.post(page("visit-record", task.pk), {"deed": "photo", "photo-after": photo})
    assert (answer.status_code, Photo.objects.get().stage) == (200, "after")
