"""First step: a clerk uploads a real, untidy roster, repairs a row on the page, and stores it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest

from heating_portal.demo.presets import JINCHENG
from heating_portal.demo.rosters import make_people
from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors

CLERK, TOWN = "clerk_nancun", "140502101"


@pytest.mark.usefixtures("unplugged")
def test_a_messy_roster_is_uploaded_repaired_and_stored(portal: RunningPortal, visitors: Visitors) -> None:
    page = visitors.sit_down(CLERK)
    page.click('.nav a[href="/hh/imports/"]')
    page.select_option('select[name="area"]', TOWN)
    page.set_input_files('input[type="file"]', next((portal.folder / "demo-files").glob("*.xlsx")))
    page.click('form[enctype="multipart/form-data"] button')
    page.wait_for_selector("#fixing")  # a worker has read the file; the page noticed by itself
    visitors.keep(page, "step-1-faulty-rows")
    import_id = int(re.findall(r"/imports/(\d+)/", page.url)[0])
    faulty = states(portal, import_id).get("faulty", 0)
    assert faulty >= 10
    shown = page.locator("tr[id^='r-'] input.input--bad").count()
    assert shown >= 5

    repair_a_phone(portal, page, import_id)
    visitors.keep(page, "step-1-one-row-repaired")
    assert states(portal, import_id)["faulty"] == faulty - 1
    assert len(page.locator("#import-causes h2").inner_text()) > 0

    page.click('#import-dock a[href$="/apply/"]')
    visitors.keep(page, "step-1-check-page")
    ready = states(portal, import_id)["ready"]
    assert str(ready) in page.inner_text("h1")
    page.click("form.dock button")
    page.wait_for_selector("#applying", state="detached")
    page.wait_for_selector('a[href="/hh/rosters/"].btn')
    assert states(portal, import_id).get("applied", 0) == ready
    visitors.keep(page, "step-1-stored")


def repair_a_phone(portal: RunningPortal, page: Any, import_id: int) -> None:
    """The number that lacks a digit is typed anew; Enter saves just this row."""
    cell = page.locator('tr[id^="r-"] input[name="phone"]').first
    name = cell.get_attribute("form").replace("f-", "r-")
    cell.fill(whole_number(page.inner_text(f"#{name} td.strong"), cell.input_value()))
    with page.expect_response(lambda answer: f"/imports/{import_id}/rows/" in answer.url):
        cell.press("Enter")
    page.wait_for_selector(f"#{name}.done")


def whole_number(head_name: str, typed: str) -> str:
    """The number of the invented person of that name whose first ten digits were typed."""
    digits = "".join(one for one in unicodedata.normalize("NFKC", typed) if one.isdigit())
    return next(
        one.phone for one in make_people(JINCHENG) if one.head_name == head_name and one.phone.startswith(digits)
    )


def states(portal: RunningPortal, import_id: int) -> dict[str, int]:
    return dict(
        portal.rows(
            "SELECT state, count(*) FROM households_importrow WHERE roster_import_id = %s GROUP BY 1", import_id
        )  # type: ignore[arg-type]
    )
