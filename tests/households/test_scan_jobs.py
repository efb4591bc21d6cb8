"""Many stamped pages by a job: every file once, whatever dies; the page says how far it is and what was not kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from core.refusals import Refused
from households.models import Document, Roster, RosterScan
from households.services import scan_jobs
from jobs.models import Job
from tests.households.conftest import World
from tests.households.stamped import photo, scan
from tests.households.test_stamped_pages import codes, drawn  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db


class Killed(Exception):
    pass


@pytest.fixture
def client(world: World) -> Client:
    browser = Client()
    browser.force_login(world.clerk, backend="accounts.backends.PersonBackend")
    return browser


def sent(roster: Roster, world: World, *files: tuple[str, bytes]) -> Job:
    return scan_jobs.send_scans(roster=roster, files=files, by=world.clerk)


def finished(job: Job, world: World) -> None:
    """What the handler does; the heartbeat of a real run can't see a row of the test's own transaction."""
    scan_jobs.read_sent(**job.args, by=world.clerk)
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)


def test_three_files_are_a_job_and_the_page_tells(world: World, drawn: Roster, client: Client) -> None:  # noqa: F811
    files = [
        SimpleUploadedFile("1.jpg", photo(codes(drawn)[0])), SimpleUploadedFile("2.pdf", scan(*codes(drawn)[1:])),
        SimpleUploadedFile("x.exe", b"MZ"),
    ]  # fmt: skip
    page = client.post(f"/hh/rosters/{drawn.pk}/scans/", {"scans": files}, follow=True)
    assert page.context["reading"].waiting == 3 and not RosterScan.objects.exists()
    assert 'hx-trigger="every 2s"' in page.content.decode()
    finished(Job.objects.get(kind=scan_jobs.READ), world)
    after = client.get(f"/hh/rosters/{drawn.pk}/")
    text = after.content.decode()
    assert set(RosterScan.objects.values_list("page__code", flat=True)) == set(codes(drawn))
    assert (after.context["reading"].waiting, len(after.context["reading"].problems)) == (0, 1)
    assert "x.exe" in text and 'hx-trigger="every 2s"' not in text
    assert not Document.objects.filter(kind=scan_jobs.RAW).exists()


def test_a_job_killed_between_files_reads_each_once(world: World, drawn: Roster) -> None:  # noqa: F811
    job = sent(drawn, world, *((f"{n}.jpg", photo(code)) for n, code in enumerate(codes(drawn))))
    committed = iter([True, False])

    @contextmanager
    def dying() -> Iterator[None]:
        with transaction.atomic():
            yield
            if not next(committed):
                raise Killed

    with pytest.raises(Killed):
        scan_jobs.read_sent(drawn.pk, job.args["documents"], by=world.clerk, commit=dying)
    assert RosterScan.objects.count() == 1
    finished(job, world)
    assert RosterScan.objects.count() == len(codes(drawn))


def test_what_is_sent_is_bounded_and_nothing_of_it_stays(
    world: World,
    drawn: Roster,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scan_jobs, "MAX_FILES", 2)
    with pytest.raises(Refused, match="TOO_MANY_SCANS"):
        sent(drawn, world, *((f"{n}.jpg", b"x") for n in range(3)))
    assert not Document.objects.filter(kind=scan_jobs.RAW).exists()
    assert not Job.objects.filter(kind=scan_jobs.READ).exists()


def test_a_list_sealed_meanwhile_takes_no_more_pages(world: World, drawn: Roster) -> None:  # noqa: F811
    job = sent(drawn, world, ("1.jpg", photo(codes(drawn)[0])))
    Roster.objects.filter(pk=drawn.pk).update(state="returned")
    finished(job, world)
    assert not RosterScan.objects.exists()
    assert scan_jobs.reading_of(drawn).problems  # type: ignore[union-attr]
