"""What stands before and beside the works of a town: firms, contracts, gas supply, waiting homes, projects, lots."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from devices.models import Supplier
from retrofits.models import (
    Admission,
    Bid,
    Confirmation,
    Contract,
    CostShare,
    Criterion,
    GateReason,
    GateRule,
    Product,
    Project,
    ProjectFunds,
    ProjectMeasure,
    ProjectPaper,
    ProjectProgress,
    Qualification,
    SharedCost,
    SupplyStep,
    Task,
    TenderLot,
    TransitionalHome,
)

if TYPE_CHECKING:
    from tests.permissions.town import Town

DAY = dt.date(2021, 12, 8)
STEPS = SupplyStep.Step.values


def build(town: Town) -> None:
    """As many of each as the town has homes of one state."""
    Product.objects.get_or_create(device_model=town.objects["device_model"])
    for gate, mode in (("SUPPLY_CONTRACT", "hard"), ("ONE_TECHNOLOGY", "soft")):
        GateRule.objects.get_or_create(programme=town.county, gate=gate, defaults={"mode": mode, "clause": "J-40"})
    for n in range(town.size):
        supplier = _firm(town, n)
        _project(town, n, supplier)
        _step(town, n)
    for n, task in enumerate(Task.objects.filter(area=town.village).order_by("pk")):
        _papers(town, n, task)


def _firm(town: Town, n: int) -> Supplier:
    supplier = Supplier.objects.create(code=f"firm-{town.code}-{n}".lower(), name=f"安装公司{n}")
    Qualification.objects.create(supplier=supplier, work="construction", name="资质", number="1", valid_from=DAY)
    town.keep("admission", Admission.objects.create(
        programme=town.county, area=town.village, supplier=supplier, applied_on=DAY, entered_by=town.clerk,
        experts=f"{town.word}专家", review_words=f"{town.word}评审", end_reason=f"{town.word}退出",
        service_point=f"{town.word}网点", service_phone=f"{town.code}-1",
    ))  # fmt: skip
    return supplier


def _step(town: Town, n: int) -> None:
    if n < len(STEPS):
        SupplyStep.objects.create(
            programme=town.county, area=town.village, step=STEPS[n], done_on=DAY, party=f"{town.word}燃气",
            paper_no=f"{town.code}-{n}", note=f"{town.word}注", recorded_by=town.clerk,
        )  # fmt: skip


def _papers(town: Town, n: int, task: Task) -> None:
    model = town.objects["device_model"]
    Contract.objects.create(
        task=task, area=town.village, number=f"{town.code}-HT{n}", supplier=model.supplier, device_model=model,
        signed_on=DAY, signer_name=f"{town.word}签", confirms_product=True, recorded_by=town.clerk,
    )  # fmt: skip
    GateReason.objects.create(
        task=task, area=town.village, gate="ONE_TECHNOLOGY", reason=f"{town.word}理由", given_by=town.clerk
    )
    Confirmation.objects.create(
        task=task, area=town.village, kind="commissioned", done_on=DAY, signer_name=f"{town.word}签",
        note=f"{town.word}调试", recorded_by=town.clerk,
    )  # fmt: skip
    town.keep("transitional", TransitionalHome.objects.create(
        programme=town.county, area=town.village, dwelling=task.dwelling, reason="no_gas", fuel="clean_coal",
        since=DAY, end_note=f"{town.word}止", recorded_by=town.clerk,
    ))  # fmt: skip


def _project(town: Town, n: int, supplier: Supplier) -> None:
    project = town.keep("project", Project.objects.create(
        programme=town.county, area=town.village, code=f"{town.code}-p{n}", name=f"{town.word}管网{n}",
        subject="network", lead_unit=f"{town.word}城投", year_from=2021, year_to=2022, note=f"{town.word}备注",
    ))  # fmt: skip
    made = Project.objects.filter(area=town.village).latest("pk")
    measure = ProjectMeasure.objects.create(project=made, name="管网", unit="km", planned=3)
    ProjectProgress.objects.create(measure=measure, on=DAY, done=1, note=f"{town.word}进度", recorded_by=town.clerk)
    ProjectPaper.objects.create(
        project=made, kind="design", number=f"{town.code}-D{n}", issuer=f"{town.word}院", dated_on=DAY,
        recorded_by=town.clerk,
    )  # fmt: skip
    ProjectFunds.objects.create(project=made, source="CENTRAL", amount_fen=town.fen)
    cost = SharedCost.objects.create(
        project=made, name=f"{town.word}支线", amount_fen=town.fen, split_by="even", recorded_by=town.clerk
    )
    home = town.homes["accepted"][0]
    CostShare.objects.create(cost=cost, dwelling=home, area=town.village, weight=1, amount_fen=town.fen)
    lot = TenderLot.objects.create(
        programme=town.county, project=made, area=town.village, number=f"{town.code}-L{n}", title=f"{town.word}标段",
        departments=[f"{town.word}局", "乙局"], opened_on=DAY, award_reason=f"{town.word}因", recorded_by=town.clerk,
    )  # fmt: skip
    town.keep("lot", lot)
    Criterion.objects.create(lot=lot, name="质量", weight=100)
    Bid.objects.create(lot=lot, supplier=supplier, price_fen=town.fen, points={"质量": 90})
    assert project
