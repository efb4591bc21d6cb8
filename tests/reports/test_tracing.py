"""What the trace keeps is what the money tables add up to: after any deed, killed in the middle, for any eyes."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Grant, User
from core import clock
from core.together import read
from households.models import RosterSeal
from programmes.models import Programme
from reports.models import ChainFault, RefreshMark, TracedPayment, TraceTotal
from reports.queries import trace as queries
from reports.queries.proof import broken_count
from reports.queries.scope import Scope
from reports.queries.trace import Path, by_name, trace_of
from reports.queries.trace_check import differences
from reports.services import tracing
from reports.services.summaries import rebuild_summaries, refresh_summaries
from retrofits.models import CostItem, Photo
from subsidies.models import (
    BatchSignature,
    Clawback,
    ClawbackEntry,
    Entitlement,
    EntitlementLine,
    Notice,
    PayoutBatch,
    PayoutLine,
)
from subsidies.services import bounces
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, A2, B1, World, forced, moment, undone

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
SEED, DEEDS = 20211122, 24


def over(world: World, area: str = "370999") -> Scope:
    return Scope(world.staff["auditor"], world.programme, area)


# --- deeds --------------------------------------------------------------------------------------------------


def pay(world: World, chance: random.Random) -> None:
    """A new home is paid; its payment may keep something back."""
    made = world.dwelling(chance.choice([A1, A2, B1]), "paid", amount_fen=2 * chance.randint(1_000, 300_000))
    if chance.random() < 0.5:
        keep_back(PayoutLine.objects.get(entitlement__dwelling=made), chance.randint(1, 999))


def keep_back(line: PayoutLine, fen: int) -> None:
    with forced():
        PayoutLine.objects.filter(pk=line.pk).update(
            amount_fen=line.amount_fen - fen, offset_fen=fen, offsets=[["ZH-00001", "CENTRAL", fen]]
        )


def come_back(world: World, chance: random.Random) -> None:
    """A part of a payment, from one source or from both."""
    line = chance.choice(list(PayoutLine.objects.filter(state="paid").select_related("entitlement")))
    due, at = line.entitlement, clock.now()
    parts = {source: chance.randint(1, 400) for source in chance.sample(["CENTRAL", "DISTRICT"], chance.randint(1, 2))}
    with forced():
        case = Clawback.objects.create(
            programme=world.programme, area_id=due.area_id, dwelling_id=due.dwelling_id, entitlement=due,
            benefit_kind=due.benefit_kind, period=due.period, amount_fen=sum(parts.values()), shares=parts,
            reason="other", words="误付", state="confirmed", proposed_by=world.staff["finance"],
            proposed_person_no="F1", proposed_at=at, decided_by=world.staff["finance_review"],
            decided_person_no="F2", decided_at=at,
        )  # fmt: skip
        for source, fen in parts.items():
            ClawbackEntry.objects.create(
                clawback=case, source=source, amount_fen=fen, document_no="缴款书", request_id=uuid.uuid4(),
                on=at.date(), recorded_by=world.staff["finance"], recorded_at=at,
            )  # fmt: skip


def send_back(world: World, chance: random.Random) -> None:
    """The bank says that a payment did not arrive after all."""
    paid = PayoutLine.objects.filter(state="paid", entitlement__clawbacks__isnull=True)
    line = chance.choice(list(paid))
    bounces.record_bounce(line=line, document_no="退汇 88", words="账户已销户", by=world.staff["finance"])


def move(world: World, chance: random.Random) -> None:
    """Payment and home turn out to belong to another village."""
    line = chance.choice(list(PayoutLine.objects.filter(state="paid", entitlement__clawbacks__isnull=True)))
    to = chance.choice([A1, A2, B1])
    with forced():
        Entitlement.objects.filter(pk=line.entitlement_id).update(area_id=to)
        PayoutLine.objects.filter(pk=line.pk).update(area_id=to)


def break_chain(world: World, chance: random.Random) -> None:
    line = chance.choice(list(PayoutLine.objects.filter(state="paid")))
    CostItem.objects.filter(installation__task=line.entitlement.task).update(amount_fen=chance.choice([1, 846_000]))


@pytest.mark.clause(
    "D-42", "严格实施跟踪审计", serves="reports.services.tracing:renew", page="reports:audit-trace",
    model="reports.TraceTotal",
)  # fmt: skip
def test_after_random_deeds_what_is_kept_is_what_comes_out(county: World) -> None:
    """Also anew from nothing, and nothing is counted that was not taken in: a forgotten refresh is a difference."""
    chance = random.Random(SEED)
    for number in range(DEEDS):
        chance.choice([pay, come_back, come_back, send_back, move, break_chain])(county, chance)
        if number % 3 == 2:
            refresh_summaries()
            assert differences() == []
    trace = trace_of(over(county), Path("CENTRAL", A2[:9], A2))
    assert trace.adds_up and trace.back_fen > 0 and len(trace.columns) == 4
    assert read(broken_count(over(county))) == ChainFault.objects.count() > 0
    kept = list(TraceTotal.objects.order_by("level", "kind", "key", "area_id").values_list("key", "number", "paid_fen"))
    TraceTotal.objects.all().delete()
    assert len(differences()) > len(kept) // 2
    rebuild_summaries()
    assert differences() == []
    again = TraceTotal.objects.order_by("level", "kind", "key", "area_id").values_list("key", "number", "paid_fen")
    assert list(again) == kept


# --- a refresh that is forgotten, or killed -----------------------------------------------------------------


def costs(line: PayoutLine) -> None:
    CostItem.objects.filter(installation__task=line.entitlement.task).update(amount_fen=1)


def part(line: PayoutLine) -> None:
    EntitlementLine.objects.filter(entitlement=line.entitlement, source="CENTRAL").update(amount_fen=1)


def notice(line: PayoutLine) -> None:
    Notice.objects.filter(pk=line.entitlement.notice_id).update(ends_at=moment(dt.date(2021, 12, 24)))


def unnoticed(line: PayoutLine) -> None:
    Entitlement.objects.filter(pk=line.entitlement_id).update(notice=None)


def excused(line: PayoutLine) -> None:
    Programme.objects.filter(pk=line.batch.programme_id).update(notice_required=False)


def batch(line: PayoutLine) -> None:
    PayoutBatch.objects.filter(pk=line.batch_id).update(content_hash="d" * 64)


def signature(line: PayoutLine) -> None:
    """Made anew over another content, as an attacker with the database in his hands would."""
    one = BatchSignature.objects.filter(batch=line.batch, step="review").get()
    BatchSignature.objects.filter(pk=one.pk).delete()
    one.pk, one.content_hash = None, "d" * 64
    one.save()


def locked(line: PayoutLine) -> None:
    line.batch.rounds.create(
        round_no=1, content_hash=line.batch.content_hash, total_fen=1, line_count=1,
        content={str(line.entitlement_id): [line.amount_fen + 1, "x"]}, sources=[],
        locked_by_id=line.batch.created_by_id, locked_at=line.batch.locked_at,
    )  # fmt: skip


def seal(line: PayoutLine) -> None:
    RosterSeal.objects.filter(roster=line.entitlement.task.roster_row.roster).update(content_hash="f" * 64)


def picture(line: PayoutLine) -> None:
    """Somebody else's photo turns out to be the same: both payments are touched, and again when it is gone."""
    other = PayoutLine.objects.filter(state="paid").exclude(pk=line.pk).first().entitlement.task
    copy = Photo.objects.filter(task=line.entitlement.task).first().document
    copy.pk, copy.stored_name = None, uuid.uuid4().hex
    copy.save()
    Photo.objects.create(task=other, area_id=other.area_id, stage="after", document=copy)


def other_picture(line: PayoutLine) -> None:
    Photo.objects.exclude(task=line.entitlement.task).order_by("-pk").first().delete()


def supplier(line: PayoutLine) -> None:
    inspector = line.entitlement.acceptance.inspector
    Grant.objects.create(user=inspector, role="supplier", area_id="370999")


def renamed(line: PayoutLine) -> None:
    """The person who entered the works bears the name that stands under the acceptance."""
    User.objects.filter(pk=line.entitlement.task.installation.recorded_by_id).update(person_name="张示例")


CHANGES = [
    (costs,), (part,), (notice,), (unnoticed, excused), (batch,), (signature,), (locked,), (seal,),
    (picture, other_picture), (supplier,), (renamed,),
]  # fmt: skip


def test_a_change_of_any_link_is_taken_in_and_a_forgotten_refresh_is_seen(county: World) -> None:
    for changes in CHANGES:
        with undone():
            for change in changes:
                taken_in(change, PayoutLine.objects.filter(state="paid", area_id=B1).get())
    costs(PayoutLine.objects.filter(state="paid", area_id=B1).get())
    with pytest.raises(CommandError):
        call_command("check_trace", "--as-is")
    call_command("check_trace")


def taken_in(change: Callable[[PayoutLine], None], line: PayoutLine) -> None:
    with forced():
        change(line)
    assert differences() != [], change.__name__
    refresh_summaries()
    assert differences() == [], change.__name__


class Killed(Exception):
    pass


def dying_after(statement: str) -> Callable[..., Any]:
    """In place of `tracing._run`: the process dies right after that statement."""
    run = tracing._run

    def dies(sql: str, **values: Any) -> Any:
        done = run(sql, **values)
        if sql == statement:
            raise Killed
        return done

    return dies


def test_killed_anywhere_nothing_is_half_taken_in(county: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = tracing.sql
    before = list(TraceTotal.objects.order_by("pk").values())
    county.dwelling(A1, "paid")
    for statement in (sql.DROP[0], sql.DROP[-1], sql.WRITE, sql.DROP_TOTALS, sql.WRITE_VILLAGES, sql.WRITE_TOWNS):
        with monkeypatch.context() as killing, pytest.raises(Killed):
            killing.setattr(tracing, "_run", dying_after(statement))
            refresh_summaries()
        assert list(TraceTotal.objects.order_by("pk").values()) == before and differences() != []
    refresh_summaries()
    assert differences() == []


def test_a_database_from_before_is_taken_in_piece_by_piece(county: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece notes how far it is: what dies after the second goes on with the third, and the page says so."""
    RefreshMark.objects.filter(name=tracing.MARK).delete()
    for model in (ChainFault, TraceTotal, TracedPayment):
        model.objects.all().delete()
    monkeypatch.setattr(tracing, "BATCH", 2)
    mark = RefreshMark.objects.create(name=tracing.MARK)
    for _piece in range(2):
        tracing._next_piece(mark, clock.now())
    assert TracedPayment.objects.count() == 4 and mark.refreshed_at is None
    assert trace_of(over(county), Path()).standing.at is None
    refresh_summaries()
    assert differences() == [] and trace_of(over(county), Path()).standing.at is not None


# --- who sees what, and how old it is ---------------------------------------------------------------------------


def test_the_page_says_of_when_its_sums_are(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    words = "正在计入"
    assert words not in client.get("/trace/").content.decode()
    county.dwelling(A1, "paid")
    fresh = trace_of(over(county), Path()).standing
    assert fresh.behind and fresh.at is not None
    page = client.get("/trace/").content.decode()
    assert words in page and "截至" in page
    refresh_summaries()
    assert words not in client.get("/trace/").content.decode()
    RefreshMark.objects.filter(name=tracing.MARK).update(refreshed_at=None)
    assert "callout--warn" in client.get("/trace/").content.decode()


def test_sums_end_where_the_right_ends(county: World) -> None:
    """Of a town, of a village, of two villages of different towns, and of another county."""
    paid = {code: PayoutLine.objects.filter(state="paid", area_id=code) for code in (A1, A2, B1)}
    for areas, wanted in (((A1[:9],), (A1, A2)), ((A2,), (A2,)), ((A2, B1), (A2, B1)), (("370998",), ())):
        user = people.user("auditor", areas[0])
        for more in areas[1:]:
            Grant.objects.create(user=user, role="auditor", area_id=more)
        trace = trace_of(Scope(user, county.programme, "3709"), Path("CENTRAL", A2[:9], A2))
        lines = [line for code in wanted for line in paid[code]]
        assert (trace.payments, trace.paid_fen) == (len(lines), sum(line.amount_fen for line in lines)), areas
        assert trace.adds_up and sum(item.fen for item in trace.columns[0].items) == trace.paid_fen
        found = read(by_name(Scope(user, county.programme, "3709"), paid[B1].get().payee_name))
        assert {item.key for item in found} <= {line.entitlement.dwelling.dwelling_no for line in lines}
    everybody = Scope(people.user("town_staff", "370999001"), county.programme, "3709")
    assert trace_of(everybody, Path()).payments == 0, "no right to trace money"


def test_households_come_page_by_page_and_the_chosen_one_is_on_each(
    county: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SHOWN", 2)
    first = trace_of(over(county), Path("CENTRAL", A2[:9], A2)).columns[-1]
    numbers = sorted(TracedPayment.objects.filter(area_id=A2).values_list("dwelling_no", flat=True))
    assert [item.key for item in first.items] == numbers[:2] and first.more == 1 and first.adds_up
    assert f"after={numbers[1]}" in first.next_url
    second = trace_of(over(county), Path("CENTRAL", A2[:9], A2, numbers[0], numbers[1])).columns[-1]
    assert [item.key for item in second.items] == [numbers[0], numbers[2]] and second.adds_up and not second.next_url
    assert second.chosen is not None and second.total_fen == first.total_fen


def test_a_number_a_head_a_holder_and_four_last_signs_lead_back(county: World) -> None:
    line = PayoutLine.objects.filter(state="paid", area_id=B1).select_related("entitlement__household").get()
    with forced():
        PayoutLine.objects.filter(pk=line.pk).update(payee_name="王测试")
    refresh_summaries()
    number, household = line.entitlement.dwelling.dwelling_no, line.entitlement.household
    for words in (number.lower(), "王测", household.head_name, household.id_number_tail.lower()):
        assert number in {item.key for item in read(by_name(over(county), words))}, words
    assert read(by_name(over(county), "无此人")) == []
