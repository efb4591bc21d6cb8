"""The list of a village: drawn up, sealed by three different people, returned with words."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.acting import acting
from core.refusals import Refused
from households import queries, states
from households.models import Dwelling, Enrolment, Roster, RosterSeal
from households.services import repairs, rosters
from tests import people
from tests.households.conftest import VILLAGE, Importer, World, apply, line, make_world, row_of, upload, write_xlsx


@pytest.fixture
def drawn(world: World, imported: Importer) -> Roster:
    apply(imported([line(1), line(2)]), world.clerk)
    return rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)


def seal(roster: Roster, level: str, by: Any) -> RosterSeal:
    roster.refresh_from_db()
    return rosters.seal_roster(roster=roster, level=level, by=by, content_hash=roster.content_hash)


@pytest.mark.clause(
    "T-43",
    "经街道镇、村（居）逐级盖章签字",
    serves="households.services.rosters:seal_roster",
    page="households:roster-detail",
    model="households.Roster",
)
@pytest.mark.django_db
def test_three_people_seal_in_order_and_the_rows_are_offered_downstream(world: World, drawn: Roster) -> None:
    assert not queries.sealed_rows_pending(world.programme).exists()
    seal(drawn, "village", world.village_signer)
    seal(drawn, "town", world.leader)
    seal(drawn, "office", world.office)
    drawn.refresh_from_db()
    assert drawn.state == "approved" and drawn.approved_at is not None
    assert queries.sealed_rows_pending(world.programme).count() == 2


@pytest.mark.clause(
    "T-43",
    "逐级盖章签字",
    serves="households.services.rosters:seal_roster",
    page="households:roster-detail",
    model="households.RosterSeal",
)
@pytest.mark.django_db
@pytest.mark.parametrize("level", ["town", "office"])
def test_no_level_is_skipped(world: World, drawn: Roster, level: str) -> None:
    with pytest.raises(Refused, match="WRONG_STATE"):
        seal(drawn, level, world.leader if level == "town" else world.office)


@pytest.mark.django_db
def test_the_same_person_never_seals_two_levels_even_with_another_account(world: World, drawn: Roster) -> None:
    seal(drawn, "village", world.village_signer)
    twin = people.user("town_leader", "370999001", person_no=world.village_signer.person_no)
    with pytest.raises(Refused, match="SAME_SIGNER"):
        seal(drawn, "town", twin)


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["uploaded", "prepared", "corrected"])
def test_who_made_the_list_does_not_seal_it(world: World, imported: Importer, part: str) -> None:
    found = imported([line(1, phone="1")], by=world.clerk)
    row = row_of(found, "张示例1")
    repairs.correct_row(row=row, version=row.version, changes={"phone": line(1)["phone"]}, by=world.second_clerk)
    applier = people.user("town_staff", "370999001")
    apply(found, applier)
    preparer = people.user("town_staff", "370999001")
    roster = rosters.draw_up_roster(programme=world.programme, area=world.village, by=preparer)
    maker = {"uploaded": world.clerk, "prepared": preparer, "corrected": world.second_clerk}[part]
    account = people.user("village_staff", VILLAGE, person_no=maker.person_no)
    with pytest.raises(Refused, match="MAKER_SIGNS"):
        seal(roster, "village", account)


@pytest.mark.django_db
def test_a_seal_outside_one_s_place_is_refused(world: World, drawn: Roster) -> None:
    stranger = people.user("village_staff", "370999001002")
    with pytest.raises(Refused, match="NO_RIGHT"):
        seal(drawn, "village", stranger)


@pytest.mark.django_db
def test_a_list_that_changed_since_it_was_shown_is_not_sealed(world: World, drawn: Roster) -> None:
    with pytest.raises(Refused, match="LIST_CHANGED"):
        rosters.seal_roster(roster=drawn, level="village", by=world.village_signer, content_hash="0" * 64)
    seal(drawn, "village", world.village_signer)
    Dwelling.objects.filter(dwelling_no="J-01-0001-1").update(heated_area_m2=44)
    with pytest.raises(Refused) as refusal:
        seal(drawn, "town", world.leader)
    assert (refusal.value.code, refusal.value.status) == ("LIST_CHANGED", 409)


@pytest.mark.django_db
def test_a_returned_list_begins_a_new_version_whose_differences_are_shown(
    world: World, drawn: Roster, imported: Importer
) -> None:
    seal(drawn, "village", world.village_signer)
    with pytest.raises(Refused, match="UNDER_SEAL"):
        rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
    with pytest.raises(Refused, match="REASON_NEEDED"):
        rosters.return_roster(roster=drawn, by=world.leader, reason=" ")
    rosters.return_roster(roster=drawn, by=world.leader, reason="少一户")
    apply(imported([line(3)]), world.clerk)
    again = rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
    assert (again.version_no, again.state) == (2, "draft")
    difference = queries.difference_to_last(again)
    assert difference is not None and [row.dwelling.dwelling_no for row in difference.added] == ["J-01-0003-1"]
    assert [roster.pk for roster in queries.current_rosters(world.programme)] == [again.pk]


@pytest.mark.django_db
def test_an_unchanged_approved_list_is_not_drawn_up_again(world: World, drawn: Roster) -> None:
    for level, signer in (("village", world.village_signer), ("town", world.leader), ("office", world.office)):
        seal(drawn, level, signer)
    with pytest.raises(Refused, match="NOTHING_CHANGED"):
        rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)


@pytest.mark.django_db
def test_the_office_approves_several_villages_or_none(world: World, drawn: Roster, imported: Importer) -> None:
    apply(imported([line(9, village="甲二村")]), world.clerk)
    second = rosters.draw_up_roster(programme=world.programme, area=people.area("370999001002"), by=world.clerk)
    for roster, signer in ((drawn, world.village_signer), (second, people.user("village_staff", "370999001002"))):
        seal(roster, "village", signer)
        seal(roster, "town", world.leader)
    hashes = {drawn.pk: drawn.content_hash, second.pk: "0" * 64}
    with pytest.raises(Refused, match="LIST_CHANGED"):
        rosters.approve_rosters(hashes=hashes, by=world.office)
    assert not RosterSeal.objects.filter(level="office").exists()
    rosters.approve_rosters(hashes={**hashes, second.pk: second.content_hash}, by=world.office)
    assert Roster.objects.filter(state="approved").count() == 2


def test_the_table_of_states_has_one_seal_per_level_and_a_way_back_from_each() -> None:
    assert [step.level for step in states.TRANSITIONS if step.level] == ["village", "town", "office"]
    for source in ("draft", "village_sealed", "town_sealed"):
        back = states.transition("return", source)
        assert back is not None and back.reason_required
    assert states.transition("return", "approved") is None


@pytest.mark.django_db
def test_the_hash_follows_what_the_printed_list_says(world: World, drawn: Roster) -> None:
    before = queries.content_hash(queries.roster_rows(drawn))
    assert before == drawn.content_hash
    Enrolment.objects.update(entered_by=world.second_clerk)
    assert queries.content_hash(queries.roster_rows(drawn)) == before
    Dwelling.objects.filter(dwelling_no="J-01-0002-1").update(dwelling_type="平房")
    assert queries.content_hash(queries.roster_rows(drawn)) != before


@pytest.mark.django_db(transaction=True)
def test_eight_people_sealing_at_once_leave_exactly_one_seal(tmp_path: Path) -> None:
    with acting("tests"):
        world = make_world()
        apply(upload(world, write_xlsx(tmp_path / "a.xlsx", [line(1)])), world.clerk)
        roster = rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
        signers = [people.user("village_staff", VILLAGE) for _ in range(8)]
    gate, outcomes = threading.Barrier(8), []

    def run(signer: Any) -> None:
        try:
            with acting(signer):
                gate.wait(timeout=10)
                seal_now = rosters.seal_roster(
                    roster=roster, level="village", by=signer, content_hash=roster.content_hash
                )
                outcomes.append(seal_now.level)
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(signer,)) for signer in signers]
    [thread.start() for thread in threads]
    [thread.join(timeout=60) for thread in threads]
    assert sorted(outcomes) == ["WRONG_STATE"] * 7 + ["village"]
    assert RosterSeal.objects.count() == 1
