"""Litong's project budgets (requirements §8.3): loaded, added up, and shown with the percentages of the document."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from programmes.models import Programme
from subsidies import chains
from subsidies.budgets import BudgetRow, plan_of
from subsidies.services import holds

pytestmark = pytest.mark.django_db
WAN = 1_000_000
#: 万元: total, central, district, household, enterprise; None where the document names none.
STATED = {
    "余热": (18469, 4130, 2124, 2006, 10209),
    "双替代": (11690, 5845, 3006, 2839, None),
    "园区": (500, 100, None, None, 400),
    "热力管网": (4950, None, None, None, 4950),
    "电网": (13530, None, None, None, 13530),
    "能效": (7575, 1933, 4038, 1604, None),
    "平房": (3440, 1505, 774, 1161, None),
}
SUMS = {
    "L-15": ((11015, 3438, 4812, 2765), ("31.21", "43.69", "25.10")),
    "L-20": ((22705, 9283, 7818, 5604), ("40.89", "34.43", "24.68")),
}
ALL = (60154, 13513, 9942, 7610, 29089)


@pytest.mark.clause(
    "L-20", "概算总投资22705万元：中央9283 (40.89%)、区7818 (34.43%)、农户5604 (24.68%)",
    serves="subsidies.budgets:plan_of", page="subsidies:fund-list", model="programmes.PlannedFunds",
)  # fmt: skip
def test_all_totals_and_percentages_of_the_document_come_out() -> None:
    call_command("load_programme", "litong_2021", verbosity=0, stdout=StringIO())
    plan = plan_of(Programme.objects.get(code="litong-2021"))
    assert plan is not None
    parts = [row for row in plan.rows if not row.is_sum]
    assert sorted(map(wan, parts), key=str) == sorted((_padded(one) for one in STATED.values()), key=str)
    printed = {row.clause: row for row in plan.rows if row.is_sum and row.clause}
    for clause, (amounts, shares) in SUMS.items():
        assert wan(printed[clause])[: len(amounts)] == amounts
        assert tuple(share for _fen, share in printed[clause].cells[1:4]) == tuple(map(Decimal, shares))
    assert wan(plan.rows[-1]) == ALL


def wan(row: BudgetRow) -> tuple[int | None, ...]:
    assert all(fen is None or fen % WAN == 0 for fen, _share in row.cells)
    return _padded(tuple(None if fen is None else fen // WAN for fen, _share in row.cells))


def _padded(amounts: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """0 and not named are alike in the table of §8.3."""
    return tuple(one or None for one in (*amounts, None, None, None))[:5]


def test_the_usual_chain_of_a_county_comes_as_data_with_the_programme() -> None:
    call_command("load_programme", "litong_2021", verbosity=0, stdout=StringIO())
    programme = Programme.objects.get(code="litong-2021")
    town = f"{programme.area_id}101"
    small, large = (chains.seats_of(programme.settings, yuan * 100, town) for yuan in (1_000_000, 1_000_001))
    assert [seat.title for seat in small] == [
        "乡镇（街道）审核", "主管部门复核", "领导小组办公室复核", "财政审定", "待支付"
    ]  # fmt: skip
    assert [seat.step for seat in large] == ["town", "department", "office", "finance", "finance-2", "release"]
    assert holds.needs_of(programme) == {"*": {"CENTRAL": 350_000, "DISTRICT": 180_000}}
