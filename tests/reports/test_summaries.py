"""The flat rows of the household list: pulled from the sealed history, equal to what a rebuild gives."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from core import clock
from devices.models import Heater
from households.models import Dwelling, Enrolment
from reports.models import DwellingSummary, SummaryTotal
from reports.services.summaries import rebuild_summaries, refresh_summaries
from subsidies.models import Entitlement, PayoutLine
from telemetry.models import LatestReading
from tests.reports.world import A1, A2, REACHED, World, forced

pytestmark = pytest.mark.django_db


def snapshot() -> tuple[list[Any], list[Any]]:
    rows = DwellingSummary.objects.order_by("dwelling_id")
    totals = SummaryTotal.objects.order_by("area_id", "stage", "excluded")
    return (
        [{k: v for k, v in row.items() if k not in ("id", "refreshed_at")} for row in rows.values()],
        [{k: v for k, v in row.items() if k != "id"} for row in totals.values()],
    )


@pytest.mark.parametrize("stage", REACHED)
def test_a_dwelling_stands_where_it_has_come_to(world: World, stage: str) -> None:
    made = world.dwelling(A1, stage)
    refresh_summaries()
    row = DwellingSummary.objects.get(dwelling=made)
    assert row.stage == stage
    assert row.paid_fen == (600_000 if stage == "paid" else 0)
    assert row.due_fen == (600_000 if REACHED.index(stage) >= 5 else None)
    assert row.missing_papers == len(row.missing)


def test_missing_papers_are_named(world: World) -> None:
    made = world.dwelling(A1, "installed")
    refresh_summaries()
    row = DwellingSummary.objects.get(dwelling=made)
    assert row.missing == ["acceptance", "joint", "warranty"]
    assert row.wanted_papers == 7
    made.tasks.get().photos.filter(stage="during").delete()
    refresh_summaries()
    row.refresh_from_db()
    assert row.missing == ["photos", "acceptance", "joint", "warranty"]


def test_a_paper_counts_until_it_is_withdrawn(world: World) -> None:
    made = world.dwelling(A1, "accepted")
    paper = world.document(A1, "warranty", dwelling=made)
    refresh_summaries()
    row = DwellingSummary.objects.get(dwelling=made)
    assert row.missing == []
    paper.withdrawn_reason = "拿错了"
    paper.save()
    assert refresh_summaries() == 1
    row.refresh_from_db()
    assert row.missing == ["warranty"]


def test_a_programme_that_asks_for_nothing_misses_nothing(world: World) -> None:
    made = world.dwelling(A1, "registered")
    world.programme.required_papers.all().delete()
    refresh_summaries()
    row = DwellingSummary.objects.get(dwelling=made)
    assert (row.wanted_papers, row.missing) == (0, [])


def test_an_undefined_amount_is_never_zero(world: World) -> None:
    made = world.dwelling(A1, "noticed")
    with forced():
        Entitlement.objects.filter(dwelling=made).update(state="assessed", outcome="undefined", amount_fen=None)
    refresh_summaries()
    row = DwellingSummary.objects.get(dwelling=made)
    assert row.due_fen is None
    assert row.stage == "accepted"


def test_a_payment_the_bank_sent_back_is_marked(world: World) -> None:
    made = world.dwelling(A1, "paid")
    line = PayoutLine.objects.get(entitlement__dwelling=made)
    with forced():
        PayoutLine.objects.filter(pk=line.pk).update(state="failed", settled_at=None)
        Entitlement.objects.filter(dwelling=made).update(state="payable")
    refresh_summaries()
    row = DwellingSummary.objects.get(dwelling=made)
    assert (row.payment_failed, row.paid_fen, row.stage) == (True, 0, "payable")


def test_only_what_was_touched_is_looked_at(county: World) -> None:
    assert refresh_summaries() == 0
    head = Dwelling.objects.filter(area_id=A1).first().household
    head.head_name = "李样本"
    head.save()
    assert refresh_summaries() == 1
    assert DwellingSummary.objects.filter(head_name="李样本").count() == 1


def test_pulled_rows_equal_rebuilt_rows(county: World) -> None:
    moved = Dwelling.objects.filter(area_id=A1).first()
    moved.area_id = A2
    moved.save()
    Enrolment.objects.filter(dwelling=moved).update(area_id=A2)
    heater = Heater.objects.filter(dwelling__isnull=False).first()
    heater.dwelling = None
    heater.save()
    refresh_summaries()
    pulled = snapshot()
    DwellingSummary.objects.all().delete()
    SummaryTotal.objects.all().delete()
    rebuild_summaries()
    assert snapshot() == pulled
    assert sum(row["dwellings"] for row in pulled[1]) == 13


def test_a_dwelling_taken_out_of_the_programme_leaves_list_and_sums(world: World) -> None:
    made = world.dwelling(A1, "registered")
    refresh_summaries()
    Enrolment.objects.filter(dwelling=made).delete()
    refresh_summaries()
    assert snapshot() == ([], [])


def test_room_temperatures_follow_the_readings(county: World) -> None:
    latest = LatestReading.objects.first()
    latest.room_dc, latest.at = 148, clock.now()
    latest.save()
    refresh_summaries()
    assert DwellingSummary.objects.get(heater_no=latest.heater.platform_no).room_dc == 148


def test_a_second_refresher_leaves_the_first_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is locked with SKIP LOCKED: what the other run holds is not waited for."""
    world.dwelling(A1, "paid")
    statements: list[str] = []

    def spy(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(spy):
        refresh_summaries()
    assert any("reports_refreshmark" in one and "SKIP LOCKED" in one for one in statements)
