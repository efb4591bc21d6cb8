"""One wish for many heaters: dry run, second person, second role in the cold, a start spread over each village."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from core.refusals import Refused
from devices.models import Command, CommandOrder, Heater
from devices.services import approval, commands, orders
from heating_portal.celery import app as beat
from jobs.models import Job
from tests import people
from tests.devices import boards

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
SUMMER = dt.datetime(2026, 7, 1, 9, 0, tzinfo=dt.UTC)
VILLAGES = ("370999001001", "370999001002")


def fleet(n: int) -> list[Heater]:
    """Heaters in two villages in turn."""
    return [boards.heater(unit=i + 1, area=VILLAGES[i % 2], line=f"dtu:86199{i % 2:010d}") for i in range(n)]


def place(heaters: list[Heater], by: User, point: str = "set_room_t", asked: str = "18.0", **changes: Any) -> Any:
    usual = {"reason": "错峰", "area_id": "370999", "request_id": uuid.uuid4(), "seen": len(heaters), "now": SUMMER,
             "outdoor_c": {}}  # fmt: skip
    return orders.place_order(heaters=heaters, point=point, asked=Decimal(asked), by=by, **(usual | changes))


def test_a_few_heaters_start_one_after_the_other_in_each_village() -> None:
    order = place(fleet(6), people.user("ops", "370999"))
    starts = [(c.area_id, c.not_before - SUMMER) for c in order.commands.order_by("area_id", "not_before")]
    assert order.state == "approved" and starts == [
        (village, n * orders.FEEDER_GAP) for village in VILLAGES for n in range(3)
    ]
    assert Job.objects.filter(kind="devices.send_command").count() == 2, "the first of each village at once"
    jobs = Job.objects.filter(kind="devices.send_command")
    assert commands.tend_commands(now=SUMMER + orders.FEEDER_GAP)["queued"] == 2 and jobs.count() == 2
    order.commands.filter(not_before=SUMMER).update(state="verified")
    later = SUMMER + 3 * orders.FEEDER_GAP  # the workers were away: two heaters of each village wait by now
    assert commands.tend_commands(now=later)["queued"] == 2 and jobs.count() == 4
    assert commands.tend_commands(now=later)["queued"] == 2 and jobs.count() == 4, (
        "the same ones, until they were tried"
    )
    order.commands.filter(not_before=SUMMER + orders.FEEDER_GAP).update(tries=1)
    assert commands.tend_commands(now=later)["queued"] == 2 and jobs.count() == 6, "who can't be reached goes last"
    assert beat.conf.beat_schedule["expire-commands"]["schedule"] == orders.FEEDER_GAP.total_seconds()
    late = order.commands.get(area_id=VILLAGES[0], not_before=SUMMER + 2 * orders.FEEDER_GAP)
    assert late.expires_at - late.not_before == commands.LIFETIME


def test_above_ten_a_second_person_decides() -> None:
    asker, other = people.user("ops", "370999"), people.user("ops", "370999")
    order = place(fleet(11), asker)
    assert (order.state, order.needs) == ("held", ["many"])
    assert set(order.commands.values_list("state", flat=True)) == {"held"} and not Job.objects.exists()
    for by, code in ((asker, "SAME_PERSON"), (people.user("town_staff", "370999"), "NOT_YOURS"),
                     (people.user("ops", "370998"), "NOT_YOURS")):  # fmt: skip
        with pytest.raises(Refused, match=code):
            orders.decide_order(order=order, approve=True, by=by, now=SUMMER)
    with pytest.raises(Refused, match="NOTE_NEEDED"):
        orders.decide_order(order=order, approve=False, by=other, now=SUMMER)
    approved = orders.decide_order(order=order, approve=True, by=other, now=SUMMER)
    assert approved.state == "approved" and order.commands.filter(state="queued").count() == 11
    with pytest.raises(Refused, match="ORDER_DECIDED"):
        orders.decide_order(order=order, approve=False, by=other, note="x", now=SUMMER)


def test_declined_or_not_decided_in_time_nothing_is_sent() -> None:
    asker, other = people.user("ops", "370999"), people.user("office", "370999")
    heaters = fleet(11)
    declined = orders.decide_order(order=place(heaters, asker), approve=False, by=other, note="太多", now=SUMMER)
    assert set(declined.commands.values_list("state", flat=True)) == {"declined"}
    lapsed = place(heaters, asker)
    late = SUMMER + approval.DECIDE_WITHIN
    with pytest.raises(Refused, match="ORDER_LAPSED"):
        orders.decide_order(order=lapsed, approve=True, by=other, now=late)
    assert commands.tend_commands(now=late) == {"expired": 11, "lapsed": 1, "queued": 0, "left": 0}
    assert Command.objects.filter(state="queued").count() == 0 and not Job.objects.exists()


@pytest.mark.parametrize(
    ("outdoor", "now", "cold"),
    [("-3", SUMMER, True), ("12", NOW, False), (None, NOW, True), (None, SUMMER, False), ("5", NOW, False)],
)
def test_what_is_cold(outdoor: str | None, now: dt.datetime, cold: bool) -> None:
    assert approval.is_cold(None if outdoor is None else Decimal(outdoor), now) is cold


def test_switching_off_in_the_cold_takes_another_role() -> None:
    asker, colleague, office = (people.user(role, "370999") for role in ("ops", "ops", "office"))
    heater = boards.heater()
    wish = {"heater": heater, "point": "running", "reason": "检修", "by": asker, "now": NOW, "outdoor_c": Decimal(-6)}
    command = commands.request_command(asked=Decimal(0), request_id=uuid.uuid4(), **wish)
    assert command.state == "held" and command.order.needs == ["cold"]
    with pytest.raises(Refused, match="SAME_ROLE"):
        orders.decide_order(order=command.order, approve=True, by=colleague, now=NOW)
    orders.decide_order(order=command.order, approve=True, by=office, now=NOW)
    command.refresh_from_db()
    assert command.state == "queued" and Job.objects.filter(kind="devices.send_command").count() == 1
    warm = wish | {"outdoor_c": Decimal(12)}
    assert commands.request_command(asked=Decimal(0), request_id=uuid.uuid4(), **warm).state == "queued"
    assert commands.request_command(asked=Decimal(1), request_id=uuid.uuid4(), **wish).state == "queued"


def test_what_changed_since_the_dry_run_is_shown_again() -> None:
    asker, heaters = people.user("ops", "370999"), fleet(3)
    with pytest.raises(Refused, match="OTHER_COUNT"):
        place(heaters, asker, seen=2)
    run = orders.dry_run(heaters=heaters, point="set_water_t", asked=Decimal(40), outdoor_c={}, now=SUMMER)
    assert (len(run.heaters), run.villages, run.refused, run.last_after) == (3, 2, [], orders.FEEDER_GAP)
    gone = boards.heater(unit=99)
    gone.removed_on = dt.date(2026, 1, 1)
    run = orders.dry_run(heaters=[gone], point="set_room_t", asked=Decimal(20), outdoor_c={}, now=SUMMER)
    assert run.heaters == [] and [heater for heater, _why in run.refused] == [gone]
    form = uuid.uuid4()
    assert place(heaters, asker, request_id=form) == place(heaters, asker, request_id=form)
    assert CommandOrder.objects.count() == 1 and Command.objects.count() == 3
