"""The web server while what it needs is killed, and while it is killed itself in the middle of a signature."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from heating_portal.up.ports import free_port
from tests.kill.browsing import LOST, Person, under_load
from tests.kill.conftest import Theatre
from tests.kill.pausing import FOLDER, Pause
from tests.kill.test_crash_points import HEALTHY, changed
from tests.plugins.proofs import Proof, Size
from tests.processes import Processes, processes
from tests.until import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]
SIGNER = "office_taishan"
APPLICATION = "tests.kill.pausing:web()"
PAGE, OUTAGE_S = "/pay/batches/", 40


@dataclass
class Desk:
    """A signer before a locked batch, at a web server that can be killed."""

    theatre: Theatre
    portal: Processes
    pause: Pause
    port: int
    person: Person
    path: str
    form: dict[str, str]

    def sign(self) -> int:
        """Send the form; sent again it is the same form."""
        return self.person.post(self.path, self.form)

    def start_web(self) -> None:
        self.portal.web(self.port, APPLICATION)
        until(lambda: self.person.get("/") == 200, seconds=40, what="the web server answers")

    def accounts(self) -> dict[str, Any]:
        return dict(self.theatre.stage.do("case", "accounts"))

    def signing(self, stop_at: str) -> Future[int]:
        """The form on its way, its process stopped at that statement."""
        self.pause.at(stop_at)
        pool = ThreadPoolExecutor(1)
        answer = pool.submit(self.sign)
        pool.shutdown(wait=False)  # it is the answer that is waited for, after the kill
        self.pause.until_reached()
        return answer


@pytest.fixture
def desk(theatre: Theatre) -> Iterator[Desk]:
    theatre.copy("drafted")
    theatre.stage.do("case", "lock", folder=str(theatre.folder))
    shown = theatre.stage.do("case", "waiting_batch")
    subject = f"batch-sign:{shown['number']}:{shown['content_hash']}"
    session = theatre.stage.do("case", "signed_in", username=SIGNER, subject=subject)
    form = {"decision": "agree", "comment": "同意", "balances": "on", "proven": "on", "sampled": "on", "step": "review"}
    form |= {"shown_hash": shown["content_hash"], "request_id": str(uuid.uuid4())}
    pause, port = Pause(theatre.folder / "pause"), free_port()
    pause.clear()
    env = theatre.env | {"DATABASE_URL": theatre.servers.database_url("case"), FOLDER: str(pause.folder)}
    with processes(theatre.servers.folder / "web", env) as portal:
        path = f"/pay/batches/{shown['number']}/sign/"
        made = Desk(theatre, portal, pause, port, Person(port, session), path, form)
        made.start_web()
        yield made


def signed_once(desk: Desk, before: dict[str, Any]) -> None:
    """One signature is new, the batch has moved one step, the invariants hold."""
    assert desk.theatre.stage.do("case", "health") == HEALTHY
    difference = changed(before, desk.accounts())
    assert difference["rows subsidies_batchsignature"] == (0, 1), difference
    assert difference["states subsidies_payoutbatch reviewed"] == (None, 1), difference
    assert difference["history subsidies_batchsignature I"] == (None, 1), difference


@pytest.mark.parametrize("stop_at", ['INSERT INTO "subsidies_batchsignature"', 'UPDATE "django_session"'])
def test_a_form_sent_to_a_dying_server_and_again_signs_once(desk: Desk, stop_at: str) -> None:
    """Killed before the signature is stored, and after: then the answer was lost but not the signature."""
    before = desk.accounts()
    answer = desk.signing(stop_at)
    desk.portal.kill("web")
    assert answer.result(timeout=40) == LOST
    stored = desk.accounts()["rows"]["subsidies_batchsignature"]
    assert stored == ("session" in stop_at)
    desk.start_web()
    assert desk.sign() == 302
    signed_once(desk, before)


def test_a_form_sent_to_a_dying_database_and_again_signs_once(desk: Desk) -> None:
    before = desk.accounts()
    answer = desk.signing('INSERT INTO "subsidies_batchsignature"')
    desk.theatre.servers.kill("postgres")
    desk.theatre.servers.start_postgres()
    desk.pause.end()
    assert answer.result(timeout=40) == 503
    assert desk.accounts() == before
    assert desk.sign() == 302
    signed_once(desk, before)


def test_money_moves_without_redis(desk: Desk) -> None:
    before = desk.accounts()
    desk.theatre.servers.kill("valkey")
    try:
        assert (desk.person.get(PAGE), desk.sign()) == (200, 302)
    finally:
        desk.theatre.servers.start_valkey()
    signed_once(desk, before)


@pytest.mark.proof("database-restarts")
def test_pages_say_503_while_the_database_is_away_and_come_back(desk: Desk, size: Size, proof: Proof) -> None:
    """No restart of the web server, no error after the database is back (the pool's connections are all dead then)."""
    restarts, after = size(small=5, large=100), 0
    with under_load(desk.person, PAGE) as load:
        until(lambda: load.count() > 10, what="the load has begun")
        for number in range(restarts):
            down = time.monotonic()
            (desk.theatre.servers.crash_postgres if number % 2 else lambda: desk.theatre.servers.kill("postgres"))()
            until(lambda t=down: 503 in load.statuses(t), seconds=OUTAGE_S, what="a page says that it is away")
            desk.theatre.servers.start_postgres()
            back = time.monotonic()
            until(lambda t=back: load.count(t) >= 12, seconds=OUTAGE_S, what="asked after it is back")
            assert load.statuses(back) == {200}, f"restart {number + 1}"
            after += load.count(back)
    assert load.statuses() == {200, 503}, "nothing else was ever answered, and 503 was"
    proof(f"{restarts} restarts under load, {after} requests after them, all answered 200")
