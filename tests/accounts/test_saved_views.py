"""Lists under a name: private, or shared by the unit; never anybody else's, never another site's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import SavedView, User
from tests import people

pytestmark = pytest.mark.django_db

PAGE = "jobs:job-list"
Inside = Callable[[User], Client]


def save(client: Client, **data: Any) -> Any:
    return client.post(reverse("accounts:view-save"), {"page": PAGE, "name": "失败", "query": "state=failed", **data})


def test_saving_and_opening_lead_to_the_filtered_list(inside: Inside) -> None:
    client = inside(people.user("office", "370999"))
    assert save(client)["Location"] == f"{reverse(PAGE)}?state=failed"
    view = SavedView.objects.get()
    assert client.get(reverse("accounts:view-open", args=[view.pk]))["Location"] == f"{reverse(PAGE)}?state=failed"


def test_the_same_name_replaces(inside: Inside) -> None:
    client = inside(people.user("office", "370999"))
    save(client)
    save(client, query="state=done")
    assert list(SavedView.objects.values_list("query", flat=True)) == ["state=done"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"name": ""}, 422), ({"name": "x" * 61}, 422), ({"page": "nowhere"}, 404), ({"page": "https://evil"}, 404)],
)
def test_wrong_views_are_refused(wrong: dict[str, str], status: int, inside: Inside) -> None:
    assert save(inside(people.user("office", "370999")), **wrong).status_code == status
    assert not SavedView.objects.exists()


def test_a_stored_filter_cannot_leave_the_list(inside: Inside) -> None:
    client = inside(people.user("office", "370999"))
    save(client, query="x=1\r\nLocation: https://evil&next=//evil#")
    answer = client.get(reverse("accounts:view-open", args=[SavedView.objects.get().pk]))
    assert answer["Location"].startswith(f"{reverse(PAGE)}?")
    assert "\n" not in answer["Location"]


@pytest.mark.parametrize(
    ("shared", "unit", "status"), [(True, "测试单位", 302), (True, "别的单位", 404), (False, "测试单位", 404)]
)
def test_who_may_open_it(shared: bool, unit: str, status: int, inside: Inside) -> None:
    owner, reader = people.user("office", "370999"), people.user("office", "370999")
    User.objects.filter(pk=reader.pk).update(unit=unit)
    view = SavedView.objects.create(owner=owner, page=PAGE, name="v", shared="unit" if shared else "private")
    assert inside(reader).get(reverse("accounts:view-open", args=[view.pk])).status_code == status


def test_only_the_owner_deletes(inside: Inside) -> None:
    owner, reader = people.user("office", "370999"), people.user("office", "370999")
    view = SavedView.objects.create(owner=owner, page=PAGE, name="v", shared="unit")
    remove = reverse("accounts:view-delete", args=[view.pk])
    assert inside(reader).post(remove).status_code == 404
    assert inside(owner).post(remove).status_code == 302
    assert not SavedView.objects.exists()
