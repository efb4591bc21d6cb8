"""What stands above the visits: an agency under contract, homes given to its inspector, a sample looked at again."""

from __future__ import annotations

from datetime import UTC, date, datetime

from accounts.acting import acting
from heating_portal.demo.people import person
from programmes.models import Programme
from retrofits.models import Agency, Review, Task, VisitOrder
from retrofits.services.orders import add_member, give_visits, register_agency
from retrofits.services.reviews import candidates, decide_line, draw_review

WHY = "demonstration"
AGENCY = "示例工程检测（虚构）"
SAMPLE = 8
GIVEN = 6
CONTRACT_ENDS = date(2027, 12, 31)  # whoever visits the demonstration may still give homes


def load(programme: Programme) -> None:
    """Once per programme: an agency, orders for homes that wait, a second-level review with one finding."""
    agency = Agency.objects.filter(programme=programme).first() or _agency(programme)
    if not VisitOrder.objects.filter(agency=agency).exists():
        _orders(programme, agency)
    if not Review.objects.filter(programme=programme).exists():
        _review(programme)


def _agency(programme: Programme) -> Agency:
    office = person("office", programme.area_id)
    with acting(office, WHY):
        agency = register_agency(
            programme=programme, name=AGENCY, contract_no=f"YS-{programme.year_from}-01", by=office,
            begins_on=date(programme.year_from, 6, 1), ends_on=CONTRACT_ENDS,
        )  # fmt: skip
        add_member(agency=agency, user=person("inspector", programme.area_id), by=office)
    return agency


def _orders(programme: Programme, agency: Agency) -> None:
    office, on = person("office", programme.area_id), date(programme.year_from, 12, 1)
    waiting = Task.objects.filter(programme=programme, state=Task.State.INSTALLED).order_by("area_id", "pk")
    tasks = list(waiting.select_related("dwelling", "installation__supplier", "installation__recorded_by")[:GIVEN])
    with acting(office, WHY):
        give_visits(
            agency=agency, tasks=tasks, inspector=person("inspector", programme.area_id), by=office, on=on,
            due_on=date(programme.year_from, 12, 20),
        )  # fmt: skip


def _review(programme: Programme) -> None:
    """Drawn now, because the acceptances were recorded now; decided in the story's December."""
    office, now = person("office", programme.area_id), datetime.now(UTC)
    size = min(SAMPLE, len(candidates(programme, programme.area_id, now)))
    if not size:
        return
    with acting(office, WHY):
        review = draw_review(
            programme=programme, area_code=programme.area_id, kind="second", size=size, by=office, now=now,
            seed=f"{programme.year_from}1212",
        )  # fmt: skip
        day = date(programme.year_from, 12, 12)
        for line in review.lines.order_by("place")[: size // 2]:
            holds = line.place != 2
            decide_line(
                line=line, verdict="holds" if holds else "finding", finding="" if holds else "室外机基础无减振垫",
                due_on=None if holds else date(programme.year_from, 12, 25), by=office, now=now, on=day,
            )  # fmt: skip
