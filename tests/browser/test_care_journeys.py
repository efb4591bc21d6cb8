"""A complaint from the public page to its reply, and a hazard from the patrol's photo on a phone to its close."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors

CLERK, OFFICE, OFFICER = "clerk_shengzhuang", "office_taishan", "village_shengzhuang"
TOWN, VILLAGE = "370902101", "370902101201"
HOME = "SELECT min(dwelling_no) FROM households_dwelling WHERE area_id LIKE %s"
CASE = "SELECT id, state, satisfaction FROM supervision_case WHERE number = %s"


def shot(folder: Path, shade: int) -> str:
    """A photo as a camera makes it."""
    out = io.BytesIO()
    Image.new("RGB", (800, 600), (shade, 120, 90)).save(out, "JPEG")
    path = folder / f"{shade}.jpg"
    path.write_bytes(out.getvalue())
    return str(path)


def press(page: Any, deed: str) -> None:
    page.locator(f'button[name="deed"][value="{deed}"]').click()
    page.wait_for_load_state("networkidle")


def own_page(portal: RunningPortal, visitors: Visitors, clerk: Any) -> Any:
    """A home's own page on a phone, opened with the slip its clerk gives out."""
    ((dwelling_no,),) = portal.rows(HOME, f"{TOWN}%")
    clerk.goto(f"/households/{dwelling_no}/")
    clerk.click('form[action$="/slip/"] button')
    number, code = clerk.inner_text("#number"), clerk.inner_text("#code")
    asker = visitors.sit_down(width=390)
    asker.goto("/my-home/")
    visitors.keep(asker, "care-own-door", full=True)
    asker.fill('[name="number"]', number)
    asker.fill('[name="code"]', code)
    asker.click('button[value="open"]')
    asker.wait_for_selector("ol.time")
    visitors.keep(asker, "care-own-page", full=True)
    return asker


def test_a_complaint_goes_from_a_homes_own_page_to_its_reply(portal: RunningPortal, visitors: Visitors) -> None:
    clerk = visitors.sit_down(CLERK)
    asker = own_page(portal, visitors, clerk)
    asker.click('a[href="/ask/"]')
    asker.select_option('[name="category"]', "quality")
    asker.select_option('[name="area"]', TOWN)
    asker.fill('[name="words"]', "室外机噪声大")
    visitors.keep(asker, "care-ask", full=True)
    asker.click("form.form .btn--primary")
    number, code = asker.inner_text("#number"), asker.inner_text("#code")
    clerk.goto(f"/care/complaints/?q={number}")
    clerk.click(f'a:has-text("{number}")')
    press(clerk, "take")
    clerk.fill('[name="words"]', "已加装减振垫")
    press(clerk, "reply")
    asker.goto("/my-home/")
    asker.click('a[href="/ask/answer/"]')
    asker.fill('[name="number"]', number)
    asker.fill('[name="code"]', code)
    asker.click("form.form .btn--primary")
    assert "已加装减振垫" in asker.inner_text("#reply")
    visitors.keep(asker, "care-answer", full=True)
    asker.select_option('[name="satisfaction"]', "5")
    asker.click("form.form .btn--primary")
    asker.wait_for_load_state("networkidle")
    ((_key, state, satisfaction),) = portal.rows(CASE, number)
    assert (state, satisfaction) == ("closed", 5)
    assert visitors.complaints == []


def test_a_hazard_goes_from_the_patrols_photo_to_the_close(
    portal: RunningPortal, visitors: Visitors, tmp_path: Path
) -> None:
    phone = visitors.sit_down(OFFICER, width=390, has_touch=True)
    phone.goto("/care/hazards/new/")
    phone.select_option('select[name="category"]', "co")
    phone.select_option('select[name="area"]', VILLAGE)
    phone.fill('input[name="title"]', "取暖间无通风口")
    phone.set_input_files('[name="photo"]', shot(tmp_path, 40))
    visitors.keep(phone, "care-hazard-new", full=True)
    phone.click("form.form .btn--primary")
    phone.wait_for_url("**/care/cases/*/")
    detail = phone.url.removeprefix(portal.url)
    clerk = visitors.sit_down(CLERK)
    clerk.goto(detail)
    clerk.fill('[name="words"]', "已开通风口")
    clerk.set_input_files('[name="photo"]', shot(tmp_path, 80))
    press(clerk, "fix")
    office = visitors.sit_down(OFFICE)
    office.goto(detail)
    press(office, "close")
    visitors.keep(office, "care-hazard-closed", full=True)
    key = detail.rstrip("/").rpartition("/")[2]
    steps = portal.rows(
        "SELECT deed, photo_id IS NOT NULL FROM supervision_casestep WHERE case_id = %s ORDER BY id", key
    )
    assert steps == [("open", True), ("fix", True), ("close", False)]
    assert visitors.complaints == []
