"""What every answer carries, what every form must bring, and what odd requests get."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from core.refusals import Refused
from heating_portal.middleware import ClientAddress, PlainRefusals
from heating_portal.up.keys import make_missing
from tests.accounts.conftest import Make, sign_in

pytestmark = pytest.mark.django_db

PAGES = ["/account/login/", "/nowhere/", "/account/idle/", "/healthz", "/account/logout/", "/"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("known", [False, True])
def test_headers_of_every_kind_of_answer(path: str, known: bool, client: Client, person: Make) -> None:
    if known:
        client.force_login(person())
    answer = client.get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Referrer-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{12}", answer["X-Request-ID"])
    if known or path == "/account/login/":
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_the_content_policy_has_no_loophole(path: str, client: Client) -> None:
    policy = dict(part.strip().partition(" ")[::2] for part in client.get(path)["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == policy["form-action"] == "'self'"
    assert "unsafe" not in "".join(policy.values())
    assert "*" not in "".join(policy.values())


def test_no_template_needs_the_policy_loosened() -> None:
    from django.conf import settings

    templates = list(settings.BASE_DIR.glob("templates/**/*.html"))
    assert len(templates) > 30
    assert [str(path) for path in templates if re.search(r"\sstyle=|<style", path.read_text())] == []


def test_the_reference_of_a_request_is_kept_when_it_is_one(client: Client) -> None:
    assert client.get("/healthz", HTTP_X_REQUEST_ID="abc-12345678")["X-Request-ID"] == "abc-12345678"
    for odd in ("<script>", "a b c d e f", "x" * 80, "short"):
        assert client.get("/healthz", HTTP_X_REQUEST_ID=odd)["X-Request-ID"] != odd


def test_an_error_page_shows_the_reference_of_its_header(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b"])
def test_a_foreign_host_is_400_with_a_page(host: str, client: Client) -> None:
    answer = client.get("/account/login/", HTTP_HOST=host)
    assert answer.status_code == 400
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "evil" not in answer.content.decode()


def test_a_form_without_its_token_is_refused_and_changes_nothing(person: Make) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = sign_in(client, person())
    assert answer.status_code == 403
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("http://testserver", 302)]
)
def test_a_form_from_another_site_is_refused_even_with_a_token(origin: str, status: int, person: Make) -> None:
    client = Client(enforce_csrf_checks=True)
    token = client.get("/account/login/").content.decode().partition('csrfmiddlewaretoken" value="')[2][:64]
    answer = sign_in(client, person(), HTTP_ORIGIN=origin, HTTP_X_CSRFTOKEN=token)
    assert answer.status_code == status


def test_a_refusal_becomes_422_or_409(rf: RequestFactory) -> None:
    middleware = PlainRefusals(lambda request: HttpResponse())
    for conflict, status in ((False, 422), (True, 409)):
        answer = middleware.process_exception(rf.get("/"), Refused("X", "余额不足 %(n)s", conflict=conflict, n=5))
        assert answer is not None
        assert answer.status_code == status
        assert "余额不足 5" in answer.content.decode()
    assert middleware.process_exception(rf.get("/"), ValueError("secret")) is None


@pytest.mark.parametrize(
    ("behind", "forwarded", "address"),
    [
        (False, "9.9.9.9", "127.0.0.1"),
        (True, "9.9.9.9", "9.9.9.9"),
        (True, "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        (True, "garbage", "127.0.0.1"),
        (True, "", "127.0.0.1"),
    ],
)
def test_the_address_behind_the_proxy(behind: bool, forwarded: str, address: str, settings: Any, rf: Any) -> None:
    settings.BEHIND_PROXY = behind
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request.META["REMOTE_ADDR"])
        return HttpResponse()

    ClientAddress(view)(rf.get("/", HTTP_X_FORWARDED_FOR=forwarded))
    assert seen == [address]


# Settings are read once per process: production's are looked at in a process of its own.
PRODUCTION = """
import json, django
django.setup()
from django.conf import settings
from django.core.checks import run_checks
from django.test import Client
client = Client(raise_request_exception=False)
secure = client.get("/account/login/", secure=True, HTTP_HOST="portal.example")
plain = client.get("/account/login/", HTTP_HOST="portal.example")
foreign = client.get("/account/login/", secure=True, HTTP_HOST="evil.example")
print(json.dumps({
    "warnings": [str(found) for found in run_checks(include_deployment_checks=True)],
    "silenced": settings.SILENCED_SYSTEM_CHECKS,
    "cookies": {name: str(morsel) for name, morsel in secure.cookies.items()},
    "hsts": secure.get("Strict-Transport-Security"),
    "plain": [plain.status_code, plain.get("Location")],
    "foreign": [foreign.status_code, "Content-Security-Policy" in foreign, foreign.get("X-Request-ID", "")],
    "demo": client.post("/account/login/demo/anybody/", secure=True, HTTP_HOST="portal.example").status_code,
    "debug": settings.DEBUG,
}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory: Any) -> Any:
    folder = tmp_path_factory.mktemp("production")
    make_missing(folder)
    env = os.environ | {
        "PORTAL_MODE": "production",
        "PORTAL_HTTPS": "1",
        "PORTAL_HOSTS": "portal.example",
        "PORTAL_SECRETS": str(folder),
    }
    told = subprocess.run(
        [sys.executable, "-c", PRODUCTION], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return json.loads(told.stdout.splitlines()[-1])


def test_production_settings_have_no_warning_and_silence_none(production: Any) -> None:
    assert production["warnings"] == []
    assert production["silenced"] == []
    assert production["debug"] is False


def test_cookies_of_production_belong_to_this_host_alone(production: Any) -> None:
    cookie = production["cookies"]["__Host-csrf"]
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert "SameSite=Lax" in cookie


def test_production_speaks_https_only(production: Any) -> None:
    assert production["plain"] == [301, "https://portal.example/account/login/"]
    assert production["hsts"] == "max-age=31536000; includeSubDomains; preload"


def test_a_foreign_host_in_production_gets_headers_too(production: Any) -> None:
    status, policy, reference = production["foreign"]
    assert (status, policy, len(reference)) == (400, True, 12)


def test_production_has_no_one_click_roles(production: Any) -> None:
    assert production["demo"] in (403, 404)


def test_the_walk_of_addresses_finds_the_undeclared(monkeypatch: Any) -> None:
    from django.urls import path

    from heating_portal import checks, urls

    assert checks.every_url_declares_who_may_open_it(None) == []
    bare = path("bare/", lambda request: HttpResponse(), name="bare")
    monkeypatch.setattr(checks, "get_resolver", lambda: type("R", (), {"url_patterns": [*urls.urlpatterns, bare]})())
    assert [error.msg for error in checks.every_url_declares_who_may_open_it(None)] == [
        "URL 'bare' does not say who may open it."
    ]
    assert reverse("home") == "/"
