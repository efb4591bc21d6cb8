"""How long a session lives, how many there are, and what ends it at the very next request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Grant, User
from accounts.session_engine import SessionStore
from accounts.views.sign_in import ENDED
from tests import people
from tests.accounts.conftest import DESKTOP, PASSWORD, PHONE, Make, sign_in

pytestmark = pytest.mark.django_db

Browser = Callable[..., Client]


@pytest.fixture
def browser(person: Make) -> Browser:
    """`browser(user)`: a signed-in browser of that kind."""

    def open_one(user: User, agent: str = DESKTOP) -> Client:
        client = Client(HTTP_USER_AGENT=agent)
        assert sign_in(client, user).status_code == 302
        return client

    return open_one


def is_in(client: Client, **extra: Any) -> bool:
    return client.get(reverse("home"), **extra).status_code == 200


def note(client: Client, **changes: float) -> None:
    """Move a session's notes in time."""
    session = client.session
    session.update(changes)
    session.save()


@pytest.mark.parametrize(("name", "limit"), [("seen_at", 15 * 60), ("opened_at", 8 * 3600)])
@pytest.mark.parametrize("late", [-5, 5])
def test_idle_and_absolute_limits(name: str, limit: int, late: int, browser: Browser, person: Make) -> None:
    client = browser(person())
    note(client, **{name: time.time() - limit - late})
    assert is_in(client) is (late < 0)


def test_a_working_person_is_kept_in_and_a_polling_page_is_not(browser: Browser, person: Make) -> None:
    client = browser(person())
    before = time.time() - 14 * 60
    note(client, seen_at=before)
    assert is_in(client, HTTP_X_UNATTENDED="1")
    assert client.session["seen_at"] == before
    assert is_in(client)
    assert client.session["seen_at"] > before + 800


def test_a_second_computer_ends_the_first_but_not_the_phone(browser: Browser, person: Make) -> None:
    user = person()
    first, phone = browser(user), browser(user, PHONE)
    assert is_in(first)
    second = browser(user)
    assert not is_in(first)
    assert is_in(phone)
    assert is_in(second)


def test_the_page_says_why_a_session_ended(browser: Browser, person: Make) -> None:
    user = person()
    first = browser(user)
    browser(user)
    answer = first.get("/", follow=True)
    assert answer.redirect_chain[0][0].endswith("ended=elsewhere")
    assert str(ENDED["elsewhere"]) in answer.content.decode()


def test_signing_in_gives_a_new_key(client: Client, person: Make) -> None:
    client.get("/account/login/")
    client.session["planted"] = 1
    client.session.save()
    old = client.session.session_key
    sign_in(client, person())
    assert client.session.session_key != old


def test_a_copied_key_of_before_is_worth_nothing_afterwards(client: Client, person: Make) -> None:
    sign_in(client, person())
    copied = client.cookies["sessionid"].value
    client.post(reverse("accounts:logout"))
    thief = Client()
    thief.cookies["sessionid"] = copied
    assert not is_in(thief)


def _close(user: User) -> None:
    services.close_account(user=user, by=None)


def _give(user: User) -> None:
    services.grant_role(user=user, role="village_staff", area=people.area("370999002001"), by=None)


def _end(user: User) -> None:
    services.revoke_grant(grant=Grant.objects.get(user=user), by=None)


def _new_password(user: User) -> None:
    services.give_temporary_password(user=user, by=None)


def _lost_phone(user: User) -> None:
    services.reset_second_factor(user=user, by=None)


@pytest.mark.parametrize("deed", [_close, _give, _end, _new_password, _lost_phone])
def test_a_change_of_the_account_ends_its_sessions_at_once(
    deed: Callable[[User], None], browser: Browser, person: Make
) -> None:
    user = person()
    computer, phone = browser(user), browser(user, PHONE)
    deed(user)
    assert not is_in(computer)
    assert not is_in(phone)


def test_a_grant_that_ran_out_counts_no_more(browser: Browser, person: Make, settings: Any) -> None:
    user = person()
    client = browser(user)
    page = reverse("households:household-list") if _exists("households:household-list") else reverse("jobs:job-list")
    assert client.get(page).status_code == 200
    Grant.objects.filter(user=user).update(expires_on="2021-01-01")
    assert User.objects.get(pk=user.pk).rights == frozenset()


def test_a_token_of_a_closed_account_opens_nothing(person: Make) -> None:
    from rest_framework.authtoken.models import Token

    user = person("office", "370999")
    header = {"HTTP_AUTHORIZATION": f"Token {Token.objects.create(user=user).key}"}
    assert Client().get("/api/dwellings/", **header).status_code == 200
    services.close_account(user=user, by=None)
    assert Client().get("/api/dwellings/", **header).status_code == 401


def test_a_session_without_notes_is_not_believed(client: Client, person: Make) -> None:
    client.force_login(person())
    session = client.session
    del session["session_mark"]
    session.save()
    assert not is_in(client)


def test_a_given_password_must_be_changed_before_anything_else(client: Client, person: Make) -> None:
    user = person()
    given = services.give_temporary_password(user=user, by=None)
    change = reverse("accounts:change-password")
    assert sign_in(client, user, given)["Location"] == change
    assert client.get(reverse("home"))["Location"].startswith(change)
    assert client.get(reverse("home"), HTTP_HX_REQUEST="true").status_code == 401
    new = {"old_password": given, "new_password": "Kiesel-18-Sturm", "repeated": "Kiesel-18-Sturm"}
    assert client.post(change, new)["Location"] == reverse("accounts:login")
    assert sign_in(client, user, "Kiesel-18-Sturm")["Location"] == reverse("home")
    assert is_in(client)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"old_password": "wrong"}, "old_password"),
        ({"new_password": "short", "repeated": "short"}, "new_password"),
        ({"repeated": "Kiesel-19-Sturm"}, "repeated"),
        ({"new_password": PASSWORD, "repeated": PASSWORD}, "new_password"),
    ],
)
def test_mistakes_in_a_new_password_are_422(data: dict[str, str], field: str, client: Client, person: Make) -> None:
    sign_in(client, person())
    right = {"old_password": PASSWORD, "new_password": "Kiesel-18-Sturm", "repeated": "Kiesel-18-Sturm"}
    answer = client.post(reverse("accounts:change-password"), right | data)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def _exists(name: str) -> bool:
    from reports.navigation import page_address

    return bool(page_address(name))


def test_an_outage_while_the_session_is_saved_is_no_lost_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django answers 400 to whatever goes wrong there; the page has to say that the database is away (503)."""
    store = SessionStore()
    store.create()

    def away(*_args: Any, **_options: Any) -> None:
        raise OperationalError("the server is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "save", away)
        with pytest.raises(OperationalError):
            store.save()
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        store.save()
