"""Database away: a plain 503 on every road through the portal until it is back. Redis away: no matter."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from heating_portal.up.ports import free_port
from tests.accounts.conftest import Make

# A process of its own: the wrong port must be the one it starts with. Prints one line per answer.
ASK = """
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client
settings.ALLOWED_HOSTS = ["testserver"]

def ask(when, client, path):
    answer = client.get(path)
    html = answer.content.decode()
    shown = answer["X-Request-ID"] in html and "Traceback" not in html and "psycopg" not in html
    print(when, path, answer.status_code, shown, answer.get("Retry-After", "-"), "Content-Security-Policy" in answer)

stranger, known = (Client(raise_request_exception=False) for _n in range(2))
known.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
for client, path in ((known, "/"), (known, "/account/login/"), (stranger, "/readyz"), (stranger, "/healthz")):
    ask("away", client, path)
connection.settings_dict["PORT"] = {port!r}
ask("back", known, "/account/login/")
ask("back", stranger, "/readyz")
"""


@pytest.mark.django_db
def test_database_away_is_a_plain_503_and_heals_by_itself() -> None:
    database = site.DATABASES["default"]
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@127.0.0.1:{free_port()}/{database['NAME']}"
    told = subprocess.run(
        [sys.executable, "-c", ASK.replace("{port!r}", repr(str(database["PORT"])))],
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    assert told.stdout.splitlines() == [
        "away / 503 True 30 True",
        "away /account/login/ 503 True 30 True",
        "away /readyz 503 True 30 True",
        "away /healthz 200 False - True",
        "back /account/login/ 200 False - True",
        "back /readyz 200 False - True",
    ]


@pytest.mark.django_db
def test_pages_work_while_redis_is_away(client: Client, person: Make, settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    client.force_login(person())
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("jobs:tray")).status_code == 200
    assert client.get("/readyz").json() == {"database": "ok", "redis": "away", "history": "ok"}
