"""Orders to inspectors, samples from a seed, findings, outliers, the sheet on paper."""

from __future__ import annotations

import io
import subprocess
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from accounts.models import User
from core import clock
from core.refusals import Refused
from heating_portal.demo import pictures
from retrofits.found import Found
from retrofits.likeness import likeness
from retrofits.models import Acceptance, Agency, Photo, Review, ReviewLine, Task, VisitOrder
from retrofits.outliers import alike_photos, quick_visits
from retrofits.sampling import digest, draw
from retrofits.services.acceptances import record_acceptance
from retrofits.services.orders import add_member, give_visits, register_agency
from retrofits.services.photos import add_photo
from retrofits.services.reviews import decide_line, draw_review, fix_finding, holds
from retrofits.walking import walking_order
from tests import people
from tests.retrofits.conftest import DAY, Works, picture
from tests.retrofits.test_pages import client_of, page


def agency(works: Works, share: int = 100, **more: Any) -> Agency:
    values = {"begins_on": date(2021, 1, 1), "ends_on": date(2021, 12, 31), "share_percent": share} | more
    made = register_agency(
        programme=works.programme,
        name="示例验收机构",
        contract_no=f"YS-{uuid.uuid4().hex[:6]}",
        by=works.office,
        **values,
    )
    add_member(agency=made, user=works.inspector, by=works.office)
    return made


def give(works: Works, of: Agency, tasks: list[Task], **more: Any) -> Any:
    values = {"inspector": works.inspector, "due_on": DAY, "by": works.office, "on": DAY} | more
    return give_visits(agency=of, tasks=tasks, **values)


def passed(works: Works, *, found: Found | None = None, by: User | None = None) -> Acceptance:
    return record_acceptance(
        task=works.ready(), request_id=uuid.uuid4(), result="passed", visit=works.visit(), by=by or works.inspector,
        on=DAY, found=found,
    )  # fmt: skip


@pytest.mark.clause(
    "T-50", "委托第三方机构", serves="retrofits.services.orders:give_visits", page="retrofits:order-list",
    model="retrofits.VisitOrder",
)  # fmt: skip
def test_a_home_is_given_visited_and_counted_for_the_agency(works: Works) -> None:
    engaged, task = agency(works), works.ready()
    assert give(works, engaged, [task]).given == 1
    acceptance = record_acceptance(
        task=task, request_id=uuid.uuid4(), result="passed", visit=works.visit(), by=works.inspector, on=DAY
    )
    assert (acceptance.agency, VisitOrder.objects.get().done_at is not None) == (engaged, True)


def test_homes_that_can_not_be_given_are_named(works: Works) -> None:
    engaged, ready, listed = agency(works), works.ready(), works.task()
    give(works, engaged, [ready])
    again = give(works, engaged, [ready, listed])
    assert (again.given, [number for number, _why in again.skipped]) == (
        0, [ready.dwelling.dwelling_no, listed.dwelling.dwelling_no],
    )  # fmt: skip


def test_an_inspector_of_the_installing_firm_gets_no_home(works: Works) -> None:
    engaged, task = agency(works), works.ready()
    works.inspector.unit = works.supplier.name
    works.inspector.save()
    given = give(works, engaged, [task])
    assert (given.given, works.supplier.name in given.skipped[0][1]) == (0, True)


def test_a_share_is_drawn_from_the_seed_and_rounded_up(works: Works) -> None:
    engaged, tasks = agency(works, 30), [works.ready() for _n in range(4)]
    assert give(works, engaged, tasks, seed="2021").given == 2
    assert set(VisitOrder.objects.values_list("task_id", flat=True)) == set(draw([t.pk for t in tasks], 2, "2021"))


@pytest.mark.parametrize(
    ("more", "code"),
    [({"on": date(2022, 1, 1), "due_on": date(2022, 1, 2)}, "CONTRACT_OVER"),
     ({"due_on": date(2021, 12, 7)}, "DUE_PAST")],
)  # fmt: skip
def test_orders_outside_the_contract_are_refused(works: Works, more: dict[str, Any], code: str) -> None:
    engaged, task = agency(works), works.ready()
    with pytest.raises(Refused) as refusal:
        give(works, engaged, [task], **more)
    assert refusal.value.code == code


def test_an_inspector_works_for_one_agency_of_a_programme(works: Works) -> None:
    agency(works)
    with pytest.raises(Refused) as refusal:
        agency(works)
    assert refusal.value.code == "OTHER_AGENCY"


def test_anybody_draws_the_same_sample_by_hand() -> None:
    keys = list(range(100, 140))
    mine = draw(keys, 5, "种子7")
    tickets = {}
    for key in keys:
        said = subprocess.run(["sha256sum"], input=f"种子7:{key}".encode(), capture_output=True, check=True).stdout
        tickets[key] = said.decode().split()[0]
    assert mine == sorted(keys, key=tickets.__getitem__)[:5]
    assert draw(keys[::-1], 5, "种子7") == mine
    assert draw(keys, 5, "种子8") != mine
    assert digest(keys) == digest(reversed(keys)) != digest(keys[1:])


def reviewer() -> User:
    return people.user("leading_group", "370999")


def drawn(works: Works, homes: int = 3, size: int = 2) -> Review:
    for _n in range(homes):
        passed(works)
    return draw_review(
        programme=works.programme,
        area_code="370999",
        kind="second",
        size=size,
        by=works.office,
        now=clock.now(),
        seed="7",
    )


@pytest.mark.clause(
    "T-53", "竣工资料复核", serves="retrofits.services.reviews:draw_review", page="retrofits:review-detail",
    model="retrofits.Review",
)  # fmt: skip
def test_a_sample_is_recorded_and_comes_out_the_same(works: Works) -> None:
    review = drawn(works)
    everything = list(Acceptance.objects.order_by("pk").values_list("pk", flat=True))
    assert (review.candidates, review.digest) == (3, digest(everything))
    assert list(review.lines.values_list("acceptance_id", flat=True)) == draw(everything, 2, "7")
    assert holds(review)
    passed(works)  # what is accepted later was no candidate
    assert holds(review)


def test_a_sample_that_was_changed_afterwards_is_noticed(works: Works) -> None:
    review = drawn(works)
    left = Acceptance.objects.exclude(pk__in=review.lines.values("acceptance")).get()
    line = review.lines.first()
    line.acceptance = left
    line.save()
    assert not holds(review)
    shown = client_of(works.office).get(page("review-detail", review.pk)).content.decode()
    assert "callout--bad" in shown


@pytest.mark.parametrize("size", [0, 4, 501])
def test_no_more_than_there_are_can_be_drawn(works: Works, size: int) -> None:
    with pytest.raises(Refused) as refusal:
        drawn(works, size=size)
    assert refusal.value.code == "SIZE_OUTSIDE"


def decide(line: ReviewLine, by: User, verdict: str = "finding", **more: Any) -> ReviewLine:
    values = {"finding": "照片与现场不符", "due_on": DAY, "now": clock.now(), "on": DAY} | more
    return decide_line(line=line, verdict=verdict, by=by, **values)


@pytest.mark.clause(
    "D-48", "进行抽查", serves="retrofits.services.reviews:decide_line", page="retrofits:review-detail",
    model="retrofits.ReviewLine",
)  # fmt: skip
def test_a_finding_stays_open_until_it_is_put_right(works: Works) -> None:
    line = decide(drawn(works).lines.first(), reviewer())
    assert (line.verdict, line.fixed_on) == ("finding", None)
    with pytest.raises(Refused) as refusal:
        decide(line, reviewer(), "holds")
    assert refusal.value.code == "LINE_DECIDED"
    assert fix_finding(line=line, note="已补拍", by=works.clerk, on=DAY).fixed_on == DAY
    with pytest.raises(Refused) as refusal:
        fix_finding(line=line, note="再报", by=works.clerk, on=DAY)
    assert refusal.value.code == "NOT_OPEN"


@pytest.mark.parametrize(
    ("more", "code"),
    [({"finding": " "}, "FINDING_INCOMPLETE"), ({"due_on": None}, "FINDING_INCOMPLETE"),
     ({"due_on": date(2021, 12, 7)}, "DUE_PAST"), ({"verdict": "fine"}, "VERDICT_MISSING")],
)  # fmt: skip
def test_a_finding_needs_words_and_a_day(works: Works, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        decide(drawn(works).lines.first(), reviewer(), **more)
    assert refusal.value.code == code


def test_nobody_reviews_own_inspections_nor_those_of_the_own_agency(works: Works) -> None:
    engaged = agency(works)
    review = drawn(works)
    same = people.user("leading_group", "370999", person_no=works.inspector.person_no)
    colleague = people.user("leading_group", "370999")
    people.Grant.objects.create(user=colleague, role="inspector", area=people.area("370999"))
    add_member(agency=engaged, user=colleague, by=works.office)
    for by in (same, colleague):
        with pytest.raises(Refused) as refusal:
            decide(review.lines.first(), by)
        assert refusal.value.code == "OWN_INSPECTION"


def seen(start: datetime, minutes: float) -> Found:
    return Found(began_at=start, visited_at=start + timedelta(minutes=minutes))


def test_visits_faster_than_three_minutes_are_listed(works: Works) -> None:
    noon = clock.now() - timedelta(hours=5)
    passed(works, found=seen(noon, 6))
    quick = passed(works, found=seen(noon + timedelta(minutes=20), 2.9))
    passed(works, found=seen(noon + timedelta(minutes=40), 3))
    follows = passed(works, found=Found(visited_at=noon + timedelta(minutes=44)))
    other = people.user("inspector", "370999")
    passed(works, found=Found(visited_at=noon + timedelta(minutes=45)), by=other)
    close = passed(works, found=Found(visited_at=noon + timedelta(minutes=46.5)))
    listed = quick_visits(works.programme, "370999")
    assert [one.acceptance for one in listed] == [follows, close, quick]
    assert [one.is_own_length for one in listed] == [False, False, True]


def test_the_same_picture_in_two_homes_is_listed(works: Works) -> None:
    first, second, third = passed(works), passed(works), passed(works)
    for acceptance, look in ((first, "a" * 16), (second, "a" * 16), (third, "b" * 16)):
        Photo.objects.filter(task=acceptance.task).update(likeness=look)
    (group,) = alike_photos(works.programme, "370999")
    assert [photo.task for photo in group] == [first.task, second.task]
    shown = client_of(works.office).get(page("review-list")).content.decode()
    assert first.task.dwelling.dwelling_no in shown


def test_a_picture_sent_anew_looks_the_same_and_another_does_not() -> None:
    one, other = pictures.photo("after", 1), pictures.photo("before", 2)
    with Image.open(io.BytesIO(one)) as image:
        out = io.BytesIO()
        image.resize((image.width // 2, image.height // 2)).save(out, "JPEG", quality=60)
    near = bin(int(likeness(one), 16) ^ int(likeness(out.getvalue()), 16)).count("1")
    far = bin(int(likeness(one), 16) ^ int(likeness(other), 16)).count("1")
    assert near <= 2 < far
    assert likeness(picture(7)) == ""  # nothing on it: all blank pictures look alike


def test_the_walk_goes_to_the_nearest_home_of_the_village() -> None:
    homes = [("a", 0.0), ("a", 5.0), ("a", None), ("a", 1.0), ("a", 3.0), ("b", 0.1)]
    ordered = walking_order(
        homes, group=lambda home: home[0], place=lambda home: None if home[1] is None else (home[1], 35.0)
    )
    assert ordered == [("a", 0.0), ("a", 1.0), ("a", 3.0), ("a", 5.0), ("a", None), ("b", 0.1)]


def test_the_sheet_prints_with_seals_and_tolerances(works: Works) -> None:
    acceptance = passed(works)
    printed = client_of(works.office).get(page("acceptance-print", acceptance.pk)).content.decode()
    assert printed.count("seals__box") == 3
    assert "≥ 16 · ≤ 35" in printed
    assert 'class="a4' in printed


def test_the_pages_of_the_office_work_by_plain_posts(works: Works) -> None:
    task, client = works.ready(), client_of(works.office)
    form = {"name": "示例机构", "contract_no": "YS-1", "begins_on": "2021-01-01", "ends_on": "2099-12-31"}
    assert client.post(page("agency-add"), form).status_code == 302
    assert client.post(page("agency-add"), form).status_code == 422
    made = Agency.objects.get()
    assert client.post(page("agency-member-add", made.pk), {"user": works.inspector.pk}).status_code == 302
    assert client.get(page("order-list")).status_code == 200
    order = {"all": "1", "inspector": works.inspector.pk, "due_on": "2099-01-01"}
    assert client.post(page("order-give", made.pk), order).status_code == 302
    assert VisitOrder.objects.get().task == task
    assert client.post(page("order-give", made.pk), {**order, "due_on": "soon"}).status_code == 422


def test_overdue_defects_are_on_top_and_counted(works: Works) -> None:
    task = works.ready()
    add_photo(task=task, stage="defect", content=picture(201), by=works.inspector)
    refuse = works.visit(defect="管路未保温", due_on=DAY)
    record_acceptance(task=task, request_id=uuid.uuid4(), result="failed", visit=refuse, by=works.inspector, on=DAY)
    shown = client_of(works.office).get(page("rectification-list")).content.decode()
    assert "管路未保温" in shown
    assert "st--bad" in shown
