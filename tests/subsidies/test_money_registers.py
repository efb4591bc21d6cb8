"""Construction money by progress, and awards of towns: beside the households' ledger, each with its paper."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from core.refusals import Refused
from retrofits.models import Project, ProjectFunds, ProjectMeasure, ProjectProgress
from subsidies.invariants import broken
from subsidies.models import FundEntry, ProjectPayment, TownAward
from subsidies.services import registers
from tests import people
from tests.subsidies.conftest import Money
from tests.subsidies.test_pages import Sign, enter

__all__ = ["enter"]
pytestmark = pytest.mark.django_db
PAGE = "/pay/funds/projects/"


@pytest.fixture
def project(money: Money) -> Project:
    """1,000,000 yuan, of which the district bears 400,000; half of the network laid, the station done."""
    made = Project.objects.create(
        programme=money.programme, area_id="370999", code="net-1", name="余热供热管网", subject="network",
        year_from=2021, year_to=2023, state="building",
    )  # fmt: skip
    for source, fen in (("CENTRAL", 60_000_000), ("DISTRICT", 40_000_000)):
        ProjectFunds.objects.create(project=made, source=source, amount_fen=fen)
    for name, unit, planned, done in (("管网", "km", 10, 5), ("换热站", "station", 2, 2), ("其中：一级网", "km", 4, 0)):
        measure = ProjectMeasure.objects.create(
            project=made, name=name, unit=unit, planned=planned, is_within=name.startswith("其中")
        )
        ProjectProgress.objects.create(measure=measure, on=dt.date(2021, 12, 1), done=done, recorded_by=money.office)
    return made


def pay(money: Money, project: Project, source: str, yuan: int, **more: Any) -> ProjectPayment:
    values: dict[str, Any] = {"budget_year": 2021, "document_no": "示例财建〔2021〕3号", "request_id": uuid4()}
    return registers.pay_project(
        project=project, source=source, amount_fen=yuan * 100, by=money.maker, **(values | more)
    )


@pytest.mark.clause(
    "L-21", "按照项目建设进度及时拨付建设资金", serves="subsidies.services.registers:pay_project",
    page="subsidies:money-registers", model="subsidies.ProjectPayment",
)  # fmt: skip
def test_a_project_is_paid_as_it_proceeds_and_never_ahead(money: Money, project: Project, enter: Sign) -> None:
    (standing,) = registers.standings(Project.objects.filter(pk=project.pk))
    assert (standing.percent, standing.payable_fen) == (75, 75_000_000)
    first = pay(money, project, "CENTRAL", 600_000)
    assert (first.progress_percent, first.source, first.budget_year) == (75, "CENTRAL", 2021)
    for source, yuan, code in (("CENTRAL", 1, "PLAN_EXCEEDED"), ("DISTRICT", 150_001, "AHEAD_OF_PROGRESS")):
        with pytest.raises(Refused, match=code):
            pay(money, project, source, yuan)
    with pytest.raises(Refused, match="DOCUMENT_NEEDED"):
        pay(money, project, "DISTRICT", 1, document_no=" ")
    key = uuid4()
    assert pay(money, project, "DISTRICT", 150_000, request_id=key) == pay(
        money, project, "DISTRICT", 150_000, request_id=key
    )
    page = enter(money.maker).get(PAGE).content.decode()
    assert "750,000.00" in page and "75.00 %" in page
    form = {"what": "pay", "request_id": key.hex, "project": project.pk, "source": "DISTRICT", "budget_year": "2022",
            "amount": "1.00", "document_no": "示例财建〔2022〕1号"}  # fmt: skip
    refused = enter(money.maker).post(PAGE, {**form, "request_id": uuid4().hex})
    assert refused.status_code == 422 and "工程进度为 75.00 %" in refused.content.decode()
    assert enter(money.reviewer).post(PAGE, form).status_code == 403
    assert (ProjectPayment.objects.count(), FundEntry.objects.count(), broken()) == (2, 0, {})


@pytest.mark.clause(
    "L-22", "实施速度快，建设标准高的乡镇…适当奖补", serves="subsidies.services.registers:award_town",
    page="subsidies:money-registers", model="subsidies.TownAward",
)  # fmt: skip
def test_a_towns_award_has_a_paper_and_an_amount_only_where_one_was_decided(money: Money, enter: Sign) -> None:
    """“适当” gives no figure: the award stands without one and is never shown as 0.00."""
    town = people.area("370999001")
    client = enter(money.maker)
    form = {
        "what": "award",
        "town": town.code,
        "year": "2021",
        "words": "提前完成",
        "amount": "",
        "document_no": "示例〔2022〕2号",
    }
    assert client.post(PAGE, form).status_code == 302
    assert client.post(PAGE, form).status_code == 422, "written down once"
    award = TownAward.objects.get()
    assert (award.area, award.amount_fen) == (town, None)
    page = client.get(PAGE).content.decode()
    assert "提前完成" in page and "未定" in page and "0.00" not in page
    assert client.post(PAGE, {**form, "amount": "50000", "document_no": "示例〔2022〕3号"}).status_code == 302
    assert TownAward.objects.filter(amount_fen=5_000_000).count() == 1
    with pytest.raises(Refused, match="PLACE_OUTSIDE"):
        registers.award_town(
            programme=money.programme, town=people.area("370999"), year=2021, words="x", document_no="y", by=money.maker
        )
