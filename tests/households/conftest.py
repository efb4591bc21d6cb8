"""One programme of an invented county, people for every step, and rosters as real .xlsx files."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from django.db import transaction

from accounts.models import Area, User
from core.identity import synthetic_card, synthetic_id, synthetic_phone
from households.models import ImportRow, Roster, RosterImport
from households.services import applying, imports, parsing, rosters
from programmes.models import Programme, Target
from tests import flushing, people
from tests.standing import commits, standing

flushing.install()
TITLES = {
    "village": "村", "head_name": "户主姓名", "id_number": "身份证号", "phone": "联系电话", "door_no": "门牌号",
    "heated_area_m2": "取暖面积（㎡）", "technology": "改造方式", "bank_card": "收款卡号", "meter_no": "电表号",
    "note": "备注",
}  # fmt: skip
TOWN, VILLAGE, OTHER_VILLAGE = "370999001", "370999001001", "370999001002"
OTHER_TOWN = "370999002"


def line(n: int, **changes: str) -> dict[str, str]:
    """Household number `n` of 甲一村, faultless."""
    made = {
        "village": "甲一村", "head_name": f"张示例{n}", "id_number": synthetic_id(50_000 + n),
        "phone": synthetic_phone(50_000 + n), "door_no": f"{n}号", "heated_area_m2": str(80 + n % 20),
        "technology": "煤改电", "bank_card": synthetic_card(50_000 + n), "meter_no": f"T{n:06d}", "note": "",
    }  # fmt: skip
    return made | changes


@dataclass
class World:
    """Places, people and the programme of these tests."""

    programme: Programme
    town: Area
    village: Area
    clerk: User
    second_clerk: User
    other_clerk: User
    village_signer: User
    leader: User
    office: User


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture(scope="module")
def standing_world(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[World | None]:
    if commits(request):
        yield None
        return
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield make_world()


@pytest.fixture
def world(db: None, standing_world: World | None) -> World:
    """One world for all tests of a file, each with a copy to change; its own where a test of the file commits."""
    return copy.deepcopy(standing_world) or make_world()


def make_world() -> World:
    programme = people.programme()
    route = people.technology(programme, "ELECTRIC")
    route.name = "煤改电"
    route.save()
    people.technology(programme, "GAS")
    for code in (VILLAGE, OTHER_VILLAGE, "370999002001"):
        people.area(code)
    Target.objects.create(programme=programme, area_id=VILLAGE, technology=route, year=2021, quantity=5)
    Target.objects.create(programme=programme, area_id=OTHER_VILLAGE, technology=route, year=2021, quantity=3)
    return World(
        programme=programme,
        town=people.area(TOWN),
        village=people.area(VILLAGE),
        clerk=people.user("town_staff", TOWN),
        second_clerk=people.user("town_staff", TOWN),
        other_clerk=people.user("town_staff", OTHER_TOWN),
        village_signer=people.user("village_staff", VILLAGE),
        leader=people.user("town_leader", TOWN),
        office=people.user("office", "370999"),
    )


def write_xlsx(path: Path, lines: list[dict[str, str]], *, subtotal: str = "") -> Path:
    """A roster with a title row, a header, the lines, a subtotal row if asked, and a note."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        sheet.merge_range(0, 0, 0, len(TITLES) - 1, "甲镇清洁取暖改造户花名册")
        for column, title in enumerate(TITLES.values()):
            sheet.write_string(1, column, title)
        for row_no, values in enumerate(lines, 2):
            for column, name in enumerate(TITLES):
                if values[name]:
                    sheet.write_string(row_no, column, values[name])
        end = len(lines) + 2
        if subtotal:
            sheet.write_string(end, 0, "小计")
            sheet.write_string(end, 1, subtotal)
        sheet.write_string(end + 2, 0, "注：本表一式三份。")
    return path


Importer = Callable[..., RosterImport]


@pytest.fixture
def imported(world: World, tmp_path: Path) -> Iterator[Importer]:
    """Upload and parse lines as the clerk; returns the import in review."""
    numbers = iter(range(1000))

    def run(lines: list[dict[str, str]], *, by: User | None = None, subtotal: str = "") -> RosterImport:
        path = write_xlsx(tmp_path / f"{next(numbers)}.xlsx", lines, subtotal=subtotal)
        with ZipFile(path, "a") as book:
            book.comment = path.name.encode()  # the same lines twice in one second are still two files
        return upload(world, path, by=by)

    yield run


def upload(world: World, path: Path, *, by: User | None = None) -> RosterImport:
    made, _job = imports.start_import(
        programme=world.programme, area=world.town, content=[path.read_bytes()], file_name=path.name,
        by=by or world.clerk,
    )  # fmt: skip
    return parsing.parse_import(made.pk, commit=transaction.atomic)


def apply(found: RosterImport, by: User) -> Any:
    with transaction.atomic():
        outcomes = applying.apply_ready_rows(found.pk, by=by)
        applying.finish_apply(found.pk, by=by)
        return outcomes


def row_of(found: RosterImport, head_name: str) -> ImportRow:
    """The household row of that head."""
    rows = [row for row in found.rows.filter(kind="data") if row.raw["texts"]["head_name"] == head_name]
    assert len(rows) == 1
    return rows[0]


@pytest.fixture(scope="module")
def standing_roster(standing_world: World, tmp_path_factory: pytest.TempPathFactory) -> Roster:
    """Eighteen households: two pages; for files of which no test commits."""
    world, path = standing_world, tmp_path_factory.mktemp("roster") / "18.xlsx"
    apply(upload(world, write_xlsx(path, [line(n) for n in range(1, 19)])), world.clerk)
    return rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
