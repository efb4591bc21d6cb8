"""The shell: what each role sees, how few queries it costs, and switches that never leave one's own area."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.rights import ROLES
from programmes.chosen import chosen_area_code, chosen_programme
from reports import navigation
from reports.context import Shell, season_thread
from tests import people

pytestmark = pytest.mark.django_db


def request_of(user: Any, path: str = "/", **session: Any) -> Any:
    request = RequestFactory().get(path)
    request.user, request.session = user, session
    return request


def test_every_role_has_a_set_of_pages() -> None:
    assert {role.navigation for role in ROLES.values()} <= set(navigation.SETS)


def test_no_role_sees_a_door_it_may_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "page_address", lambda name: f"/{name}/")
    for role in ROLES:
        user = people.user(role, "370999")
        items = [item for group in navigation.groups_for(user, "/") for item in group.items]
        assert items, role
        assert all(not item.right or item.right in ROLES[role].rights for item in items), role


def test_the_page_one_is_on_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "page_address", lambda name: {"home": "/"}.get(name, f"/{name}/"))
    user = people.user("office", "370999")
    groups = navigation.groups_for(user, "/reports:household-list/H1/")
    assert [i.url_name for g in groups for i in g.items if i.current] == ["reports:household-list"]


@pytest.mark.parametrize(
    ("page", "entry"),
    [("retrofits:price-list", "retrofits:product-list"), ("retrofits:building-list", "retrofits:project-list"),
     ("subsidies:difference-as-of", "subsidies:entitlement-list"), ("retrofits:task-list", "retrofits:task-list")],
)  # fmt: skip
def test_a_page_without_an_entry_marks_the_one_it_belongs_to(page: str, entry: str) -> None:
    groups = navigation.groups_for(people.user("office", "370999"), reverse(page))
    assert [i.url_name for g in groups for i in g.items if i.current] == [entry]


def test_a_chosen_area_outside_the_grants_is_ignored() -> None:
    user = people.user("town_staff", "370999001")
    assert chosen_area_code(request_of(user, area_code="370999001002")) == "370999001002"
    assert chosen_area_code(request_of(user, area_code="370999002")) == "370999001"
    assert chosen_area_code(request_of(user, area_code="3709990019")) == "370999001"


def test_town_staff_work_in_the_programme_of_their_county() -> None:
    user = people.user("town_staff", "370999001")
    old = people.programme(year_from=2020, year_to=2020)
    new = people.programme(year_from=2021, year_to=2021)
    elsewhere = people.programme(area_code="380102", year_from=2022, year_to=2022)
    assert chosen_programme(request_of(user)) == new
    assert chosen_programme(request_of(user, programme_code=old.code)) == old
    assert chosen_programme(request_of(user, programme_code=elsewhere.code)) == new


def test_a_person_without_grants_gets_an_empty_shell() -> None:
    user = people.user("office", "370999")
    user.grants.all().delete()
    shell = Shell(request_of(user))
    assert (shell.place, shell.programmes, shell.areas, shell.season) == ("", [], [], None)


def test_the_thread_shows_the_day_of_the_season() -> None:
    programme = people.programme(season_start="11-15", season_end="03-15")
    thread = season_thread(programme, dt.date(2021, 12, 8))
    assert thread is not None
    assert thread.percent == "19.8"
    assert "24" in thread.words
    assert season_thread(programme, dt.date(2021, 7, 1)) is None


def test_the_shell_costs_four_queries(django_assert_max_num_queries: Any) -> None:
    user = people.user("office", "370999")
    people.programme()
    people.area("370999001")
    request = request_of(type(user).objects.get(pk=user.pk))
    with django_assert_max_num_queries(4):
        shell = Shell(request)
        assert shell.place
        assert shell.areas
        assert shell.year_words
        assert shell.programmes
        assert shell.navigation
        assert shell.todo_count == 0
        assert shell.tabs
        shell.season  # noqa: B018 - counted, not judged


@pytest.fixture
def signed_in() -> Client:
    client = Client()
    client.force_login(people.user("town_staff", "370999001"), backend="accounts.backends.PersonBackend")
    return client


def test_switching_keeps_ones_own_area_only(signed_in: Client) -> None:
    people.area("370999001002")
    signed_in.post("/shell/scope/", {"area": "370999001002", "next": "/hh/"})
    assert signed_in.session["area_code"] == "370999001002"
    for other in ("370999002", "3709990019", "370999001999", "abc", ""):
        signed_in.post("/shell/scope/", {"area": other})
        assert signed_in.session["area_code"] == "370999001002"


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_switches_never_lead_to_another_host(signed_in: Client, target: str) -> None:
    for address in ("/shell/scope/", "/shell/theme/", "/shell/language/"):
        assert signed_in.post(address, {"next": target})["Location"] == "/"


def test_language_takes_the_two_words_it_knows(signed_in: Client) -> None:
    assert "django_language" in signed_in.post("/shell/language/", {"language": "en"}).cookies
    assert "django_language" not in signed_in.post("/shell/language/", {"language": "../../etc"}).cookies


def test_the_phone_s_last_tab_leads_to_everything_the_side_bar_has(signed_in: Client) -> None:
    html = signed_in.get("/").content.decode()
    tabs, more = html.split('<nav class="tabs')[1].split("</nav>")[:2]
    assert tabs.count("<a ") == navigation.TAB_COUNT + 2  # the pages, "More" and, in its place while unfolded, "Close"
    assert 'href="#menu"' in tabs
    side = html.split('id="menu"')[1].split("</aside>")[0]
    assert all(door in side for door in ("/care/hazards/", "/account/password/", "/account/logout/"))
    for deed in ("/account/logout/", "/shell/theme/", "/shell/language/", "/search/"):
        assert f'action="{deed}"' in more


def test_the_style_guide_renders_whole_and_dark_when_chosen(signed_in: Client) -> None:
    signed_in.post("/shell/theme/", {"theme": "dark"})
    html = signed_in.get("/styleguide/").content.decode()
    assert 'data-theme="dark"' in html
    assert "界面样例" in html
    assert "style=" not in html
    assert html.count("<h1") == 1
