"""The toast after a reversible act: it brings back what was there, for its owner, for a minute."""

from __future__ import annotations

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts.models import SavedView, User
from accounts.views.saved import UNDO
from tests import people

pytestmark = pytest.mark.django_db
PAGE = "households:roster-list"


@pytest.fixture
def clerk() -> User:
    people.programme()
    return people.user("town_staff", "370999001")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    return client


def undo_address(text: str) -> str:
    return text.split('id="toasts"')[1].split('action="')[1].split('"')[0]


def test_a_deleted_view_comes_back(clerk: User) -> None:
    client = client_of(clerk)
    view = SavedView.objects.create(owner=clerk, page=PAGE, name="待签", query="state=draft", shared="unit")
    shown = client.post(reverse("accounts:view-delete", args=[view.pk]), follow=True).content.decode()
    assert not SavedView.objects.exists()
    client.post(undo_address(shown))
    back = SavedView.objects.get()
    assert (back.name, back.query, back.page, back.owner) == ("待签", "state=draft", PAGE, clerk)


def test_columns_become_as_they_were(clerk: User) -> None:
    client, url = client_of(clerk), reverse("accounts:layout-keep")
    client.post(url, {"page": PAGE, "col": ["area", "state"], "next": reverse(PAGE)}, follow=True)
    before = SavedView.objects.get(name="").query
    shown = client.post(url, {"page": PAGE, "col": ["area"], "next": reverse(PAGE)}, follow=True).content.decode()
    assert SavedView.objects.get(name="").query != before
    client.post(undo_address(shown))
    assert SavedView.objects.get(name="").query == before


def test_a_first_change_of_columns_is_forgotten(clerk: User) -> None:
    client = client_of(clerk)
    asked = {"page": PAGE, "col": ["area"], "next": reverse(PAGE)}
    shown = client.post(reverse("accounts:layout-keep"), asked, follow=True).content.decode()
    client.post(undo_address(shown))
    assert not SavedView.objects.filter(name="").exists()


def test_another_person_a_later_hour_and_a_forged_word_undo_nothing(
    clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = SavedView.objects.create(owner=clerk, page=PAGE, name="待签", query="")
    shown = client_of(clerk).post(reverse("accounts:view-delete", args=[view.pk]), follow=True).content.decode()
    url = undo_address(shown)
    assert client_of(people.user("town_staff", "370999002")).post(url).status_code == 404
    assert client_of(clerk).post(url[:-3] + "x/").status_code == 409
    monkeypatch.setattr("accounts.views.saved.UNDO_S", -1)
    assert client_of(clerk).post(url).status_code == 409
    assert signing.dumps({}, salt=UNDO) and not SavedView.objects.exists()
