"""Double entry per source and year, money held after the seal, grants against arrivals, the ledger as sum of lines."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from core.refusals import Refused
from households.models import Roster, RosterRow
from subsidies import fund_figures
from subsidies.invariants import broken
from subsidies.models import Entitlement, Fund, FundEntry, FundHold, PayoutBatch
from subsidies.queries import funds_of, source_codes
from subsidies.services import bank, batches, funds, holds, signatures
from subsidies.services.funds import FundsShort
from tests import people
from tests.subsidies.conftest import SECOND, VILLAGE, Money
from tests.subsidies.test_bank import answer, read
from tests.subsidies.test_pages import device_of

pytestmark = pytest.mark.django_db
NEEDS = {"reserve_per_home": {"*": {"CENTRAL": 3000, "DISTRICT": 3000}}}
SEALED = dt.datetime(2021, 10, 1, tzinfo=dt.UTC)


@pytest.fixture
def held(money: Money) -> Money:
    """The programme says what one home needs."""
    money.programme.settings = NEEDS
    money.programme.save()
    return money


def sealed(money: Money, area: str, day: int, homes: int) -> list[RosterRow]:
    """A roster of so many homes, approved on that day."""
    roster = Roster.objects.create(
        programme=money.programme, area_id=area, state="approved", prepared_by=money.clerk,
        approved_at=SEALED + dt.timedelta(days=day),
    )  # fmt: skip
    route = money.programme.technologies.get()
    return [
        RosterRow.objects.create(roster=roster, dwelling=people.dwelling(area), technology=route, row_no=number)
        for number in range(1, homes + 1)
    ]


def states() -> dict[str, int]:
    found = list(FundHold.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def reserve(money: Money) -> holds.Held:
    return holds.reserve_pending(programme=money.programme, by=money.maker)


def test_who_was_sealed_first_is_served_first_and_the_others_are_shown_short(held: Money) -> None:
    late, early = sealed(held, SECOND, 5, 2), sealed(held, VILLAGE, 1, 2)
    held.fund(9_000)
    assert reserve(held) == holds.Held(held=3, short=1)
    assert set(FundHold.objects.filter(state="held").values_list("roster_row", flat=True)) == {
        *(row.pk for row in early), late[0].pk
    }  # fmt: skip
    assert list(RosterRow.objects.order_by("pk").values_list("funds_state", flat=True)) == [
        "reserved", "short", "reserved", "reserved"
    ]  # fmt: skip
    assert set(Fund.objects.values_list("held_fen", "received_fen")) == {(900_000, 900_000)}
    assert reserve(held) == holds.Held(held=0, short=1), "again nothing"
    held.fund(3_000)
    assert reserve(held) == holds.Held(held=1, short=0)
    assert (set(RosterRow.objects.values_list("funds_state", flat=True)), broken()) == ({"reserved"}, {})


def test_nothing_is_held_where_the_programme_says_nothing(money: Money) -> None:
    sealed(money, VILLAGE, 1, 1)
    money.fund()
    assert (reserve(money), FundHold.objects.count()) == (holds.Held(), 0)


def test_held_money_is_not_spent_by_others(held: Money) -> None:
    sealed(held, SECOND, 1, 1)
    held.fund(3_000)
    reserve(held)
    held.programme.settings = {}
    held.programme.save()
    held.payable(1)
    with pytest.raises(FundsShort):
        batches.lock_for_signing(batch=held.draft(), by=held.maker)


def test_a_home_whose_money_is_short_enters_no_batch_until_it_arrives(held: Money) -> None:
    held.payable(2)
    Roster.objects.update(approved_at=SEALED)
    held.fund(3_000)
    assert reserve(held) == holds.Held(held=1, short=1)
    batch = held.draft()
    assert batch.line_count == 1
    with pytest.raises(Refused, match="NOTHING_PAYABLE"):
        held.draft()
    held.fund(3_000)
    reserve(held)
    assert batches.fill_batch(batch=batch, by=held.maker) == 1


def test_a_batch_takes_the_holds_over_and_gives_them_back_when_it_is_sent_back(held: Money) -> None:
    held.payable(2)
    Roster.objects.update(approved_at=SEALED)
    held.fund(6_000)
    reserve(held)
    assert Fund.objects.first().free_fen == 0
    batch = batches.lock_for_signing(batch=held.draft(), by=held.maker)
    assert (states(), broken()) == ({"used": 2}, {})
    assert set(Fund.objects.values_list("held_fen", "reserved_fen")) == {(0, 600_000)}
    signatures.return_batch(
        batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=held.office, reason="再核"
    )
    assert (states(), broken()) == ({"held": 2}, {})
    assert set(Fund.objects.values_list("held_fen", "reserved_fen")) == {(600_000, 0)}


def test_a_batch_is_sent_back_though_the_rest_of_its_holds_was_spent_meanwhile(held: Money) -> None:
    held.programme.settings = {"reserve_per_home": {"*": {"CENTRAL": 4000, "DISTRICT": 4000}}}
    held.programme.save()
    held.payable(2)
    Roster.objects.update(approved_at=SEALED)
    held.fund(8_000)
    reserve(held)
    batch = batches.lock_for_signing(batch=held.draft(), by=held.maker)
    for fund in Fund.objects.all():
        assert fund.free_fen == 200_000, "held were 4,000 of each source per home, paid are 3,000"
        funds.give_to_source(fund=fund, amount_fen=100_000, document_no="示", request_id=uuid4(), by=held.maker)
    signatures.return_batch(
        batch=batch, shown_hash=batch.content_hash, request_id=uuid4(), by=held.office, reason="再核"
    )
    assert (states(), broken()) == ({"held": 1, "short": 1}, {})
    assert set(Fund.objects.values_list("held_fen", "reserved_fen")) == {(400_000, 0)}
    batches.lock_for_signing(batch=batches.reopen_batch(batch=batch, by=held.maker), by=held.maker)
    assert (states(), broken()) == ({"used": 1, "freed": 1}, {})


def test_a_hold_ends_when_nothing_is_due_after_all(held: Money) -> None:
    task = held.accepted(costs=[])
    Roster.objects.update(approved_at=SEALED)
    held.fund(3_000)
    reserve(held)
    assert states() == {"held": 1}
    held.assess()
    assert Entitlement.objects.get(task=task).outcome != "due"
    assert reserve(held).freed == 1
    assert (states(), Fund.objects.first().held_fen, broken()) == ({"freed": 1}, 0, {})


def test_every_entry_has_two_sides_and_the_accounts_add_up_to_nothing(money: Money) -> None:
    batch = money.sent(3)
    funds.record_grant(**common(money, 5_000_000))
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[2])), by=money.maker)
    fund = Fund.objects.get(source="CENTRAL")
    back = {"fund": fund, "by": money.maker, "document_no": "示例〔2022〕1号"}
    funds.record_recovery(**back, amount_fen=100_000, request_id=uuid4())
    funds.give_to_source(**back, amount_fen=50_000, request_id=uuid4())
    found = fund_figures.balances(list(Fund.objects.all()))
    fund.refresh_from_db()
    assert sum(found.values()) == 0
    assert (found["paid"], found["batches"], found["recovered"], found["returned"]) == (1_200_000, 0, -100_000, 50_000)
    assert found["free"] == sum(one.free_fen for one in Fund.objects.all())
    assert not FundEntry.objects.filter(debit=None).exists() and not FundEntry.objects.filter(credit=None).exists()
    assert broken() == {}


def common(money: Money, fen: int) -> dict[str, Any]:
    return {
        "programme": money.programme, "source": "CENTRAL", "budget_year": 2021, "amount_fen": fen, "by": money.maker,
        "document_no": "示例财预〔2021〕9号", "request_id": uuid4(),
    }  # fmt: skip


def test_no_more_comes_back_than_was_paid_and_no_more_goes_back_than_is_free(money: Money) -> None:
    money.fund(100)
    fund = Fund.objects.get(source="CENTRAL")
    with pytest.raises(Refused, match="AMOUNT"):
        funds.record_recovery(fund=fund, amount_fen=1, document_no="x", request_id=uuid4(), by=money.maker)
    with pytest.raises(FundsShort):
        funds.give_to_source(fund=fund, amount_fen=10_001, document_no="x", request_id=uuid4(), by=money.maker)
    funds.give_to_source(fund=fund, amount_fen=10_000, document_no="x", request_id=uuid4(), by=money.maker)
    assert (Fund.objects.get(pk=fund.pk).free_fen, broken()) == (0, {})


@pytest.mark.clause(
    "T-57", "专款专用", serves="subsidies.services.bank:reconcile", model="subsidies.FundEntry",
)  # fmt: skip
def test_every_payment_names_source_year_and_document(money: Money) -> None:
    batch = money.sent(2)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    paid = FundEntry.objects.filter(kind="paid").order_by("pk")
    assert set(paid.values_list("fund__source", "fund__budget_year", "document_no")) == {
        ("CENTRAL", 2021, "示例财〔2021〕1号"), ("DISTRICT", 2021, "示例财〔2021〕1号")
    }  # fmt: skip
    assert paid.aggregate(fen=Sum("amount_fen"))["fen"] == batch.total_fen


@pytest.mark.clause(
    "D-45", "足额配套县级资金", serves="subsidies.services.funds:record_grant", page="subsidies:fund-list",
    model="subsidies.Fund",
)  # fmt: skip
def test_matching_funds_pledged_stand_beside_what_was_paid_in(money: Money) -> None:
    funds.record_grant(**common(money, 1_000_000) | {"source": "DISTRICT"})
    money.receipt("DISTRICT", 333_000)
    money.receipt("CENTRAL", 100)
    district = next(row for row in rows(money) if row.fund.source == "DISTRICT")
    central = next(row for row in rows(money) if row.fund.source == "CENTRAL")
    assert (district.paid_in, district.outstanding_fen) == (Decimal("33.3"), 667_000)
    assert (central.paid_in, central.outstanding_fen) == (None, 0), "never promised is not nothing promised"
    page = page_of(money)
    assert "6,670.00" in page and "33.3 %" in page


def test_a_total_of_grants_nobody_recorded_is_not_nought(money: Money) -> None:
    money.receipt("DISTRICT", 333_000)

    def granted() -> str:
        """The total's second figure cell: what was granted, as it is read."""
        total = page_of(money).split('<tr class="sum">')[1].split("</td>")[2]
        return re.sub(r"<[^>]+>", "", total)

    assert granted() == "—"
    funds.record_grant(**common(money, 1_000_000) | {"source": "DISTRICT"})
    assert granted() == "10,000.00"


def rows(money: Money) -> list[fund_figures.FundRow]:
    return fund_figures.fund_rows(list(Fund.objects.order_by("source")), money.programme)


def page_of(money: Money) -> str:
    client, reader = Client(), people.user("auditor", "370999")
    client.force_login(reader, backend="accounts.backends.PersonBackend")
    session = client.session
    session["otp_device_id"] = device_of(reader).persistent_id
    session.save()
    return client.get(reverse("subsidies:fund-list")).content.decode()


def test_execution_by_source_and_by_kind(money: Money) -> None:
    batch = money.sent(3)
    bank.reconcile(bank_return=read(money, batch, answer(batch, failed=[3])), by=money.maker)
    for row in rows(money):
        assert (row.spent_fen, row.execution, row.agrees) == (600_000, Decimal("0.6"), True)
    (kind,) = fund_figures.kind_rows(list(Fund.objects.all()))
    assert (kind.kind, dict(kind.by_source), kind.total_fen) == (
        "CONVERSION", {"CENTRAL": 600_000, "DISTRICT": 600_000}, 1_200_000
    )  # fmt: skip


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE subsidies_fund SET paid_fen = paid_fen + 1, received_fen = received_fen + 1 WHERE source = 'CENTRAL'",
        "UPDATE subsidies_entitlementline SET source = 'MUNICIPAL' WHERE source = 'CENTRAL'",
        "DELETE FROM subsidies_fundentry WHERE kind = 'paid' AND id = (SELECT max(id) FROM subsidies_fundentry)",
    ],
)
def test_a_ledger_that_is_not_the_sum_of_its_lines_is_named(money: Money, damage: str) -> None:
    batch = money.sent(2)
    bank.reconcile(bank_return=read(money, batch, answer(batch)), by=money.maker)
    call_command("check_ledger")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(damage)
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(CommandError):
        call_command("check_ledger", programme=money.programme.code)


def test_a_batch_in_the_middle_agrees_too(money: Money) -> None:
    money.locked(2)
    assert fund_figures.disagreements(money.programme) == []
    assert PayoutBatch.objects.get().state == "locked"
    call_command("check_ledger")


@pytest.mark.clause(
    "J-69", "统筹安排中央、省、市清洁取暖专项资金", serves="subsidies.services.funds:record_receipt",
    page="subsidies:fund-list", model="subsidies.Fund",
)  # fmt: skip
def test_money_of_four_levels_stands_side_by_side(money: Money) -> None:
    levels = {"CENTRAL": "中央", "PROVINCIAL": "省级", "MUNICIPAL": "市级", "DISTRICT": "区"}
    for number, source in enumerate(levels, 1):
        money.receipt(source, number * 1_000_000)
    page = page_of(money)
    for number, words in enumerate(levels.values(), 1):
        assert words in page and f"{number * 10_000:,}.00" in page
    assert "100,000.00" in page, "and their sum"


@pytest.mark.clause(
    "B-40", "中央补助、中央预算内投资、专项债券", serves="subsidies.queries:source_codes",
    page="subsidies:fund-receipt", model="subsidies.Fund",
)  # fmt: skip
def test_a_programme_names_further_kinds_of_money(money: Money) -> None:
    money.programme.settings = {"fund_sources": ["CENTRAL_INVESTMENT", "SPECIAL_BOND"]}
    money.programme.save()
    assert source_codes(money.programme) == ["CENTRAL", "DISTRICT", "CENTRAL_INVESTMENT", "SPECIAL_BOND"]
    money.receipt("SPECIAL_BOND", 5_000_000)
    assert "专项债券" in page_of(money)


@pytest.mark.clause(
    "T-24", "中央…连续支持三年，每年奖补标准为3亿元", serves="subsidies.services.funds:record_grant",
    page="subsidies:fund-list", model="subsidies.Fund",
)  # fmt: skip
@pytest.mark.clause(
    "T-25", "市级财政三年奖补4亿元", serves="subsidies.services.funds:record_grant", page="subsidies:fund-list",
    model="subsidies.Fund",
)  # fmt: skip
def test_the_citys_grants_stand_with_the_city_and_are_no_ceiling_of_a_district(money: Money) -> None:
    """A-06: both are figures of the whole city."""
    city = people.programme("3709", code="city-2021", year_from=2021)
    treasurer = people.user("finance", "3709")
    paper = {"programme": city, "by": treasurer, "document_no": "示例财建〔2021〕1号"}
    for year in (2021, 2022, 2023):
        funds.record_grant(**paper, source="CENTRAL", budget_year=year, amount_fen=30_000_000_000, request_id=uuid4())
    funds.record_grant(**paper, source="MUNICIPAL", budget_year=2021, amount_fen=40_000_000_000, request_id=uuid4())
    found = fund_figures.fund_rows(list(funds_of(city, treasurer)), city)
    assert [(row.fund.source, row.fund.budget_year, row.outstanding_fen) for row in found] == [
        ("CENTRAL", 2021, 30_000_000_000), ("MUNICIPAL", 2021, 40_000_000_000), ("CENTRAL", 2022, 30_000_000_000),
        ("CENTRAL", 2023, 30_000_000_000),
    ]  # fmt: skip
    assert fund_figures.totals(found)["granted_fen"] == 130_000_000_000
    assert not funds_of(city, money.maker), "nobody of a district sees it"
    assert not Fund.objects.filter(programme=money.programme).exists() and broken() == {}
    money.payable(1)
    with pytest.raises(FundsShort):
        batches.lock_for_signing(batch=money.draft(), by=money.maker)
