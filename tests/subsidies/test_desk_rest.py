"""Drafts put away, payments looked at, what waits for a decision, looks of the public counted together, net ledger."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from core import throttle
from core.refusals import Refused
from reports.queries import todos, waiting
from reports.queries.scope import Scope
from subsidies import queries
from subsidies.invariants import broken
from subsidies.models import Policy, SampleLook
from subsidies.services import clawbacks, policies, postings
from subsidies.services.looks import note_look
from tests import people
from tests.subsidies.conftest import ASSESSED, MORNING, POLICY, VILLAGE, Money
from tests.subsidies.test_clawbacks import confirm, propose
from tests.subsidies.test_notices import visitor
from tests.subsidies.test_pages import Sign, enter
from tests.subsidies.test_readings import entry, home_of, record
from tests.subsidies.test_settlements import at_most, later, paid

__all__ = ["enter"]
pytestmark = pytest.mark.django_db


def test_a_discarded_draft_stays_to_be_read_and_can_never_be_released(money: Money, enter: Sign) -> None:
    changed = POLICY.replace("示例县2021年", "示例县2021年（修订）")
    policy = policies.draft_policy(programme=money.programme, document=changed, by=money.maker)
    client = enter(money.maker)
    page = f"/pay/policies/{policy.pk}/"
    assert "作废此草稿" in client.get(page).content.decode()
    assert client.post(f"{page}discard/", {"reason": ""}).status_code == 422
    assert client.post(f"{page}discard/", {"reason": "文稿有误"}).status_code == 302
    policy.refresh_from_db()
    assert policy.state == "discarded"
    shown = client.get(page).content.decode()
    assert "已作废" in shown and "作废此草稿" not in shown
    with pytest.raises(Refused, match="NOT_DRAFT"):
        policies.release_policy(policy=policy, sha256=policy.sha256, by=money.reviewer)
    with pytest.raises(Exception, match="may not go from discarded"), transaction.atomic():
        Policy.objects.filter(pk=policy.pk).update(state="draft")
    again = policies.draft_policy(programme=money.programme, document=changed, by=money.maker)
    assert (again.pk != policy.pk, again.version_no) == (True, policy.version_no + 1)
    policies.discard_draft(policy=again, reason="仍有误", by=money.maker)
    assert policies.draft_policy(programme=money.programme, document=changed, by="load").pk == again.pk


def test_what_a_signer_opened_from_the_batch_is_noted_once_per_household_and_round(money: Money, enter: Sign) -> None:
    batch = money.locked(2)
    one = batch.lines.get(line_no=1).entitlement
    client = enter(money.office)
    address = f"/pay/entitlements/{one.pk}/?batch={batch.number}"
    assert address.replace("&", "&amp;") in client.get(f"/pay/batches/{batch.number}/").content.decode()
    for _twice in range(2):
        assert client.get(address).status_code == 200
    look = SampleLook.objects.get()
    assert (look.line.entitlement, look.looker, look.round_no) == (one, money.office, 1)
    shown = client.get(f"/pay/batches/{batch.number}/").content.decode()
    assert "您已打开：1 / 2" in shown and money.office.person_name in shown
    assert client.get(f"/pay/entitlements/{one.pk}/?batch=PB-0-9").status_code == 200
    stranger = people.user("finance_review", VILLAGE[:6] + "002")
    assert not note_look(entitlement=one, batch_number=batch.number, by=stranger)
    assert SampleLook.objects.count() == 1


def test_held_readings_and_proposed_claims_wait_for_whoever_decides_them(money: Money, enter: Sign) -> None:
    home = home_of(money)
    record(money, entry(home, "2021-11-01", "2022-03-31", start=5000, end=100))
    office = Scope(money.office, money.programme, "370999")
    titles = {todo.title: todo for todo in todos.todos_for(office)}
    held = titles["待决定的存疑抄表"]
    assert (held.count, held.url) == (1, "/pay/readings/?state=held")
    assert waiting.numbers_for(office, ["subsidies:reading-list"]) == {"subsidies:reading-list": 1}
    file = enter(money.office).get(reverse("reports:household-detail", args=[home.dwelling_no])).content.decode()
    assert f"/pay/readings/{home.meter_readings.get().pk}/" in file and "存疑抄表" in file


def test_a_claim_waits_for_everybody_but_its_proposer(money: Money) -> None:
    (one,) = paid(money)
    propose(money, one, 100)
    difference = later(money, at_most(6500))
    scope = Scope(money.reviewer, money.programme, "370999")
    assert [todo.title for todo in todos.todos_for(scope) if todo.icon == "receipt"] == ["待决定的追缴"]
    assert waiting.numbers_for(scope, ["subsidies:clawback-list"]) == {"subsidies:clawback-list": 1}
    money.reviewer.person_no = money.maker.person_no
    assert waiting.numbers_for(scope, ["subsidies:clawback-list"]) == {"subsidies:clawback-list": 0}
    assert difference.difference_fen == 50_000


@pytest.mark.parametrize("redis", ["shared", "gone"])
def test_looks_at_a_public_notice_are_counted_for_all_processes_and_without_redis_for_each(
    money: Money, monkeypatch: pytest.MonkeyPatch, redis: str
) -> None:
    """A process of its own has no memory of the others' looks: only the shared count does."""
    money.accepted()
    money.assess(ASSESSED, MORNING)
    notice = money.publish(now=MORNING)
    monkeypatch.setattr("subsidies.views.public.clock.now", lambda: MORNING + dt.timedelta(hours=1))
    address = f"/pay/notices/{notice.number}/public/{postings.public_key(notice.number)}/"
    client = visitor()
    if redis == "gone":
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
            codes = [client.get(address).status_code for _look in range(31)]
    else:
        seen: dict[str, int] = {}
        monkeypatch.setattr(
            throttle, "_together", lambda key, seconds: seen.__setitem__(key, seen.get(key, 0) + 1) or seen[key]
        )
        monkeypatch.setattr(throttle, "_alone", lambda key, seconds: 0)
        codes = [client.get(address).status_code for _look in range(31)]
    assert codes == [200] * 30 + [429]


def test_the_ledger_and_its_totals_are_what_households_have(money: Money) -> None:
    """Less what came back in money, source by source; the batch's own line stays what was paid."""
    one, other = paid(money, 2)
    case = confirm(money, propose(money, one, 60_000, way="return"))
    clawbacks.record_return(
        clawback=case, amount_fen=60_000, document_no="示例缴款书1号", request_id=uuid4(), by=money.maker
    )
    auditor = people.user("auditor", "370999")
    ledger = queries.payout_ledger(money.programme, auditor)
    assert [(row.line.amount_fen, row.amount_fen, row.came_back_fen) for row in ledger.rows] == [
        (600_000, 540_000, 60_000), (600_000, 600_000, 0)
    ]  # fmt: skip
    assert ledger.total_fen == sum(ledger.by_source.values()) == 1_140_000
    assert ledger.by_source == queries.ledger_totals(money.programme, auditor)
    assert (other.amount_fen, broken()) == (600_000, {})
