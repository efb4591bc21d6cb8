"""Reading the chain from its first link and saying where it stops being true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from accounts.history.sealing import GENESIS, SEALED, Head, entry_bytes, link
from accounts.history.triggers import TRIGGER_NAME, history_triggers

FETCH = 5000


@dataclass(frozen=True)
class Break:
    """The first thing wrong: `kind` is missing, changed, forked, cut, rewritten, trigger_missing or
    trigger_disabled.
    """

    kind: str
    seq: int | None = None
    entry_id: int | None = None
    table: str = ""
    row_pk: str = ""

    def __str__(self) -> str:
        where = f" at link {self.seq}" if self.seq is not None else ""
        entry = f", entry {self.entry_id}" if self.entry_id is not None else ""
        row = f", {self.table} {self.row_pk}".rstrip() if self.table else ""
        return f"{self.kind}{where}{entry}{row}"


@dataclass
class Verdict:
    checked: int = 0
    unsealed: int = 0
    oldest_unsealed_s: float | None = None
    head: Head = field(default_factory=lambda: Head(0, GENESIS))
    broken: Break | None = None

    @property
    def holds(self) -> bool:
        return self.broken is None


def verify_chain(anchors: Iterable[Head] = ()) -> Verdict:
    """Recompute every link. `anchors` are heads recorded elsewhere earlier: each must still be in the chain."""
    verdict = Verdict()
    expected = {anchor.seq: anchor.hash for anchor in anchors if anchor.seq}
    with transaction.atomic():
        verdict.broken = _walk(verdict, expected)
        if verdict.broken is None and expected and max(expected) > verdict.head.seq:
            verdict.broken = Break("cut", verdict.head.seq + 1)
        verdict.unsealed, verdict.oldest_unsealed_s = _backlog()
    verdict.broken = verdict.broken or _trigger_problem()
    return verdict


def _walk(verdict: Verdict, expected: dict[int, bytes]) -> Break | None:
    for row in _sealed_rows():
        content, seq, previous, stored = row[:-3], row[-3], bytes(row[-2] or b""), bytes(row[-1] or b"")
        what = _judge(verdict.head, seq, previous, stored, content)
        if not what and seq in expected and expected[seq] != stored:
            what = "rewritten"
        if what:
            named = verdict.head.seq + 1 if what == "missing" else seq
            return Break(what, named, content[0], content[2], content[3])
        verdict.head = Head(seq, stored)
        verdict.checked += 1
    return None


def _judge(at: Head, seq: int, previous: bytes, stored: bytes, content: Sequence[Any]) -> str:
    """Empty when the link holds."""
    if seq != at.seq + 1:
        return "missing"
    if previous != at.hash:
        return "forked"
    if not stored or stored[0] not in (1, 2):
        return "changed"
    return "" if link(previous, entry_bytes(seq, content), stored[0]) == stored else "changed"


def _sealed_rows() -> Iterator[Sequence[Any]]:
    """Named cursor: the chain is longer than memory."""
    assert connection.connection is not None
    with connection.connection.cursor(name="verify_chain") as cursor:
        cursor.itersize = FETCH
        cursor.execute(SEALED)
        yield from cursor


def _backlog() -> tuple[int, float | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), extract(epoch FROM clock_timestamp() - min(at))::float "
            "FROM accounts_auditentry WHERE hash IS NULL"
        )
        count, age = cursor.fetchone()
    return count, age


def _trigger_problem() -> Break | None:
    """The first tracked table one of whose history triggers is not there or switched off."""
    from core.checks import own_models

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, t.tgenabled FROM pg_trigger t WHERE t.tgname LIKE %s", [f"pgtrigger_{TRIGGER_NAME}_%"]
        )
        installed = dict(cursor.fetchall())
    for model in own_models():
        for trigger in history_triggers(model):
            state = installed.get(trigger.get_pgid(model), "")
            if state not in ("O", "A"):
                return Break("trigger_disabled" if state else "trigger_missing", table=model._meta.db_table)
    return None
