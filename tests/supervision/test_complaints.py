"""Complaints from the first word to the asker's rating; who reads which; what the public page gives away."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.throttle import is_too_often
from supervision.models import Case
from supervision.queries import late, satisfaction
from supervision.services import public
from supervision.services.cases import escalate_overdue, move_case, set_sensitive
from tests import people
from tests.supervision.conftest import DAY, HOUR, NOW, OTHER_TOWN, TOWN, Room, client_of, code_of

ASK, ANSWER = "supervision:public-ask", "supervision:public-answer"


def address() -> str:
    """An address nobody else counts under: the counter outlives a test."""
    return f"2001:db8::{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}"


def sent(room: Room, **changes: str) -> dict[str, Any]:
    form = {"kind": "complaint", "category": "subsidy", "area": TOWN, "place_words": "甲一村 3 号",
            "words": "补贴一直没有到账", "reporter_name": "", "reporter_phone": ""}  # fmt: skip
    return form | changes


def ask(room: Room, client: Client | None = None, **changes: str) -> Any:
    return (client or Client()).post(reverse(ASK), sent(room, **changes), REMOTE_ADDR=address())


def test_a_complaint_is_asked_taken_answered_read_and_rated_without_an_account(room: Room) -> None:
    answer = ask(room)
    case, code = answer.context["case"], answer.context["code"]
    assert (case.reporter_name, case.opened_by, case.source, case.kind) == ("", None, "public", "complaint")
    stranger, clerk = Client(REMOTE_ADDR=address()), client_of(room.clerk)
    waits = stranger.post(reverse(ANSWER), {"number": case.number, "code": code}).content.decode()
    assert "待受理" in waits
    assert "未完成" not in waits
    detail, act = reverse("supervision:case-detail", args=[case.pk]), reverse("supervision:case-act", args=[case.pk])
    assert "补贴一直没有到账" in clerk.get(detail).content.decode()
    assert clerk.post(act, {"deed": "reply", "words": "早了"}).status_code == 409
    assert clerk.post(act, {"deed": "take"}).status_code == 302
    assert clerk.post(act, {"deed": "reply", "words": ""}).status_code == 422
    assert clerk.post(act, {"deed": "reply", "words": "已补发，请查收"}).status_code == 302
    told = stranger.post(reverse(ANSWER), {"number": case.number, "code": code}).content.decode()
    assert "已补发，请查收" in told
    rated = stranger.post(reverse(ANSWER), {"number": case.number, "code": code, "satisfaction": "5", "words": ""})
    assert rated.context["rated"]
    case.refresh_from_db()
    assert (case.state, case.satisfaction, case.handler) == ("closed", 5, room.clerk)
    assert [step.deed for step in case.steps.all()] == ["open", "take", "reply", "rate"]
    again = stranger.post(reverse(ANSWER), {"number": case.number, "code": code, "satisfaction": "1", "words": ""})
    assert again.status_code == 409


def test_who_is_not_content_gets_it_taken_up_again(room: Room) -> None:
    case, code = public.ask(area=room.area(TOWN), opening=room.opening("complaint", "quality"), now=NOW)
    move_case(case=case, deed="take", by=room.clerk, now=NOW + HOUR)
    replied = move_case(case=case, deed="reply", words="已修", by=room.clerk, now=NOW + DAY)
    later = NOW + 30 * DAY
    assert not (replied.is_late(later) or late(Case.objects.all(), later).exists() or escalate_overdue(now=later))
    kept = public.rate(case=public.find_asked(case.number, code) or case, satisfaction=2, words="仍不热", now=NOW + DAY)
    assert (kept.state, kept.satisfaction, kept.closed_at) == ("handled", 2, None)
    assert (kept.is_late(later), late(Case.objects.all(), later).count()) == (True, 1), "no answer any more"
    assert satisfaction(Case.objects.all()) == (0, 1)
    assert code_of(public.rate, case=kept, satisfaction=5, words="", now=NOW) == "NOT_ANSWERED"


@pytest.mark.clause(
    "D-15", "杜绝强行“封火炕、拆暖炉、没收煤炭”", serves="supervision.services.public:ask",
    page="supervision:public-ask", model="supervision.Case",
)  # fmt: skip
def test_forced_removal_is_a_category_few_may_read(room: Room) -> None:
    answer = ask(room, category="forced_removal", words="村里要强拆火炕")
    case = Case.objects.get(number=answer.context["case"].number)
    assert case.is_sensitive
    town, office = client_of(room.clerk), client_of(room.office)
    detail = reverse("supervision:case-detail", args=[case.pk])
    assert town.get(detail).status_code == 404
    assert case.number not in town.get(reverse("supervision:complaint-list")).content.decode()
    assert "村里要强拆火炕" in office.get(detail).content.decode()
    with pytest.raises(PermissionDenied):
        set_sensitive(case=case, is_sensitive=False, reason="转办", by=room.clerk)
    set_sensitive(case=case, is_sensitive=False, reason="转镇办理", by=room.office)
    assert town.get(detail).status_code == 200
    # a clerk on the phone: nothing grave is chosen beforehand, the place is; a sensitive one is told by its number
    new = reverse("supervision:case-new", args=["complaints"])
    form = town.get(new, {"area": TOWN}).context["form"]
    assert (form["category"].value(), form["area"].value()) == (None, TOWN)
    told = {"kind": "complaint", "source": "phone", "area": TOWN, "title": "来电", "category": "forced_removal"}
    assert town.post(new, told | {"category": ""}).status_code == 422
    answer = town.post(new, told, follow=True)
    made = Case.objects.exclude(pk=case.pk).get()
    assert (answer.status_code, answer.redirect_chain) == (200, [(reverse("supervision:complaint-list"), 302)])
    assert f"{made.number}" in str(next(iter(answer.context["messages"])))


def test_the_public_page_knows_no_household(room: Room) -> None:
    """The same words for somebody on a roster and for nobody; a wrong number and a wrong code are one answer."""
    home = people.household(head_name="张示例")
    names = (("张示例", home.phone, home.household_no), ("李样本", "1", "无此户"))
    known, unknown = (
        ask(room, reporter_name=name, reporter_phone=phone, place_words=place) for name, phone, place in names
    )
    plain = [
        re.sub(f"{one.context['case'].number}|{one.context['code']}|FToken[^,>]+|[0-9]+", "", one.content.decode())
        for one in (known, unknown)
    ]
    assert plain[0] == plain[1]
    number = known.context["case"].number
    stranger = Client(REMOTE_ADDR=address())
    wrong = [
        stranger.post(reverse(ANSWER), {"number": given, "code": code})
        for given, code in ((number, "AAAAAAAA"), ("TS000000-AAAAAA", known.context["code"]))
    ]
    assert [reply.status_code for reply in wrong] == [422, 422]
    assert wrong[0].context["form"].non_field_errors() == wrong[1].context["form"].non_field_errors()


def test_questions_and_tries_are_counted_and_then_refused(room: Room) -> None:
    here = Client(REMOTE_ADDR=address())
    answers = [here.post(reverse(ASK), sent(room)).status_code for _n in range(11)]
    assert answers == [200] * 10 + [429]
    there = Client(REMOTE_ADDR=address())
    tries = [there.post(reverse(ANSWER), {"number": "TS1", "code": "X"}).status_code for _n in range(21)]
    assert tries == [422] * 20 + [429]


def test_the_counter_goes_on_without_redis(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    name = address()
    assert [is_too_often("x", name, limit=2, seconds=60) for _n in range(3)] == [False, False, True]


def test_a_robot_that_fills_everything_leaves_nothing(room: Room) -> None:
    assert ask(room, website="http://example.invalid").status_code == 422
    assert ask(room, area="370999001001").status_code == 422  # a village is no town of the list
    assert ask(room, words="").status_code == 422
    assert not Case.objects.exists()


def test_what_people_write_is_ciphertext_in_the_database_and_their_phone_is_masked(room: Room) -> None:
    case = room.case("complaint", "conduct", source="phone", reporter_name="张示例", reporter_phone="19900001234")
    with connection.cursor() as cursor:
        cursor.execute("SELECT words, reporter_name, reporter_phone FROM supervision_case WHERE id = %s", [case.pk])
        stored = " ".join(cursor.fetchone())
    assert "19900001234" not in stored
    assert "张示例" not in stored
    text = client_of(room.office).get(reverse("supervision:case-detail", args=[case.pk])).content.decode()
    assert "19900001234" not in text
    assert "199****1234" in text


def test_a_caller_gets_a_slip_and_a_new_one_ends_the_old(room: Room) -> None:
    case, client = room.case("question", "subsidy", source="phone"), client_of(room.clerk)
    act = reverse("supervision:case-act", args=[case.pk])
    first = client.post(act, {"deed": "slip"}).context["code"]
    second = client.post(act, {"deed": "slip"}).context["code"]
    assert public.find_asked(case.number, second) == case
    assert public.find_asked(case.number, first) is None
    assert public.find_asked(case.number, "") is None


def test_the_clock_runs_first_to_the_answer_and_then_to_the_end(room: Room) -> None:
    case = room.case("complaint", "subsidy", source="phone")
    rows = Case.objects.all()
    assert not case.is_late(NOW + 2 * DAY)
    assert case.is_late(NOW + 2 * DAY + timedelta(seconds=1))
    assert late(rows, NOW + 2 * DAY + HOUR).count() == 1
    taken = move_case(case=case, deed="take", by=room.clerk, now=NOW + HOUR)
    assert late(rows, NOW + 3 * DAY).count() == 0
    assert (taken.is_late(NOW + 15 * DAY), taken.is_late(NOW + 16 * DAY)) == (False, True)
    assert late(rows, NOW + 16 * DAY).count() == 1
    assert escalate_overdue(now=NOW + 15 * DAY) == 0
    assert escalate_overdue(now=NOW + 16 * DAY) == 1
    assert escalate_overdue(now=NOW + 17 * DAY) == 0


def test_of_two_people_one_goes_on(room: Room) -> None:
    case = room.case("complaint", "quality", source="phone")
    move_case(case=case, deed="take", by=room.clerk, version=case.version, now=NOW)
    assert code_of(move_case, case=case, deed="take", by=room.office, version=case.version, now=NOW) == "CASE_CHANGED"


def test_another_town_neither_reads_nor_answers(room: Room) -> None:
    case, stranger = room.case("complaint", "quality", source="phone"), client_of(room.other_clerk)
    assert stranger.get(reverse("supervision:case-detail", args=[case.pk])).status_code == 404
    assert stranger.post(reverse("supervision:case-act", args=[case.pk]), {"deed": "take"}).status_code == 404
    with pytest.raises(PermissionDenied):
        room.case("complaint", "quality", by=room.clerk, at=OTHER_TOWN)
