"""Sealing: committed entries join a hash chain, in the order in which they are found.

hash = algorithm byte + digest(previous hash ‖ bytes of the entry). The bytes are read back from the database, each
value with its length in front, so that what is verified later is what is stored (microseconds, jsonb text) and no two
entries share a form. One sealer at a time (advisory lock); a fork is impossible because `prev_hash` is unique.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SM3, Hash
from django.conf import settings
from django.db import connection, transaction

LOCK = 0x6865_6174_0001
GENESIS = bytes(33)
BATCH = 2000
NULL = 0xFFFF_FFFF
# id first; every further column as text, in this order for ever: a new column goes to the end.
COLUMNS = """id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), "table", row_pk, operation,
 before::text, after::text, actor_id::text, actor_name, request_id, reason, area_id"""

UNSEALED = f"SELECT {COLUMNS} FROM accounts_auditentry WHERE hash IS NULL ORDER BY id LIMIT %s"  # noqa: S608
SEALED = f"SELECT {COLUMNS}, seq, prev_hash, hash FROM accounts_auditentry WHERE seq IS NOT NULL ORDER BY seq"  # noqa: S608


@dataclass(frozen=True)
class Head:
    """The last link: `seq` counts entries from 1; 0 and the genesis hash before the first."""

    seq: int
    hash: bytes


def entry_bytes(seq: int, row: Sequence[int | str | None]) -> bytes:
    """One canonical form per entry: seq and id as 8 bytes, then each value as length (4 bytes) and UTF-8 text."""
    parts = [struct.pack(">qq", seq, row[0])]
    for value in row[1:]:
        if value is None:
            parts.append(struct.pack(">I", NULL))
        else:
            text = str(value).encode()
            parts.append(struct.pack(">I", len(text)) + text)
    return b"".join(parts)


def link(previous: bytes, content: bytes, algorithm: int) -> bytes:
    """The hash of the next link. `algorithm`: 1 SHA-256, 2 SM3; it is the first byte of the result."""
    if algorithm == 1:
        return b"\x01" + hashlib.sha256(previous + content).digest()
    if algorithm == 2:
        work = Hash(SM3())
        work.update(previous + content)
        return b"\x02" + work.finalize()
    raise ValueError(f"Unknown digest {algorithm}.")


def algorithm_in_use() -> int:
    return {"SHA-256": 1, "SM3": 2}[settings.DIGEST]


def seal_history(*, batch: int = BATCH, batches: int = 50) -> int:
    """Seal what is committed and unsealed; returns how many. Does nothing while another sealer works."""
    sealed = 0
    for _ in range(batches):
        done = _seal_batch(batch)
        sealed += done
        if done < batch:
            break
    return sealed


def head() -> Head:
    """The last link of the chain as it stands in the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM accounts_auditentry WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1")
        row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else Head(0, GENESIS)


@transaction.atomic
def _seal_batch(size: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(UNSEALED, [size])
        links = list(_links(head(), cursor.fetchall(), algorithm_in_use()))
        if links:
            cursor.execute(
                "UPDATE accounts_auditentry a SET seq = v.seq, prev_hash = v.prev, hash = v.hash "
                "FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[]) AS v(id, seq, prev, hash) "
                "WHERE a.id = v.id",
                [list(column) for column in zip(*links, strict=True)],
            )
    return len(links)


def _links(at: Head, rows: Iterable[Sequence[int]], algorithm: int) -> Iterable[tuple[int, int, bytes, bytes]]:
    seq, previous = at.seq, at.hash
    for row in rows:
        seq += 1
        new = link(previous, entry_bytes(seq, row), algorithm)
        yield row[0], seq, previous, new
        previous = new
