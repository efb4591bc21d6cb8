"""Asking, cancelling, retrying, sweeping: the rules that hold without any worker."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.db import connection

from accounts.acting import acting
from accounts.models import Area, Grant, SavedView, User
from core import clock
from core.refusals import Refused
from jobs import queries, running, services
from jobs.models import Job
from jobs.registry import UnknownKind, handler
from tests.jobs import work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _acting() -> Any:
    with acting("tests"):
        yield


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(services, "_hint", lambda ids: sent.extend(job_id for job_id, _ in ids))
    return sent


def ask(by: User | None, kind: str = "tests.effect", **more: Any) -> Job:
    return services.enqueue(kind=kind, by=by, **more)


def lapse(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - dt.timedelta(seconds=1))


def test_the_same_wish_twice_is_one_job(clerk: User) -> None:
    first, second = ask(clerk, idempotency_key="import 7"), ask(clerk, idempotency_key="import 7")
    assert first.pk == second.pk
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_hint_is_sent_after_the_commit_and_not_after_a_rollback(clerk: User, _no_broker: list[int]) -> None:
    from django.db import transaction

    with transaction.atomic():
        ask(clerk)
        assert _no_broker == []
    assert len(_no_broker) == 1
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask(clerk)
        raise ZeroDivisionError
    assert len(_no_broker) == 1
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    "args",
    [
        {"id_number": "370999198001010147"},
        {"phones": ["19900000147"]},
        {"card": 6230990000000000147},
        {"text": "x" * 201},
        {"ids": list(range(1000))},
    ],
)
def test_content_and_personal_numbers_are_no_arguments(clerk: User, args: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="JOB_ARGS"):
        ask(clerk, args=args)
    assert not Job.objects.exists()


def test_an_unknown_kind_is_refused_when_asked_for(clerk: User) -> None:
    with pytest.raises(UnknownKind):
        ask(clerk, kind="tests.no_such")


def test_one_person_cannot_fill_the_queue(clerk: User, settings: Any) -> None:
    settings.JOB_OPEN_LIMIT = 2
    ask(clerk)
    ask(clerk)
    with pytest.raises(Refused, match="TOO_MANY_JOBS"):
        ask(clerk)


def test_a_run_whose_lease_was_given_away_cannot_commit(clerk: User) -> None:
    job = ask(clerk, kind="tests.effect")
    zombie_job = running.claim(job.pk)
    assert zombie_job is not None
    zombie = running.JobRun(zombie_job, zombie_job.lease_token)  # type: ignore[arg-type]
    lapse(job)
    services.sweep()
    heir = running.claim(job.pk)
    assert heir is not None
    with pytest.raises(running.LeaseLost), zombie.commit():
        work.leave_effect(zombie)
    assert not SavedView.objects.filter(page=work.EFFECT).exists()
    with running.JobRun(heir, heir.lease_token).commit():  # type: ignore[arg-type]
        pass


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_passes_by_a_run_that_is_committing(clerk: User) -> None:
    job = running.claim(ask(clerk).pk)
    assert job is not None
    run = running.JobRun(job, job.lease_token)  # type: ignore[arg-type]
    lapse(job)
    swept: list[dict[str, int]] = []

    def elsewhere() -> None:
        with acting("sweeper"):
            run.beat()  # the heartbeat isn't blocked by the commit either
            lapse(job)
            swept.append(services.sweep())
        connection.close()

    with run.commit():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()
        run.finish({"url": "/x/"})
    assert swept[0]["lapsed"] == 0
    assert Job.objects.get(pk=job.pk).state == "done"


def test_a_job_lost_too_often_fails_with_a_sentence(clerk: User, settings: Any) -> None:
    settings.JOB_MAX_ATTEMPTS = 2
    job = ask(clerk)
    for _ in range(2):
        assert running.claim(job.pk)
        lapse(job)
        services.sweep()
    job.refresh_from_db()
    assert (job.state, job.error_code, job.attempts) == ("failed", "LOST", 2)
    assert job.error
    assert services.retry(job=job, by=clerk).state == "waiting"


def test_a_waiting_job_is_hinted_again_and_not_more_often_than_due(clerk: User, _no_broker: list[int]) -> None:
    job = ask(clerk)
    services.sweep()
    assert _no_broker.count(job.pk) <= 1
    Job.objects.filter(pk=job.pk).update(created_at=clock.now() - dt.timedelta(hours=1))
    assert services.sweep()["hinted"] == 1
    assert services.sweep()["hinted"] == 0


def test_cancelling_before_the_start_ends_it_at_once(clerk: User) -> None:
    job = services.cancel(job=ask(clerk), by=clerk)
    assert job.state == "cancelled"
    assert running.claim(job.pk) is None
    with pytest.raises(Refused, match="JOB_NOT_OPEN"):
        services.cancel(job=job, by=clerk)


def test_only_the_owner_or_a_watcher_of_the_area_steers(clerk: User) -> None:
    area = Area.objects.create(code="370902", level="county", name="County")
    other = User.objects.create_user("li", person_name="李样本", person_no="2")
    job = ask(clerk, area=area)
    with pytest.raises(Refused, match="JOB_NOT_YOURS"):
        services.cancel(job=job, by=other)
    assert not Job.objects.visible_to(other).exists()
    Grant.objects.create(user=other, role="auditor", area=area)
    watcher = User.objects.get(pk=other.pk)
    assert list(Job.objects.visible_to(watcher)) == [job]
    assert services.cancel(job=job, by=watcher).state == "cancelled"


@handler("tests.who_beats")
def _who_beats(run: Any) -> dict[str, Any]:
    return {"beats": sum(thread.name == f"heartbeat-{run.job_id}" for thread in threading.enumerate())}


def test_a_run_within_a_callers_transaction_is_not_called_lost_by_a_beat_that_cannot_see_it(clerk: User) -> None:
    """However long the work takes: only a run whose lease others can see has a heartbeat beside it."""
    job = ask(clerk, kind="tests.who_beats")
    assert running.run_job(job.pk) == "done"
    job.refresh_from_db()
    assert job.result == {"beats": 0}


@pytest.mark.django_db(transaction=True)
def test_a_run_of_its_own_has_a_heartbeat(clerk: User) -> None:
    job = ask(clerk, kind="tests.who_beats")
    assert running.run_job(job.pk) == "done"
    job.refresh_from_db()
    assert job.result == {"beats": 1}


@handler("tests.refuses")
def refuses(run: running.JobRun) -> None:
    raise Refused("NO_ROWS", "No rows in %(name)s.", name="a.xlsx")


@handler("tests.breaks")
def breaks(run: running.JobRun) -> None:
    raise RuntimeError("person 370999198001010147")


def test_a_refusal_is_shown_in_its_words_and_an_accident_is_not(clerk: User, caplog: Any) -> None:
    first, second = ask(clerk, kind="tests.refuses"), ask(clerk, kind="tests.breaks")
    assert running.run_job(first.pk) == "failed"
    assert running.run_job(second.pk) == "failed"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.error_code, first.error) == ("NO_ROWS", "No rows in a.xlsx.")
    assert "370999" not in second.error
    assert str(second.pk) in second.error


def test_time_left_follows_the_rate() -> None:
    now = clock.now()
    job = Job(state="running", started_at=now - dt.timedelta(seconds=10), progress_done=20, progress_total=100)
    assert (job.rate_per_s(now), job.seconds_left(now), job.percent) == (2.0, 40, 20)
    assert Job(state="running", started_at=now).seconds_left(now) is None


def test_a_result_never_leads_to_another_site(clerk: User) -> None:
    job = Job(pk=1, kind="tests.effect", state="done", result={"url": "//evil.example/x"}, lease_token=None)
    assert queries.card_of(job).result_url == ""
    assert queries.safe_path("/hh/1/") == "/hh/1/"


def test_a_running_row_without_a_lease_is_refused_by_the_database(clerk: User) -> None:
    from django.db import IntegrityError, transaction

    job = ask(clerk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state="running")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(lease_token=uuid.uuid4())
