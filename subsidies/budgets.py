"""The money a programme's document plans, part by part and source by source, with its sums and percentages (§8.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from programmes.models import Programme
from programmes.plan_queries import shares_of_funds
from programmes.whole import rows_of
from subsidies.wording import source_name

TOTAL = "total"


@dataclass(frozen=True)
class BudgetRow:
    """One part or a sum of parts; per source (fen, percent of the row's total), None where the document names none."""

    name: str
    clause: str
    cells: Sequence[tuple[int | None, Decimal | None]]
    is_sum: bool = False


@dataclass(frozen=True)
class Budget:
    """`names` are the columns: the total first, then the sources in the order in which they appear."""

    names: Sequence[str]
    rows: Sequence[BudgetRow]


def plan_of(programme: Programme) -> Budget | None:
    """The plan with the sums the document prints and one over all its parts; None where it plans no money."""
    parts = {part.code: part for part in rows_of(programme, "parts")}
    funds = {code: _funds(part) for code, part in parts.items()}
    funds = {code: found for code, found in funds.items() if found}
    if not funds:
        return None
    sources = list(dict.fromkeys(source for found in funds.values() for source in found if source != TOTAL))
    columns = [TOTAL, *sources]
    rows = [_row(parts[code].name, parts[code].clause, found, columns) for code, found in funds.items()]
    for printed in programme.settings.get("budget_totals") or []:
        listed = [funds[code] for code in printed["parts"] if code in funds]
        rows.append(_row(_words(printed, parts), printed.get("clause", ""), added(listed), columns, is_sum=True))
    rows.append(_row(_("All parts"), "", added(list(funds.values())), columns, is_sum=True))
    return Budget([_("Total"), *map(source_name, sources)], rows)


def added(found: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Sums by source over several parts."""
    sums: dict[str, int] = {}
    for funds in found:
        for source, fen in funds.items():
            sums[source] = sums.get(source, 0) + fen
    return sums


def _funds(part: object) -> dict[str, int]:
    funds = {one.source: one.amount_fen for one in part.funds.all()}  # type: ignore[attr-defined]
    total = part.total_fen  # type: ignore[attr-defined]
    return funds | ({TOTAL: total} if total is not None else {})


def _row(
    name: str, clause: str, funds: Mapping[str, int], columns: Sequence[str], *, is_sum: bool = False
) -> BudgetRow:
    shares = shares_of_funds(dict(funds))
    return BudgetRow(name, clause, [(funds.get(code), shares.get(code)) for code in columns], is_sum)


def _words(printed: Mapping[str, object], parts: Mapping[str, object]) -> str:
    names = [parts[code].name for code in printed["parts"] if code in parts]  # type: ignore[attr-defined]
    return _("Sum in the document: %(parts)s") % {"parts": "＋".join(names)}
