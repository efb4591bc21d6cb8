"""The desk of policies on its pages: texts checked, drafts, answers, release, five households."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from subsidies.models import (
    Policy,
    PolicyTrial,
)
from tests.subsidies.conftest import POLICY, Money
from tests.subsidies.test_pages import Sign, enter, token
from tests.subsidies.test_policies_desk import draft, run_jobs, stepped, url

__all__ = ["enter"]
pytestmark = pytest.mark.django_db


def test_a_text_is_checked_line_by_line_while_it_is_written(money: Money, enter: Sign) -> None:
    client = enter(money.maker)
    wrong = POLICY.replace("fixed: 3000", "fixd: 3000").replace("valid_to: 2024-12-31", "valid_to: soon")
    page = client.post(url("policy-check"), {"document": wrong}).content.decode()
    line = next(n for n, text in enumerate(wrong.splitlines(), 1) if "fixd" in text)
    assert f'<td class="r">{line}</td>' in page and "fixd" in page and "soon" in page
    good = client.post(url("policy-check"), {"document": POLICY.replace("\n", "\r\n")}).content.decode()
    assert "电代煤设备补贴" in good and "6,000.00" in good


@pytest.mark.parametrize("as_file", [True, False])
def test_a_text_or_a_file_becomes_a_draft_and_mistakes_stay_to_be_corrected(
    money: Money, enter: Sign, as_file: bool
) -> None:
    client = enter(money.maker)

    def send(text: str) -> Any:
        body = {"file": SimpleUploadedFile("p.yaml", text.encode())} if as_file else {"document": text}
        return client.post(url("policy-new"), body)

    refused = send(stepped().replace("fixed: 5300", "fixd: 5300"))
    assert refused.status_code == 422 and "fixd: 5300" in refused.content.decode()
    assert Policy.objects.count() == 1
    made = send(stepped())
    assert made.status_code == 302 and made.url == url("policy-detail", Policy.objects.latest("pk").pk)


def test_a_draft_that_begins_with_a_version_keeps_its_answers(money: Money, enter: Sign) -> None:
    flat = draft(money, POLICY, options={"Q1": "flat"})
    client = enter(money.maker)
    page = client.get(url("policy-new"), {"base": flat.pk})
    assert "电代煤设备补贴" in page.content.decode()
    client.post(url("policy-new") + f"?base={flat.pk}", {"document": POLICY.replace("2021〕1号", "2021〕2号")})
    assert Policy.objects.latest("pk").options == {"Q1": "flat"}


def test_bytes_that_are_no_text_are_refused_with_a_sentence(money: Money, enter: Sign) -> None:
    sent = {"file": SimpleUploadedFile("p.yaml", b"\xff\xfe\x00")}
    assert enter(money.maker).post(url("policy-new"), sent).status_code == 422


@pytest.mark.clause(
    "L-17", "清洁取暖费用少于6000元，补助金额按照80%计算", serves="subsidies.services.trials:sign_cliff",
    page="subsidies:policy-trial", model="subsidies.CliffSignature",
)  # fmt: skip
def test_from_a_changed_answer_to_the_release_on_the_pages(money: Money, enter: Sign) -> None:
    """Draft, trial, five households, a signed jump, release, differences: every step by its button."""
    (paid,) = money.payable(1)
    maker, reviewer = enter(money.maker), enter(money.reviewer)
    policy = draft(money, stepped())
    assert maker.post(url("policy-trial-run", policy.pk)).status_code == 302
    run_jobs()
    page = reviewer.get(url("policy-trial", policy.pk)).content.decode()
    assert "5,999.99" in page and "1,200.00" in page and "<svg viewBox" in page and paid.dwelling.dwelling_no in page
    assert 'name="key"' not in maker.get(url("policy-trial", policy.pk)).content.decode(), "the drafter does not sign"
    assert _release(reviewer, policy, money).status_code == 422, "the jump is not signed yet"
    key = PolicyTrial.objects.get(policy=policy).cliffs[0]["key"]
    assert reviewer.post(url("policy-cliff-sign", policy.pk), {"key": key, "reason": ""}).status_code == 422
    assert reviewer.post(url("policy-cliff-sign", policy.pk), {"key": key, "reason": "按文件执行"}).status_code == 302
    assert _release(reviewer, policy, money).status_code == 302
    run_jobs()
    page = maker.get(url("difference-list")).content.decode()
    assert paid.dwelling.dwelling_no in page and "700.00" in page
    detail = maker.get(url("entitlement-detail", paid.pk)).content.decode()
    assert "5,300.00" in detail and "6,000.00" in detail


def test_switches_on_the_page_make_a_new_draft(money: Money, enter: Sign) -> None:
    client, old = enter(money.maker), Policy.objects.get()
    assert client.post(url("policy-switch", old.pk), {"q_Q1": "flat", "reason": ""}).status_code == 422
    answer = client.post(url("policy-switch", old.pk), {"q_Q1": "flat", "reason": "会议纪要〔2021〕3号"})
    new = Policy.objects.latest("pk")
    assert answer.url == url("policy-detail", new.pk) and new.options == {"Q1": "flat"}
    page = client.get(answer.url).content.decode()
    assert "会议纪要〔2021〕3号" in page and str(money.maker) in page
    questions = client.get(url("policy-questions")).content.decode()
    assert all(f">Q{n}<" in questions for n in range(1, 27)) and "会议纪要〔2021〕3号" in questions
    reader = enter(money.releaser).get(url("policy-detail", new.pk)).content.decode()
    assert 'name="q_Q1"' not in reader, "who may not draft reads the answers"


def test_five_households_real_and_made_up(money: Money, enter: Sign) -> None:
    homes = [money.accepted(costs=[("DEVICE", fen)]).dwelling for fen in (800_000, 500_000)]
    client, policy = enter(money.maker), draft(money)
    page = client.post(url("policy-try", policy.pk), {"homes": ""}).content.decode()
    assert all(home.dwelling_no in page for home in homes) and "5,300.00" in page and "4,000.00" in page
    page = client.post(url("policy-try", policy.pk), {"homes": f"{homes[1].dwelling_no} NONE-1"}).content.decode()
    assert homes[0].dwelling_no not in page and "NONE-1" in page
    typed = {"1-technology": "ELECTRIC", "1-cost": "5999.99", "2-technology": "ELECTRIC", "2-cost": "6000"}
    page = client.post(url("policy-try", policy.pk), typed).content.decode()
    assert "4,799.99" in page and "1,200.00" in page and "5,300.00" in page and "700.00" in page
    assert client.post(url("policy-try", policy.pk), {"1-cost": "many"}).status_code == 422
    # a word that is no technology of ours is no household without any: it would be told it gets nothing
    assert client.post(url("policy-try", policy.pk), {"1-technology": "煤改电", "1-cost": "1"}).status_code == 422
    assert not PolicyTrial.objects.filter(policy=policy).exists()


def test_a_made_up_household_has_further_facts_by_name(money: Money, enter: Sign) -> None:
    """A rule by number of rooms and by class of beneficiary is tried without a household of the register."""
    text = POLICY.replace("policy: sample_2021", "policy: rooms_2021").replace(
        "min: {cap: {of: {cost: eligible}, at: {fixed: 6000}}}",
        "min: {first_of: [{when: [{fact: classes, in: [LOW_INCOME]}], amount: {per_unit: {quantity: room_count, "
        "rate: 500}}}, {amount: {fixed: 100}}]}",
    )
    client, policy = enter(money.maker), draft(money, text)
    typed = {"1-technology": "ELECTRIC", "1-more": "room_count=4 classes=LOW_INCOME", "2-technology": "ELECTRIC"}
    page = client.post(url("policy-try", policy.pk), typed).content.decode()
    assert "2,000.00" in page and "100.00" in page and "房间数" in page
    wrong = client.post(url("policy-try", policy.pk), {"1-more": "rooms=4"})
    assert wrong.status_code == 422 and "rooms=4" in wrong.content.decode()


def test_five_households_take_twelve_queries_however_many_seasons(
    money: Money, enter: Sign, django_assert_max_num_queries: Any
) -> None:
    homes = [money.accepted().dwelling for _home in range(5)]
    for year in (2021, 2022, 2023):
        for home in homes:
            money.reading(home, "2000", f"{year}-11-01", f"{year + 1}-03-31")
    client, policy = enter(money.maker), draft(money)
    client.post(url("policy-try", policy.pk), {"homes": ""})
    with django_assert_max_num_queries(12):
        page = client.post(url("policy-try", policy.pk), {"homes": ""}).content.decode()
    assert page.count("2023-2024") == 10, "a row and its steps for each"


def _release(client: Client, policy: Policy, money: Money) -> Any:
    return client.post(url("policy-release", policy.pk), {"sha256": policy.sha256, "token": token(money.reviewer)})
