"""Name and password: who gets in, what a stranger learns, and how many guesses are looked at."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import SignIn
from accounts.signing_in import WRONG_PER_HOUR, index_of, rests
from tests.accounts.conftest import DESKTOP, PASSWORD, PHONE, Make, sign_in
from tests.plugins.proofs import Proof, Size

pytestmark = pytest.mark.django_db


@pytest.fixture
def lockout(settings: Any) -> None:
    settings.AXES_ENABLED = True


def test_the_right_password_leads_to_the_workbench(client: Client, person: Make) -> None:
    answer = sign_in(client, person())
    assert answer.status_code == 302
    assert answer["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200


def test_a_wrong_password_is_422_and_keeps_the_name(client: Client, person: Make) -> None:
    user = person()
    answer = sign_in(client, user, "wrong")
    assert answer.status_code == 422
    assert f'value="{user.username}"' in answer.content.decode()
    assert "wrong" not in answer.content.decode()


def test_an_unknown_name_gets_the_same_answer(client: Client, person: Make) -> None:
    user = person(username="somebody_x")
    known = sign_in(client, user, "wrong").content.decode()
    unknown = sign_in(client, "somebody_y", "wrong").content.decode()

    def plain(html: str) -> str:
        token = html.partition('name="csrfmiddlewaretoken" value="')[2][:64]
        header = html.partition('{"X-CSRFToken": "')[2][:64]
        return html.replace(token, "").replace(header, "").replace("somebody_x", "").replace("somebody_y", "")

    assert plain(known) == plain(unknown)


@pytest.mark.parametrize("case", ["known", "unknown", "closed", "no password"])
def test_every_refusal_costs_one_hash(case: str, client: Client, person: Make) -> None:
    """The time of an answer is the time of its hashing; counted, because a clock on a busy machine proves nothing."""
    from accounts.hashers import TwoCoreArgon2PasswordHasher as Hasher

    user = person()
    if case == "closed":
        type(user).objects.filter(pk=user.pk).update(is_active=False)
    if case == "no password":
        user.set_unusable_password()
        user.save()
    name = "nobody_at_all" if case == "unknown" else user.username
    wrong = PASSWORD if case == "closed" else "wrong"
    with (
        mock.patch.object(Hasher, "encode", autospec=True, side_effect=Hasher.encode) as encoded,
        mock.patch.object(Hasher, "verify", autospec=True, side_effect=Hasher.verify) as verified,
    ):
        assert sign_in(client, name, wrong).status_code == 422
    assert encoded.call_count + verified.call_count == 1


def test_a_closed_account_stays_outside(client: Client, person: Make) -> None:
    user = person()
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert sign_in(client, user).status_code == 422


def test_five_wrong_tries_rest_the_name_at_this_address_only(client: Client, person: Make, lockout: None) -> None:
    user = person()
    answers = [sign_in(client, user, f"wrong{n}").status_code for n in range(6)]
    assert answers[-1] == 429
    assert sign_in(client, user).status_code == 429
    assert sign_in(Client(), user, REMOTE_ADDR="10.9.8.7").status_code == 302


@pytest.mark.proof("password-guesses")
def test_guesses_from_everywhere_get_ten_looked_at(person: Make, lockout: None, size: Size, proof: Proof) -> None:
    user, client, guesses = person(), Client(), size(small=100, large=1000)
    with mock.patch("accounts.models.User.check_password", return_value=False) as looked_at:
        for n in range(guesses):
            sign_in(client, user, f"guess{n}", REMOTE_ADDR=f"10.1.{n // 250}.{n % 250}")
    assert looked_at.call_count == WRONG_PER_HOUR
    proof(f"{guesses} guesses from as many addresses, {looked_at.call_count} evaluated")


def test_an_unknown_name_comes_to_rest_like_a_known_one(client: Client, lockout: None) -> None:
    answers = [sign_in(client, "ghost", "x", REMOTE_ADDR=f"10.2.0.{n}").status_code for n in range(12)]
    assert answers == [422] * WRONG_PER_HOUR + [429] * 2


def test_guessers_cannot_lock_a_person_out_of_his_own_desk(person: Make, lockout: None) -> None:
    user, desk = person(), {"REMOTE_ADDR": "10.3.3.3"}
    assert sign_in(Client(), user, **desk).status_code == 302
    for n in range(WRONG_PER_HOUR + 2):
        sign_in(Client(), user, "guess", REMOTE_ADDR=f"10.4.0.{n}")
    assert sign_in(Client(), user, REMOTE_ADDR="10.5.5.5").status_code == 429
    assert sign_in(Client(), user, **desk).status_code == 302


def test_the_rest_is_over_after_an_hour(client: Client, person: Make) -> None:
    user, now = person(), timezone.now()
    for n in range(WRONG_PER_HOUR):
        sign_in(client, user, "guess", REMOTE_ADDR=f"10.4.0.{n}")
    assert rests(index_of(user.username), "10.6.6.6", now)
    assert not rests(index_of(user.username), "10.6.6.6", now + dt.timedelta(minutes=61))


def test_what_was_typed_as_a_name_is_not_stored(client: Client, db: Any) -> None:
    sign_in(client, "My-Secret-Passw0rd", "x")
    row = SignIn.objects.get()
    assert "secret" not in repr(vars(row)).lower()
    assert (row.outcome, row.user_id, row.address) == ("wrong", None, "127.0.0.1")


@pytest.mark.parametrize(("device", "alert"), [(DESKTOP, "two_places"), (PHONE, "")])
def test_one_account_on_two_computers_within_minutes_is_an_alert(device: str, alert: str, person: Make) -> None:
    user = person()
    sign_in(Client(), user, REMOTE_ADDR="10.1.1.1", HTTP_USER_AGENT=DESKTOP)
    sign_in(Client(), user, REMOTE_ADDR="10.1.1.2", HTTP_USER_AGENT=device)
    assert [row.alert for row in SignIn.objects.order_by("id")] == ["", alert]


def test_the_same_address_again_is_no_alert(person: Make) -> None:
    user = person()
    for _n in range(2):
        sign_in(Client(), user, REMOTE_ADDR="10.1.1.1")
    assert not SignIn.objects.exclude(alert="").exists()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_next_never_leads_to_another_site(target: str, client: Client, person: Make) -> None:
    user = person()
    answer = client.post("/account/login/", {"username": user.username, "password": PASSWORD, "next": target})
    assert answer["Location"] == reverse("home")


def test_next_survives_a_wrong_password(client: Client, person: Make) -> None:
    data = {"username": person().username, "password": "wrong", "next": "/hh/?page=2"}
    assert 'value="/hh/?page=2"' in client.post("/account/login/", data).content.decode()


@pytest.mark.parametrize("name", ["", "-", "a\x00b", "x" * 41, "张三"])
def test_odd_names_are_answered_plainly(name: str, client: Client) -> None:
    assert sign_in(client, name, "x").status_code == 422
