"""Household by household: what a round of a batch has other than the round before, and the words said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subsidies.models import Entitlement
from subsidies.reviews import Review

ADDED, REMOVED, AMOUNT, PAYEE = "added", "removed", "amount", "payee"
SIGNS = {ADDED: ("＋", "ok"), REMOVED: ("−", "bad"), AMOUNT: ("≠", "warn"), PAYEE: ("≠", "warn")}


@dataclass(frozen=True)
class DifferenceRow:
    """One household. Fen before and now, None where it was or is not in the batch."""

    kind: str
    entitlement: Entitlement
    before_fen: int | None
    now_fen: int | None
    remark: str = ""
    reason: str = ""

    @property
    def sign(self) -> str:
        return SIGNS[self.kind][0]

    @property
    def look(self) -> str:
        return SIGNS[self.kind][1]

    @property
    def change_fen(self) -> int:
        return (self.now_fen or 0) - (self.before_fen or 0)


def difference_rows(review: Review) -> list[DifferenceRow]:
    """Removed, added, changed, in the order of the dwellings; empty in the first round."""
    found = review.difference
    if found is None:
        return []
    changes: list[tuple[str, int, int | None, int | None]] = [
        *((REMOVED, pk, fen, None) for pk, fen in found.removed),
        *((ADDED, pk, None, fen) for pk, fen in found.added),
        *((AMOUNT, pk, old, new) for pk, old, new in found.amount_changed),
        *((PAYEE, pk, None, None) for pk in found.payee_changed),
    ]
    dues = _entitlements([pk for _kind, pk, _old, _new in changes])
    said, why = _words(review)
    rows = [
        DifferenceRow(kind, dues[pk], old, new, said.get(pk, ""), why.get(pk, "")) for kind, pk, old, new in changes
    ]
    return sorted(rows, key=lambda row: (list(SIGNS).index(row.kind), row.entitlement.dwelling.dwelling_no))


def _entitlements(keys: list[int]) -> dict[int, Any]:
    rows = Entitlement.objects.filter(pk__in=keys).select_related("dwelling", "household", "area")
    return {row.pk: row for row in rows}


def _words(review: Review) -> tuple[dict[int, str], dict[int, str]]:
    """Per entitlement what the signer held against it, and why it was taken out."""
    said = {one.line.entitlement_id: one.words for one in review.remarks}
    dropped = review.batch.lines.exclude(drop_reason="").order_by("pk")
    return said, dict(dropped.values_list("entitlement", "drop_reason"))
