"""What the money pages show of a programme's funds: execution by source and kind, pledged against paid in, and whether
the ledger is the sum of the lines. All amounts are integer fen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Case, Count, F, Sum, When

from programmes.models import Programme
from subsidies.bookkeeping import ACCOUNTS, Key
from subsidies.models import Fund, FundEntry, FundHold
from subsidies.wording import source_name

Kind = FundEntry.Kind
TENTH, HUNDRED = Decimal("0.1"), Decimal(100)


def percent(part_fen: int, whole_fen: int) -> Decimal | None:
    """Percent with one decimal, half up; None where there is nothing to be a part of."""
    return (HUNDRED * part_fen / whole_fen).quantize(TENTH, ROUND_HALF_UP) if whole_fen else None


@dataclass(frozen=True)
class FundRow:
    """One source and year with its rates. `lines_*` is what the payment lines add up to, by their shares."""

    fund: Fund
    lines_paid_fen: int
    lines_open_fen: int

    @property
    def name(self) -> str:
        return source_name(self.fund.source)

    @property
    def spent_fen(self) -> int:
        """Paid less what came back from households."""
        return self.fund.paid_fen - self.fund.clawed_fen

    @property
    def execution(self) -> Decimal | None:
        """Spent of what has arrived."""
        return percent(self.spent_fen, self.fund.received_fen)

    @property
    def paid_in(self) -> Decimal | None:
        """Arrived of what was granted."""
        return percent(self.fund.received_fen, self.fund.granted_fen)

    @property
    def outstanding_fen(self) -> int:
        """Granted and not here yet; never below 0: money may come without a grant having been recorded."""
        return max(0, self.fund.granted_fen - self.fund.received_fen)

    @property
    def agrees(self) -> bool:
        """Ledger = lines, for what is paid and for what batches have reserved."""
        return (self.fund.paid_fen, self.fund.reserved_fen) == (self.lines_paid_fen, self.lines_open_fen)


@dataclass(frozen=True)
class KindRow:
    """What was paid of one benefit kind, by source."""

    kind: str
    by_source: Mapping[str, int]

    @property
    def total_fen(self) -> int:
        return sum(self.by_source.values())


def fund_rows(funds: Sequence[Fund], programme: Programme) -> list[FundRow]:
    """The rows of these funds of the programme, in their order."""
    return _rows(funds, line_sums(programme))


def _rows(funds: Sequence[Fund], lines: Mapping[Key, tuple[int, int]]) -> list[FundRow]:
    return [FundRow(fund, *lines.get((fund.source, fund.budget_year), (0, 0))) for fund in funds]


def kind_rows(funds: Sequence[Fund]) -> list[KindRow]:
    """Paid by benefit kind and source, for disbursement by works, equipment and running; less bounces."""
    moves = FundEntry.objects.filter(fund__in=[fund.pk for fund in funds], kind__in=[Kind.PAID, Kind.BOUNCED])
    fen = Case(When(kind=Kind.BOUNCED, then=-F("amount_fen")), default=F("amount_fen"), output_field=BigIntegerField())
    rows = moves.values_list("line__entitlement__benefit_kind", "fund__source").annotate(fen=Sum(fen))
    found: dict[str, dict[str, int]] = {}
    for kind, source, fen in rows.order_by("line__entitlement__benefit_kind", "fund__source"):
        found.setdefault(kind or "", {})[source] = fen
    return [KindRow(kind, by_source) for kind, by_source in found.items()]


def line_sums(programme: Programme) -> dict[Key, tuple[int, int]]:
    """Per fund what its payment lines add up to: (paid, locked and not answered yet)."""
    with connection.cursor() as cursor:
        cursor.execute(_LINE_SUMS, [programme.pk])
        return {(source, year): (int(paid), int(waiting)) for source, year, paid, waiting in cursor.fetchall()}


def balances(funds: Sequence[Fund]) -> dict[str, int]:
    """Balance of every account over these funds: what entered less what left. They add up to 0."""
    entries = FundEntry.objects.filter(fund__in=[fund.pk for fund in funds])
    found = dict.fromkeys(ACCOUNTS, 0)
    for debit, credit, fen in entries.values_list("debit", "credit").annotate(fen=Sum("amount_fen")).order_by("debit"):
        found[debit] += fen
        found[credit] -= fen
    return found


def hold_figures(programme: Programme) -> dict[str, dict[str, int]]:
    """Homes and fen of holds by state."""
    rows = FundHold.objects.filter(programme=programme).values("state").annotate(n=Count("pk"), fen=Sum("amount_fen"))
    return {row["state"]: {"n": row["n"], "fen": row["fen"]} for row in rows.order_by("state")}


def totals(rows: Sequence[FundRow]) -> dict[str, Any]:
    """Sums over the rows, with the rates of the whole."""
    names = (
        "granted_fen",
        "received_fen",
        "held_fen",
        "reserved_fen",
        "paid_fen",
        "returned_fen",
        "clawed_fen",
        "free_fen",
    )
    sums: dict[str, Any] = {name: sum(getattr(row.fund, name) for row in rows) for name in names}
    sums["execution"] = percent(sums["paid_fen"] - sums["clawed_fen"], sums["received_fen"])
    sums["paid_in"] = percent(sums["received_fen"], sums["granted_fen"])
    sums["outstanding_fen"] = sum(row.outstanding_fen for row in rows)
    sums["lines_paid_fen"] = sum(row.lines_paid_fen for row in rows)
    sums["agrees"] = all(row.agrees for row in rows)
    return sums


def disagreements(programme: Programme) -> list[FundRow]:
    """Funds whose ledger is not the sum of their lines; also lines of a source that has no fund."""
    funds = list(Fund.objects.filter(programme=programme).order_by("budget_year", "source"))
    lines = line_sums(programme)
    known = {(fund.source, fund.budget_year) for fund in funds}
    lost = [
        Fund(programme=programme, source=source, budget_year=year)
        for (source, year), sums in lines.items()
        if (source, year) not in known and any(sums)
    ]
    return [row for row in _rows([*funds, *lost], lines) if not row.agrees]


_LINE_SUMS = """
    SELECT s.source, s.budget_year,
        COALESCE(SUM(s.amount_fen - COALESCE(k.fen, 0)) FILTER (WHERE l.state = 'paid'), 0),
        COALESCE(SUM(s.amount_fen - COALESCE(k.fen, 0)) FILTER (WHERE l.state IN ('planned', 'sent')), 0)
    FROM subsidies_payoutline l
    JOIN subsidies_payoutbatch b ON b.id = l.batch_id AND b.programme_id = %s
        AND b.state IN ('locked', 'reviewed', 'approved', 'released', 'settled')
    JOIN subsidies_entitlementline s ON s.entitlement_id = l.entitlement_id
    LEFT JOIN LATERAL (SELECT SUM((o->>2)::bigint) AS fen FROM jsonb_array_elements(l.offsets) o
        WHERE o->>1 = s.source) k ON TRUE
    WHERE l.state IN ('paid', 'planned', 'sent')
    GROUP BY s.source, s.budget_year ORDER BY s.budget_year, s.source"""
