"""One-time codes: set up by scanning, counted once, asked again before money moves."""

from __future__ import annotations

import re
from base64 import b32decode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.html import escape

from accounts import demonstration, step_up
from accounts.models import AuditEntry, TOTPDevice, User
from accounts.rights import ROLES
from core.refusals import Refused
from tests.accounts.conftest import Make, code_of, sign_in

pytestmark = pytest.mark.django_db

PAGE = "/account/second-factor/"
Device = Callable[[User], TOTPDevice]


def test_an_approving_role_sets_up_its_phone_first(client: Client, person: Make) -> None:
    user = person("finance_review", "370999")
    assert sign_in(client, user)["Location"].startswith(PAGE)
    assert client.get(reverse("home"))["Location"].startswith(PAGE)
    client.post(reverse("accounts:second-factor-enrol"))
    shown = client.get(PAGE).content.decode()
    device = TOTPDevice.objects.get(user=user)
    assert "<svg" in shown
    assert escape(device.config_url) in shown  # the app may be on the very phone that shows the page
    typed = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", shown)
    assert typed and b32decode(typed[0].replace(" ", "")) == device.bin_key
    assert client.post(PAGE, {"token": "000000"}).status_code == 422
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post(PAGE, {"token": code_of(device)})["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200
    assert TOTPDevice.objects.get(user=user).confirmed


def test_every_role_that_approves_pays_or_administers_has_a_second_factor() -> None:
    """A village's own seal is the one step of the chain that is taken with a password alone (docs/security.md)."""
    words = ("approve", "approve_office", "release", "review", "prepare", "reconcile", "seal_town", "manage", "command")
    bare = {role for role, entry in ROLES.items() if not entry.second_factor}
    assert {(role, right) for role in bare for right in ROLES[role].rights if right.split(".")[1] in words} == set()


def test_a_code_counts_once(client: Client, person: Make, phone_of: Device) -> None:
    user = person("auditor", "370999")
    code = code_of(phone_of(user))
    sign_in(client, user)
    assert client.post(PAGE, {"token": code}).status_code == 302
    second = Client()
    sign_in(second, user)
    assert second.post(PAGE, {"token": code}).status_code == 422


def test_the_key_changes_with_the_second_factor(client: Client, person: Make, phone_of: Device) -> None:
    user = person("auditor", "370999")
    sign_in(client, user)
    before = client.session.session_key
    client.post(PAGE, {"token": code_of(phone_of(user))})
    assert client.session.session_key != before


def test_guessing_codes_is_slowed_down(client: Client, person: Make, phone_of: Device) -> None:
    user = person("auditor", "370999")
    device = phone_of(user)
    sign_in(client, user)
    for _n in range(3):
        assert client.post(PAGE, {"token": "000000"}).status_code == 422
    assert client.post(PAGE, {"token": code_of(device)}).status_code == 422


def test_nobody_replaces_a_phone_that_is_set_up(client: Client, person: Make, phone_of: Device) -> None:
    user = person("auditor", "370999")
    phone_of(user)
    sign_in(client, user)
    client.post(reverse("accounts:second-factor-enrol"))
    assert TOTPDevice.objects.filter(user=user).count() == 1


def test_a_fragment_is_not_answered_without_the_second_factor(client: Client, person: Make) -> None:
    sign_in(client, person("auditor", "370999"))
    answer = client.get(reverse("home"), HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer["HX-Redirect"], answer.content) == (401, PAGE, b"")


def step(user: User, session: dict[str, Any], token: str = "") -> Any:
    request = RequestFactory().post("/", {"token": token})
    request.user, request.session = user, session  # type: ignore[assignment]
    return request


def test_step_up_is_bound_to_the_content_and_used_up(person: Make, phone_of: Device) -> None:
    user = person("finance_review", "370999")
    device, session = phone_of(user), {}
    assert step_up.confirm(step(user, session), code_of(device), "batch-sign:1:aaa")
    with pytest.raises(Refused, match="STEP_UP"):
        step_up.demand(step(user, session), "batch-sign:1:bbb")
    step_up.demand(step(user, session), "batch-sign:1:aaa")
    with pytest.raises(Refused, match="STEP_UP"):
        step_up.demand(step(user, session), "batch-sign:1:aaa")


def test_step_up_grows_stale(person: Make, phone_of: Device) -> None:
    user = person("finance_review", "370999")
    session: dict[str, Any] = {}
    step_up.confirm(step(user, session), code_of(phone_of(user)), "x")
    session["step_up"]["at"] -= 301
    with pytest.raises(Refused, match="STEP_UP"):
        step_up.demand(step(user, session), "x")


@pytest.mark.parametrize("token", ["", "12345", "abcdef", "١٢٣٤٥٦", "9" * 40])
def test_step_up_refuses_odd_codes(token: str, person: Make, phone_of: Device) -> None:
    user = person("finance_review", "370999")
    phone_of(user)
    with pytest.raises(Refused, match="STEP_UP"):
        step_up.demand(step(user, {}, token), "x")


def test_step_up_does_not_take_the_code_of_signing_in(client: Client, person: Make, phone_of: Device) -> None:
    user = person("finance_review", "370999")
    code = code_of(phone_of(user))
    sign_in(client, user)
    client.post(PAGE, {"token": code})
    with pytest.raises(Refused, match="STEP_UP"):
        step_up.demand(step(user, {}, code), "x")


def test_the_demonstration_fills_in_codes_that_are_accepted(person: Make, settings: Any) -> None:
    user = person("finance_review", "370999")
    demonstration.give_device(user)
    assert demonstration.current_code(user) == ""
    settings.DEMONSTRATION = True
    for subject in ("first", "second", "third", "fourth"):
        step_up.demand(step(user, {}, demonstration.current_code(user)), subject)


def test_the_secret_stands_in_no_table_in_clear(person: Make, phone_of: Device) -> None:
    """A copy of the database gives no codes: neither the device nor its history holds the secret."""
    device = phone_of(person("auditor", "370999"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM accounts_totpdevice")
        (stored,) = cursor.fetchone()
    written = AuditEntry.objects.get(table="accounts_totpdevice").after["key"]
    for text in (stored, written):
        assert text.startswith("v1:")
        assert device.key not in text
    assert (len(device.bin_key), TOTPDevice.objects.get().bin_key) == (20, device.bin_key)


def test_setting_up_and_forgetting_a_phone_are_history_and_its_use_is_not(person: Make, phone_of: Device) -> None:
    user = person("auditor", "370999")
    device = phone_of(user)
    assert device.verify_token(code_of(device))
    device.delete()
    entries = AuditEntry.objects.filter(table="accounts_totpdevice").order_by("id")
    assert [entry.operation for entry in entries] == ["I", "D"]


def test_a_phone_a_step_behind_is_followed_and_one_far_off_is_not(person: Make, phone_of: Device) -> None:
    device = phone_of(person("auditor", "370999"))
    assert not device.verify_token(code_of(device, step=3))
    device.throttle_reset()
    assert device.verify_token(code_of(device, step=1))
    assert device.drift == 1


def test_what_the_phone_scans_is_what_is_checked(person: Make, phone_of: Device) -> None:
    device = phone_of(person("auditor", "370999"))
    address = urlsplit(device.config_url)
    values = dict(parse_qsl(address.query))
    assert (address.scheme, address.netloc, values["digits"], values["period"]) == ("otpauth", "totp", "6", "30")
    assert b32decode(values["secret"]) == device.bin_key
    assert unquote(address.path).endswith(f":{device.user.username}")
