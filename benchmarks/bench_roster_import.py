"""A roster from .xlsx to committed households: ours with every check, django-import-export, and the bare floor.

10,000 rows × 20 columns, 100,000 with PORTAL_SIZE=large. The floor reads the sheet and COPYs its texts, nothing else.
The peer imports the same columns into the same tables with its own checks, dry run and then save, as its
documentation shows it; it is measured on fewer rows and scaled, which flatters it: its time grows faster than the rows.
Beside the first line stands the peer, beside the stages the floor. Processor time is what a busy machine can't blur.
Stops with an error above 1 GiB of memory.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import xlsxwriter
from django.conf import settings
from django.db import connection, transaction

from accounts.acting import acting
from accounts.models import Area, Grant, User
from benchmarks.measuring import Result, processor_s, timed
from core.identity import synthetic_card, synthetic_id, synthetic_phone
from households.importing import reading
from households.models import Household, RosterImport
from households.services import applying, imports, parsing
from programmes.models import Programme, Technology

ROWS = 100_000 if os.environ.get("PORTAL_SIZE") == "large" else 10_000
PEER_ROWS = 100
PER_VILLAGE = 500
NAMES = [first + second for first in "甲乙丙丁戊己庚辛壬癸" for second in "一二三四五六七八九十"]
MOST_BYTES = 1 << 30
TOWN, COUNTY = "370999001", "370999"
TITLES = (
    "序号", "村", "组", "户主姓名", "身份证号", "联系电话", "收款卡号", "门牌号", "取暖面积", "改造方式", "房屋类型",
    "常住人口", "电表号", "备注", "核对人", "核对意见", "包村干部", "台账页码", "附件张数", "存放位置",
)  # fmt: skip


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        settings.FILES_DIR = Path(folder) / "files"
        path = write_roster(Path(folder) / "roster.xlsx", ROWS)
        programme, town, clerk = make_place(ROWS // PER_VILLAGE)
        sample, scale = write_roster(Path(folder) / "sample.xlsx", PEER_ROWS), ROWS / PEER_ROWS
        peer = peer_seconds(sample, programme) * scale
        began = processor_s()
        stages, memory = our_stages(path, programme, town, clerk)
        ended = processor_s()
        floor = floor_stages(path)
        worked, least = ended - began, processor_s() - ended
    whole, bare = sum(stages.values()), sum(floor.values())
    print(f"peak memory {memory >> 20} MiB (this process and the one that opens the file)")
    said = f"django-import-export 4, {PEER_ROWS:,} rows × {scale:.0f}"
    yield Result(f"{ROWS:,} rows × {len(TITLES)}: xlsx to households", whole, said, peer)
    yield Result("the same beside the floor", whole, "read and COPY", bare)
    yield Result("the same in processor time", worked, "read and COPY", least)
    for name, seconds in stages.items():
        yield Result(f"  {name}", seconds, "whole floor" if name not in floor else "floor", floor.get(name, bare))
    if memory > MOST_BYTES:
        raise SystemExit(f"Over the limit: {memory >> 20} MiB of memory")


def line(n: int) -> tuple[str, ...]:
    """Household number `n`, without a fault."""
    village, house = divmod(n, PER_VILLAGE)
    person = n + 1
    if synthetic_id(person).endswith("000") or set(synthetic_card(person)[15:]) == {"0"}:
        person += 10 * ROWS + 7  # a number that ends like a rounded one is asked about
    return (
        str(n + 1), f"示例{village}村", f"{1 + house // 50}组", f"张{NAMES[n % 100]}", synthetic_id(person),
        synthetic_phone(person), synthetic_card(person), f"{house + 1}号", str(60 + n % 90), "煤改电", "平房",
        str(1 + n % 6), f"B{n:07d}", "", "李样本", "已核对", "王测试", str(n // 25), str(n % 4), f"{village}号柜",
    )  # fmt: skip


def write_roster(path: Path, rows: int) -> Path:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("名单")
        for number, values in enumerate([TITLES, *map(line, range(rows))]):
            for column, text in enumerate(values):
                sheet.write_string(number, column, text)
    return path


def make_place(villages: int) -> tuple[Programme, Area, User]:
    with acting("bench"):
        for code, level in (("37", "province"), ("3709", "city"), (COUNTY, "county"), (TOWN, "town")):
            above = {4: "37", 6: "3709", 9: COUNTY}.get(len(code))
            Area.objects.get_or_create(code=code, defaults={"name": "示例", "level": level, "parent_id": above})
        for n in range(villages):
            code = f"{TOWN}{n + 1:03d}"
            Area.objects.get_or_create(
                code=code, defaults={"name": f"示例{n}村", "level": "village", "parent_id": TOWN}
            )
        programme = Programme.objects.create(code="import", name="示例", area_id=COUNTY, year_from=2021, year_to=2021)
        Technology.objects.create(programme=programme, code="ELECTRIC", family="ELECTRIC", name="煤改电")
        clerk = User.objects.create(username="bench-clerk", person_name="张示例", person_no="B-1", unit="示例")
        Grant.objects.create(user=clerk, role="town_staff", area_id=TOWN)
    return programme, Area.objects.get(pk=TOWN), clerk


def our_stages(path: Path, programme: Programme, town: Area, clerk: User) -> tuple[dict[str, float], int]:
    """Seconds by stage of the road from the stored file to the committed households, and the most bytes it took."""
    with acting(clerk):
        made, _job = imports.start_import(
            programme=programme, area=town, content=[path.read_bytes()], file_name=path.name, by=clerk
        )
        with stages_of_reading() as took:
            parsed = timed(lambda: parsing.parse_import(made.pk, commit=transaction.atomic))
        if RosterImport.objects.get(pk=made.pk).state != RosterImport.State.REVIEW:
            raise SystemExit("The sample was not read as intended.")
        stored = timed(lambda: applying.apply_ready_rows(made.pk, by=clerk, commit=transaction.atomic))
    if Household.objects.count() != ROWS:
        raise SystemExit(f"{Household.objects.count()} households instead of {ROWS}")
    return {**took, "keep every row": parsed - sum(took.values()), "store the households": stored}, peak_bytes()


@contextmanager
def stages_of_reading() -> Iterator[dict[str, float]]:
    """Seconds by stage, taken while the importer itself goes through them."""
    took: dict[str, float] = {}
    names = {
        "read_workbook": "read the sheet", "map_workbook": "find header and columns", "check_rows": "check every row",
    }  # fmt: skip
    with ExitStack() as patches:
        for name, stage in names.items():
            patches.enter_context(patch.object(reading, name, stopped(getattr(reading, name), stage, took)))
        yield took


def stopped(work: Callable[..., Any], stage: str, took: dict[str, float]) -> Callable[..., Any]:
    """`work` with its seconds noted under `stage`."""

    def timed_work(*args: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return work(*args, **named)
        finally:
            took[stage] = took.get(stage, 0.0) + time.perf_counter() - began

    return timed_work


def peak_bytes() -> int:
    """Largest resident size of this process and of the child that reads, both at once at the worst."""
    return 1024 * sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def floor_stages(path: Path) -> dict[str, float]:
    import python_calamine

    texts: list[list[Any]] = []
    read = timed(lambda: texts.extend(python_calamine.load_workbook(str(path)).get_sheet_by_index(0).to_python()))
    return {"read the sheet": read, "keep every row": timed(lambda: copy_texts(texts))}


def copy_texts(texts: list[list[Any]]) -> None:
    columns = ", ".join(f"c{n} text" for n in range(len(TITLES)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_floor ({columns})")
        with cursor.copy("COPY bench_floor FROM STDIN") as copy:
            for row in texts:
                copy.write_row(row)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_floor")


def peer_seconds(path: Path, programme: Programme) -> float:
    """Dry run, then save, as import-export's own admin does it: the file is read for each. Nothing of it stays."""
    from benchmarks.import_export_peer import imported

    with transaction.atomic():
        seconds = sum(timed(lambda dry=dry: imported(path, programme, dry_run=dry)) for dry in (True, False))
        transaction.set_rollback(True)
    return seconds
