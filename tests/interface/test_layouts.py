"""Columns, density and named views: kept per person, told by the address, never in another person's list."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import SavedView, User
from core.table_layouts import Kept, Layout, moved_up
from tests import people

pytestmark = pytest.mark.django_db
PAGE = "jobs:job-list"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    return client


@pytest.fixture
def clerk() -> User:
    return people.user("town_staff", "370999001")


def heads(client: Client, query: str = "") -> list[str]:
    return [head.column.key for head in client.get(f"/jobs/{query}").context["table"].heads]


def keep(client: Client, **more: object) -> object:
    return client.post("/account/views/layout/", {"page": PAGE, "next": "/jobs/?page=3&cols=x&per=20", **more})


def test_chosen_columns_stay_chosen_and_stand_in_their_order(clerk: User) -> None:
    client = browser(clerk)
    first, *others = heads(client)
    assert len(others) >= 3
    chosen = [others[2], others[0]]
    answer = keep(client, col=chosen, dense="on")
    assert answer["Location"] == "/jobs/?per=20"  # type: ignore[index]
    shown = heads(client)
    assert [key for key in shown if key != first] == chosen
    assert client.get("/jobs/").context["table"].layout.dense
    assert heads(browser(people.user("town_staff", "370999001"))) == [first, *others]


def test_the_address_wins_over_what_is_kept(clerk: User) -> None:
    client = browser(clerk)
    everything = heads(client)
    keep(client, col=everything[1:3])
    assert heads(client, f"?cols={everything[3]}")[-1] == everything[3]
    assert heads(client, "?cols=nothing,password") == everything


def test_a_column_moves_forward_and_the_delivered_order_comes_back(clerk: User) -> None:
    client = browser(clerk)
    everything = heads(client)
    keep(client, col=everything, up=everything[2])
    assert heads(client)[:3] == [everything[0], everything[2], everything[1]]
    keep(client, reset="1", col=everything[:1])
    assert heads(client) == everything
    assert not SavedView.objects.exists()


def test_a_layout_is_no_view_and_a_view_is_no_layout(clerk: User) -> None:
    client = browser(clerk)
    everything = heads(client)
    keep(client, col=everything[:2])
    client.post("/account/views/", {"page": PAGE, "name": "失败的", "query": "state=failed", "shared": ""})
    table = client.get("/jobs/").context["table"]
    assert [view.name for view in table.kept.views] == ["失败的"]
    assert [head.column.key for head in table.heads] == everything[:2]


def test_a_view_shared_in_the_unit_is_offered_to_the_unit_only(clerk: User) -> None:
    colleague, stranger = people.user("town_staff", "370999001"), people.user("town_staff", "370999001")
    for user, unit in ((clerk, "南村街道办"), (colleague, "南村街道办"), (stranger, "北村街道办")):
        user.unit = unit
        user.save()
    posted = {"page": PAGE, "name": "本周", "query": "state=done", "shared": "on"}
    assert browser(clerk).post("/account/views/", posted)["Location"] == "/jobs/?state=done"
    names = {
        user.unit + user.username: [view.name for view in browser(user).get("/jobs/").context["table"].kept.views]
        for user in (colleague, stranger)
    }
    assert list(names.values()) == [["本周"], []]
    assert "本周" in browser(colleague).get("/jobs/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://example.org/", "//example.org/x", "https://a.example//b.example/", "javascript:alert(1)", "x"]
)
def test_keeping_a_layout_leads_to_no_other_host(clerk: User, target: str) -> None:
    assert keep(browser(clerk), next=target)["Location"] in ("/", "/x")  # type: ignore[index]


def test_an_unreadable_post_keeps_nothing(clerk: User) -> None:
    answer = browser(clerk).post("/account/views/layout/", {"page": "no page!", "col": "x"})
    assert answer.status_code == 422
    assert not SavedView.objects.exists()


def test_keys_no_list_has_are_left_out(clerk: User) -> None:
    client = browser(clerk)
    first = heads(client)[0]
    keep(client, col=[first, "甲" * 3000, *(f"{n}" * 60 for n in range(9))])
    assert heads(client) == [first] and len(SavedView.objects.get().query) < 2000


def test_words_of_an_address_are_bounded() -> None:
    wide = Layout.of(QueryDict("cols=" + ",".join(f"c{n}" for n in range(5000))), Kept())
    assert len(wide.columns) == 60
    assert Layout.of(QueryDict("dense=0"), Kept("dense=1")).dense is False
    assert moved_up(["a", "b"], "zz") == ("a", "b")
