"""The tray, the list and the page of a job, asked for by its owner and by a stranger."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area, Grant, User
from jobs import services
from jobs.models import Job
from tests.jobs import work  # noqa: F401  (registers the kinds)

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(clerk: User, monkeypatch: pytest.MonkeyPatch) -> Job:
    from accounts.acting import acting

    monkeypatch.setattr(services, "_hint", lambda ids: None)
    with acting("tests"):
        area = Area.objects.create(code="370902", level="county", name="County")
        Grant.objects.create(user=clerk, role="town_staff", area=area)
        return services.enqueue(kind="tests.effect", by=clerk, area=area)


@pytest.fixture
def signed_in(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client


def test_the_tray_counts_open_work_and_offers_to_cancel(asked: Job, signed_in: Client) -> None:
    page = signed_in.get(reverse("jobs:tray")).content.decode()
    assert 'data-running="1"' in page
    assert reverse("jobs:job-cancel", args=[asked.pk]) in page


@pytest.mark.parametrize("name", ["jobs:job-list", "jobs:job-detail"])
def test_pages_show_the_job(name: str, asked: Job, signed_in: Client) -> None:
    args = [asked.pk] if name.endswith("detail") else []
    answer = signed_in.get(reverse(name, args=args))
    assert answer.status_code == 200
    assert str(asked.pk) in answer.content.decode()


def test_cancel_and_retry_are_posts(asked: Job, signed_in: Client) -> None:
    cancel, retry = (reverse(f"jobs:job-{what}", args=[asked.pk]) for what in ("cancel", "retry"))
    assert signed_in.get(cancel).status_code == 405
    assert signed_in.post(cancel).status_code == 302
    assert Job.objects.get(pk=asked.pk).state == "cancelled"
    assert signed_in.post(cancel).status_code == 409
    assert signed_in.post(retry).status_code == 302
    assert Job.objects.get(pk=asked.pk).state == "waiting"


@pytest.mark.parametrize("name", ["job-detail", "job-cancel", "job-retry"])
def test_a_strangers_job_does_not_exist(name: str, asked: Job, client: Client, db: Any) -> None:
    from accounts.acting import acting

    with acting("tests"):
        stranger = User.objects.create_user("li", person_name="李样本", person_no="2")
    client.force_login(stranger)
    url = reverse(f"jobs:{name}", args=[asked.pk])
    assert (client.get(url) if name == "job-detail" else client.post(url)).status_code == 404
