"""A person who asks for work, a broker that may be broken, and real Celery workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as portal
from kombu import pools

from accounts.acting import acting
from accounts.models import User
from tests import flushing
from tests.databases import database_url
from tests.jobs.valkey import Broker

flushing.install()
LEASE_S, SWEEP_S = 1.2, 0.4
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clerk() -> User:
    with acting("tests"):
        return User.objects.create_user("zhang", person_name="张示例", person_no="370999-1")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("valkey"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def celery_here(broker: Broker) -> Iterator[Broker]:
    """This process sends its hints to the test's own broker."""
    from tests.jobs.work import app

    before = app.conf.broker_url
    _point(app, broker.url)
    broker.client.flushall()
    yield broker
    _point(app, before)


@pytest.fixture
def short_leases(settings: object) -> None:
    settings.JOB_LEASE_S, settings.JOB_SWEEP_S = LEASE_S, SWEEP_S  # type: ignore[attr-defined]
    settings.JOB_REHINT_S = SWEEP_S  # type: ignore[attr-defined]


@pytest.fixture
def worker(
    transactional_db: None, celery_here: Broker, short_leases: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start one more real worker; all are ended with the test."""
    monkeypatch.setenv("PORTAL_TEST_SIGNS", str(tmp_path))
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        log = (tmp_path / f"worker{len(started)}.log").open("wb")
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tests.jobs.work",
            "--skip-checks",
            "worker",
            "-Q",
            "default",
            "-c",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "-n",
            f"w{len(started)}@test",
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(celery_here, tmp_path), stdout=log, stderr=log, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def _environment(broker: Broker, signs: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker.url,
        "ROLE": "worker",
        "PORTAL_MODE": "test",
        "PORTAL_VAR": str(portal.VAR_DIR),
        "PORTAL_JOB_LEASE_S": str(LEASE_S),
        "PORTAL_JOB_SWEEP_S": str(SWEEP_S),
        "PORTAL_TEST_SIGNS": str(signs),
    }


def _point(app: object, url: str) -> None:
    """Celery keeps its pools: drop them so that the next message goes to `url`."""
    pools.reset()
    app.conf.broker_url = url  # type: ignore[attr-defined]
    app._pool = app.amqp._producer_pool = None  # type: ignore[attr-defined]
