"""What the documents ask of the survey and of those who keep it, through import, pages and seals."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from django.urls import reverse

from core.identity import synthetic_id
from households.models import Dwelling, Enrolment, Household
from households.services import rosters
from tests import people
from tests.households.conftest import OTHER_VILLAGE, VILLAGE, Importer, World, apply, line, upload
from tests.households.test_pages import signed_in

pytestmark = pytest.mark.django_db
HEAD = ("村", "户主姓名", "身份证号", "取暖面积", "房屋类型", "常住人口", "困难类别", "改造方式")


def surveyed(world: World, path: Path) -> None:
    """Two homes of a survey, stored."""
    rows = [("甲一村", f"张示例{n}", synthetic_id(60_000 + n), str(80 + n), kind, str(n), poor, "煤改电")
            for n, kind, poor in ((1, "平房", ""), (2, "楼房", "低保"))]  # fmt: skip
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("摸底")
        for row_no, values in enumerate((HEAD, *rows)):
            for column, value in enumerate(values):
                sheet.write_string(row_no, column, value)
    apply(upload(world, path), world.clerk)


@pytest.mark.clause(
    "L-69", "各乡镇：统计常住农户的户数、面积、建筑类型",
    serves="households.services.applying:apply_ready_rows", page="households:roster-detail",
    model="households.Dwelling",
)  # fmt: skip
def test_a_town_surveys_households_areas_and_kinds_of_buildings(world: World, tmp_path: Path) -> None:
    surveyed(world, tmp_path / "survey.xlsx")
    homes = Dwelling.objects.order_by("heated_area_m2")
    assert [(one.dwelling_type, one.heated_area_m2, one.household.residents) for one in homes] == [
        ("平房", Decimal("81.00"), 1), ("楼房", Decimal("82.00"), 2),
    ]  # fmt: skip
    drawn = rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
    page = signed_in(world.clerk).get(reverse("households:roster-detail", args=[drawn.pk])).content.decode()
    assert "163" in page and all(str(one.household.head_name) in page for one in homes)


@pytest.mark.clause(
    "L-30", "房屋面积、实际收入水平、自主选择取暖方式",
    serves="households.services.applying:apply_ready_rows", page="reports:household-detail",
    model="households.Household",
)  # fmt: skip
def test_area_income_and_the_chosen_heating_stand_in_the_file(world: World, tmp_path: Path) -> None:
    surveyed(world, tmp_path / "survey.xlsx")
    poor = Household.objects.get(head_name="张示例2")
    assert poor.beneficiary_classes and not Household.objects.get(head_name="张示例1").beneficiary_classes
    assert set(Enrolment.objects.values_list("technology__name", flat=True)) == {"煤改电"}
    home = poor.dwellings.get()
    page = signed_in(world.clerk).get(reverse("reports:household-detail", args=[home.dwelling_no])).content.decode()
    assert [word for word in ("82", "煤改电", "低保") if word not in page] == []


@pytest.mark.clause(
    "J-81", "村（社区）级台账",
    serves="households.services.rosters:seal_roster", page="households:roster-detail", model="households.RosterSeal",
)  # fmt: skip
def test_a_village_keeps_its_own_list_and_no_other(world: World, imported: Importer) -> None:
    apply(imported([line(1), line(2, village="甲二村")]), world.clerk)
    own, other = (
        rosters.draw_up_roster(programme=world.programme, area=people.area(code), by=world.clerk)
        for code in (VILLAGE, OTHER_VILLAGE)
    )
    village = signed_in(world.village_signer)
    listed = village.get(reverse("reports:household-list")).content.decode()
    assert village.get(reverse("households:roster-detail", args=[own.pk])).status_code == 200
    assert village.get(reverse("households:roster-detail", args=[other.pk])).status_code == 404
    assert village.post(reverse("households:roster-seal", args=[other.pk])).status_code == 404
    assert "张示例2" not in listed
    rosters.seal_roster(roster=own, level="village", by=world.village_signer, content_hash=own.content_hash)
    own.refresh_from_db()
    assert own.state == "village_sealed" and own.seals.get().signer == world.village_signer
