"""The household's own page: what opens it, what it shows, and that it never tells who is in the register."""

from __future__ import annotations

import datetime as dt
import logging
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry
from core import clock
from core.blind_index import blind_index
from households.models import Household
from reports.models import DoorTry, HouseholdCode
from reports.public import codes
from reports.public.senders import Message, Outbox, SendFailed, production_pretends_no_messages
from reports.services.summaries import refresh_summaries
from subsidies.models import Notice
from tests import people
from tests.reports.world import A1, A2, World, forced

NOW = dt.datetime(2021, 12, 8, 2, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
PAGE = "/my-home/"


@pytest.fixture
def home(db: None) -> Household:
    return people.household(A1, household_no=f"QJD-{uuid.uuid4().hex[:6].upper()}")


def visitor() -> Client:
    """A browser at an address nobody else counts under: the counters outlive a test."""
    return Client(REMOTE_ADDR=f"2001:db8::{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}")


def nobody() -> str:
    """A number no household has and no earlier run was counted under."""
    return f"NOBODY-{uuid.uuid4().hex[:12]}"


def slip(home: Household, now: dt.datetime = NOW) -> str:
    return codes.issue_slip(household=home, by=people.user("village_staff", A1), now=now)[1]


def knock(client: Client, number: str, code: str) -> Any:
    return client.post(PAGE, {"deed": "open", "number": number, "code": code})


def told(answer: Any) -> tuple[int, str]:
    """Status and body without the token against forged forms."""
    return answer.status_code, re.sub(r'csrfmiddlewaretoken" value="\w+"|X-CSRFToken[^}]+', "", answer.content.decode())


class Shelf:
    """A gateway that remembers, or refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses, self.letters = refuses, list[Message]()

    def send(self, message: Message) -> None:
        if self.refuses:
            raise SendFailed("gateway closed")
        self.letters.append(message)


def test_a_slip_from_the_clerk_opens_the_page_once_and_shows_the_homes_own_money(world: World, sign_in: Any) -> None:
    dwelling, other = world.dwelling(A2, "paid", amount_fen=576_000), world.dwelling(A2, "noticed", amount_fen=111_100)
    with forced():
        Notice.objects.update(ends_at=clock.now() + dt.timedelta(days=3))
    refresh_summaries(now=clock.now())
    clerk = sign_in(world.staff["clerk_a"])
    page = clerk.post(reverse("reports:household-slip", args=[dwelling.dwelling_no]))
    assert "no-store" in page.headers["Cache-Control"]
    at_home = visitor()
    opened = knock(at_home, dwelling.household.household_no.lower(), page.context["code"])
    assert (opened.status_code, opened.headers["Location"]) == (302, PAGE)
    shown = at_home.get(PAGE)
    text = shown.content.decode()
    assert "5,760.00" in text
    assert "1,111.00" not in text
    assert world.notices[A2, "open"].number in text
    for name in ("supervision:public-ask", "supervision:public-answer", "heat:coal-public", "heat:public-suspend"):
        assert f'href="{reverse(name)}"' in text
    for private in ("head_name", "id_number", "phone", "bank_card"):
        assert getattr(dwelling.household, private) not in text
    assert dwelling.household.bank_card[-4:] in text
    assert other.dwelling_no not in text
    assert "sessionid" not in at_home.cookies
    assert at_home.get("/").status_code == 302  # it is no sign-in
    assert told(knock(visitor(), dwelling.household.household_no, page.context["code"]))[0] == 422
    at_home.post(PAGE, {"deed": "leave"})
    assert "5,760.00" not in at_home.get(PAGE).content.decode()


def test_unknown_number_wrong_code_and_expired_code_are_one_answer(home: Household) -> None:
    other = people.household(A1)
    living, over = slip(home, clock.now()), slip(other, clock.now() - codes.SLIP_LASTS)
    tries = (
        (home.household_no, "AAAAAAAA"),
        (nobody(), living),
        (other.household_no, over),
        (nobody(), over),
    )
    answers, work = [], []
    for number, code in tries:
        client = visitor()
        client.get(PAGE)
        with CaptureQueriesContext(connection) as asked:
            answers.append(told(knock(client, number, code)))
        work.append([re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked])
    assert answers[0][0] == 422
    assert answers[1:] == answers[:1] * 3
    assert work[1:] == work[:1] * 3
    assert work[0]
    assert knock(visitor(), home.household_no, living).status_code == 302


def test_the_same_holds_for_asking_a_message(home: Household, settings: Any, tmp_path: Path) -> None:
    settings.CODE_SENDER, settings.VAR_DIR = "outbox", tmp_path
    answers, work = [], []
    for number in (home.household_no, nobody()):
        client = visitor()
        with CaptureQueriesContext(connection) as asked:
            answers.append(told(client.post(PAGE, {"deed": "message", "number": number, "code": ""})))
        work.append([re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked])
    assert answers[0][0] == 200
    assert answers[0] == answers[1]
    assert work[0] == work[1]
    assert codes.send_waiting(via=Outbox(), now=clock.now()) == 1
    assert {one.number for one in DoorTry.objects.all()} == {""}


def test_a_visit_lasts_ten_minutes_and_a_code_its_time(home: Household) -> None:
    token = codes.open_visit(number=home.household_no, code=slip(home), now=NOW)
    assert token is not None
    assert codes.visit_of(token, NOW + 9 * MINUTE) is not None
    assert codes.visit_of(token, NOW + 10 * MINUTE) is None
    assert codes.visit_of("", NOW) is None
    code = slip(home)
    assert codes.open_visit(number=home.household_no, code=code, now=NOW + codes.SLIP_LASTS) is None
    assert codes.open_visit(number=home.household_no, code=code, now=NOW + codes.SLIP_LASTS - MINUTE) is not None


def test_ten_wrong_tries_end_a_code_and_a_new_one_ends_the_old(home: Household) -> None:
    code = slip(home)
    wrong = [codes.open_visit(number=home.household_no, code="BBBBBBBB", now=NOW) for _n in range(codes.MOST_TRIES)]
    assert set(wrong) == {None}
    assert codes.open_visit(number=home.household_no, code=code, now=NOW) is None
    later = NOW + MINUTE
    first, second = slip(home, later), slip(home, later)
    assert codes.open_visit(number=home.household_no, code=first, now=later) is None
    assert codes.open_visit(number=home.household_no, code=second, now=later) is not None


def test_tries_are_counted_for_the_address_and_for_the_number(home: Household) -> None:
    here, numbers = visitor(), [f"X-{uuid.uuid4().hex[:8]}" for _n in range(21)]
    assert [knock(here, number, "A").status_code for number in numbers] == [422] * 20 + [429]
    known, unknown = [
        [knock(visitor(), number, "A").status_code for _n in range(11)] for number in (home.household_no, numbers[0])
    ]
    assert known == [422] * 10 + [429]
    assert unknown == [422] * 9 + [429] * 2  # one was made above


def test_the_code_is_kept_nowhere_and_neither_addresses_nor_logs_name_anybody(
    home: Household, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code, client = slip(home, clock.now()), visitor()
    opened = knock(client, home.household_no, code)
    assert opened.headers["Location"] == PAGE
    row = HouseholdCode.objects.get()
    assert row.code_index == blind_index(f"{home.household_no}/{code}", "reports.household_code")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM reports_householdcode t UNION SELECT to_jsonb(t)::text "
                       "FROM reports_doortry t")  # fmt: skip
        stored = " ".join(line for (line,) in cursor.fetchall())
    history = " ".join(str(entry.__dict__) for entry in AuditEntry.objects.filter(table="reports_householdcode"))
    token = client.cookies["own_page"].value
    for text in (stored, history, caplog.text):
        assert code not in text
        assert token not in text
    assert home.household_no not in caplog.text
    cookie = client.cookies["own_page"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Strict", PAGE, 600)


def test_only_who_may_gives_out_codes_and_it_is_written_down(home: Household) -> None:
    auditor, stranger = people.user("auditor", "370999"), people.user("town_staff", "370999002")
    for nobody in (auditor, stranger):
        with pytest.raises(PermissionDenied):
            codes.issue_slip(household=home, by=nobody, now=NOW)
    slip(home)
    entry = AuditEntry.objects.filter(table="reports_householdcode").latest("id")
    assert (entry.operation, HouseholdCode.objects.get().issued_by is not None) == ("I", True)


def test_a_message_goes_to_the_registers_phone_once_and_a_refused_one_opens_nothing(home: Household) -> None:
    shelf = Shelf()
    for number in (home.household_no, nobody()):
        codes.ask_message(number=number, now=NOW)
    assert (codes.send_waiting(via=shelf, now=NOW), codes.send_waiting(via=shelf, now=NOW)) == (1, 0)
    (letter,) = shelf.letters
    assert letter.phone == home.phone
    (code,) = re.findall(r"\d{6}", letter.words)
    assert codes.open_visit(number=home.household_no, code=code, now=NOW + 9 * MINUTE) is not None
    codes.ask_message(number=home.household_no, now=NOW)
    assert codes.send_waiting(via=Shelf(refuses=True), now=NOW) == 0
    assert not HouseholdCode.objects.filter(used_at=None, expires_at__gt=NOW).exists()
    codes.ask_message(number=home.household_no, now=NOW)
    assert codes.send_waiting(via=shelf, now=NOW + 10 * MINUTE + MINUTE) == 0  # nobody waits that long
    assert codes.send_waiting(via=shelf, now=NOW + codes.TRIES_KEPT + 20 * MINUTE) == 0
    assert not DoorTry.objects.exists()


def test_the_outbox_is_read_in_the_households_file_and_pretends_nothing(
    world: World, sign_in: Any, settings: Any, tmp_path: Path
) -> None:
    settings.CODE_SENDER, settings.VAR_DIR = "outbox", tmp_path
    dwelling = world.dwelling(A1, "registered")
    codes.ask_message(number=dwelling.household.household_no, now=clock.now())
    assert codes.send_waiting(via=Outbox(), now=clock.now()) == 1
    held = Outbox().held_for(dwelling.household_id, clock.now())
    assert held is not None
    assert dwelling.household.phone not in held.phone
    file = reverse("reports:household-detail", args=[dwelling.dwelling_no])
    assert held.words in sign_in(world.staff["clerk_a"]).get(file).content.decode()
    assert held.words not in sign_in(world.staff["auditor"]).get(file).content.decode()
    assert Outbox().held_for(dwelling.household_id, clock.now() + 11 * MINUTE) is None
    assert not list((tmp_path / "outbox").iterdir())
    settings.PRODUCTION = True
    assert [error.id for error in production_pretends_no_messages(None)] == ["reports.E001"]
    settings.CODE_SENDER = ""
    assert production_pretends_no_messages(None) == []
