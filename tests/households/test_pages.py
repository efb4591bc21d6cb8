"""The pages of rosters: what each answers, to whom, and what a second reader sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from accounts.models import TOTPDevice, User
from households.models import Dwelling, Household, Roster, RosterImport
from households.services import repairs, rosters
from jobs.models import Job
from jobs.running import run_job
from tests import people
from tests.households.conftest import OTHER_VILLAGE, TOWN, VILLAGE, Importer, World, apply, line, row_of, write_xlsx

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def signed_in(user: User) -> Client:
    """A browser of that person, the second factor done where the role asks for one."""
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    if user.needs_second_factor:
        device = TOTPDevice.objects.get_or_create(user=user, name="test", defaults={"confirmed": True})[0]
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
    return client


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key):06d}"


@pytest.fixture
def clerk(world: World) -> Client:
    return signed_in(world.clerk)


def row_url(found: RosterImport, name: str) -> str:
    return reverse("households:import-row", args=[found.pk, row_of(found, name).pk])


def test_upload_read_store_by_plain_forms(
    world: World, clerk: Client, tmp_path: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    file = SimpleUploadedFile("名单.xlsx", write_xlsx(tmp_path / "a.xlsx", [line(1), line(2)]).read_bytes())
    form = {"programme": world.programme.code, "area": TOWN, "file": file}
    answer = clerk.post(reverse("households:import-list"), form)
    found = RosterImport.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("households:import-review", args=[found.pk])
    assert 'id="parsing"' in clerk.get(answer.url).content.decode()
    assert run_job(Job.objects.get(kind="households.parse_import").pk) == "done"
    assert "2 / 5" in re.sub(r"<[^>]*>", "", clerk.get(answer.url).content.decode())
    check = clerk.get(reverse("households:import-apply", args=[found.pk])).content.decode()
    assert '<td class="r"><b><span class="num">2</span></b></td>' in check
    clerk.post(reverse("households:import-apply", args=[found.pk]))
    assert run_job(Job.objects.get(kind="households.apply_import").pk) == "done"
    assert Household.objects.count() == 2


def test_the_same_file_twice_is_answered_with_a_link_to_the_first(world: World, clerk: Client, tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "a.xlsx", [line(1)]).read_bytes()
    for expected in (302, 409):
        file = SimpleUploadedFile("名单.xlsx", content)
        form = {"programme": world.programme.code, "area": TOWN, "file": file}
        answer = clerk.post(reverse("households:import-list"), form)
        assert answer.status_code == expected
    assert reverse("households:import-review", args=[RosterImport.objects.get().pk]) in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["import-review", "import-merged", "import-skipped", "import-columns", "import-apply", "import-void"]
)
def test_another_town_s_import_does_not_exist(world: World, imported: Importer, name: str) -> None:
    found = imported([line(1, phone="1")])
    assert signed_in(world.clerk).get(reverse(f"households:{name}", args=[found.pk])).status_code == 200
    assert signed_in(world.other_clerk).get(reverse(f"households:{name}", args=[found.pk])).status_code == 404


def test_another_town_s_row_can_not_be_changed(world: World, imported: Importer) -> None:
    found = imported([line(1, phone="1")])
    answer = signed_in(world.other_clerk).post(row_url(found, "张示例1"), {"version": 1, "phone": "19900000001"})
    assert answer.status_code == 404 and row_of(found, "张示例1").corrections == {}


def test_a_row_of_another_import_is_not_reached_through_one_s_own(world: World, imported: Importer) -> None:
    mine, other = imported([line(1, phone="1")]), imported([line(2, phone="1")])
    url = reverse("households:import-row", args=[mine.pk, row_of(other, "张示例2").pk])
    assert signed_in(world.clerk).post(url, {"version": 1, "phone": "19900000001"}).status_code == 404


def test_saving_a_row_brings_back_the_row_and_the_counts(clerk: Client, imported: Importer) -> None:
    found = imported([line(1, phone="1"), line(2)])
    row = row_of(found, "张示例1")
    answer = clerk.post(row_url(found, "张示例1"), {"version": row.version, "phone": "19900000001"}, **HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200 and f'id="r-{row.pk}" class="done"' in text
    assert 'id="import-counts" hx-swap-oob="true"' in text and "19900000001" not in text


def test_the_page_shows_only_masks_of_good_cells(clerk: Client, imported: Importer) -> None:
    found = imported([line(1, phone="1")])
    text = clerk.get(reverse("households:import-review", args=[found.pk])).content.decode()
    assert line(1)["id_number"] not in text and line(1)["bank_card"] not in text
    assert line(1)["id_number"][-4:] in text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_slower_of_two_clerks_sees_both_values(
    world: World, clerk: Client, imported: Importer, headers: dict[str, str]
) -> None:
    found = imported([line(1, heated_area_m2="一百二"), line(2)])
    row = row_of(found, "张示例1")
    repairs.correct_row(row=row, version=row.version, changes={"heated_area_m2": "118"}, by=world.second_clerk)
    answer = clerk.post(row_url(found, "张示例1"), {"version": row.version, "heated_area_m2": "121"}, **headers)
    text = answer.content.decode()
    assert answer.status_code == 409 and "118" in text and 'value="121"' in text
    assert row_of(found, "张示例1").values["heated_area_m2"] == "118"


def test_the_proposal_taken_is_the_server_s_not_the_posted_one(clerk: Client, imported: Importer) -> None:
    found = imported([line(1, heated_area_m2="一百二")])
    clerk.post(row_url(found, "张示例1"), {"version": 1, "take": "heated_area_m2", "heated_area_m2": "999"})
    assert row_of(found, "张示例1").values["heated_area_m2"] == "120"


def test_confirm_leave_out_and_undo_by_plain_posts(clerk: Client, imported: Importer) -> None:
    found = imported([line(1), line(1, door_no="88号", meter_no="")])
    row = found.rows.get(issue_codes__contains=["W_SECOND_DWELLING"])
    url = reverse("households:import-row", args=[found.pk, row.pk])
    states = []
    for step in ("confirm", "undo", "leave_out", "undo"):
        assert clerk.post(url, {"version": row.version, step: "W_SECOND_DWELLING"}).status_code == 302
        row.refresh_from_db()
        states.append(row.state)
    assert states == ["ready", "faulty", "skipped", "faulty"]


def test_group_repair_shows_first_and_refuses_what_has_changed(world: World, clerk: Client, imported: Importer) -> None:
    found = imported([line(n, village="甲一") for n in (1, 2)])
    url = reverse("households:import-repair", args=[found.pk, "E_VILLAGE_UNKNOWN"])
    page = clerk.get(url, {"value": "甲一"}).content.decode()
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', page)
    assert fingerprint and row_of(found, "张示例1").state == "faulty"
    row = row_of(found, "张示例2")
    repairs.leave_out_row(row=row, version=row.version, by=world.second_clerk)
    form = {"value": "甲一", "fingerprint": fingerprint[1]}
    assert clerk.post(url, form).status_code == 409 and row_of(found, "张示例1").state == "faulty"
    fresh = re.search(r'name="fingerprint" value="(\w+)"', clerk.get(url, {"value": "甲一"}).content.decode())
    assert fresh and clerk.post(url, form | {"fingerprint": fresh[1]}).status_code == 302
    assert row_of(found, "张示例1").state == "ready"


def test_groups_of_the_same_words_are_told_apart_by_what_they_become(clerk: Client, imported: Importer) -> None:
    """Rows without a village below two villages: each group becomes the village above its own rows."""
    found = imported([line(n, village={1: "甲一村", 4: "甲二村"}.get(n, "")) for n in range(1, 7)])
    page = clerk.get(reverse("households:import-review", args=[found.pk])).content.decode()
    forms = re.findall(r'<form[^>]*action="([^"]*/E_MISSING/)".*?</form>', page, re.DOTALL)
    assert len(forms) == 2 and "→ 甲一村</b>" in page and "→ 甲二村</b>" in page
    shown = clerk.get(forms[0], {"value": "", "proposal": "甲二村"}).content.decode()
    form = dict(re.findall(r'name="(value|proposal|fingerprint)" value="([^"]*)"', shown))
    assert clerk.post(forms[0], form).status_code == 302
    assert [row_of(found, f"张示例{n}").village_id for n in (2, 3, 5, 6)] == [None, None, OTHER_VILLAGE, OTHER_VILLAGE]


def test_a_refused_file_shows_every_reason(world: World, clerk: Client) -> None:
    file = SimpleUploadedFile("a.csv", "户主姓名,联系电话,门牌号\n张示例,19900000001,1号\n".encode())
    clerk.post(reverse("households:import-list"), {"programme": world.programme.code, "area": TOWN, "file": file})
    run_job(Job.objects.get().pk)
    page = clerk.get(reverse("households:import-review", args=[RosterImport.objects.get().pk])).content.decode()
    reasons = re.search(r'<div class="callout callout--bad errors".*?</div></div>', page, re.DOTALL)
    assert reasons and reasons[0].count("<li>") == 4


@pytest.fixture
def drawn(world: World, imported: Importer) -> Roster:
    apply(imported([line(1), line(2, note="自愿放弃改造")]), world.clerk)
    return rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)


def seal_by_page(roster: Roster, user: User, level: str) -> int:
    roster.refresh_from_db()
    url = reverse("households:roster-seal", args=[roster.pk])
    return signed_in(user).post(url, {"level": level, "content_hash": roster.content_hash}).status_code


def test_the_chain_by_pages_with_a_one_time_code_at_the_end(world: World, drawn: Roster) -> None:
    assert seal_by_page(drawn, world.leader, "village") == 403
    assert seal_by_page(drawn, world.village_signer, "village") == 302
    assert seal_by_page(drawn, world.leader, "town") == 302
    office = signed_in(world.office)
    url = reverse("households:roster-approve")
    assert drawn.content_hash in office.get(url, {"ids": drawn.pk}).content.decode()
    form = {"ids": drawn.pk, f"hash_{drawn.pk}": drawn.content_hash}
    assert office.post(url, form).status_code == 422
    assert office.post(url, form | {"token": code_of(world.office)}).status_code == 302
    drawn.refresh_from_db()
    assert drawn.state == "approved"


def test_village_pages_answer_inside_and_not_outside(world: World, drawn: Roster) -> None:
    for name in ("roster-detail", "roster-print"):
        url = reverse(f"households:{name}", args=[drawn.pk])
        assert signed_in(world.leader).get(url).status_code == 200
        assert signed_in(people.user("town_leader", "370999002")).get(url).status_code == 404
    text = signed_in(world.leader).get(reverse("households:roster-detail", args=[drawn.pk])).content.decode()
    assert "张示例2" in text and "自愿放弃" in text and line(1)["id_number"] not in text


def test_the_print_sheet_carries_the_list_s_version_code(world: World, drawn: Roster) -> None:
    text = signed_in(world.leader).get(reverse("households:roster-print", args=[drawn.pk])).content.decode()
    digest = drawn.content_hash.upper()
    assert f"{digest[:4]}-{digest[4:8]}" in text and "共 1 户" in text


def test_the_list_page_counts_beside_the_target_and_offers_drawing_up(world: World, imported: Importer) -> None:
    apply(imported([line(1)]), world.clerk)
    client = signed_in(world.clerk)
    text = client.get(reverse("households:roster-list")).content.decode()
    assert "甲一村" in text and "-4" in text and "乙一村" not in text
    answer = client.post(reverse("households:roster-draw-up"), {"area": VILLAGE})
    assert answer.status_code == 302 and Roster.objects.get().prepared_by == world.clerk
    text = client.get(reverse("households:roster-list")).content.decode()
    assert "打开</a>" in text and "重新制表" in text, "a list drawn up is opened next, to be handed in"
    assert client.post(reverse("households:roster-draw-up"), {"area": "370999002001"}).status_code == 404


def test_a_list_is_returned_with_words_and_not_without(world: World, drawn: Roster) -> None:
    seal_by_page(drawn, world.village_signer, "village")
    leader, url = signed_in(world.leader), reverse("households:roster-return", args=[drawn.pk])
    assert leader.post(url, {"reason": ""}).status_code == 422
    assert leader.post(url, {"reason": "少一户"}).status_code == 302
    assert "少一户" in leader.get(reverse("households:roster-detail", args=[drawn.pk])).content.decode()


def test_a_household_entered_by_hand_meets_the_importer_s_checks(world: World, clerk: Client) -> None:
    form = {name: text for name, text in line(7).items() if name != "village"} | {
        "area": VILLAGE, "technology": "ELECTRIC",
    }  # fmt: skip
    wrong = clerk.post(reverse("households:household-new"), form | {"id_number": "123", "heated_area_m2": "一百二"})
    assert wrong.status_code == 422 and wrong.content.decode().count('class="err"') == 2
    assert clerk.post(reverse("households:household-new"), form).status_code == 302
    home = Dwelling.objects.get()
    assert (home.household.head_name, home.area_id) == ("张示例7", VILLAGE)
    against = clerk.post(reverse("households:household-new"), form | {"technology": "GAS"}).content.decode()
    assert "“gas”与任务不符" in against, "the technology by its name"
    again = clerk.post(reverse("households:household-new"), form | {"door_no": "99号", "meter_no": ""})
    assert again.status_code == 422 and 'value="W_SECOND_HOME"' in again.content.decode()


def test_the_slower_of_two_editors_of_a_household_sees_both_values(world: World, clerk: Client, drawn: Roster) -> None:
    home = Dwelling.objects.order_by("dwelling_no")[0]
    url = reverse("households:household-edit", args=[home.dwelling_no])
    form = {
        "version": 2, "head_name": "张示例1", "door_no": "1号", "heated_area_m2": "90", "residents": "",
        "reason": "量错了", "meter_no": home.meter_no, "dwelling_type": "", "exclusion": "",
    }  # fmt: skip
    assert clerk.post(url, form | {"reason": ""}).status_code == 422
    assert clerk.post(url, form).status_code == 302
    slower = signed_in(world.second_clerk).post(url, form | {"heated_area_m2": "95"})
    assert slower.status_code == 409 and "90" in slower.content.decode() and "95" in slower.content.decode()
    home.refresh_from_db()
    assert (home.heated_area_m2, home.version) == (90, 2)
    assert signed_in(world.other_clerk).get(url).status_code == 404


def test_before_storing_each_village_stands_beside_its_target(world: World, clerk: Client, imported: Importer) -> None:
    found = imported([line(1), line(2), line(3, village="甲二村", note="自愿放弃"), line(4, heated_area_m2="无")])
    page = clerk.get(reverse("households:import-apply", args=[found.pk])).content.decode()
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page) if "<td" in row]
    plain = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]
    assert ["甲一村", "煤改电 2", "2", "2", "5", "差 3"] in plain
    assert ["甲二村", "煤改电 1", "1", "0", "3", "差 3"] in plain, "the excluded household is stored and counts nowhere"
    assert plain[-1][:1] == ["合计"] and plain[-1][2:5] == ["3", "2", "8"]


def test_the_pages_of_an_import_answer_with_few_questions_whatever_its_size(
    world: World, clerk: Client, imported: Importer, django_assert_max_num_queries: Any
) -> None:
    found = imported([line(n, heated_area_m2="无" if n % 3 else "90") for n in range(1, 61)])
    for name in ("import-review", "import-apply"):
        with django_assert_max_num_queries(9):
            assert clerk.get(reverse(f"households:{name}", args=[found.pk])).status_code == 200
