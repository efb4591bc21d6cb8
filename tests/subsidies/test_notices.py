"""Public notice: masked names, a clock that is an argument, objections that stop an amount."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from core.refusals import Refused
from subsidies.models import Entitlement, Notice
from subsidies.services import notices
from tests import people
from tests.subsidies.conftest import ASSESSED, MORNING, SECOND, VILLAGE, Money

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def notice(money: Money) -> Notice:
    for _home in range(2):
        money.accepted()
    money.accepted(SECOND)
    money.accepted(costs=[])
    money.assess()
    return money.publish()


def states() -> dict[str, int]:
    found = Entitlement.objects.values_list("state", flat=True)
    return {state: list(found).count(state) for state in set(found)}


def test_a_village_puts_up_what_is_due_there_and_nothing_else(notice: Notice) -> None:
    assert notice.entitlements.count() == 2
    assert states() == {"noticed": 2, "assessed": 2}
    for _dwelling, name, _benefit, _period, fen in notice.content:
        assert "*" in name and fen == 600_000
    assert notice.content_hash == notices.content_hash(notice.content)


def test_it_stays_up_for_the_programmes_days_and_not_a_second_less(notice: Notice) -> None:
    assert notices.close_notices(now=notice.ends_at - dt.timedelta(seconds=1)) == []
    assert states()["noticed"] == 2
    assert len(notices.close_notices(now=notice.ends_at)) == 1
    assert states() == {"payable": 2, "assessed": 2}
    assert notices.close_notices(now=notice.ends_at) == []


def test_an_objection_stops_its_amount_only(money: Money, notice: Notice) -> None:
    one = notice.entitlements.first()
    objection = notices.raise_objection(entitlement=one, text="不住人", by=money.clerk, now=MORNING + HOUR)
    notices.close_notices(now=notice.ends_at)
    assert Entitlement.objects.get(pk=one.pk).state == "objected"
    notices.decide_objection(objection=objection, decision="rejected", reason="有人", by=money.office)
    assert Entitlement.objects.get(pk=one.pk).state == "payable"


def test_rejected_before_the_end_the_notice_goes_on(money: Money, notice: Notice) -> None:
    one = notice.entitlements.first()
    objection = notices.raise_objection(entitlement=one, text="不住人", by=money.clerk, now=MORNING + HOUR)
    notices.decide_objection(objection=objection, decision="rejected", reason="有人", by=money.office)
    assert Entitlement.objects.get(pk=one.pk).state == "noticed"


def test_upheld_it_goes_back_and_can_be_computed_again(money: Money, notice: Notice) -> None:
    one = notice.entitlements.first()
    objection = notices.raise_objection(entitlement=one, text="发票有误", by=money.clerk, now=MORNING + HOUR)
    notices.decide_objection(objection=objection, decision="upheld", reason="属实", by=money.office)
    notices.close_notices(now=notice.ends_at)
    assert Entitlement.objects.get(pk=one.pk).state == "held"
    from subsidies.services.entitlements import reassess_entitlement

    again = reassess_entitlement(entitlement=one, reason="更正", by=money.maker, on=ASSESSED)
    assert again.state == "assessed" and money.publish(now=notice.ends_at).entitlements.get() == again


def test_after_the_end_no_objection_is_written_down(money: Money, notice: Notice) -> None:
    with pytest.raises(Refused, match="NOTICE_OVER"):
        notices.raise_objection(entitlement=notice.entitlements.first(), text="x", by=money.clerk, now=notice.ends_at)


def test_who_wrote_it_down_does_not_decide(money: Money, notice: Notice) -> None:
    both = people.user("office", "370999")
    objection = notices.raise_objection(entitlement=notice.entitlements.first(), text="x", by=both, now=MORNING + HOUR)
    with pytest.raises(Refused, match="OWN_RECORD"):
        notices.decide_objection(objection=objection, decision="rejected", reason="x", by=both)


def test_nothing_new_is_no_notice(money: Money, notice: Notice) -> None:
    with pytest.raises(Refused, match="NOTHING_TO_PUBLISH"):
        money.publish(VILLAGE)


def test_what_was_put_up_is_fixed(notice: Notice) -> None:
    with pytest.raises(DatabaseError, match="fixed"), transaction.atomic():
        Notice.objects.update(content=[])
