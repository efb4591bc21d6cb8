"""Which colleague has the cursor in which row of an import, for as long as it stays there."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from core.together import Reading, read
from households.models import RosterImport, RowAttention

#: Three missed polls, and the mark goes.
LASTS = dt.timedelta(seconds=13)


def note_attention(*, roster_import: RosterImport, row_id: int | None, by: User, now: dt.datetime) -> None:
    """`by` has the cursor in that row of the import; None: in none. A row of another import counts as none."""
    row = roster_import.rows.filter(pk=row_id).only("pk").first() if row_id else None
    if row is None:
        RowAttention.objects.filter(user=by, row__roster_import=roster_import).delete()
    else:
        RowAttention.objects.update_or_create(user=by, defaults={"row": row, "at": now})


def colleagues_at(roster_import: RosterImport, user: User, *, now: dt.datetime) -> dict[int, str]:
    """Row id -> names of the others who are at it now."""
    return read(colleagues(roster_import, user, now=now))


def colleagues(roster_import: RosterImport, user: User, *, now: dt.datetime) -> Reading[dict[int, str]]:
    """`colleagues_at` as a reading of one turn."""
    fresh = RowAttention.objects.filter(row__roster_import=roster_import, at__gt=now - LASTS).exclude(user=user)
    rows = fresh.order_by("pk").values_list("row_id", "user__person_name")
    yield [rows]
    found: dict[int, list[str]] = {}
    for row_id, name in rows:
        found.setdefault(row_id, []).append(name)
    return {row_id: "、".join(names) for row_id, names in found.items()}
