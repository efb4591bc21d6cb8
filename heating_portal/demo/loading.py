"""The whole demonstration in order. Every step looks at what is already there, so a killed load is simply run again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings

from accounts.history.sealing import seal_history
from heating_portal import presets
from heating_portal.demo import (
    acceptances,
    bench,
    care,
    coal,
    heat,
    heat_fees,
    joint,
    lists,
    money,
    papers,
    registers,
    works,
)
from heating_portal.demo.people import BY, make_people, person
from heating_portal.demo.presets import JINCHENG, TAISHAN
from heating_portal.demo.progress import Progress
from heating_portal.demo.rosters import MESSY, write_rosters
from programmes.models import Programme
from reports.services.summaries import refresh_summaries

FILES: Path = settings.VAR_DIR / "demo-files"
TRY_TOWN = "140502101"

# What is left for people to do: seals a list gets when not all three, and how much of the works is done.
WAITING_LISTS = {"140502101208": 1, "140502101202": 2, "140502101204": 0}  # town, office, village are due
ELECTRIC = ("140502006001", "140502006002", "140502006201")
INSTALLED, ACCEPTED = ("140502101206", "140502101203"), "140502101206"
TAISHAN_OPEN, TAISHAN_REFUSED = 8, 2

Say = Callable[[str], object]


def load(say: Say) -> None:
    """Both presets, from places to works, then the money."""
    person.cache_clear()
    programmes = {name: _base(name, say) for name in (JINCHENG, TAISHAN)}
    progress = Progress(_units(programmes), say)
    for name, programme in programmes.items():
        _lists(name, programme, progress)
    _jincheng_works(programmes[JINCHENG], progress)
    _taishan_works(programmes[TAISHAN], progress)
    for words, step in money.STEPS:
        for programme in programmes.values():
            progress.begin(f"{programme.name}：{words}")
            step(programme)
    progress.begin("派单与复核 · orders to inspectors, samples")
    for programme in programmes.values():
        acceptances.load(programme)
    progress.begin("基础台账 · venues, meters, changes, double entries")
    for programme in programmes.values():
        registers.load(programme)
    progress.begin("投诉、隐患、报修、抽查 · complaints, hazards, tickets, spot checks")
    for programme in programmes.values():
        care.load(programme)
        coal.load(programme)
    progress.begin("热费收缴 · heat fees")
    heat_fees.load(heat.load())
    progress.begin("利通区联合验收 · joint acceptance by six departments")
    joint.load(progress)
    progress.begin("户档案汇总 · rows of the household list")
    _settle()
    progress.begin("审计抽样、周报 · an audit sample, a weekly report")
    for programme in programmes.values():
        bench.load(programme)
    leave_files()


def _settle() -> None:
    """What beat does every few seconds, so that the first visitor sees numbers: seal the history, then the lists."""
    while seal_history():
        pass
    refresh_summaries()


def _base(name: str, say: Say) -> Programme:
    preset = presets.find(name)
    programme = presets.load(preset, by=BY, say=say)
    made = make_people((preset.read("accounts.yaml") or {}).get("accounts", []))
    say(f"accounts.yaml: {made} created")
    return programme


def _units(programmes: dict[str, Programme]) -> int:
    """Units of work: a household imported, a list drawn up or sealed, an installation, an acceptance."""
    jincheng, taishan = (sum(int(t.quantity) for t in programmes[name].targets.all()) for name in (JINCHENG, TAISHAN))
    villages = sum(programme.targets.values("area").distinct().count() for programme in programmes.values())
    return jincheng + taishan + 2 * villages + 185 + 88 + 40 + 2 * taishan + 2 * joint.HOMES + 4


def _lists(name: str, programme: Programme, progress: Progress) -> None:
    villages = sorted(set(programme.targets.values_list("area_id", flat=True)))
    progress.begin(f"{programme.name}：导入名单 · importing rosters")
    lists.import_rosters(name, programme, progress)
    progress.begin(f"{programme.name}：编制、盖章 · drawing up and sealing")
    lists.draw_up(programme, villages, progress)
    begun = datetime(programme.year_from, 6, 10, 2, 30, tzinfo=UTC)
    lists.seal(programme, WAITING_LISTS if name == JINCHENG else {}, begun, progress)
    works.open_everything(programme)


def _jincheng_works(programme: Programme, progress: Progress) -> None:
    progress.begin(f"{programme.name}：安装记录 · installations")
    works.register_firms(date(2020, 6, 20))
    papers.prepare_jincheng(programme, date(2020, 6, 20))
    fleet = (presets.find(JINCHENG).read("fleet.yaml") or {}).get("heaters", [])
    electric = works.tasks_in_order(programme, ELECTRIC)
    works.install(electric[: len(fleet)], date(2020, 8, 17), progress, fleet)
    works.install(works.tasks_in_order(programme, INSTALLED), date(2020, 9, 7), progress)
    progress.begin(f"{programme.name}：验收 · acceptances")
    works.accept(works.tasks_in_order(programme, [ACCEPTED])[:40], date(2020, 10, 12), progress)


def _taishan_works(programme: Programme, progress: Progress) -> None:
    villages = sorted(set(programme.targets.values_list("area_id", flat=True)))
    progress.begin(f"{programme.name}：安装记录 · installations")
    papers.prepare_taishan(programme, date(2021, 7, 5))
    works.install(works.tasks_in_order(programme, villages), date(2021, 8, 2), progress)
    progress.begin(f"{programme.name}：验收 · acceptances")
    tasks = works.tasks_in_order(programme, villages)
    works.accept(tasks[:-TAISHAN_OPEN], date(2021, 11, 1), progress)
    works.refuse(tasks[-TAISHAN_REFUSED:], date(2021, 11, 28), progress)
    progress.tick(TAISHAN_OPEN - TAISHAN_REFUSED)


def leave_files() -> Path:
    """A roster with every common mistake, for the clerk to try the import with; the same file every time."""
    FILES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        messy = next(one for one in write_rosters(JINCHENG, Path(folder), variant=MESSY) if one.town_code == TRY_TOWN)
        target = FILES / messy.path.name
        shutil.copyfile(messy.path, target)
    return target
