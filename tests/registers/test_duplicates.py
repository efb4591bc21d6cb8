"""The desk: found by keys, decided by people over both sides, merged without breaking money, parted again."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from core.blind_index import blind_index
from core.identity import synthetic_id, synthetic_phone
from core.refusals import Refused
from households.models import Document, DuplicateKey, DuplicatePair, Dwelling, Enrolment, Household
from households.serials import serial_source, serials
from households.services.duplicates import deciding as duplicates
from households.services.duplicates.finding import CROWD, search
from households.services.duplicates.keying import refresh_keys, stale
from jobs.models import Job
from jobs.running import run_job
from tests import people
from tests.registers.conftest import FAR_VILLAGE, OTHER_VILLAGE, VILLAGE, World, approve, browser, enrolled, family

OLD = synthetic_id(77)


def home_of(name: str = "张国峰", area: str = VILLAGE, home: dict[str, Any] | None = None, **fields: Any) -> Dwelling:
    if "id_number" in fields:
        fields["id_number_index"] = blind_index(fields["id_number"], "id_number")
    return people.dwelling(area, household=family(name, area, **fields), **(home or {}))


def short(number: str) -> str:
    return number[:6] + number[8:17]


def reasons() -> list[list[str]]:
    return [pair.reasons for pair in DuplicatePair.objects.order_by("pk")]


def twins(**fields: Any) -> DuplicatePair:
    """One person entered twice: the old number of 15 digits and the new one."""
    home_of(id_number=OLD), home_of("张國峯", id_number=short(OLD), **fields)
    search()
    return DuplicatePair.objects.get()


def refused(code: str, deed: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        deed(**more)
    assert refusal.value.code == code, str(refusal.value)
    return refusal.value


@pytest.mark.clause(
    "L-39", "切实规范台账录入和管理，确保台账真实准确",
    serves="households.services.duplicates.finding:search", page="households:duplicate-list",
    model="households.DuplicatePair",
)  # fmt: skip
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"id_number": OLD}, {"id_number": short(OLD), "area": FAR_VILLAGE, "name": "李样本"}, "SAME_ID"),
        ({"home": {"meter_no": "00812"}}, {"home": {"meter_no": "812"}, "area": FAR_VILLAGE}, "SAME_METER"),
        ({"home": {"door_no": "3组12号"}}, {"home": {"door_no": "三组12号"}, "name": "李样本"}, "SAME_HOUSE"),
        ({"phone": "19900000001"}, {"phone": "19900000001", "name": "張国峯", "area": FAR_VILLAGE}, "NEAR_NAME"),
        ({"name": "张国峰"}, {"name": "章国锋"}, "NAME_IN_VILLAGE"),
    ],
)
def test_a_double_entry_is_found(world: World, first: Any, second: Any, expected: str) -> None:
    home_of(**first), home_of(**second)
    home_of("王测试", home={"door_no": "9号", "meter_no": "55"})
    found = search()
    assert (found.pairs, found.new, expected in reasons()[0]) == (1, 1, True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"home": {"door_no": "3组12号"}}, {"home": {"door_no": "3组12号"}, "area": OTHER_VILLAGE}),
        ({"phone": "19900000001"}, {"phone": "19900000001", "name": "欧阳虚构", "area": FAR_VILLAGE}),
        ({"name": "张国峰"}, {"name": "张国峰", "area": FAR_VILLAGE}),
        ({"home": {"meter_no": "812", "meter_is_individual": False}}, {"name": "李样本", "home": {"meter_no": "0812"}}),
    ],
)  # fmt: skip
def test_what_is_no_double_entry(world: World, first: Any, second: Any) -> None:
    home_of(**first), home_of(**second)
    assert search().pairs == 0


def test_two_homes_of_one_household_meet_another_household_once(world: World) -> None:
    one = home_of(id_number=OLD)
    people.dwelling(household=one.household)
    home_of("李样本", id_number=short(OLD))
    assert search().pairs == 1


def test_one_heater_in_two_records_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from households import serials as told

    first, second = home_of(), home_of("李样本")
    monkeypatch.setattr(told, "_sources", {})
    serial_source(lambda: [(first.pk, "SN-0007"), (second.pk, "sn0007")])
    assert sorted(serials())[0] == (first.pk, "SN-0007")
    search()
    assert reasons() == [["SAME_HEATER"]]


def test_a_number_of_the_whole_village_is_no_evidence(world: World) -> None:
    for n in range(CROWD + 1):
        home_of("张国峰", phone="19900000001", phone_index="x", id_number=synthetic_id(5_000 + n),
                area=VILLAGE if n % 2 else FAR_VILLAGE, home={"door_no": f"{n}号"})  # fmt: skip
    found = search()
    assert found.crowded >= 1 and not DuplicatePair.objects.filter(reasons__contains=["NEAR_NAME"]).exists()


def test_only_what_changed_is_keyed_again(world: World) -> None:
    first, second = home_of(), home_of("李样本")
    assert (refresh_keys(), refresh_keys()) == (2, 0)
    Household.objects.filter(pk=first.household_id).update(head_name="王测试", version=2)
    assert list(stale()) == [first] and refresh_keys() == 1
    assert DuplicateKey.objects.get(pk=first.pk).folded_name == "王测试"
    assert second.pk != first.pk


def test_chunks_leave_nobody_out(world: World) -> None:
    homes = [home_of(f"张示例{n}") for n in range(5)]
    assert refresh_keys(span=2) == 5 == DuplicateKey.objects.filter(pk__in=[home.pk for home in homes]).count()


def test_searching_twice_changes_nothing_and_what_is_cleared_leaves_the_desk(world: World) -> None:
    pair = twins()
    assert (search().new, DuplicatePair.objects.get()) == (0, pair)
    Household.objects.filter(pk=pair.second.household_id).update(
        id_number="", head_name="欧阳虚构", phone="", version=9, id_number_index=""
    )
    assert search().gone == 1 and not DuplicatePair.objects.exists()


def test_different_people_stay_decided_until_there_is_a_new_reason(world: World) -> None:
    pair = twins()
    refused("REASON_NEEDED", duplicates.call_different, pair=pair, words="", by=world.clerk)
    duplicates.call_different(pair=pair, words="父子", by=world.clerk)
    search()
    assert DuplicatePair.objects.get().state == "different"
    for home, meter in ((pair.first, "812"), (pair.second, "0812")):
        Dwelling.objects.filter(pk=home.pk).update(meter_no=meter, version=9)
    search()
    assert DuplicatePair.objects.get().state == "open"


def test_merging_one_house_moves_everything_and_parting_brings_it_back(world: World) -> None:
    pair = twins()
    kept, gone = pair.first, pair.second
    dissolved = gone.household_id
    enrolled(world, kept), enrolled(world, gone)
    other = people.programme()
    Enrolment.objects.create(
        programme=other,
        dwelling=gone,
        area_id=gone.area_id,
        technology=people.technology(other),
        entered_by=world.clerk,
    )
    paper = Document.objects.create(area_id=gone.area_id, dwelling=gone, kind="paper", file_name="a", stored_name="a",
                                    sha256="0" * 64, size_bytes=1, uploaded_by=world.clerk)  # fmt: skip

    def state() -> Any:
        homes = Dwelling.objects.order_by("pk").values_list("pk", "household_id", "folded_into_id", "is_second_home")
        enrolments = Enrolment.objects.order_by("programme_id", "dwelling_id").values_list(
            "programme_id", "dwelling_id"
        )
        return list(homes), list(enrolments), Document.objects.get(pk=paper.pk).dwelling_id

    before = state()
    duplicates.merge_pair(pair=pair, kept_id=kept.pk, same_house=True, words="同一户", by=world.clerk)
    gone.refresh_from_db()
    assert (gone.folded_into_id, gone.household_id) == (kept.pk, kept.household_id)
    assert {one.programme_id for one in kept.enrolments.all()} == {world.programme.pk, other.pk}
    assert not gone.enrolments.exists() and Document.objects.get(pk=paper.pk).dwelling_id == kept.pk
    assert Household.objects.get(pk=dissolved).merged_into_id == kept.household_id
    search()
    assert DuplicatePair.objects.get().state == "merged"
    duplicates.part_pair(pair=pair, words="查错了", by=world.clerk)
    assert state() == before and Household.objects.filter(merged_into__isnull=False).count() == 0
    assert DuplicatePair.objects.get().state == "open"
    refused("WRONG_STATE", duplicates.part_pair, pair=pair, words="再次", by=world.clerk)


def test_two_houses_of_one_household_become_a_further_dwelling(world: World) -> None:
    pair = twins()
    duplicates.merge_pair(pair=pair, kept_id=pair.second_id, same_house=False, words="一户两宅", by=world.clerk)
    first = Dwelling.objects.get(pk=pair.first_id)
    assert (first.household_id, first.is_second_home, first.folded_into_id) == (pair.second.household_id, True, None)


def test_a_paid_subsidy_refuses_the_merging(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from households import holds

    pair = twins()
    monkeypatch.setitem(holds._holds, "test", lambda keys: {key: "付过" for key in keys if key == pair.second_id})
    found = refused(
        "HELD", duplicates.merge_pair, pair=pair, kept_id=pair.first_id, same_house=True, words="同", by=world.clerk
    )
    assert "付过" in found.sentence and Dwelling.objects.get(pk=pair.second_id).folded_into_id is None
    duplicates.merge_pair(pair=pair, kept_id=pair.second_id, same_house=True, words="同", by=world.clerk)


def test_an_approved_list_refuses_the_merging(world: World) -> None:
    pair = twins()
    approve(world, enrolled(world, pair.second))
    refused("ON_APPROVED_LIST", duplicates.merge_pair, pair=pair, kept_id=pair.first_id, same_house=True, words="同",
            by=world.clerk)  # fmt: skip


def test_a_pair_over_two_towns_is_seen_by_both_and_decided_above(world: World) -> None:
    pair = twins(area=FAR_VILLAGE)
    for user in (world.clerk, world.far_clerk, world.office):
        assert DuplicatePair.objects.visible_to(user).get() == pair
    refused("NO_RIGHT", duplicates.merge_pair, pair=pair, kept_id=pair.first_id, same_house=True, words="同",
            by=world.clerk)  # fmt: skip
    refused("NO_RIGHT", duplicates.call_different, pair=pair, words="同", by=world.far_clerk)
    page = browser(world.clerk).get(reverse("households:duplicate-detail", args=[pair.pk])).content.decode()
    assert "张国峰" in page and "张國峯" not in page and "张*峯" in page
    assert pair.second.dwelling_no not in page and str(pair.second.household.id_number) not in page
    listed = browser(world.clerk).get(reverse("households:duplicate-list")).content.decode()
    assert "张*峯" in listed and "张國峯" not in listed
    duplicates.merge_pair(pair=pair, kept_id=pair.first_id, same_house=True, words="同", by=world.office)


def test_a_pair_of_another_town_does_not_exist(world: World) -> None:
    pair = twins()
    far = browser(world.far_clerk)
    assert far.get(reverse("households:duplicate-detail", args=[pair.pk])).status_code == 404
    assert (
        far.post(reverse("households:duplicate-decide", args=[pair.pk]), {"decision": "different"}).status_code == 404
    )
    leader = browser(world.leader)
    assert leader.post(reverse("households:duplicate-decide", args=[pair.pk]), {"words": "x"}).status_code == 403


def test_searching_and_deciding_in_the_browser(world: World) -> None:
    home_of(id_number=OLD, phone=synthetic_phone(9)), home_of("张國峯", id_number=short(OLD))
    clerk = browser(world.clerk)
    assert clerk.post(reverse("households:duplicate-search")).status_code == 302
    job = Job.objects.get(kind=duplicates.FIND)
    assert run_job(job.pk) == "done"
    pair = DuplicatePair.objects.get()
    url = reverse("households:duplicate-decide", args=[pair.pk])
    assert clerk.post(url, {"decision": "merge", "words": "同"}).status_code == 422
    form = {"decision": "merge", "kept": str(pair.first_id), "same_house": "yes", "words": "同一户"}
    assert clerk.post(url, form).status_code == 302
    assert clerk.post(url, form).status_code == 409
    assert clerk.post(url, {"decision": "part", "words": "查错了"}).status_code == 302
    assert DuplicatePair.objects.get().state == "open"
