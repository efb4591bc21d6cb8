"""The clerk's journey of UX §7.1: 600 messy rows, 37 errors, no Excel. Presses are counted; typing is not.

The households are invented anew, so that the journey runs alone as well as after the other steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from core.identity import synthetic_card, synthetic_id, synthetic_phone
from heating_portal.demo.presets import JINCHENG
from heating_portal.demo.rosters import Person, make_people
from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors

CLERK, TOWN = "clerk_nancun", "140502101"
ROWS, ERRORS, MOST_PRESSES = 600, 37, 31
KEYS = ("village", "group", "head_name", "id_number", "phone", "door_no", "area", "technology", "bank_card")
TITLES = ("村", "组", "户主姓名", "身份证号", "联系电话", "门牌号", "取暖面积（㎡）", "改造方式", "收款卡号")
FIRST_NUMBER = 700_000
BESIDE_THE_SCREEN = """[...document.querySelectorAll('.fix .input--bad, .fix .err')].filter(
    (one) => one.getBoundingClientRect().right > window.innerWidth).length"""


@dataclass
class Journey:
    """What the clerk's file says wrongly: row of the sheet -> field -> right text; and who counts the presses."""

    right: dict[int, dict[str, str]] = field(default_factory=dict)
    presses: int = 0

    def press(self, deed: Callable[..., Any], *what: Any) -> None:
        deed(*what)
        self.presses += 1


def households() -> list[Person]:
    """531 invented households of the town, none of them anybody the demonstration knows."""
    people = [one for one in make_people(JINCHENG) if one.village_code.startswith(TOWN)]
    fresh = [
        replace(
            one, id_number=synthetic_id(FIRST_NUMBER + n), phone=synthetic_phone(FIRST_NUMBER + n),
            bank_card=synthetic_card(FIRST_NUMBER + n), door_no=f"{900 + n}号", group="9组",
        )
        for n, one in enumerate(people)
    ]  # fmt: skip
    return sorted(fresh, key=lambda one: one.village_code)


def wrong_digit(text: str) -> str:
    """A number whose check digit or checksum no longer fits."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def misspelt(village: str) -> str:
    """南村村 → 南村, 司匠村 → 司〇村: no village's name, but near one."""
    return village[:-1] if village.endswith("村村") else f"{village[0]}〇{village[2:]}"


def spoil(people: list[Person]) -> tuple[list[Person], dict[int, tuple[str, str]]]:
    """37 errors; returns the people as the file has them and, by position, the typed repair of single cells."""
    spoilt, typed = list(people), {}
    villages = [list(group) for _, group in groupby(range(len(people)), key=lambda n: people[n].village_code)]
    large = sorted(villages, key=len, reverse=True)
    for group, count in ((large[0], 7), (large[1], 2)):
        for n in group[:count]:
            spoilt[n] = replace(people[n], village=misspelt(people[n].village))
    free = iter([n for group in large[:4] for n in group[10:60:3]])
    for text in ("一百二", "九十八", "一百", "八十六", "七十", "一百一十"):
        n = next(free)
        spoilt[n] = replace(people[n], area=text)
    for name, count, change in (("id_number", 9, wrong_digit), ("phone", 6, lambda text: text[:-1]),
                                ("bank_card", 4, wrong_digit)):  # fmt: skip
        for n in [next(free) for _ in range(count)]:
            typed[n] = (name, getattr(people[n], name))
            spoilt[n] = replace(people[n], **{name: change(getattr(people[n], name))})
    for n in [next(free) for _ in range(3)]:
        spoilt[n] = replace(people[n], door_no=people[n - 1].door_no)
    return spoilt, typed


def write_file(path: Path) -> Journey:
    """Title, header, a subtotal after each village, 57 rows twice, a total and a note: 600 rows in all."""
    people = households()
    spoilt, typed = spoil(people)
    journey, row = Journey(), 0
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")

        def line(*texts: str) -> int:
            nonlocal row
            for column, text in enumerate(texts):
                sheet.write_string(row, column, text)
            row += 1
            return row

        sheet.merge_range(0, 0, 0, len(TITLES) - 1, "南村镇清洁取暖改造户花名册")
        row = 1
        line(*TITLES)
        faults = {n for n in range(len(people)) if spoilt[n] != people[n]}
        twice = [n for n in range(len(people)) if n not in faults][:57]
        for _, group in groupby(range(len(people)), key=lambda n: people[n].village_code):
            numbers = list(group)
            for n in numbers:
                at = line(*(getattr(spoilt[n], key) for key in KEYS))
                if n in typed:
                    journey.right[at] = dict([typed[n]])
            line("小计", f"{len(numbers)}户")
        for n in twice:
            line(*(getattr(spoilt[n], key) for key in KEYS))
        while row < ROWS - 1:
            line("")
        line("注：本表一式三份。")
    assert len(faults) == ERRORS
    return journey


def test_a_messy_roster_is_put_right_in_the_browser(portal: RunningPortal, visitors: Visitors, tmp_path: Path) -> None:
    path = tmp_path / "南村镇2020清洁取暖名单_最终版(3).xlsx"
    journey = write_file(path)
    page = visitors.sit_down(CLERK)
    upload(page, path, journey)
    import_id = int(re.findall(r"/imports/(\d+)/", page.url)[0])
    visitors.keep(page, "step-6-to-correct", full=True)
    assert states(portal, import_id)["faulty"] == ERRORS
    narrow = visitors.sit_down(CLERK, width=390)
    narrow.goto(page.url)
    assert narrow.evaluate(BESIDE_THE_SCREEN) == 0
    visitors.keep(narrow, "step-6-to-correct-phone", full=True)
    repair_groups(page, journey)
    repair_cells(page, journey)
    assert "faulty" not in states(portal, import_id)
    visitors.keep(page, "step-6-all-corrected", full=True)
    journey.press(page.click, '#import-dock a[href$="/apply/"]')
    visitors.keep(page, "step-6-check-page", full=True)
    journey.press(page.click, "form.dock button")
    page.wait_for_selector("#applying", state="detached")
    page.wait_for_selector('a[href="/hh/rosters/"].btn')
    assert states(portal, import_id)["applied"] == len(households())
    print(f"\nUX §7.1: {ROWS} rows, {ERRORS} errors, {journey.presses} presses (at most {MOST_PRESSES})")
    assert journey.presses <= MOST_PRESSES
    narrow.goto(page.url)
    visitors.keep(narrow, "step-6-stored-phone", full=True)


def upload(page: Any, path: Path, journey: Journey) -> None:
    journey.press(page.click, '.nav a[href="/hh/imports/"]')
    page.select_option('select[name="area"]', TOWN)
    journey.press(page.set_input_files, 'input[type="file"]', path)
    journey.press(page.click, 'form[enctype="multipart/form-data"] button')
    page.wait_for_selector("#fixing")


def repair_groups(page: Any, journey: Journey) -> None:
    """One word for another in one press; what is calculated row by row is looked at first."""
    at_once = page.locator('#import-causes form[action*="/repairs/E_"] button')
    while at_once.count():
        with page.expect_navigation():
            journey.press(at_once.first.click)
        page.wait_for_selector("#fixing")
    links = page.locator('#import-causes a.btn[href*="/repairs/E_"]')
    while links.count():
        journey.press(links.first.click)
        journey.press(page.click, "form.dock button")
        page.wait_for_selector("#fixing")


def repair_cells(page: Any, journey: Journey) -> None:
    """The cursor is in the next fault already: type, Enter; two households at one door are confirmed."""
    while page.locator(".fix tr:not(.done) .input--bad").count():
        cell = page.locator(".fix .input--bad:focus")
        cell.wait_for()
        row = cell.evaluate("input => input.closest('tr').id")
        number = int(page.inner_text(f"#{row} td.num").split()[0])
        right = journey.right.get(number, {}).get(cell.get_attribute("name"))
        with page.expect_response(lambda answer: "/rows/" in answer.url):
            if right is None:
                journey.press(page.click, f'#{row} button[name="confirm"]')
            else:
                cell.fill(right)
                journey.press(cell.press, "Enter")
        page.wait_for_selector(f"#{row}.done")


def states(portal: RunningPortal, import_id: int) -> dict[str, int]:
    sql = "SELECT state, count(*) FROM households_importrow WHERE roster_import_id = %s GROUP BY 1"
    return dict(portal.rows(sql, import_id))  # type: ignore[arg-type]
