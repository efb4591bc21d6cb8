"""UX 7.4 as a client walks it: from the to-do to a signed batch, every press on something the page really offers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from subsidies.models import BatchSignature, PayoutBatch, SampleLook
from tests import people
from tests.subsidies.conftest import Money
from tests.subsidies.test_pages import Sign, enter, token

__all__ = ["enter"]
pytestmark = pytest.mark.django_db
MOST_PRESSES, SAMPLE_LOOKED_AT = 10, 3


class Form(HTMLParser):
    """The form that posts to `action`: its fields as a browser would send them, and its tick boxes."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.action, self.inside = action, False
        self.values: dict[str, str] = {}
        self.boxes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = found.get("action") == self.action
        elif self.inside and tag == "input" and "name" in found:
            self._input(found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False

    def _input(self, found: dict[str, str]) -> None:
        kind, name = found.get("type", "text"), found["name"]
        if kind == "checkbox":
            self.boxes.append(name)
        elif kind != "radio" or "checked" in found:
            self.values[name] = found.get("value", "")


@dataclass
class Approver:
    """One person at a browser; every press is counted, and only what stands on the page can be pressed."""

    client: Client
    user: User
    at: str = "/"
    page: str = ""
    presses: int = 0
    opened: list[str] = field(default_factory=list)

    def go(self, address: str) -> None:
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        self.at, self.page = address, answer.content.decode()

    def follow(self, address: str) -> None:
        """Press a link of the page."""
        assert f'href="{address}"' in self.page, f"{address} is nowhere on {self.at}"
        self.presses += 1
        self.go(urljoin(self.at, address))

    def peek(self, address: str) -> None:
        """Press a link that opens beside the page."""
        assert f'href="{address}"' in self.page, f"{address} is nowhere on {self.at}"
        self.presses += 1
        assert self.client.get(address).status_code == 200
        self.opened.append(address)

    def sign(self, action: str) -> Any:
        """Tick what is to be ticked, type the code, press the button."""
        form = Form(self.page, action)
        ticked = dict.fromkeys(form.boxes, "on")
        self.presses += len(ticked) + 2
        return self.client.post(action, {**form.values, **ticked, "token": token(self.user)})


def test_an_approver_signs_a_batch_with_ten_presses_at_most(money: Money, enter: Sign) -> None:
    batch = money.locked(5)
    money.sign(batch, money.office)
    person = Approver(enter(money.reviewer), money.reviewer)
    detail, action = (reverse(f"subsidies:batch-{name}", args=[batch.number]) for name in ("detail", "sign"))
    person.go("/")
    person.follow(detail)
    _answers_its_five_questions(person.page, batch)
    for address in _sample(person.page)[:SAMPLE_LOOKED_AT]:
        person.peek(address)
    assert person.sign(action).status_code == 302
    batch.refresh_from_db()
    assert batch.state == "approved"
    assert set(BatchSignature.objects.values_list("person_no", flat=True)) == {
        money.office.person_no, money.reviewer.person_no,
    }  # fmt: skip
    print(f"UX 7.4: {person.presses} presses (at most {MOST_PRESSES})")
    assert len(person.opened) == SAMPLE_LOOKED_AT and person.presses <= MOST_PRESSES
    looked = SampleLook.objects.filter(looker=money.reviewer).values_list("line__entitlement_id", flat=True)
    assert {f"/pay/entitlements/{pk}/?batch={batch.number}" for pk in looked} == set(person.opened)


def test_the_page_refuses_whoever_touched_an_earlier_step_and_what_changed_meanwhile(money: Money, enter: Sign) -> None:
    batch = money.locked(3)
    action = reverse("subsidies:batch-sign", args=[batch.number])
    both = people.user("finance_review", "370999", person_no=money.office.person_no)
    looking = Approver(enter(money.office), money.office)
    looking.go(reverse("subsidies:batch-detail", args=[batch.number]))
    old = Form(looking.page, action)
    money.sign(batch, money.office)
    again = Approver(enter(both), both)
    again.go(reverse("subsidies:batch-detail", args=[batch.number]))
    assert not Form(again.page, action).values, "who signed the step before gets no form"
    stale = {**old.values, "balances": "on", "proven": "on", "sampled": "on", "token": token(money.office)}
    assert looking.client.post(action, stale).status_code == 403, "the step that is due now is not hers"
    assert BatchSignature.objects.filter(batch=batch).count() == 1
    assert PayoutBatch.objects.get(pk=batch.pk).state == "reviewed"


def _answers_its_five_questions(page: str, batch: PayoutBatch) -> None:
    """Who passed it, from which money, is the evidence complete, what changed, does a sample hold."""
    seed = re.search(r"种子|seed", page)
    assert 'class="chain"' in page and "30,000.00" in page and seed
    assert batch.content_hash in page
    assert page.index('class="chain"') < page.index(seed.group())


def _sample(page: str) -> list[str]:
    """Households of the drawn sample, as the page links them."""
    return list(dict.fromkeys(re.findall(r'href="(/pay/entitlements/\d+/\?batch=[^"]+)"', page)))
