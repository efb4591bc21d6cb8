"""Random lives of a task through the real services and the real database: no path leads around a gate.

The machine keeps its own plain record of what was given and taken away, and never asks the gates' code for its opinion.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.refusals import Refused
from households.models import Roster, RosterRow
from programmes.models import Checklist
from retrofits import states
from retrofits.models import Acceptance, Confirmation, GateRule, Rectification, Task
from retrofits.records import InstallationEntry
from retrofits.services import contracts, enterprises, products, supply
from retrofits.services.acceptances import record_acceptance, report_rectified
from retrofits.services.installations import record_installation
from retrofits.services.photos import add_photo
from retrofits.services.tasks import move_task, open_tasks, withdraw_task
from retrofits.visits import Visit
from tests import people
from tests.retrofits.conftest import DAY, NUMBERS, VILLAGE, Works, picture

GATES = (
    ("ROSTER", "hard"), ("ADMITTED", "hard"), ("QUALIFIED", "hard"), ("DOCKING", "hard"), ("SUPPLY_CONTRACT", "hard"),
    ("ONE_TECHNOLOGY", "soft"), ("COMMISSIONED", "hard"), ("TRAINED", "hard"),
)  # fmt: skip
TAKEN_BY = {
    "certify": "", "admit": "end_admission", "dock": "undock", "sign": "cancel", "approve_again": "take_approval_back",
    "give_reason": "neighbour_takes_gas",
}  # fmt: skip
SIDEWAYS = (
    "install", "accept", "start", "settle", "return_or_relist", "reopen", "refuse", "put_right", "withdraw",
    "reason_for_a_hard_gate",
)  # fmt: skip
AHEAD = {
    "listed": "install", "installed": "accept", "accepted": "start", "rectify": "put_right",
    "returned": "return_or_relist", "reopened": "settle", "withdrawn": "reopen", "running": "reopen",
}  # fmt: skip
LIVED = ("installed", "rectify", "accepted", "running", "reopened")


class Life(RuleBasedStateMachine):
    works: ClassVar[Works]
    leader: ClassVar[Any]

    @initialize()
    def begin(self) -> None:
        self.set_up()

    def set_up(self) -> None:
        self.point = transaction.atomic()
        self.point.__enter__()
        self.admission = self.contract = None
        self.given: set[str] = {"roster"}
        self.installed_well = self.accepted_well = False
        self.task = self.works.task()
        people.technology(self.works.programme, "GAS")

    def teardown(self) -> None:
        if hasattr(self, "point"):
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)

    def tried(self, deed: Callable[..., Any], /, **values: Any) -> Any:
        """What the service gives; None where it refuses. A refusal leaves nothing behind."""
        try:
            with transaction.atomic():
                return deed(**values)
        except Refused:
            return None

    @property
    def state(self) -> str:
        return str(Task.objects.values_list("state", flat=True).get(pk=self.task.pk))

    # --- what a gate asks for, given and taken away ---------------------------------------------------------------

    def admit(self) -> None:
        office, programme = self.works.office, self.works.programme
        put = self.tried(
            enterprises.put_forward, programme=programme, supplier=self.works.supplier, on=DAY, by=office
        )  # fmt: skip
        if put is None:
            return
        enterprises.review_admission(
            admission=put, experts="专家", words="合格", warranty_months=36, service_point="网点", on=DAY, by=office
        )
        self.admission = self.tried(enterprises.decide_admission, admission=put, admit=True, on=DAY, by=self.leader)
        if self.admission:
            self.given.add("admitted")
        else:
            self.tried(enterprises.decide_admission, admission=put, admit=False, reason="无资质", by=self.leader)

    def end_admission(self) -> None:
        if self.admission is None:
            return
        day = DAY.replace(day=DAY.day - 1)
        if self.tried(enterprises.end_admission, admission=self.admission, reason="退出", on=day, by=self.leader):
            self.given.discard("admitted")

    def certify(self) -> None:
        values = {"work": "construction", "name": "资质", "number": "ZZ-1", "valid_from": DAY, "valid_until": DAY}
        self.tried(
            enterprises.record_qualification, supplier=self.works.supplier, programme=self.works.programme,
            by=self.works.office, **values,
        )  # fmt: skip
        self.given.add("qualified")

    def dock(self) -> None:
        self.describe("示例平台", "docked", add=True)

    def undock(self) -> None:
        self.describe("", "docked", add=False)

    def describe(self, issuer: str, word: str, *, add: bool) -> None:
        products.describe_product(
            device_model=self.works.model, values={"docking_issuer": issuer}, by=self.works.office,
        )  # fmt: skip
        (self.given.add if add else self.given.discard)(word)

    def sign(self) -> None:
        signed = contracts.SupplyContract(
            f"HT-{next(NUMBERS)}", self.works.supplier, DAY, "张示例", True, self.works.model, 36
        )
        made = self.tried(contracts.sign_contract, task=self.task, contract=signed, by=self.works.clerk)
        if made:
            self.contract = made
            self.given.add("contract")

    def cancel(self) -> None:
        if self.contract is None:
            return
        if self.tried(contracts.cancel_contract, contract=self.contract, reason="换家", by=self.works.clerk):
            self.given.discard("contract")

    def take_approval_back(self) -> None:
        Roster.objects.filter(pk=self.task.roster_row.roster_id).update(state=Roster.State.TOWN_SEALED)
        self.given.discard("roster")

    def approve_again(self) -> None:
        Roster.objects.filter(pk=self.task.roster_row.roster_id).update(state=Roster.State.APPROVED)
        self.given.add("roster")

    def neighbour_takes_gas(self) -> None:
        if "roster" not in self.given:
            return
        gas = self.works.programme.technologies.get(code="GAS")
        RosterRow.objects.create(
            roster=self.task.roster_row.roster, dwelling=people.dwelling(VILLAGE), technology=gas
        )  # fmt: skip
        open_tasks(programme=self.works.programme, area_codes=[VILLAGE], by=self.works.office)
        self.given.add("other route")

    def give_reason(self) -> None:
        made = self.tried(
            supply.give_reason, task=self.task, gate="ONE_TECHNOLOGY", reason="庄点分散", by=self.works.office
        )
        assert made
        self.given.add("reason")

    def reason_for_a_hard_gate(self) -> None:
        assert not self.tried(supply.give_reason, task=self.task, gate="ADMITTED", reason="急", by=self.works.office)

    def commission(self) -> None:
        self.confirm("commissioned")

    def train(self) -> None:
        self.confirm("trained")

    def confirm(self, kind: str) -> None:
        done = contracts.Done(kind, DAY, "张示例")
        if self.tried(contracts.confirm, task=self.task, done=done, by=self.works.clerk):
            assert self.state in LIVED
            self.given.add(kind)

    @rule(name=st.sampled_from(["admit", "certify", "dock", "sign", "approve_again", "give_reason"]))
    def give(self, name: str) -> None:
        getattr(self, name)()

    @rule(name=st.sampled_from(["end_admission", "undock", "cancel", "take_approval_back", "neighbour_takes_gas"]))
    def spoil(self, name: str) -> None:
        getattr(self, name)()

    @rule(kind=st.sampled_from(["commissioned", "trained"]))
    def confirm_one(self, kind: str) -> None:
        self.confirm(kind)

    # --- the deeds ------------------------------------------------------------------------------------------------

    def install(self) -> None:
        entry: InstallationEntry = self.works.entry(
            factory_address_code="", wireless_address_code="", unit="", installed_on=DAY.isoformat()
        )
        if self.tried(record_installation, task=self.task, entry=entry, by=self.works.clerk, on=DAY):
            assert {"roster", "admitted", "qualified", "docked", "contract"} <= self.given, self.given
            assert "other route" not in self.given or "reason" in self.given, self.given
            self.installed_well = True

    def accept(self) -> None:
        visit = Visit(answers={"IDENTITY": "ok"}, opinion="满意", signer_name="张示例")
        values = {"request_id": uuid.uuid4(), "visit": visit, "by": self.works.inspector, "on": DAY}
        if self.tried(record_acceptance, task=self.task, result="passed", **values):
            assert {"commissioned", "trained"} <= self.given, self.given
            self.accepted_well = True

    def refuse(self) -> None:
        if self.state != "installed":
            return
        add_photo(task=self.task, stage="defect", content=picture(next(NUMBERS)), by=self.works.inspector)
        visit = Visit({}, defect="漏水", due_on=DAY)
        values = {"request_id": uuid.uuid4(), "visit": visit, "by": self.works.inspector, "on": DAY}
        self.tried(record_acceptance, task=self.task, result="failed", **values)

    def put_right(self) -> None:
        if self.state != "rectify":
            return
        add_photo(task=self.task, stage="repaired", content=picture(next(NUMBERS)), by=self.works.clerk)
        order = Rectification.objects.filter(acceptance__task=self.task).latest("pk")
        self.tried(report_rectified, rectification=order, note="修好了", by=self.works.clerk, on=DAY)

    def withdraw(self) -> None:
        self.tried(withdraw_task, task=self.task, reason="拆迁", by=self.works.office)

    def return_or_relist(self) -> None:
        deed, by = ("relist", self.works.office) if self.state == "returned" else ("return", self.works.clerk)
        self.tried(move_task, task=self.task, deed=deed, reason="家中无人", by=by)

    def reopen(self) -> None:
        self.tried(move_task, task=self.task, deed="reopen", reason="投诉", by=self.works.office)

    def settle(self) -> None:
        self.tried(move_task, task=self.task, deed="settle", reason="已处理", by=self.works.inspector)

    def start(self) -> None:
        self.tried(move_task, task=self.task, deed="start", by=self.works.clerk)

    @rule(lacking=st.sampled_from(["nothing", *TAKEN_BY, "commissioned", "trained"]))
    def all_but_one(self, lacking: str) -> None:
        """Near misses: everything is given but one thing, then the straight way is tried."""
        for name in TAKEN_BY:
            if name != lacking:
                getattr(self, name)()
        if TAKEN_BY.get(lacking):
            getattr(self, TAKEN_BY[lacking])()
        self.go_further()
        for kind in ("commissioned", "trained"):
            if kind != lacking:
                self.confirm(kind)
        self.go_further()

    @rule(name=st.sampled_from(SIDEWAYS))
    def go_sideways(self, name: str) -> None:
        getattr(self, name)()

    @rule()
    def go_further(self) -> None:
        """The next step of a straight life."""
        getattr(self, AHEAD[self.state])()

    # --- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def nothing_stands_where_its_gates_did_not_open(self) -> None:
        if not hasattr(self, "task"):
            return
        state = self.state
        if state in LIVED:
            assert self.installed_well, state
        if state in ("accepted", "running", "reopened"):
            assert self.accepted_well, state
            assert Acceptance.objects.filter(task=self.task, result="passed").count() == 1
            kinds = set(Confirmation.objects.filter(task=self.task).values_list("kind", flat=True))
            assert {"commissioned", "trained"} <= kinds, state

    @invariant()
    def every_state_has_a_way_out(self) -> None:
        if hasattr(self, "task"):
            assert [move for move in states.MOVES if move.source == self.state]


def prepare(works: Works) -> None:
    works.programme.technologies.update(has_heater=False)
    Checklist.objects.update(items=[{"code": "IDENTITY", "text": "户主", "kind": "yes_no", "required": True}])
    for gate, mode in GATES:
        GateRule.objects.create(programme=works.programme, gate=gate, mode=mode, clause="L-24")
    Life.works, Life.leader = works, people.user("leading_group", "370999")


@pytest.fixture
def life(works: Works) -> Iterator[Life]:
    prepare(works)
    one = Life()
    one.set_up()
    yield one
    one.teardown()


@pytest.mark.slow
def test_no_path_leads_around_a_gate(works: Works) -> None:
    prepare(works)
    few = settings(
        max_examples=24, stateful_step_count=15, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Life, settings=few)


def test_the_short_way_through_every_gate_exists(life: Life) -> None:
    """So that the machine above does not pass because nothing ever opens."""
    for step in (life.certify, life.admit, life.dock, life.sign, life.install, life.commission, life.train, life.accept,
                 life.start, life.reopen, life.settle):  # fmt: skip
        step()
    assert (life.state, life.installed_well, life.accepted_well) == ("running", True, True)


@pytest.mark.parametrize("lacking", ["certify", "admit", "dock", "sign"])
def test_without_any_one_of_them_nothing_is_installed(life: Life, lacking: str) -> None:
    for name in ("certify", "admit", "dock", "sign"):
        if name != lacking:
            getattr(life, name)()
    life.install()
    assert life.state == "listed"


def test_a_neighbours_other_route_asks_for_a_reason(life: Life) -> None:
    for name in ("certify", "admit", "dock", "sign", "neighbour_takes_gas"):
        getattr(life, name)()
    life.install()
    assert life.state == "listed"
    life.give_reason()
    life.install()
    assert life.state == "installed"
