"""A small county in every state of the stream, written straight into the tables: two towns, money from two sources."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import transaction

from accounts.models import User
from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from households.models import Document, Dwelling, Enrolment, Roster, RosterRow, RosterSeal
from programmes.models import Checklist, Programme, RequiredPaper, Technology
from retrofits.models import Acceptance, CostItem, Installation, Photo, Task
from subsidies.models import (
    BatchSignature,
    Entitlement,
    EntitlementLine,
    Fund,
    FundEntry,
    Notice,
    PayoutBatch,
    PayoutLine,
    Policy,
)  # fmt: skip
from telemetry.models import LatestReading
from tests import people

A1, A2, B1 = "370999001001", "370999001002", "370999002001"
DAY = dt.date(2021, 10, 26)
NUMBERS = count(1)
REACHED = ("registered", "listed", "installed", "rectify", "accepted", "noticed", "payable", "batched", "paid")


def forced() -> AbstractContextManager[None]:
    """Past the guards of the money tables (never past history): states a real stream takes days to reach."""
    models = apps.get_app_config("subsidies").get_models()
    guards = (
        f"{m._meta.label}:{t.name}" for m in models for t in getattr(m._meta, "triggers", ()) if t.name != "history"
    )
    return pgtrigger.ignore(*guards)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def moment(day: dt.date, hour: int = 10) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


@dataclass
class World:
    """`dwelling(village, stage)` makes one dwelling that has come exactly as far as `stage`."""

    programme: Programme = field(init=False)
    route: Technology = field(init=False)
    staff: dict[str, User] = field(init=False)

    def __post_init__(self) -> None:
        self.programme = people.programme(name="示例县 2021")
        self.route = people.technology(self.programme, has_heater=True)
        for paper in ("basic", "photos", "record", "connection", "acceptance", "joint", "warranty"):
            RequiredPaper.objects.create(
                programme=self.programme, paper=paper, owed_by="supplier", heater_only=paper == "connection"
            )
        for code in (A1, A2, B1):
            people.area(code)
        roles = ("office", "finance", "finance_review", "finance_release", "auditor", "inspector", "supplier")
        self.staff = {role: people.user(role, "370999") for role in roles}
        self.staff["clerk_a"] = people.user("town_staff", "370999001")
        self.staff["clerk_b"] = people.user("town_staff", "370999002")
        with forced():
            self.policy = Policy.objects.create(
                programme=self.programme, area_id="370999", code="T-1", version_no=1, document="x", sha256="0" * 64,
                state="released", valid_from=dt.date(2021, 1, 1), drafted_by=self.staff["office"],
                drafted_person_no="A", released_person_no="B",
            )  # fmt: skip
        self.checklist = Checklist.objects.create(programme=self.programme, kind="acceptance", items=[])
        self.supplier = Supplier.objects.create(code=f"s{next(NUMBERS)}", name="示例厂（虚构）")
        self.profile = RegisterProfile.objects.create(name="p", version=next(NUMBERS), document="x", sha256="0" * 64)
        self.model = DeviceModel.objects.create(supplier=self.supplier, name="热泵", model_no="M1", kind="ashp")
        self.funds = {
            source: Fund.objects.create(
                programme=self.programme, area_id="370999", source=source, budget_year=2021, received_fen=100_000_000
            )
            for source in ("CENTRAL", "DISTRICT")
        }
        self.batches: dict[tuple[str, str], PayoutBatch] = {}
        self.notices: dict[tuple[str, str], Notice] = {}
        self.rosters: dict[str, Roster] = {}

    def dwelling(self, village: str, stage: str, *, amount_fen: int = 600_000, **fields: Any) -> Dwelling:
        made = people.dwelling(village, **fields)
        enrolled = {"technology": self.route, "entered_by": self.staff["clerk_a"]}
        Enrolment.objects.create(programme=self.programme, dwelling=made, area_id=village, **enrolled)
        far = REACHED.index(stage)
        if far >= 1:
            task = self._listed(made)
        if far >= 2:
            self.install(task)
        if stage == "rectify":
            self._visited(task, "failed")
        elif far >= 4:
            self._visited(task, "passed")
        if far >= 5:
            with forced():
                self._due(task, stage, amount_fen)
        return made

    def _listed(self, made: Dwelling) -> Task:
        roster = self.roster(made.area_id)
        row = RosterRow.objects.create(roster=roster, dwelling=made, technology=self.route)
        return Task.objects.create(
            programme=self.programme, area_id=made.area_id, dwelling=made, technology=self.route, roster_row=row
        )

    def roster(self, village: str) -> Roster:
        if village not in self.rosters:
            roster = self.rosters[village] = Roster.objects.create(
                programme=self.programme, area_id=village, state="approved", prepared_by=self.staff["clerk_a"],
                approved_at=moment(dt.date(2021, 6, 28)), content_hash="a" * 64,
            )  # fmt: skip
            for number, level in enumerate(("village", "town", "office")):
                RosterSeal.objects.create(
                    roster=roster, level=level, signer=self.staff["office"], person_no=f"S{number}",
                    content_hash="a" * 64, at=moment(dt.date(2021, 6, 20 + number)),
                )  # fmt: skip
        return self.rosters[village]

    def install(self, task: Task) -> None:
        n = next(NUMBERS)
        heater = Heater.objects.create(
            platform_no=f"Z{n:06d}", area_id=task.area_id, dwelling=task.dwelling, device_model=self.model,
            profile=self.profile, factory_no=f"F{n}", bus=self._bus(), unit=n, installed_on=dt.date(2021, 9, 17),
        )  # fmt: skip
        LatestReading.objects.create(heater=heater, at=moment(DAY), room_dc=193, supply_dc=446)
        record = Installation.objects.create(
            task=task, area_id=task.area_id, town_name="甲镇", village_name="甲一村", door_no="18 号",
            occupant_name=task.dwelling.household.head_name, occupant_phone="19900000000", heated_area_m2=88,
            longitude=117, latitude=36, manufacturer="示例厂", device_name="热泵", model_no="M1",
            factory_address_code=f"F{n}", wireless_address_code=f"W{n}", supplier=self.supplier, heater=heater,
            installed_on=dt.date(2021, 9, 17), recorded_by=self.staff["supplier"],
        )  # fmt: skip
        CostItem.objects.create(installation=record, kind="DEVICE", amount_fen=846_000, invoice_no=f"INV{n}")
        for stage in ("before", "during", "after"):
            self.photo(task, stage)
        self._go(task, "installed")

    def photo(self, task: Task, stage: str, sha256: str = "") -> Photo:
        n = next(NUMBERS)
        paper = self.document(task.area_id, "photo", sha256=sha256 or f"{n:064x}", dwelling=task.dwelling)
        return Photo.objects.create(task=task, area_id=task.area_id, stage=stage, document=paper, taken_at=moment(DAY))

    def document(self, area: str, kind: str, **fields: Any) -> Document:
        n = next(NUMBERS)
        defaults = {
            "file_name": f"{n}.jpg", "stored_name": f"{n:032x}", "sha256": f"{n:064x}", "size_bytes": 10,
            "uploaded_by": self.staff["supplier"], "content_type": "image/jpeg",
        }  # fmt: skip
        return Document.objects.create(area_id=area, kind=kind, **(defaults | fields))

    def _bus(self) -> Bus:
        return Bus.objects.get_or_create(line="dtu:test", defaults={"area_id": "370999"})[0]

    def _visited(self, task: Task, result: str) -> None:
        Acceptance.objects.create(
            task=task, area_id=task.area_id, request_id=uuid.uuid4(), inspector=self.staff["inspector"],
            checklist=self.checklist, answers={}, result=result, signer_name="张示例", accepted_on=DAY,
            room_temp_c="19.1",
        )  # fmt: skip
        self._go(task, "accepted" if result == "passed" else "rectify")

    def _go(self, task: Task, state: str) -> None:
        task.state = state
        task.save()

    def _due(self, task: Task, stage: str, amount_fen: int) -> None:
        due = Entitlement.objects.create(
            programme=self.programme, area_id=task.area_id, household=task.dwelling.household, dwelling=task.dwelling,
            task=task, acceptance=task.acceptances.get(result="passed"), policy=self.policy, benefit="T-R1",
            benefit_kind="CONVERSION", outcome="due", reason="OK_CAPPED", amount_fen=amount_fen, facts={}, steps=[],
            clause="三（三）", state=stage, notice=self.notice(task.area_id, stage),
            assessed_at=moment(dt.date(2021, 10, 28)),
        )  # fmt: skip
        for source in ("CENTRAL", "DISTRICT"):
            EntitlementLine.objects.create(entitlement=due, source=source, budget_year=2021, amount_fen=amount_fen // 2)
        if stage in ("batched", "paid"):
            self._pay(due, stage)

    def notice(self, village: str, stage: str) -> Notice:
        state = "open" if stage == "noticed" else "closed"
        if (village, state) not in self.notices:
            self.notices[village, state] = Notice.objects.create(
                programme=self.programme, area_id=village, number=f"GS-{next(NUMBERS)}", state=state,
                published_at=moment(dt.date(2021, 11, 1)), ends_at=moment(dt.date(2021, 11, 8)),
                closed_at=moment(dt.date(2021, 11, 8)) if state == "closed" else None,
                published_by=self.staff["office"], content_hash="b" * 64,
            )  # fmt: skip
        return self.notices[village, state]

    def batch(self, town: str, stage: str) -> PayoutBatch:
        if (town, stage) not in self.batches:
            batch = self.batches[town, stage] = PayoutBatch.objects.create(
                programme=self.programme, area_id=town, number=f"PB-2021-{next(NUMBERS):03d}", round_no=1,
                request_id=uuid.uuid4(),
                state="settled" if stage == "paid" else "locked", created_by=self.staff["finance"],
                created_person_no="F1", content_hash="c" * 64, locked_at=moment(dt.date(2021, 11, 20)),
            )  # fmt: skip
            steps = ("review", "approve", "release") if stage == "paid" else ()
            for number, step in enumerate(steps):
                BatchSignature.objects.create(
                    batch=batch, round_no=1, step=step, decision="agree", signer=self.staff["office"],
                    person_no=f"G{number}", content_hash="c" * 64, request_id=uuid.uuid4(),
                    at=moment(dt.date(2021, 11, 21 + number)),
                )  # fmt: skip
        return self.batches[town, stage]

    def _pay(self, due: Entitlement, stage: str) -> None:
        batch = self.batch(due.area_id[:9], stage)
        number = batch.lines.count() + 1
        line = PayoutLine.objects.create(
            batch=batch, area_id=due.area_id, entitlement=due, line_no=number, payee_name=due.household.head_name,
            bank_card=due.household.bank_card, amount_fen=due.amount_fen,
            state="paid" if stage == "paid" else "planned",
            bank_reference=f"HD{next(NUMBERS):06d}" if stage == "paid" else "",
            settled_at=moment(dt.date(2021, 11, 30)) if stage == "paid" else None,
        )  # fmt: skip
        batch.total_fen, batch.line_count = batch.total_fen + line.amount_fen, number
        batch.save()
        if stage == "paid":
            self._booked(line)

    def _booked(self, line: PayoutLine) -> None:
        for part in line.entitlement.lines.all():
            fund = self.funds[part.source]
            fund.paid_fen += part.amount_fen
            fund.save()
            FundEntry.objects.create(
                fund=fund, area_id="370999", kind="paid", amount_fen=part.amount_fen, batch=line.batch, line=line,
                at=line.settled_at, recorded_by=self.staff["finance"],
            )  # fmt: skip
