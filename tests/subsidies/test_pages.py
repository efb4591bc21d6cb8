"""The pages: who may open what, that signing needs a fresh code over what was shown, and no full card anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from accounts.models import TOTPDevice, User
from subsidies import queries
from subsidies.models import BatchSignature, Entitlement, Fund, Notice, PayoutBatch, Policy
from tests import canaries, people
from tests.subsidies.conftest import OTHER_TOWN, POLICY, VILLAGE, Money, make_ready
from tests.subsidies.test_bank import answer, as_csv

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


@pytest.fixture
def enter(client_class: type[Client] = Client) -> Sign:
    """A browser in which this person is signed in with the second factor."""

    def entered(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="accounts.backends.PersonBackend")
        session = client.session
        session["otp_device_id"] = device_of(user).persistent_id
        session.save()
        return client

    return entered


def device_of(user: User) -> TOTPDevice:
    return TOTPDevice.objects.get_or_create(user=user, name="totp", defaults={"confirmed": True})[0]


def token(user: User) -> str:
    """The code now shown; the device forgets that an earlier one was used."""
    device = device_of(user)
    TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1, throttling_failure_count=0)
    return f"{totp(device.bin_key):06d}"


def opinion(batch: PayoutBatch, user: User, **changes: Any) -> dict[str, Any]:
    values = {
        "decision": "agree", "comment": "", "balances": "on", "proven": "on", "sampled": "on",
        "shown_hash": batch.content_hash, "step": "review", "request_id": uuid4(), "token": token(user),
    }  # fmt: skip
    return {**values, **changes}


def test_signing_with_a_fresh_code_moves_the_batch_on(money: Money, enter: Sign) -> None:
    batch, client = money.locked(), enter(money.office)
    page = client.get(reverse("subsidies:batch-detail", args=[batch.number])).content.decode()
    assert batch.content_hash in page and "18,000.00" in page
    response = client.post(reverse("subsidies:batch-sign", args=[batch.number]), opinion(batch, money.office))
    assert response.status_code == 302
    assert PayoutBatch.objects.get().state == "reviewed"


WRITTEN = "抽查两户，现场相符"
MISSING: tuple[dict[str, str], ...] = (
    {"token": ""}, {"token": "000000"}, {"balances": ""}, {"proven": ""}, {"lines": "1 收款人核实"},
    {"decision": "return", "comment": ""}, {"decision": "return", "lines": "1 收款人核实\n999 不存在"},
)  # fmt: skip


def test_what_is_missing_is_asked_for_again_and_what_was_written_stays(money: Money, enter: Sign) -> None:
    batch, client = money.locked(1), enter(money.office)
    for changes in MISSING:
        sent = opinion(batch, money.office, **{"comment": WRITTEN, **changes})
        response = client.post(reverse("subsidies:batch-sign", args=[batch.number]), sent)
        page = response.content.decode()
        assert (response.status_code, BatchSignature.objects.count()) == (422, 0), changes
        assert sent["comment"] in page and sent.get("lines", "") in page and 'name="decision"' in page, changes


@pytest.mark.parametrize("changes", [{"shown_hash": "0" * 64}, {"step": "approve"}])
def test_what_is_stale_is_refused_and_nothing_is_signed(money: Money, enter: Sign, changes: dict[str, str]) -> None:
    batch, client = money.locked(1), enter(money.office)
    response = client.post(
        reverse("subsidies:batch-sign", args=[batch.number]), opinion(batch, money.office, **changes)
    )
    assert (response.status_code, BatchSignature.objects.count()) == (409, 0)


def test_a_code_given_for_one_content_is_worth_nothing_for_another(money: Money, enter: Sign) -> None:
    batch, client = money.locked(1), enter(money.office)
    session = client.session
    session["step_up"] = {"subject": f"batch-sign:{batch.number}:{'0' * 64}", "at": 2e9}
    session.save()
    response = client.post(reverse("subsidies:batch-sign", args=[batch.number]), opinion(batch, money.office, token=""))
    assert response.status_code == 422


def test_a_double_press_is_answered_like_the_first(money: Money, enter: Sign) -> None:
    batch, client = money.locked(1), enter(money.office)
    sent = opinion(batch, money.office)
    answers = [client.post(reverse("subsidies:batch-sign", args=[batch.number]), sent).status_code for _ in range(2)]
    assert (answers, BatchSignature.objects.count()) == ([302, 302], 1)


def test_returning_needs_no_ticks_but_words(money: Money, enter: Sign) -> None:
    batch, client = money.locked(1), enter(money.office)
    sent = opinion(batch, money.office, decision="return", comment="第 1 户销户", balances="", proven="", sampled="")
    assert client.post(reverse("subsidies:batch-sign", args=[batch.number]), sent).status_code == 302
    assert PayoutBatch.objects.get().state == "returned"


def test_the_creator_sees_why_he_may_not_sign(money: Money, enter: Sign) -> None:
    batch = money.locked(1)
    both = people.user("office", "370999", person_no=money.maker.person_no)
    page = enter(both).get(reverse("subsidies:batch-detail", args=[batch.number])).content.decode()
    assert 'name="decision"' not in page
    response = enter(both).post(reverse("subsidies:batch-sign", args=[batch.number]), opinion(batch, both))
    assert response.status_code == 422


def test_outside_404_inside_without_the_right_403(money: Money, enter: Sign) -> None:
    batch = money.locked(1)
    stranger, leader = people.user("finance", OTHER_TOWN[:9]), people.user("leading_group", "370999")
    detail, lock = (reverse(f"subsidies:batch-{name}", args=[batch.number]) for name in ("detail", "lock"))
    assert enter(stranger).get(detail).status_code == 404
    assert enter(stranger).post(lock).status_code == 404
    assert enter(leader).get(detail).status_code == 200
    assert enter(leader).post(lock).status_code == 403
    assert (
        enter(leader).post(reverse("subsidies:batch-sign", args=[batch.number]), opinion(batch, leader)).status_code
        == 403
    )
    entitlement = Entitlement.objects.get()
    assert enter(stranger).get(reverse("subsidies:entitlement-detail", args=[entitlement.pk])).status_code == 404


@pytest.mark.parametrize("sent", [{}, {"shown_hash": "", "token": ""}, {"token": "000000"}])
def test_whoever_may_not_sign_hears_403_whatever_he_sends(money: Money, enter: Sign, sent: dict[str, str]) -> None:
    """The right comes before the form and the code; a wrong code of his is not even looked at."""
    batch = money.locked(1)
    leader = people.user("town_leader", "370999")
    client = enter(leader)
    assert client.post(reverse("subsidies:batch-sign", args=[batch.number]), sent).status_code == 403
    assert device_of(leader).throttling_failure_count == 0


def test_every_page_opens_and_none_shows_a_full_number(money: Money, enter: Sign) -> None:
    batch = money.sent(3)
    client = enter(money.maker)
    upload = SimpleUploadedFile("回单.csv", as_csv(answer(batch, failed=[1], at3_2="1")))
    response = client.post(reverse("subsidies:return-new", args=[batch.number]), {"file": upload})
    assert response.status_code == 302
    notice, fund, policy = Notice.objects.get(), Fund.objects.first(), Policy.objects.get()
    entitlement, found = Entitlement.objects.first(), batch.bank_returns.get()
    pages = [
        *(reverse(f"subsidies:{name}-list") for name in ("entitlement", "notice", "batch", "return", "fund", "policy")),
        *(reverse(f"subsidies:batch-{name}", args=[batch.number]) for name in ("detail", "lines", "print")),
        *(reverse(f"subsidies:notice-{name}", args=[notice.number]) for name in ("detail", "print")),
        reverse("subsidies:entitlement-detail", args=[entitlement.pk]), reverse("subsidies:batch-new"),
        reverse("subsidies:fund-detail", args=[fund.pk]), reverse("subsidies:fund-receipt"),
        reverse("subsidies:policy-detail", args=[policy.pk]), reverse("subsidies:policy-new"),
        reverse("subsidies:return-detail", args=[found.pk]),
    ]  # fmt: skip
    for address in pages:
        response = client.get(address)
        assert response.status_code == 200, address
        assert canaries.personal_numbers(response.content.decode()) == [], address


def test_the_bank_file_needs_a_code_and_is_only_for_the_releaser(money: Money, enter: Sign) -> None:
    batch = money.sent(1)
    fetch = reverse("subsidies:bank-file-fetch", args=[batch.number])
    assert enter(money.maker).post(fetch).status_code == 403
    client = enter(money.releaser)
    assert client.post(fetch).status_code == 422
    response = client.post(fetch, {"token": token(money.releaser)})
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="PB-2021-001-1.xlsx"'


def test_the_banks_answer_is_shown_before_it_is_booked(money: Money, enter: Sign) -> None:
    batch, client = money.sent(2), enter(money.maker)
    new, book = reverse("subsidies:return-new", args=[batch.number]), "subsidies:return-book"
    wrong = as_csv(answer(batch, at2_1="6230990000009999999")).decode().replace("合计", "合计,,1.00").encode()
    shown = client.post(new, {"file": SimpleUploadedFile("w.csv", wrong)}, follow=True).content.decode()
    assert "录入正确的回单" in shown and reverse(book, args=[batch.bank_returns.get().pk]) not in shown  # the way on
    assert "return!" not in shown
    upload = SimpleUploadedFile("r.csv", as_csv(answer(batch)[:1]))
    shown = client.post(new, {"file": upload}, follow=True).content.decode()
    assert "6,000.00" in shown and "12,000.00" in shown
    assert not Entitlement.objects.filter(state="paid").exists()
    assert queries.returns_to_book(money.maker, "370999") == 2
    client.post(reverse(book, args=[batch.bank_returns.latest("pk").pk]))
    assert Entitlement.objects.filter(state="paid").count() == 1
    client.post(new, {"file": SimpleUploadedFile("s.csv", as_csv(answer(batch)[1:]))})
    client.post(reverse(book, args=[batch.bank_returns.latest("pk").pk]))
    assert (PayoutBatch.objects.get().state, queries.returns_to_book(money.maker, "370999")) == ("settled", 0)


def test_an_unreadable_answer_is_told_on_the_form(money: Money, enter: Sign) -> None:
    batch, client = money.sent(1), enter(money.maker)
    upload = SimpleUploadedFile("r.csv", b"\x89PNG\r\n\x1a\n")
    assert client.post(reverse("subsidies:return-new", args=[batch.number]), {"file": upload}).status_code == 422


def test_gathering_locking_and_taking_out_by_hand(money: Money, enter: Sign) -> None:
    money.payable(3)
    money.fund()
    client, key = enter(money.maker), uuid4()
    for _press in range(2):
        client.post(
            reverse("subsidies:batch-new"), {"areas": [VILLAGE], "benefit": "", "title": "第一批", "request_id": key}
        )
    batch = PayoutBatch.objects.get()
    line = batch.lines.first()
    client.post(reverse("subsidies:batch-drop", args=[batch.number]), {"lines": [line.pk], "reason": "销户"})
    client.post(reverse("subsidies:batch-lock", args=[batch.number]))
    batch.refresh_from_db()
    assert (batch.state, batch.line_count) == ("locked", 2)


def test_the_difference_to_the_round_before_is_listed(money: Money, enter: Sign) -> None:
    batch, office = money.locked(3), enter(money.office)
    office.post(reverse("subsidies:batch-sign", args=[batch.number]),
                opinion(batch, money.office, decision="return", comment="第 1 户销户"))  # fmt: skip
    client = enter(money.maker)
    client.post(reverse("subsidies:batch-reopen", args=[batch.number]))
    line = batch.lines.first()
    client.post(reverse("subsidies:batch-drop", args=[batch.number]), {"lines": [line.pk], "reason": "销户"})
    client.post(reverse("subsidies:batch-lock", args=[batch.number]))
    page = office.get(reverse("subsidies:batch-detail", args=[batch.number]))
    diff = page.context["review"].difference
    assert (len(diff.removed), diff.removed_fen, len(diff.added)) == (1, -600_000, 0)


def test_a_receipt_needs_a_code(money: Money, enter: Sign) -> None:
    client = enter(money.maker)
    sent = {"source": "CENTRAL", "budget_year": 2021, "amount": "1.2万", "received_on": "2021-09-01",
            "document_no": "示例〔2021〕1号", "request_id": uuid4()}  # fmt: skip
    assert client.post(reverse("subsidies:fund-receipt"), sent).status_code == 422
    for amount, words in (
        ("12,3x", "不是金额"),
        ("1,23", "没有按千位分隔"),
        ("0.001", "最多两位小数"),
        ("9" * 20, "最大金额"),
    ):
        page = client.post(reverse("subsidies:fund-receipt"), {**sent, "amount": amount}).content.decode()
        assert words in page, amount
    response = client.post(reverse("subsidies:fund-receipt"), {**sent, "token": token(money.maker)})
    assert (response.status_code, Fund.objects.get().received_fen) == (302, 1_200_000)


def test_a_policy_is_released_by_another_person_with_a_code(money: Money, enter: Sign) -> None:
    later = POLICY.replace("valid_from: 2021-01-01", "valid_from: 2022-01-01")
    client = enter(money.maker)
    client.post(reverse("subsidies:policy-new"), {"file": SimpleUploadedFile("p.yaml", later.encode())})
    draft = Policy.objects.get(state="draft")
    make_ready(draft, money.reviewer)
    sent = {"sha256": draft.sha256, "token": token(money.reviewer)}
    response = enter(money.reviewer).post(reverse("subsidies:policy-release", args=[draft.pk]), sent)
    assert (response.status_code, Policy.objects.get(pk=draft.pk).state) == (302, "released")


def test_a_faulty_policy_names_all_its_problems(money: Money, enter: Sign) -> None:
    bad = POLICY.replace("fixed: 3000", "fixd: 3000").replace("boundary", "x").replace("rate: 0.20", "rate: zwölf")
    sent = {"file": SimpleUploadedFile("p.yaml", bad.encode())}
    response = enter(money.maker).post(reverse("subsidies:policy-new"), sent)
    assert response.status_code == 422
    assert len(response.context["checked"].problems) >= 2


def test_notice_objection_and_decision_by_hand(money: Money, enter: Sign) -> None:
    money.accepted()
    money.assess()
    clerk = enter(money.clerk)
    clerk.post(reverse("subsidies:notice-publish"), {"area": VILLAGE})
    one = Entitlement.objects.get()
    clerk.post(reverse("subsidies:objection-raise", args=[one.pk]), {"text": "冬季不住人"})
    objection = one.objections.get()
    decide = reverse("subsidies:objection-decide", args=[objection.pk])
    assert enter(money.office).post(decide, {"decision": "upheld", "reason": "属实"}).status_code == 302
    assert Entitlement.objects.get(pk=one.pk).state == "held"


def test_rules_are_named_by_their_title_in_the_list_its_filter_and_a_new_batch(money: Money, enter: Sign) -> None:
    one = money.payable(1)[0]
    code, title = one.benefit, "电代煤设备补贴"
    client = enter(money.maker)
    page = client.get(reverse("subsidies:entitlement-list")).content.decode()
    assert re.search(rf"<td[^>]*>{title} <span [^>]*>{code}</span>", page)
    choice = rf'<option value="{code}"[^>]*>{title} · {code}</option>'
    assert re.search(choice, page), "the filter offers it by its title"
    assert re.search(choice, client.get(reverse("subsidies:batch-new")).content.decode())
    narrowed = client.get(reverse("subsidies:entitlement-list"), {"benefit": code})
    assert narrowed.context["table"].count == 1 and f"{title} · {code}" in narrowed.context["table"].chips[0].words
    other = next(rule for rule in narrowed.context["titles"] if rule != code)
    assert client.get(reverse("subsidies:entitlement-list"), {"benefit": other}).context["table"].count == 0


def test_a_rule_no_document_knows_stays_its_code(money: Money, enter: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    one = money.payable(1)[0]
    monkeypatch.setattr("subsidies.views.entitlements.titles_in", lambda versions: {})
    page = enter(money.maker).get(reverse("subsidies:entitlement-list")).content.decode()
    assert re.search(rf"<td[^>]*>{one.benefit}\s*</td>", page)
