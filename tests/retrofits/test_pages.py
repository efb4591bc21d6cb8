from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import TOTPDevice, User
from retrofits.models import Acceptance, Photo, Rectification, Task
from tests import people
from tests.retrofits.conftest import OTHER_TOWN, Works, picture


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    device = TOTPDevice.objects.create(user=user, name="t", confirmed=True)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


def visit_form(works: Works, **changes: Any) -> dict[str, Any]:
    form = {"request_id": str(uuid.uuid4()), "deed": "passed", "item-IDENTITY": "ok", "item-WIRING": "na"}
    form |= {"item-ROOM_TEMP": "19.3", "opinion": "满意", "signer_name": "张示例"}
    return {**form, **changes}


def page(name: str, *args: object) -> str:
    return reverse(f"retrofits:{name}", args=args)


def upload(number: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("p.jpg", picture(number), content_type="image/jpeg")


def test_a_visit_by_plain_form_post_accepts(works: Works) -> None:
    task, client = works.ready(), client_of(works.inspector)
    assert client.get(page("visit-record", task.pk)).status_code == 200
    answer = client.post(page("visit-record", task.pk), visit_form(works))
    assert (answer.status_code, answer.url) == (302, page("visit-list"))
    assert Task.objects.get(pk=task.pk).state == "accepted"


def test_pressing_twice_leaves_one_acceptance_and_no_error(works: Works) -> None:
    task, client, form = works.ready(), client_of(works.inspector), visit_form(works)
    answers = [client.post(page("visit-record", task.pk), form).status_code for _n in range(2)]
    assert answers == [302, 302]
    assert Acceptance.objects.count() == 1


def test_open_items_come_back_with_links_and_what_was_typed(works: Works) -> None:
    task, client = works.installed(), client_of(works.inspector)
    form = visit_form(works, **{"item-WIRING": "", "signer_name": "", "item-ROOM_TEMP": "20.1"})
    answer = client.post(page("visit-record", task.pk), form)
    text = answer.content.decode()
    assert answer.status_code == 422
    for code in ("WIRING", "DATA", "PHOTO_AFTER", "USER_SIGNATURE"):
        assert f'href="#item-{code}"' in text
    assert 'value="20.1"' in text
    assert form["request_id"] in text


def test_photos_are_kept_even_when_items_are_open(works: Works) -> None:
    task, client = works.installed(), client_of(works.inspector)
    answer = client.post(page("visit-record", task.pk), {**visit_form(works, deed="photo"), "photo-after": upload(77)})
    assert answer.status_code == 200
    assert Photo.objects.get().stage == "after"
    shown = client.get(page("photo-show", Photo.objects.get().pk))
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")


def test_a_bad_photo_is_named_and_the_answers_stay(works: Works) -> None:
    task, client = works.installed(), client_of(works.inspector)
    fake = SimpleUploadedFile("p.jpg", b"MZ not a photo", content_type="image/jpeg")
    answer = client.post(page("visit-record", task.pk), {**visit_form(works, deed="photo"), "photo-after": fake})
    assert answer.status_code == 422
    assert 'value="19.3"' in answer.content.decode()
    assert Photo.objects.count() == 0


def test_a_defect_goes_to_rectification_and_back(works: Works) -> None:
    task, client = works.ready(), client_of(works.inspector)
    form = visit_form(works, deed="failed", defect="管路未保温", due_on="2099-12-15")
    assert client.post(page("visit-record", task.pk), {**form, "photo-defect": upload(301)}).status_code == 302
    found = Rectification.objects.get()
    clerk = client_of(works.clerk)
    report = {"note": "已加保温", "photos": upload(302)}
    assert clerk.post(page("rectification-report", found.pk), report).status_code == 302
    assert Task.objects.get(pk=task.pk).state == "installed"


def test_tasks_of_another_town_do_not_exist(works: Works) -> None:
    task = works.ready()
    stranger = client_of(people.user("town_staff", OTHER_TOWN[:9]))
    pages = [
        page("task-detail", task.pk),
        page("installation-record", task.pk),
        page("photo-show", task.photos.get().pk),
    ]
    assert [stranger.get(address).status_code for address in pages] == [404, 404, 404]
    other_inspector = client_of(people.user("inspector", OTHER_TOWN[:9]))
    assert other_inspector.get(page("visit-record", task.pk)).status_code == 404
    assert other_inspector.post(page("visit-record", task.pk), visit_form(works)).status_code == 404
    assert Acceptance.objects.count() == 0


def test_inside_without_the_right_is_forbidden(works: Works) -> None:
    task = works.ready()
    village = client_of(people.user("village_staff", "370999001001"))
    assert village.get(page("task-detail", task.pk)).status_code == 200
    assert village.get(page("visit-record", task.pk)).status_code == 403
    assert village.get(page("installation-record", task.pk)).status_code == 403
    assert village.post(page("task-withdraw", task.pk), {"reason": "x"}).status_code == 403


def test_a_right_elsewhere_does_not_count_here(works: Works) -> None:
    """Sees town 1 as village staff, accepts in town 2 as inspector: may not accept in town 1."""
    task, both = works.ready(), people.user("village_staff", "370999001001")
    people.Grant.objects.create(user=both, role="inspector", area=people.area(OTHER_TOWN[:9]))
    client = client_of(both)
    assert client.get(page("visit-record", task.pk)).status_code == 403
    assert client.post(page("visit-record", task.pk), visit_form(works)).status_code == 403
    assert Acceptance.objects.count() == 0


def test_the_installation_form_shows_every_fault_beside_its_field(works: Works) -> None:
    task, client = works.task(), client_of(works.clerk)
    answer = client.post(page("installation-record", task.pk), {"longitude": "1", "occupant_phone": "12"})
    assert answer.status_code == 422
    assert {"town_name", "longitude", "occupant_phone", "supplier"} <= set(answer.context["form"].errors)


def test_the_phone_is_masked_and_still_recorded(works: Works) -> None:
    task, client = works.task(), client_of(works.clerk)
    phone = str(task.dwelling.household.phone)
    text = client.get(page("installation-record", task.pk)).content.decode()
    assert phone not in text
    entry = works.entry()
    form = {name: value for name, value in vars(entry).items() if name != "costs"}
    form |= {"occupant_phone": f"{phone[:3]}****{phone[-4:]}", "cost_kind_1": "DEVICE", "cost_amount_1": "8,900"}
    assert client.post(page("installation-record", task.pk), form).status_code == 302
    assert Task.objects.get(pk=task.pk).installation.occupant_phone == phone
    assert phone not in client.get(page("task-detail", task.pk)).content.decode()


def test_reading_pages_changes_nothing(works: Works, django_assert_max_num_queries: Any) -> None:
    task, client = works.ready(), client_of(works.inspector)
    before = Task.objects.values_list("state", "version").get(pk=task.pk)
    for name, *args in [
        ("visit-list",),
        ("visit-record", task.pk),
        ("task-list",),
        ("task-detail", task.pk),
        ("acceptance-list",),
    ]:
        with django_assert_max_num_queries(40):
            assert client.get(page(name, *args)).status_code == 200
    assert Task.objects.values_list("state", "version").get(pk=task.pk) == before


def test_the_list_filters_by_address(works: Works) -> None:
    people.area("370999001002")
    works.installed()
    works.task()
    client = client_of(works.office)
    assert client.get(page("task-list") + "?state=listed").context["table"].count == 1
    assert client.get(page("task-list") + "?q=示例").context["table"].count == 2
    assert client.get(page("task-list") + "?area=370999001002").context["table"].count == 0


def test_the_office_opens_tasks_by_one_button(works: Works) -> None:
    works.row()
    client = client_of(works.office)
    assert 'action="/works/open/"' in client.get(page("task-list")).content.decode()
    assert client.post(page("tasks-open")).status_code == 302
    assert Task.objects.count() == 1
