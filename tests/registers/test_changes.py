"""After approval: asked for with papers, decided one level up by somebody else, applied once, with history."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image

from accounts.models import AuditEntry, User
from core.identity import synthetic_id
from core.refusals import Refused
from households import change_queries, queries
from households import change_rules as rules
from households.models import ChangeRequest, Document, Dwelling, Enrolment, Household, RosterSeal
from households.services import changes
from retrofits.models import Task
from tests import people
from tests.registers.conftest import AT, FAR_VILLAGE, World, approve, browser, enrolled


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(out, "JPEG")
    return out.getvalue()


PAPER = [("放弃声明.jpg", picture())]


@pytest.fixture
def home(world: World) -> Dwelling:
    found = enrolled(world)
    approve(world, found)
    return Dwelling.objects.select_related("household", "area").get(pk=found.pk)


def ask(world: World, home: Dwelling, kind: str, by: User | None = None, **more: Any) -> ChangeRequest:
    wanted = more.pop("wanted", {})
    fields = {"reason": "入户核实", "papers": PAPER, "by": by or world.clerk} | more
    return changes.ask_change(dwelling=home, kind=kind, wanted=wanted, **fields)


def give_up(world: World, home: Dwelling, by: User | None = None) -> ChangeRequest:
    return ask(world, home, rules.GIVE_UP, by, wanted={"exclusion_note": "子女接走"})


def refused(code: str, deed: Any, *args: Any, **more: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        deed(*args, **more)
    assert refusal.value.code == code, str(refusal.value)
    return refusal.value


def again(home: Dwelling) -> Dwelling:
    return Dwelling.objects.select_related("household").get(pk=home.pk)


@pytest.mark.clause(
    "J-74",
    "实行动态管理",
    serves="households.services.changes:approve_change",
    page="households:change-detail",
    model="households.ChangeRequest",
)
def test_nothing_changes_before_the_level_above_has_approved(world: World, home: Dwelling) -> None:
    change = ask(world, home, rules.CORRECT, wanted={"heated_area_m2": Decimal("95.50")}, papers=[])
    assert (again(home).heated_area_m2, change.level, change.roster_row.dwelling_id) == (88, "town", home.pk)
    done = changes.approve_change(change=change, by=world.office)
    assert (again(home).heated_area_m2, done.state, done.decided_by) == (Decimal("95.50"), "approved", world.office)
    entry = AuditEntry.objects.filter(table="households_dwelling", row_pk=str(home.pk), operation="U").latest("id")
    assert entry.reason.startswith(change.number) and entry.actor_id == world.office.pk


def test_nobody_decides_what_he_asked_for_and_no_level_decides_for_itself(world: World, home: Dwelling) -> None:
    change = give_up(world, home, world.office)
    assert change.level == "office"
    refused("NO_RIGHT", changes.approve_change, change=change, by=world.second_office)
    refused("NO_RIGHT", changes.approve_change, change=change, by=world.clerk)
    same_person = people.user("leading_group", "370999", person_no=world.office.person_no)
    refused("OWN_REQUEST", changes.approve_change, change=change, by=same_person)
    assert changes.approve_change(change=change, by=world.group).state == "approved"


def test_the_database_itself_refuses_one_person_for_both(world: World, home: Dwelling) -> None:
    change = give_up(world, home)
    change.decided_person_no = world.clerk.person_no
    with pytest.raises(IntegrityError), transaction.atomic():
        change.save()


@pytest.mark.clause(
    "T-17",
    "自愿放弃的住户",
    serves="households.services.changes:ask_change",
    page="households:change-new",
    model="households.ChangeRequest",
)
def test_giving_up_needs_the_signed_paper_and_keeps_it(world: World, home: Dwelling) -> None:
    refused("PAPER_NEEDED", ask, world, home, rules.GIVE_UP, wanted={"exclusion_note": "放弃"}, papers=[])
    bad = refused("PAPER_UNUSABLE", ask, world, home, rules.GIVE_UP, wanted={"exclusion_note": "放弃"},
                  papers=[("宏.xlsm", b"PK\x03\x04 no paper")])  # fmt: skip
    assert "宏.xlsm" in bad.sentence and Document.objects.count() == 0
    change = give_up(world, home)
    paper = change.papers.get().document
    assert (paper.dwelling, paper.content_type, paper.kind) == (home, "image/jpeg", "change_paper")
    changes.approve_change(change=change, by=world.office)
    assert (again(home).exclusion, again(home).exclusion_note) == ("VOLUNTARY_GIVE_UP", "子女接走")


@pytest.mark.clause(
    "T-17",
    "自愿放弃的住户暂不实施",
    serves="households.services.changes:approve_change",
    page="households:change-detail",
    model="households.ChangeRequest",
)
def test_who_gave_up_comes_back_and_both_stay_in_history(world: World, home: Dwelling) -> None:
    changes.approve_change(change=give_up(world, home), by=world.office)
    change = ask(world, again(home), rules.COME_BACK, papers=[])
    changes.approve_change(change=change, by=world.office)
    assert again(home).exclusion == ""
    assert [one.kind for one in home.change_requests.order_by("pk")] == ["give_up", "come_back"]


def test_an_excluded_dwelling_gets_no_task_any_more(world: World, home: Dwelling) -> None:
    assert queries.sealed_rows_pending(world.programme).count() == 1
    changes.approve_change(change=give_up(world, home), by=world.office)
    assert queries.sealed_rows_pending(world.programme).count() == 0


def test_works_begun_keep_a_dwelling_on_the_list(world: World, home: Dwelling) -> None:
    change = give_up(world, home)
    Task.objects.create(
        programme=world.programme, area_id=home.area_id, dwelling=home, technology=world.route,
        roster_row=home.roster_rows.get(),
    )  # fmt: skip
    refused("HELD", changes.approve_change, change=change, by=world.office)
    assert again(home).exclusion == "" and ChangeRequest.objects.get().state == "asked"


def test_one_open_request_per_dwelling(world: World, home: Dwelling) -> None:
    give_up(world, home)
    assert refused("CHANGE_OPEN", give_up, world, home).status == 409


def test_a_request_for_what_changed_meanwhile_is_returned(world: World, home: Dwelling) -> None:
    change = ask(world, home, rules.CORRECT, wanted={"heated_area_m2": Decimal(95)}, papers=[])
    Dwelling.objects.filter(pk=home.pk).update(version=2)
    assert refused("CHANGED_SINCE", changes.approve_change, change=change, by=world.office).status == 409
    refused("REASON_NEEDED", changes.return_change, change=change, by=world.office, words=" ")
    changes.return_change(change=change, by=world.office, words="数据已变")
    assert refused("WRONG_STATE", changes.approve_change, change=change, by=world.office).status == 409
    assert again(home).heated_area_m2 == 88


def test_a_dwelling_on_no_approved_list_is_corrected_directly(world: World) -> None:
    free = enrolled(world)
    refused("NOT_LISTED", ask, world, free, rules.CORRECT, wanted={"heated_area_m2": Decimal(95)}, papers=[])


def test_a_new_head_brings_his_own_number(world: World, home: Dwelling) -> None:
    number = synthetic_id(900_001)
    change = ask(world, home, rules.HEAD, wanted={"head_name": "李样本", "id_number": number})
    lines = change_queries.lines_of(change)
    assert number not in str(lines) and any(line.after == f"3709**********{number[-4:]}" for line in lines)
    changes.approve_change(change=change, by=world.office)
    family = again(home).household
    assert (family.head_name, family.id_number, family.head_initials) == ("李样本", number, "lyb")


def test_a_number_of_somebody_else_is_refused_and_nothing_is_applied(world: World, home: Dwelling) -> None:
    other = people.household()
    change = ask(world, home, rules.HEAD, wanted={"head_name": "李样本", "id_number": str(other.id_number)})
    refused("NUMBER_TAKEN", changes.approve_change, change=change, by=world.office)
    assert again(home).household.head_name != "李样本" and ChangeRequest.objects.get().state == "asked"


def test_a_son_splits_off_with_a_part_of_the_house(world: World, home: Dwelling) -> None:
    wanted = {"head_name": "王测试", "id_number": synthetic_id(900_002), "heated_area_m2": Decimal("30.00")}
    done = changes.approve_change(change=ask(world, home, rules.SPLIT, wanted=wanted), by=world.office)
    part = done.result
    assert part is not None and (part.heated_area_m2, again(home).heated_area_m2) == (30, 58)
    assert part.household.head_name == "王测试" and part.household_id != home.household_id
    assert Enrolment.objects.filter(programme=world.programme, dwelling=part).count() == 1


def test_a_split_of_more_than_the_house_is_refused_whole(world: World, home: Dwelling) -> None:
    wanted = {"head_name": "王测试", "id_number": synthetic_id(900_003), "heated_area_m2": Decimal("88.00")}
    change, before = ask(world, home, rules.SPLIT, wanted=wanted), Household.objects.count()
    refused("AREA_TOO_LARGE", changes.approve_change, change=change, by=world.office)
    assert Household.objects.count() == before


def test_with_two_houses_the_new_household_takes_this_one(world: World, home: Dwelling) -> None:
    further = people.dwelling(household=home.household, is_second_home=True)
    enrolled(world, further)
    approve(world, home, further, version_no=2)
    wanted = {"head_name": "王测试", "id_number": synthetic_id(900_004)}
    done = changes.approve_change(change=ask(world, further, rules.SPLIT, wanted=wanted), by=world.office)
    assert done.result == further and again(further).is_second_home is False
    assert again(further).household_id != again(home).household_id


def test_two_entries_of_one_house_are_merged_by_request(world: World, home: Dwelling) -> None:
    kept = enrolled(world)
    change = ask(world, home, rules.MERGE, wanted={"same_house": True}, other=kept)
    changes.approve_change(change=change, by=world.office)
    assert (again(home).folded_into, again(home).household_id) == (kept, kept.household_id)
    assert not Enrolment.objects.filter(dwelling=home).exists()


def test_a_list_knows_what_departed_from_it(world: World, home: Dwelling) -> None:
    roster = home.roster_rows.get().roster
    assert list(change_queries.changes_since(roster)) == []
    RosterSeal.objects.create(
        roster=roster, level="village", signer=world.leader, person_no="P", content_hash="0" * 64, at=AT
    )
    change = changes.approve_change(change=give_up(world, home), by=world.office)
    assert [(one.pk, one.roster_row.roster_id) for one in change_queries.changes_since(roster)] == [
        (change.pk, roster.pk)
    ]


def test_only_those_of_the_level_above_find_it_waiting(world: World, home: Dwelling) -> None:
    give_up(world, home)
    waiting = {user.username for user in (world.clerk, world.leader, world.office, world.group)
               if change_queries.waiting_for(user).exists()}  # fmt: skip
    assert waiting == {world.office.username}


def test_asking_and_deciding_in_the_browser(world: World, home: Dwelling) -> None:
    clerk, url = browser(world.clerk), reverse("households:change-new", args=[home.dwelling_no])
    assert "kind=give_up" in clerk.get(url).content.decode()
    form = {"exclusion_note": "子女接走", "reason": "本人申请"}
    assert clerk.post(f"{url}?kind=give_up", form).status_code == 422  # no paper
    form["papers"] = SimpleUploadedFile("声明.jpg", picture(), "image/jpeg")
    answer = clerk.post(f"{url}?kind=give_up", form)
    change = ChangeRequest.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("households:change-detail", args=[change.pk])
    assert 'value="approve"' not in clerk.get(answer.url).content.decode()
    decide = reverse("households:change-decide", args=[change.pk])
    assert clerk.post(decide, {"decision": "approve"}).status_code == 403
    office = browser(world.office)
    assert 'value="approve"' in office.get(answer.url).content.decode()
    assert office.post(decide, {"decision": "return", "words": ""}).status_code == 422
    assert office.post(decide, {"decision": "approve", "words": "同意"}).status_code == 302
    assert again(home).exclusion == "VOLUNTARY_GIVE_UP"
    paper = office.get(reverse("households:change-paper", args=[change.pk, change.papers.get().pk]))
    assert b"".join(paper.streaming_content)[:2] == b"\xff\xd8"
    assert office.post(decide, {"decision": "approve"}).status_code == 409


def test_a_wrong_number_is_said_beside_its_field(world: World, home: Dwelling) -> None:
    url = reverse("households:change-new", args=[home.dwelling_no]) + "?kind=correct"
    answer = browser(world.clerk).post(url, {"id_number": "123", "reason": "错"})
    assert answer.status_code == 422 and answer.content.decode().count('class="err"') == 1


def test_a_request_of_another_town_does_not_exist(world: World, home: Dwelling) -> None:
    change = give_up(world, home)
    far = browser(world.far_clerk)
    for name, args in (("change-detail", [change.pk]), ("change-paper", [change.pk, change.papers.get().pk])):
        assert far.get(reverse(f"households:{name}", args=args)).status_code == 404
    assert far.get(reverse("households:change-new", args=[home.dwelling_no])).status_code == 404
    refused("NO_RIGHT", give_up, world, enrolled(world, area=FAR_VILLAGE))


def test_only_who_asked_takes_it_back(world: World, home: Dwelling) -> None:
    change = give_up(world, home)
    refused("NOT_YOURS", changes.withdraw_change, change=change, by=world.other_clerk)
    assert changes.withdraw_change(change=change, by=world.clerk).state == "withdrawn"
    assert give_up(world, home).number.endswith("-C2")
