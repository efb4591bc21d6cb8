"""The desk of an import with two clerks at it: whose cursor stands where, steps taken back by key, groups in one
press, columns and headings said by hand, good rows stored while the rest waits, and the whole taken back.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import xlsxwriter

from core.identity import synthetic_card, synthetic_id, synthetic_phone
from heating_portal.demo.presets import JINCHENG
from heating_portal.demo.rosters import Person, make_people
from tests.browser.running import RunningPortal
from tests.browser.test_6_import_journey import KEYS, TITLES, misspelt, states
from tests.browser.visitors import Visitors

CLERK, COLLEAGUE, TOWN = "clerk_nancun", "clerk_zhongjiazhuang", "140502101"
FIRST_NUMBER = 720_000
MARK_WITHIN_MS = 5_000
GRANT = (
    "from accounts.acting import acting; from accounts.models import Grant, User\n"
    "with acting('tests'): Grant.objects.get_or_create(user=User.objects.get(username='{user}'), role='town_staff',"
    " area_id='{area}', defaults={{'starts_on': '2020-01-01'}})"
)


def people(first: int, count: int) -> list[Person]:
    known = [one for one in make_people(JINCHENG) if one.village_code.startswith(TOWN)][:count]
    return [
        replace(
            one, id_number=synthetic_id(first + n), phone=synthetic_phone(first + n),
            bank_card=synthetic_card(first + n), door_no=f"{first - 719_000 + n}号", group="8组",
        )
        for n, one in enumerate(known)
    ]  # fmt: skip


def write(path: Path, rows: list[Person], titles: tuple[str, ...] = TITLES, above: tuple[str, ...] = ()) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名单")
        lines = [*([text] for text in above), titles, *([getattr(one, key) for key in KEYS] for one in rows)]
        for row_no, line in enumerate(lines):
            for column, text in enumerate(line):
                sheet.write_string(row_no, column, str(text))
    return path


def upload(page: Any, path: Path) -> None:
    page.goto("/hh/imports/")
    page.select_option('select[name="area"]', TOWN)
    page.set_input_files('input[type="file"]', path)
    page.click('form[enctype="multipart/form-data"] .btn--primary')


def import_of(page: Any) -> int:
    return int(re.findall(r"/imports/(\d+)/", page.url)[0])


def test_two_clerks_one_import(portal: RunningPortal, visitors: Visitors, tmp_path: Path) -> None:
    portal.manage("shell", "-c", GRANT.format(user=COLLEAGUE, area=TOWN))
    rows = people(FIRST_NUMBER, 8)
    rows[1] = replace(rows[1], phone=rows[1].phone[:-1])
    rows[2] = replace(rows[2], phone=rows[2].phone[:-1])
    for n in (4, 5):
        rows[n] = replace(rows[n], village=misspelt(rows[n].village))
    page = visitors.sit_down(CLERK)
    upload(page, write(tmp_path / "两人同改.xlsx", rows))
    page.wait_for_selector("#fixing")
    import_id = import_of(page)
    page.wait_for_selector("[data-attention] .input--bad:focus")
    colleague = visitors.sit_down(COLLEAGUE)
    colleague.goto(page.url)
    row = page.evaluate("document.activeElement.closest('tr').id")
    mark = colleague.locator(f"#{row} [data-colleague]")
    mark.wait_for(timeout=MARK_WITHIN_MS)
    assert len(mark.inner_text()) > 6
    visitors.keep(colleague, "step-7-colleague-marked", full=True)

    type_phone(page, row, people(FIRST_NUMBER, 8)[1].phone)
    assert states(portal, import_id)["faulty"] == 3
    colleague.fill(f"#{row} input[name=phone]", "19900000001")
    visitors.expected.add(409)
    colleague.press(f"#{row} input[name=phone]", "Enter")
    colleague.wait_for_selector(f"#{row} .err[role=alert]")
    assert states(portal, import_id)["faulty"] == 3

    take_back(page)
    page.wait_for_selector(f"#{row}:not(.done) .input--bad:focus")
    assert states(portal, import_id)["faulty"] == 4

    group = page.locator('#import-causes form[action*="/repairs/E_VILLAGE"] button')
    before = states(portal, import_id)["faulty"]
    group.first.click()
    page.wait_for_selector("#take-back")
    after = states(portal, import_id)["faulty"]
    assert after < before
    visitors.keep(page, "step-7-group-in-one-press", full=True)
    page.locator("body").press("Control+z")
    page.wait_for_selector("#take-back", state="detached")
    assert states(portal, import_id)["faulty"] == before
    store_the_good_and_take_it_back(portal, visitors, page, import_id)


def type_phone(page: Any, row: str, phone: str) -> None:
    page.fill(f"#{row} input[name=phone]", phone)
    with page.expect_response(lambda answer: "/rows/" in answer.url):
        page.press(f"#{row} input[name=phone]", "Enter")
    page.wait_for_selector(f"#{row}.done")


def take_back(page: Any) -> None:
    """Where typing stands in a cell, Ctrl+Z is the cell's own; after it is gone, the page's."""
    with page.expect_navigation():
        page.keyboard.press("Control+z")


def store_the_good_and_take_it_back(portal: RunningPortal, visitors: Visitors, page: Any, import_id: int) -> None:
    """Nothing is stored while a row is faulty unless the clerk says so; what waits stays on the page."""
    good, waiting = states(portal, import_id)["ready"], states(portal, import_id)["faulty"]
    page.click('#import-dock a[href$="/apply/"]')
    page.wait_for_selector('button[name="leave_faulty"]')
    visitors.keep(page, "step-7-check-page", full=True)
    page.click('button[name="leave_faulty"]')
    page.wait_for_selector("#applying", state="detached")
    page.wait_for_selector("#fixing .input--bad")
    assert states(portal, import_id) == {"applied": good, "faulty": waiting, "skipped": 1}
    page.click('a.btn--bad[href$="/void/"]')
    visitors.keep(page, "step-7-take-back-page", full=True)
    page.fill('input[name="reason"]', "名单年份不对")
    page.click("form.panel__body button.btn--bad")
    page.wait_for_selector("#main .callout")
    page.wait_for_selector("#applying", state="detached")
    assert page.locator('a.btn--bad[href$="/void/"]').count() == 0
    assert states(portal, import_id) == {"undone": good, "faulty": waiting, "skipped": 1}
    visitors.keep(page, "step-7-taken-back", full=True)


def test_headings_nobody_knows(portal: RunningPortal, visitors: Visitors, tmp_path: Path) -> None:
    """Refused for want of headings, pointed at, asked about with masked samples, read."""
    rows = people(FIRST_NUMBER + 100, 3)
    titles = ("庄子", "第几组", "当家的", "证", "打哪个电话", "门朝哪", "多大(平)", "怎么改", "打到哪张卡")
    page = visitors.sit_down(CLERK)
    upload(page, write(tmp_path / "表头不认识.xlsx", rows, titles, above=("南村镇花名册", "填报时间：2021年5月")))
    link = page.wait_for_selector('#main a[href$="/header/"]')
    link.click()
    page.check('input[name="row"][value="3"]')
    visitors.keep(page, "step-7-header-row", full=True)
    page.click("form.panel .btn--primary")
    page.wait_for_selector('select[name="c-0-3"]')
    shown = page.inner_text("#main")
    assert all(one.id_number not in shown and one.head_name not in shown and one.phone not in shown for one in rows)
    visitors.keep(page, "step-7-columns", full=True)
    fields = (
        "village",
        "group",
        "head_name",
        "id_number",
        "phone",
        "door_no",
        "heated_area_m2",
        "technology",
        "bank_card",
    )
    for column, name in enumerate(fields, 1):
        page.select_option(f'select[name="c-0-{column}"]', name)
    page.click("form .dock .btn--primary")
    page.wait_for_selector("#fixing")
    assert states(portal, import_of(page)) == {"ready": 3, "skipped": 3}
    narrow = visitors.sit_down(CLERK, width=390)
    narrow.goto(f"/hh/imports/{import_of(page)}/columns/")
    visitors.keep(narrow, "step-7-columns-phone", full=True)


def test_the_control_for_files_speaks_our_language(visitors: Visitors, tmp_path: Path) -> None:
    page = visitors.sit_down(CLERK)
    page.goto("/hh/imports/")
    face = page.locator('input[type="file"] >> xpath=..')
    assert "选择文件" in face.inner_text()
    path = write(tmp_path / "名单.xlsx", people(FIRST_NUMBER + 200, 1))
    with page.expect_file_chooser() as chooser:
        face.locator(".btn").click()
    chooser.value.set_files(path)
    assert "名单.xlsx" in face.inner_text()
    visitors.keep(page, "step-7-file-chosen")
    plain = visitors.sit_down(CLERK, script=False)
    plain.goto("/hh/imports/")
    assert plain.locator('input[type="file"].input, input[type="file"]:not(.sr)').is_visible()
