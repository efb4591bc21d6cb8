"""What households have of their payments now, source by source: the one truth of ledgers, the trace and the bench.

A payment's share of a source is what was due from it, less what the payment kept back against an earlier one, less what
the household has given back since. Summed over sources that is what the bank has paid less what came back, to the fen:
`PayoutLine.amount_fen` says the one, `given_back` the other, and neither is worked out from the shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import BigIntegerField, F, Func, QuerySet, Sum

from subsidies.models import ClawbackEntry, EntitlementLine, PayoutLine

Fen = dict[str, int]


class _KeptBack(Func):
    """Of (offset_fen, offsets, source): fen of that source which the line kept back; no list is read where it is 0."""

    template = (
        "CASE WHEN %(fen)s > 0 THEN COALESCE((SELECT SUM((part->>2)::bigint) FROM jsonb_array_elements(%(parts)s) part "
        "WHERE part->>1 = %(source)s), 0) ELSE 0 END"
    )
    output_field = BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, tuple[Any, ...]]:
        fen, parts, source = (compiler.compile(one) for one in self.source_expressions)
        sql = self.template % {"fen": fen[0], "parts": parts[0], "source": source[0]}
        return sql, (*fen[1], *parts[1], *source[1])


_LINE = "entitlement__payout_lines__"
#: Fen of a share that its payment paid; `paid_shares` is what it may be asked of.
PAID = F("amount_fen") - _KeptBack(F(_LINE + "offset_fen"), F(_LINE + "offsets"), F("source"))


def paid_shares(lines: QuerySet[PayoutLine], **conditions: Any) -> QuerySet[EntitlementLine]:
    """The shares behind these payments: to be grouped, and summed by `Sum(PAID)`."""
    return EntitlementLine.objects.filter(entitlement__payout_lines__in=lines.order_by(), **conditions).order_by()


def given_back(lines: QuerySet[PayoutLine], **conditions: Any) -> QuerySet[ClawbackEntry]:
    """What came back from households of these payments, once they were paid, entry by entry."""
    paid = lines.filter(state=PayoutLine.State.PAID).order_by()
    return ClawbackEntry.objects.filter(clawback__entitlement__payout_lines__in=paid, **conditions).order_by()


def by_source(lines: QuerySet[PayoutLine]) -> Fen:
    """Fen per source over these payments; a source whose whole share came back stays, with 0."""
    paid = dict(paid_shares(lines).values_list("source").annotate(fen=Sum(PAID)))
    return less(paid, given_back(lines).values_list("source").annotate(fen=Sum("amount_fen")))


def less(sums: Mapping[str, int], back: Iterable[tuple[str, int]]) -> Fen:
    """Sums by any key, less what came back under the same keys."""
    left = dict(sums)
    for key, fen in back:
        left[key] -= fen
    return left


def given_back_by_payment(lines: QuerySet[PayoutLine]) -> dict[int, Fen]:
    """Entitlement id -> source -> fen, only of those of which something came back: few in any ledger."""
    rows = given_back(lines).values_list("clawback__entitlement", "source").annotate(fen=Sum("amount_fen"))
    found: dict[int, Fen] = {}
    for due, source, fen in rows:
        found.setdefault(due, {})[source] = fen
    return found


def shares(line: PayoutLine, back: Mapping[str, int]) -> Fen:
    """One payment's shares; `back` is what came back of it by source. Its entitlement's lines may be prefetched."""
    left = {share.source: share.amount_fen for share in line.entitlement.lines.all()}
    kept = [(source, fen) for _reference, source, fen in line.offsets]
    return less(left, [*kept, *back.items()])
