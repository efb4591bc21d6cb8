"""Who is doing this: every change of a business row happens inside `acting(...)`, or the database refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pghistory
from django.db import connection
from pghistory import runtime

if TYPE_CHECKING:
    from accounts.models import User

# What writes nothing carries no actor: every `atomic` within a transaction begins and ends with such a statement.
runtime.IGNORED_SQL_PREFIXES += ("savepoint", "release savepoint", "rollback to savepoint")


@contextmanager
def acting(who: User | str, reason: str = "", request_id: str = "") -> Iterator[None]:
    """Name the actor of all writes inside, in this thread. `who` is a user, or the name of a machine ("sweeper").

    May be nested: the inner actor counts inside, the outer one again afterwards; an inner call without a request id
    keeps the outer one. Nothing is written by entering. COPY does not carry the context: a statement of the same
    transaction goes before it (`households.services.bulk`).
    """
    outer = getattr(runtime._tracker, "value", None)
    saved = dict(outer.metadata) if outer else {}
    try:
        with pghistory.context(**_metadata(who, reason, request_id or saved.get("request_id", ""))):
            yield
    finally:
        if outer:
            outer.metadata.clear()
            outer.metadata.update(saved)
        else:
            _forget()


def actor() -> dict[str, Any]:
    """What is set now: `actor_id`, `actor_name`, `reason`, `request_id`; empty outside `acting`."""
    current = getattr(runtime._tracker, "value", None)
    return dict(current.metadata) if current else {}


def _metadata(who: User | str, reason: str, request_id: str) -> dict[str, Any]:
    name, key = (who, None) if isinstance(who, str) else (str(who), who.pk)
    if not name:
        raise ValueError("acting() needs a user or a name.")
    return {"actor_id": key, "actor_name": name, "reason": reason, "request_id": request_id}


def _forget() -> None:
    """The setting lives until the transaction ends; inside one, the next write must not inherit it."""
    if connection.connection is None or not connection.in_atomic_block or connection.needs_rollback:
        return
    if runtime._is_transaction_errored(connection):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pghistory.context_metadata', '', true)")
