"""A village with accepted dwellings under a small released policy, the people of the chain, and money."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from devices.models import Supplier
from households.models import Dwelling, MeterReading, Roster, RosterRow
from programmes.models import Checklist, Programme
from retrofits.models import Acceptance, CostItem, Installation, Task
from subsidies.models import Entitlement, FundEntry, Notice, PayoutBatch, Policy
from subsidies.services import bank, batches, entitlements, funds, notices, policies, signatures, trials
from tests import flushing, people
from tests.standing import commits, standing

flushing.install()

VILLAGE, SECOND, OTHER_TOWN = "370999001001", "370999001002", "370999002001"
ACCEPTED, ASSESSED = dt.date(2021, 11, 5), dt.date(2021, 12, 1)
MORNING = dt.datetime(2021, 12, 1, 1, 0, tzinfo=dt.UTC)
NUMBERS = count(1)
POLICY = """
policy: sample_2021
title: 示例县2021年清洁取暖
place: "370999"
document_number: 示例〔2021〕1号
valid_from: 2021-01-01
valid_to: 2024-12-31
season: {from: "11-01", to: "03-31"}
sources: [CENTRAL, DISTRICT]
options:
  Q1:
    question: min or flat
    default: min
    choices: [min, flat]
gates:
  excluded: {clause: 二2, codes: [SECOND_HOME, DEMOLITION_PLAN, LONG_VACANT, VOLUNTARY_GIVE_UP]}
  roster: {clause: 四}
  acceptance: {clause: 五}
  already_paid: {clause: 三}
tasks:
  - {when: [{fact: beneficiary, in: [HOUSEHOLD]}], count: 1}
benefits:
  - id: S-1
    kind: CONVERSION
    title: 电代煤设备补贴
    clause: 三（一）
    quote: 按照最高6000元/户进行补贴
    covers: [{fact: technology, in: [ELECTRIC]}]
    cost_scope: [DEVICE, INSTALLATION]
    amount:
      choose:
        option: Q1
        cases:
          min: {cap: {of: {cost: eligible}, at: {fixed: 6000}}}
          flat: {fixed: 6000}
    split: {fixed_first: {parts: [{source: CENTRAL, up_to: {fixed: 3000}}], rest: DISTRICT}}
  - id: S-2
    kind: RUNNING
    title: 运行补贴
    clause: 三（二）
    covers: [{fact: technology, in: [ELECTRIC]}]
    requires: [{when: [{fact: meter_individual, is: true}], otherwise: METER_NOT_INDIVIDUAL}]
    runs: {seasons: 3, counted_from: acceptance}
    amount: {cap: {of: {per_unit: {quantity: electricity_kwh, rate: 0.20}}, at: {fixed: 600}, per: season}}
    split: {whole: DISTRICT}
"""


@dataclass
class Money:
    """The room's people and the short words tests speak in. Times are arguments everywhere."""

    programme: Programme
    supplier: Supplier
    office: User
    clerk: User
    inspector: User
    maker: User
    reviewer: User
    releaser: User

    def accepted(
        self, area: str = VILLAGE, costs: Sequence[tuple[str, int]] = (("DEVICE", 800_000),), **dwelling: Any
    ) -> Task:
        """A dwelling all the way from roster to a passed acceptance."""
        home = people.dwelling(area, **({"meter_is_individual": True} | dwelling))
        roster, _made = Roster.objects.get_or_create(
            programme=self.programme, area_id=area, defaults={"state": "approved", "prepared_by": self.clerk}
        )
        route = self.programme.technologies.get()
        row = RosterRow.objects.create(roster=roster, dwelling=home, technology=route)
        task = Task.objects.create(
            programme=self.programme, area_id=area, dwelling=home, technology=route, roster_row=row, state="accepted"
        )
        self._installed(task, costs)
        Acceptance.objects.create(
            task=task, area_id=area, request_id=uuid4(), inspector=self.inspector, answers={}, result="passed",
            checklist=Checklist.objects.get(programme=self.programme), accepted_on=ACCEPTED,
        )  # fmt: skip
        return task

    def _installed(self, task: Task, costs: Sequence[tuple[str, int]]) -> None:
        n = next(NUMBERS)
        record = Installation.objects.create(
            task=task, area_id=task.area_id, town_name="甲镇", village_name="甲一村", door_no="1号",
            occupant_name="张示例", occupant_phone="19900000147", heated_area_m2=88,
            longitude="112.85", latitude="35.49", manufacturer="临示", device_name="热泵", model_no="LS",
            factory_address_code=f"F{n}", wireless_address_code=f"W{n}",
            supplier=self.supplier, installed_on=ACCEPTED, recorded_by=self.clerk,
        )  # fmt: skip
        CostItem.objects.bulk_create(CostItem(installation=record, kind=kind, amount_fen=fen) for kind, fen in costs)

    def reading(self, dwelling: Dwelling, kwh: str, first: str = "2021-11-01", last: str = "2022-03-31") -> None:
        MeterReading.objects.create(
            dwelling=dwelling,
            area_id=dwelling.area_id,
            carrier="electricity",
            starts_on=first,
            ends_on=last,
            quantity=kwh,
        )

    def assess(self, on: dt.date = ASSESSED, now: dt.datetime = MORNING) -> entitlements.Assessed:
        return entitlements.assess_pending(programme=self.programme, on=on, by=self.maker, now=now)

    def publish(self, area: str = VILLAGE, now: dt.datetime = MORNING) -> Notice:
        return notices.publish_notice(programme=self.programme, area=people.area(area), by=self.clerk, now=now)

    def payable(self, homes: int = 3, area: str = VILLAGE) -> list[Entitlement]:
        """So many dwellings with an amount nobody objected to."""
        for _home in range(homes):
            self.accepted(area)
        self.assess()
        notice = self.publish(area)
        notices.close_notices(now=notice.ends_at)
        return list(Entitlement.objects.filter(notice=notice))

    def fund(self, yuan: int = 1_000_000) -> None:
        for source in ("CENTRAL", "DISTRICT"):
            self.receipt(source, yuan * 100)

    def receipt(self, source: str, fen: int, **more: Any) -> FundEntry:
        values: dict[str, Any] = {"budget_year": 2021, "document_no": "示例财〔2021〕1号", "request_id": uuid4()}
        return funds.record_receipt(
            programme=self.programme, source=source, amount_fen=fen, by=self.maker, **(values | more)
        )

    def draft(self, *areas: str, **more: Any) -> PayoutBatch:
        values: dict[str, Any] = {"request_id": uuid4(), "by": self.maker}
        places = [people.area(code) for code in areas or (VILLAGE,)]
        return batches.create_batch(programme=self.programme, areas=places, **(values | more))

    def locked(self, homes: int = 3) -> PayoutBatch:
        self.payable(homes)
        self.fund()
        return batches.lock_for_signing(batch=self.draft(), by=self.maker)

    def sign(self, batch: PayoutBatch, by: User, **more: Any) -> Any:
        shown = PayoutBatch.objects.get(pk=batch.pk).content_hash
        values: dict[str, Any] = {"shown_hash": shown, "request_id": uuid4()}
        return signatures.sign_batch(batch=batch, by=by, **(values | more))

    def released(self, homes: int = 3) -> PayoutBatch:
        batch = self.locked(homes)
        for person in (self.office, self.reviewer, self.releaser):
            self.sign(batch, person)
        return PayoutBatch.objects.get(pk=batch.pk)

    def sent(self, homes: int = 3) -> PayoutBatch:
        batch = self.released(homes)
        bank.make_bank_file(batch=batch, by=self.releaser)
        return batch


def release(programme: Programme, document: str = POLICY, **more: Any) -> Policy:
    """Draft and release by two invented people."""
    drafter, releaser = people.user("finance", "370999"), people.user("finance_review", "370999")
    policy = policies.draft_policy(programme=programme, document=document, by=drafter, **more)
    make_ready(policy, releaser)
    return policies.release_policy(policy=policy, sha256=policy.sha256, by=releaser)


def make_ready(policy: Policy, releaser: User) -> None:
    """What a release asks for first: a trial, and a signature for every jump it lists."""
    trial = trials.run_trial(policy=policy, by=releaser)
    for cliff in trial.cliffs:
        trials.sign_cliff(policy=policy, key=cliff["key"], reason="按文件原文执行", by=releaser)


def make_money(**programme: Any) -> Money:
    made = people.programme(notice_days=1, **programme)
    people.technology(made)
    for code in (VILLAGE, SECOND, OTHER_TOWN):
        people.area(code)
    Checklist.objects.create(programme=made, kind="acceptance", items=[])
    release(made)
    roles = ("office", "town_staff", "inspector", "finance", "finance_review", "finance_release")
    office, clerk, inspector, maker, reviewer, releaser = (people.user(role, "370999") for role in roles)
    supplier = Supplier.objects.create(code=f"s{next(NUMBERS)}", name="临示热泵（虚构）")
    return Money(made, supplier, office, clerk, inspector, maker, reviewer, releaser)


@pytest.fixture(scope="module")
def standing_money(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Money | None]:
    if commits(request):
        yield None
        return
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield make_money()


@pytest.fixture
def money(db: None, standing_money: Money | None) -> Money:
    """One world for all tests of a file, each with a copy to change; its own where a test of the file commits."""
    return copy.deepcopy(standing_money) or make_money()
