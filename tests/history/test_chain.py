"""A superuser with the triggers switched off edits history; the chain names the first broken entry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.acting import acting
from accounts.history import anchors as anchors_module
from accounts.history import sealing, verify
from accounts.models import Area, AuditEntry

pytestmark = pytest.mark.django_db
LINKS = 12


@pytest.fixture
def chain() -> list[AuditEntry]:
    for number in range(LINKS):
        Area.objects.create(code=str(50 + number), level="province", name=f"P{number}")
    assert sealing.seal_history(batch=5) == LINKS
    return list(AuditEntry.objects.order_by("seq"))


def tamper(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)


def test_an_honest_chain_holds_and_is_counted(chain: list[AuditEntry]) -> None:
    verdict = verify.verify_chain([sealing.head()])
    assert (verdict.broken, verdict.checked, verdict.unsealed) == (None, LINKS, 0)
    assert [entry.seq for entry in chain] == list(range(1, LINKS + 1))


@pytest.mark.parametrize(
    "column",
    [
        "at",
        "table",
        "row_pk",
        "operation",
        "before",
        "after",
        "actor_id",
        "actor_name",
        "request_id",
        "reason",
        "area_id",
    ],
)
def test_a_change_of_any_column_is_found_at_its_entry(chain: list[AuditEntry], column: str) -> None:
    new = {
        "at": "at + interval '1 microsecond'",
        "before": "'{}'",
        "after": 'after || \'{"name": "Q"}\'',
        "actor_id": "7",
        "operation": "'D'",
    }.get(column, f"\"{column}\" || 'x'")
    tamper(f'UPDATE accounts_auditentry SET "{column}" = {new} WHERE seq = 7')
    broken = verify.verify_chain().broken
    assert broken is not None
    assert (broken.kind, broken.seq, broken.entry_id) == ("changed", 7, chain[6].pk)


def test_a_deleted_entry_is_found(chain: list[AuditEntry]) -> None:
    tamper("DELETE FROM accounts_auditentry WHERE seq = 4")
    broken = verify.verify_chain().broken
    assert broken is not None
    assert (broken.kind, broken.seq) == ("missing", 4)


def test_a_deleted_entry_hidden_by_renumbering_is_found(chain: list[AuditEntry]) -> None:
    tamper("DELETE FROM accounts_auditentry WHERE seq = 4")
    tamper("UPDATE accounts_auditentry SET seq = -(seq - 1) WHERE seq > 4")
    tamper("UPDATE accounts_auditentry SET seq = -seq WHERE seq < 0")
    assert str(verify.verify_chain().broken).startswith("forked at link 4")


def test_an_inserted_entry_is_found(chain: list[AuditEntry]) -> None:
    tamper("UPDATE accounts_auditentry SET seq = -(seq + 1) WHERE seq > 6")
    tamper("UPDATE accounts_auditentry SET seq = -seq WHERE seq < 0")
    tamper(
        'INSERT INTO accounts_auditentry (at, "table", row_pk, operation, after, actor_name, request_id, reason,'
        " area_id, seq, prev_hash, hash) SELECT at, \"table\", '99', 'I', after, actor_name, '', '', '', 7, 'x', 'y'"
        " FROM accounts_auditentry WHERE seq = 6"
    )
    assert str(verify.verify_chain().broken).startswith("forked at link 7")


def test_two_swapped_entries_are_found(chain: list[AuditEntry]) -> None:
    tamper("UPDATE accounts_auditentry SET seq = CASE seq WHEN 3 THEN -8 ELSE -3 END WHERE seq IN (3, 8)")
    tamper("UPDATE accounts_auditentry SET seq = -seq WHERE seq < 0")
    assert str(verify.verify_chain().broken).startswith("forked at link 3")


def test_a_cut_tail_is_found_by_a_head_recorded_elsewhere(chain: list[AuditEntry], tmp_path: Path) -> None:
    anchors = tmp_path / "heads.jsonl"
    anchors_module.write_anchor(anchors, sealing.head())
    tamper("DELETE FROM accounts_auditentry WHERE seq > 9")
    assert verify.verify_chain().holds  # the chain alone can't know
    assert str(verify.verify_chain(anchors_module.read_anchors(anchors)).broken) == "cut at link 10"


def test_a_history_rewritten_from_the_middle_is_found_by_a_recorded_head(chain: list[AuditEntry]) -> None:
    recorded = sealing.head()
    tamper("UPDATE accounts_auditentry SET actor_name = 'nobody' WHERE seq = 5")
    tamper("UPDATE accounts_auditentry SET seq = NULL, prev_hash = NULL, hash = NULL WHERE seq >= 5")
    sealing.seal_history()
    assert verify.verify_chain().holds
    assert str(verify.verify_chain([recorded]).broken).startswith("rewritten at link 12")


def test_a_disabled_trigger_is_found(chain: list[AuditEntry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE accounts_area DISABLE TRIGGER USER")
    assert str(verify.verify_chain().broken) == "trigger_disabled, accounts_area"


def test_the_command_names_the_entry_and_fails(chain: list[AuditEntry], tmp_path: Path) -> None:
    out = StringIO()
    call_command("verify_audit", write_anchor=tmp_path / "heads", stdout=out)
    assert (tmp_path / "heads").read_text().count("\n") == 1
    tamper("UPDATE accounts_auditentry SET reason = 'other' WHERE seq = 2")
    with pytest.raises(CommandError, match=f"{chain[1].pk}"):
        call_command("verify_audit", stdout=out)


def test_sm3_and_sha256_links_stand_in_one_chain(chain: list[AuditEntry], settings: object) -> None:
    settings.DIGEST = "SM3"  # type: ignore[attr-defined]
    Area.objects.create(code="90", level="province", name="SM3")
    sealing.seal_history()
    assert bytes(AuditEntry.objects.get(seq=LINKS + 1).hash)[0] == 2
    assert verify.verify_chain().checked == LINKS + 1


def test_no_two_entries_share_their_bytes() -> None:
    forms = [(1, "ab", "c"), (1, "a", "bc"), (1, "", "abc"), (1, None, "abc"), (1, "abc", None)]
    assert len({sealing.entry_bytes(1, form) for form in forms}) == len(forms)


def _in_threads(count: int, work: Callable[[int], None]) -> list[Exception]:
    failures: list[Exception] = []

    def guarded(number: int) -> None:
        try:
            with acting(f"writer {number}"):
                work(number)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.django_db(transaction=True)
def test_eight_writers_and_two_sealers_raise_no_false_alarm() -> None:
    stop = threading.Event()

    def write(number: int) -> None:
        if number >= 8:
            while not stop.is_set():
                sealing.seal_history(batch=7)
            return
        for step in range(25):
            with transaction.atomic():
                Area.objects.create(code=f"{10 + number}{step:02d}", level="city", name="w")
        with lock:
            left.remove(number)
            if not left:
                stop.set()

    lock, left = threading.Lock(), list(range(8))
    assert _in_threads(10, write) == []
    sealing.seal_history()
    verdict = verify.verify_chain()
    assert (verdict.broken, verdict.checked, verdict.unsealed) == (None, 200, 0)
