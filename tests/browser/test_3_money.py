"""Third step: what is due, on the board for a day, a batch signed by different people, the bank and its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.running import RunningPortal
from tests.browser.test_2_works import photograph
from tests.browser.test_pages import looked_at
from tests.browser.visitors import Visitors
from tests.flows import bank
from tests.until import until

VILLAGE = "370902102203"
MAKER = "finance_maker_taishan"
SIGNERS = ("office_taishan", "finance_reviewer_taishan", "finance_releaser_taishan")
A_DAY_ON = """
import datetime as dt
from accounts.acting import acting
from core import clock
from subsidies.services.notices import close_notices
with acting("close_notices"):
    print("closed", len(close_notices(now=clock.now() + dt.timedelta(days=1, minutes=1))))
"""


def test_an_accepted_household_is_assessed_noticed_and_payable(portal: RunningPortal, visitors: Visitors) -> None:
    task = portal.one("SELECT min(id) FROM retrofits_task WHERE area_id = %s AND state = 'installed'", VILLAGE)
    accept(visitors, task)
    maker = visitors.sit_down(MAKER)
    maker.click('.nav a[href="/pay/entitlements/"]')
    maker.click('form[action="/pay/entitlements/assess/"] button')
    until(lambda: due(portal, task) == "assessed", seconds=60, what="the amount is calculated")
    maker.goto("/pay/entitlements/")
    visitors.keep(maker, "step-3-what-is-due")
    detail = portal.one(
        "SELECT e.id FROM subsidies_entitlement e JOIN retrofits_task t ON t.dwelling_id = e.dwelling_id \
                         WHERE t.id = %s",
        task,
    )
    maker.goto(f"/pay/entitlements/{detail}/")
    visitors.keep(maker, "step-3-split-and-steps")

    clerk = visitors.sit_down("clerk_qiujiadian")
    clerk.click('.nav a[href="/pay/notices/"]')
    clerk.click(f'form[action="/pay/notices/publish/"]:has(input[value="{VILLAGE}"]) button')
    until(lambda: due(portal, task) == "noticed", what="the amount is on the board")
    visitors.keep(clerk, "step-3-notice")
    anybody_reads_the_board(visitors, clerk.locator('a[href*="/public/"]').get_attribute("href"))
    assert "closed 1" in portal.manage("shell", "-c", A_DAY_ON)
    assert due(portal, task) == "payable"


def anybody_reads_the_board(visitors: Visitors, address: str) -> None:
    """Without an account, on a phone: the masked list, and nothing axe objects to."""
    page = visitors.sit_down(width=390)
    page.goto(address)
    visitors.keep(page, "step-3-public-notice-390")
    assert "*" in page.locator("tbody tr td:nth-child(3)").first.inner_text()
    assert looked_at(page, (("light", 390), ("dark", 1366))) == []


def accept(visitors: Visitors, task: int) -> None:
    page = visitors.sit_down("inspector_taishan", width=390)
    page.goto(f"/works/visits/{task}/")
    photograph(page, task)
    for choice in page.locator('fieldset.check label:has(input[value="ok"])').all():
        choice.click()
    for number in page.locator("input.m__number").all():
        number.fill("20.4")
    page.fill('input[name="signer_name"]', "户主")
    page.click("[data-submit]")
    page.wait_for_url(lambda address: not address.endswith(f"/visits/{task}/"))


def due(portal: RunningPortal, task: int) -> str:
    found = portal.rows(
        "SELECT e.state FROM subsidies_entitlement e JOIN retrofits_task t ON t.dwelling_id = e.dwelling_id "
        "WHERE t.id = %s", task,
    )  # fmt: skip
    return found[0][0] if found else ""


def test_a_batch_is_locked_signed_by_three_and_paid(portal: RunningPortal, visitors: Visitors, tmp_path: Path) -> None:
    maker = visitors.sit_down(MAKER)
    number = gather(visitors, maker)
    own_approval_is_refused(portal, visitors, number)
    for username in SIGNERS:
        sign(portal, visitors, number, username)
    assert state_of(portal, number) == "released"

    orders = fetch_bank_file(portal, visitors, number, tmp_path)
    assert len(orders) == portal.one("SELECT line_count FROM subsidies_payoutbatch WHERE number = %s", number)
    returned = tmp_path / "回单.xlsx"
    returned.write_bytes(bank.answer(orders, failed={orders[0].ref}))
    maker.goto(f"/pay/batches/{number}/")
    maker.click('a[href$="/return/"]')
    maker.set_input_files('input[type="file"]', returned)
    maker.click("main form button.btn--primary")
    maker.wait_for_url("**/pay/returns/*/")
    visitors.keep(maker, "step-3-bank-return")
    maker.click('form[action$="/book/"] button')
    until(lambda: state_of(portal, number) == "settled", what="the answer is booked")
    lines = dict(portal.rows(
        "SELECT l.state, count(*) FROM subsidies_payoutline l JOIN subsidies_payoutbatch b ON b.id = l.batch_id "
        "WHERE b.number = %s GROUP BY 1", number,
    ))  # type: ignore[arg-type]  # fmt: skip
    assert lines == {"paid": len(orders) - 1, "failed": 1}


def gather(visitors: Visitors, page: Any) -> str:
    page.click('.nav a[href="/pay/batches/"]')
    page.click('a[href="/pay/batches/new/"]')
    page.check(f"#area-{VILLAGE}")
    page.fill('input[name="title"]', "模拟桥村 第三批")
    visitors.keep(page, "step-3-new-batch")
    page.click("main form button.btn--primary")
    page.wait_for_url("**/pay/batches/PB-*/")
    number = page.url.rstrip("/").rpartition("/")[2]
    page.click('form[action$="/lock/"] button')
    page.wait_for_selector('form[action$="/lock/"]', state="detached")
    visitors.keep(page, "step-3-locked")
    return number


def own_approval_is_refused(portal: RunningPortal, visitors: Visitors, number: str) -> None:
    """The maker's page offers no signature, and the address refuses the one sent by hand."""
    page = visitors.sit_down(MAKER)
    page.goto(f"/pay/batches/{number}/")
    assert page.locator('form[action$="/sign/"]').count() == 0
    visitors.expected |= {403, 409, 422}
    answer = page.evaluate(
        """number => fetch(`/pay/batches/${number}/sign/`, {method: 'POST', credentials: 'same-origin',
             headers: {'X-CSRFToken': document.querySelector('[name=csrfmiddlewaretoken]').value,
                       'Content-Type': 'application/x-www-form-urlencoded'}, body: 'decision=agree'})
             .then(answer => answer.status)""",
        number,
    )
    assert answer in (403, 409, 422)
    assert state_of(portal, number) == "locked"


def sign(portal: RunningPortal, visitors: Visitors, number: str, username: str) -> None:
    page = visitors.sit_down(username)
    page.goto(f"/pay/batches/{number}/")
    page.check('input[name="balances"]')
    page.check('input[name="proven"]')
    page.check('input[name="sampled"]')
    page.fill('textarea[name="comment"]', "同意")
    page.fill('input[name="token"]', portal.one_time_code(username))
    visitors.keep(page, f"step-3-sign-{username}")
    before = state_of(portal, number)
    page.click('form[action$="/sign/"] button.btn--primary')
    until(lambda: state_of(portal, number) != before, what=f"{username} has signed")
    page.wait_for_load_state("load")


def fetch_bank_file(portal: RunningPortal, visitors: Visitors, number: str, folder: Path) -> list[bank.Order]:
    page = visitors.sit_down(SIGNERS[-1])
    page.goto(f"/pay/batches/{number}/")
    page.click('form[action$="/file/"] button')
    page.wait_for_selector('form[action$="/file/fetch/"]')
    page.fill('form[action$="/file/fetch/"] input[name="token"]', portal.one_time_code(SIGNERS[-1]))
    with page.expect_download() as waiting:
        page.click('form[action$="/file/fetch/"] button')
    file = folder / "bank.xlsx"
    waiting.value.save_as(file)
    visitors.keep(page, "step-3-bank-file")
    return bank.read_orders(file.read_bytes())


def state_of(portal: RunningPortal, number: str) -> str:
    return str(portal.one("SELECT state FROM subsidies_payoutbatch WHERE number = %s", number))
