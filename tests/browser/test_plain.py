"""The main forms without any script: sign-in, upload, seal, acceptance, signing a batch."""

from __future__ import annotations

from typing import Any

from heating_portal.demo import pictures
from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors
from tests.flows.village import write_preset, write_roster
from tests.until import until


def plain(visitors: Visitors, username: str, width: int = 1366) -> Any:
    """A page of a browser that runs no script; the sign-in itself is the first form."""
    visitors.sign_ins.pop(username, None)
    return visitors.sit_down(username, width=width, script=False)


def test_a_roster_is_uploaded(portal: RunningPortal, visitors: Visitors, tmp_path: Any) -> None:
    write_preset(tmp_path)
    page = plain(visitors, "clerk_shengzhuang")
    page.goto("/hh/imports/")
    page.select_option('select[name="area"]', "370902101")
    page.set_input_files('input[type="file"]', write_roster(tmp_path).path)
    page.click('form[enctype="multipart/form-data"] button')
    assert "/hh/imports/" in page.url and page.url.rstrip("/").rpartition("/")[2].isdigit()


def test_a_list_is_sealed(portal: RunningPortal, visitors: Visitors) -> None:
    state = "SELECT state FROM households_roster WHERE id = %s"
    roster = portal.one("SELECT id FROM households_roster WHERE state = 'draft' AND area_id LIKE '140502101%%'")
    page = plain(visitors, "village_nancun")
    page.goto(f"/hh/rosters/{roster}/")
    page.click('form[action$="/seal/"] button')
    assert portal.one(state, roster) == "village_sealed"


def test_a_visit_is_answered_and_what_is_missing_is_said(portal: RunningPortal, visitors: Visitors) -> None:
    """A defect needs no platform: the inspector turns the dwelling to rectification."""
    task = portal.one("SELECT max(id) FROM retrofits_task WHERE state = 'installed' AND area_id = '140502101203'")
    page = plain(visitors, "inspector_chengqu", 390)
    page.goto(f"/works/visits/{task}/")
    visitors.expected.add(422)
    page.click("[data-submit]")
    page.locator("#error-summary li").nth(2).wait_for()
    for choice in page.locator('fieldset.check label:has(input[value="ok"])').all():
        choice.click()
    page.fill('input[name="item-ROOM_TEMP"]', "19.5")
    page.fill('input[name="signer_name"]', "户主")
    photo(page, task)
    page.click("[data-submit]")
    assert portal.one("SELECT state FROM retrofits_task WHERE id = %s", task) == "accepted"


def photo(page: Any, task: int) -> None:
    for one in page.locator("input[data-photo]").all():
        stage = one.get_attribute("name").removeprefix("photo-")
        one.set_input_files(
            {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": pictures.photo(stage, 500_000 + task)}
        )


def test_a_batch_is_signed(portal: RunningPortal, visitors: Visitors) -> None:
    """By whoever is next: the stories before have signed some of it."""
    number, state = portal.rows(WAITING, list(NEXT_SIGNER))[0]
    username = NEXT_SIGNER[state]
    page = plain(visitors, username)
    page.goto(f"/pay/batches/{number}/")
    page.check('input[name="balances"]')
    page.check('input[name="proven"]')
    page.check('input[name="sampled"]')
    page.fill('input[name="token"]', portal.one_time_code(username))
    page.click('form[action$="/sign/"] button.btn--primary')
    until(lambda: state_of(portal, number) != state, what=f"{username} has signed")


NEXT_SIGNER = {
    "locked": "office_taishan", "reviewed": "finance_reviewer_taishan", "approved": "finance_releaser_taishan",
}  # fmt: skip
WAITING = (
    "SELECT number, state FROM subsidies_payoutbatch WHERE state = ANY(%s) AND area_id LIKE '3709%%' "
    "ORDER BY number DESC LIMIT 1"
)


def state_of(portal: RunningPortal, number: str) -> str:
    return str(portal.one("SELECT state FROM subsidies_payoutbatch WHERE number = %s", number))
