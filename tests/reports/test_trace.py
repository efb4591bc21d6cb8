"""From the total to the proof: columns add up, a difference is shown, broken chains stand first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from core.together import read
from households.models import Household
from reports.queries import todos
from reports.queries.proof import broken_chains, line_of, proof_of
from reports.queries.scope import Scope
from reports.queries.trace import Path, trace_of
from reports.queries.year import year_of
from reports.services.summaries import refresh_summaries
from retrofits.models import CostItem, Photo, Task
from subsidies.models import EntitlementLine, Notice, PayoutLine, Policy
from tests.reports.conftest import one_county as county
from tests.reports.world import A2, B1, World, forced, moment, undone

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TODAY = dt.date(2021, 11, 21)


def over(world: World, role: str = "auditor", area: str = "370999") -> Scope:
    return Scope(world.staff[role], world.programme, area)


def full_path(line: PayoutLine) -> Path:
    code = line.entitlement.area_id
    return Path("CENTRAL", code[:9], code, line.entitlement.dwelling.dwelling_no)


@pytest.mark.clause(
    "D-42",
    "严格实施跟踪审计",
    serves="reports.queries.trace:trace",
    page="reports:audit-trace",
    model="subsidies.PayoutLine",
)
@pytest.mark.clause(
    "J-62",
    "跟踪审计",
    serves="reports.queries.trace:trace",
    page="reports:audit-trace",
    model="subsidies.PayoutLine",
)
def test_each_column_sums_to_the_line_before(county: World) -> None:
    line = PayoutLine.objects.filter(state="paid", area_id=A2).first()
    trace = trace_of(over(county), full_path(line))
    assert trace.adds_up
    assert [column.total_fen for column in trace.columns] == [2_796_000, 1_398_000, 1_158_000, 858_000]
    assert [len(column.items) for column in trace.columns] == [2, 2, 2, 3]
    assert trace.columns[-1].chosen is not None


def test_a_column_that_does_not_add_up_is_said(county: World, sign_in: SignIn) -> None:
    part = EntitlementLine.objects.filter(entitlement__state="paid").first()
    with forced():
        EntitlementLine.objects.filter(pk=part.pk).update(amount_fen=part.amount_fen + 1)
    refresh_summaries()
    trace = trace_of(over(county), Path())
    assert not trace.adds_up
    assert trace.columns[0].difference_fen == 1
    assert "✗" in sign_in(county.staff["auditor"]).get("/trace/").content.decode()


def test_a_sign_no_text_may_hold_is_refused_in_words(county: World, sign_in: SignIn) -> None:
    answer = sign_in(county.staff["auditor"]).get("/trace/", {"q": "a\x00b"})
    assert answer.status_code == 422 and "含有无法保存的字符" in answer.content.decode()


@pytest.mark.clause(
    "T-57",
    "专款专用",
    serves="reports.queries.proof:proof_of",
    page="reports:audit-trace",
    model="subsidies.PayoutLine",
)
def test_a_whole_chain_has_nine_links(county: World) -> None:
    assert read(broken_chains(over(county))) == []
    Photo.objects.update(taken_at=None)  # a photo without a day of its own has that of its coming in
    with forced():
        Policy.objects.update(released_at=moment(dt.date(2021, 1, 2)))
    line = line_of(over(county), PayoutLine.objects.filter(state="paid").first().entitlement.dwelling.dwelling_no)
    assert line is not None
    proof = proof_of(line)
    assert (len(proof.links), proof.broken) == (9, 0), [link.fault for link in proof.links]
    assert [link.title for link in proof.links if not link.at] == [], "each link has its day"
    assert [check.words for check in proof.checks if check.holds is False] == []


def spoil_notice(world: World, line: PayoutLine) -> None:
    with forced():
        Notice.objects.filter(pk=line.entitlement.notice_id).update(ends_at=moment(dt.date(2021, 12, 24)))


def spoil_cost(world: World, line: PayoutLine) -> None:
    CostItem.objects.filter(installation__task=line.entitlement.task).update(amount_fen=1)


def spoil_photo(world: World, line: PayoutLine) -> None:
    other = Task.objects.exclude(pk=line.entitlement.task_id).filter(installation__isnull=False).first()
    own = Photo.objects.filter(task=line.entitlement.task).first()
    world.photo(other, "after", sha256=own.document.sha256)


def spoil_payee(world: World, line: PayoutLine) -> None:
    Household.objects.filter(pk=line.entitlement.household_id).update(head_name="李样本")


def test_a_broken_chain_is_the_first_thing_on_the_page(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["auditor"])
    for spoil in (spoil_notice, spoil_cost, spoil_photo, spoil_payee):
        with undone():
            broken_first(county, client, spoil)


def broken_first(county: World, client: Client, spoil: Callable[[World, PayoutLine], None]) -> None:
    line = PayoutLine.objects.filter(state="paid", area_id=B1).get()
    spoil(county, line)
    refresh_summaries()
    found = read(broken_chains(over(county)))
    assert line.pk in {one.line.pk for one in found}
    assert len({one.why for one in found}) == 1
    html = client.get("/trace/").content.decode()
    assert html.index(line.entitlement.dwelling.dwelling_no) < html.index('class="trail"')
    assert proof_of(line).broken + sum(check.holds is False for check in proof_of(line).checks) >= 1


def test_an_auditor_of_one_town_sees_only_its_money(county: World) -> None:
    from tests import people

    county.staff["auditor_b"] = people.user("auditor", "370999002")
    trace = trace_of(over(county, "auditor_b", "370999002"), Path("CENTRAL"))
    assert trace.total_fen == 480_000
    assert [item.key for item in trace.columns[1].items] == ["370999002"]


# --- the year and what waits --------------------------------------------------------------------------------


def test_the_overview_counts_what_the_list_finds(county: World, sign_in: SignIn) -> None:
    year = year_of(over(county, "office"), TODAY)
    assert year is not None
    assert (year.whole.enrolled, year.whole.finished, year.whole.accepted, year.whole.paid) == (13, 11, 9, 5)
    assert (year.paid_fen, year.due_fen) == (2_796_000, 4_596_000)
    client = sign_in(county.staff["office"])
    for step in year.funnel:
        assert client.get(step.url).context["table"].count == step.stuck, step.title
    for line in year.places:
        assert client.get(f"{line.url}&stage=finished").context["table"].count == line.finished


def test_money_per_source_is_the_funds_own(county: World) -> None:
    year = year_of(over(county, "office"), TODAY)
    assert year is not None
    assert [(one.received, one.paid) for one in year.sources] == [(100_000_000, 1_398_000)] * 2


def test_what_waits_fits_the_role_and_ends_when_it_is_done(county: World) -> None:
    def titles(role: str) -> dict[str, int]:
        return {todo.icon + todo.url: todo.count for todo in todos.todos_for(over(county, role))}

    finance = todos.todos_for(over(county, "finance"))
    assert any(todo.icon == "cash" and todo.count == 1 for todo in finance)
    assert titles("auditor") == {}
    inspector = todos.todos_for(over(county, "inspector"))
    assert [todo.count for todo in inspector] == [1]
    Task.objects.filter(state="installed").update(state="accepted")
    refresh_summaries()
    assert todos.todos_for(over(county, "inspector")) == []


def test_deadlines_come_first(county: World) -> None:
    waiting = todos.todos_for(over(county, "office"))
    dated = [todo.due for todo in waiting if todo.due]
    assert dated == sorted(dated)
    assert waiting[: len(dated)] == [todo for todo in waiting if todo.due]
    assert dated, "the running notice has an end"
