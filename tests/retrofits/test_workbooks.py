from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from core.refusals import Refused
from core.workbooks.read import read_workbook
from households.indexes import door_index
from jobs.models import Job
from jobs.running import run_job
from retrofits.importing import HEADINGS, _column
from retrofits.models import Installation, InstallationImport, Task
from retrofits.services.workbooks import record_workbook, start_workbook
from tests import people
from tests.retrofits.conftest import OTHER_TOWN, VILLAGE, Works
from tests.retrofits.test_pages import client_of, page

HEADS = (
    "镇名", "村名", "门牌号", "住户名字", "联系电话", "取暖面积（㎡）", "经度", "纬度", "厂商名称", "设备名称",
    "型号", "出厂地址编号",
    "无线传输设备地址编号", "供应商", "安装日期", "从机地址", "DEVICE",
)  # fmt: skip
FIELDS = (
    "town_name", "village_name", "door_no", "occupant_name", "occupant_phone", "heated_area_m2", "longitude",
    "latitude",
    "manufacturer", "device_name", "model_no", "factory_address_code", "wireless_address_code", "supplier",
    "installed_on", "unit",
)  # fmt: skip


def tasks_with_doors(works: Works, count: int) -> list[str]:
    """Listed dwellings with door numbers."""
    doors = [f"{n}号" for n in range(1, count + 1)]
    for door in doors:
        dwelling = works.task().dwelling
        dwelling.door_no, dwelling.door_no_index = door, door_index(VILLAGE, door)
        dwelling.save()
    return doors


def row(works: Works, door: str, **changes: str) -> list[str]:
    entry = works.entry(door_no=door, **changes)
    return [*(getattr(entry, name) for name in FIELDS), "8900"]


def test_the_empty_workbook_is_understood_to_the_last_heading(works: Works, tmp_path: Path) -> None:
    path = tmp_path / "安装记录.xlsx"
    handed = client_of(works.clerk).get("/works/installations/import/?template=1")
    path.write_bytes(b"".join(handed.streaming_content))
    sheet = read_workbook(path).sheets[0]
    fields = [_column(text) for text in sheet.rows[0].texts]
    assert set(HEADINGS.values()) < set(fields) and len(set(fields)) == len(fields) and "" not in fields


def sent(works: Works, path: Path, rows: Sequence[Sequence[str]], heads: Sequence[str] = HEADS) -> InstallationImport:
    """Written with a title row, uploaded by the clerk, and done as a worker does it."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("安装信息")
        sheet.write_string(0, 0, "取暖设备安装信息表")
        for number, texts in enumerate([heads, *rows], 2):
            for column, text in enumerate(texts):
                sheet.write_string(number, column, text)
    made = start_workbook(
        programme=works.programme,
        area_code="370999001",
        content=[path.read_bytes()],
        file_name=path.name,
        by=works.clerk,
    )
    run_job(made.job.pk)
    made.refresh_from_db()
    return made


def faults_of(made: InstallationImport) -> list[tuple[str, str]]:
    return [(fault["where"], fault["code"]) for fault in made.faults["rows"]]


@pytest.mark.django_db(transaction=True)
def test_a_workbook_records_every_row(works: Works, tmp_path: Path) -> None:
    doors = tasks_with_doors(works, 3)
    made = sent(works, tmp_path / "a.xlsx", [row(works, door) for door in doors])
    assert (made.state, made.recorded_count) == ("recorded", 3)
    assert Task.objects.filter(state="installed").count() == 3
    assert Installation.objects.first().costs.get().amount_fen == 890_000


@pytest.mark.django_db(transaction=True)
def test_one_fault_keeps_the_whole_workbook_out_and_names_its_cell(works: Works, tmp_path: Path) -> None:
    doors = tasks_with_doors(works, 3)
    rows = [row(works, doors[0]), row(works, doors[1], occupant_phone="12"), row(works, "99号", longitude="1")]
    made = sent(works, tmp_path / "a.xlsx", rows)
    assert faults_of(made) == [("安装信息!E5", "PHONE"), ("安装信息!C6", "NO_TASK")]
    assert (made.state, Installation.objects.count()) == ("faulty", 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_code_twice_inside_one_file_is_found(works: Works, tmp_path: Path) -> None:
    doors = tasks_with_doors(works, 2)
    rows = [row(works, door, factory_address_code="SAME-1") for door in doors]
    assert faults_of(sent(works, tmp_path / "a.xlsx", rows)) == [("安装信息!L5", "TAKEN")]


@pytest.mark.django_db(transaction=True)
def test_running_the_job_again_records_nothing_twice(works: Works, tmp_path: Path) -> None:
    made = sent(works, tmp_path / "a.xlsx", [row(works, tasks_with_doors(works, 1)[0])])
    from retrofits.services.workbooks import record_workbook

    assert record_workbook(made.pk, by=works.clerk).recorded_count == 1
    assert Installation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_strange_column_is_told_not_ignored(works: Works, tmp_path: Path) -> None:
    doors = tasks_with_doors(works, 1)
    made = sent(works, tmp_path / "a.xlsx", [[*row(works, doors[0]), "x"]], heads=[*HEADS, "备忘"])
    assert faults_of(made) == [("安装信息!R3", "HEADING")]


@pytest.mark.parametrize("content", [b"not a workbook", b""])
@pytest.mark.django_db(transaction=True)
def test_what_is_no_workbook_is_said_so(works: Works, content: bytes) -> None:
    made = start_workbook(
        programme=works.programme, area_code="370999001", content=[content], file_name="a.xlsx", by=works.clerk
    )
    run_job(made.job.pk)
    made.refresh_from_db()
    assert made.state == "faulty"


def test_another_town_is_refused_at_the_door(works: Works) -> None:
    stranger: Any = people.user("town_staff", OTHER_TOWN[:9])
    with pytest.raises(Refused) as refusal:
        start_workbook(
            programme=works.programme, area_code="370999001", content=[b"x"], file_name="a.xlsx", by=stranger
        )
    assert refusal.value.code == "NO_PROGRAMME"


@pytest.mark.django_db(transaction=True)
def test_the_page_asks_again_by_itself_until_the_file_is_read_and_names_the_whole_file(works: Works) -> None:
    made = start_workbook(
        programme=works.programme, area_code="370999001", content=[b"no workbook"], file_name="a.xlsx", by=works.clerk
    )
    client, address = client_of(works.clerk), page("workbook-detail", made.pk)
    assert 'hx-trigger="every 2s"' in client.get(address).content.decode()
    made.job.state = Job.State.FAILED
    made.job.save()
    broken = client.get(address).content.decode()
    assert "hx-trigger" not in broken.split("<main")[1]
    assert page("workbook-upload") in broken.split("<section")[1]
    record_workbook(made.pk, by=works.clerk)
    read = client.get(address).content.decode().split("<main")[1].split("</main>")[0]
    assert "hx-trigger" not in read
    assert "整个文件" in read
    assert ">file<" not in read
