"""Fourth step: the workbook has the totals of the screen, and a path leads from the total to one household."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _
from playwright.sync_api import Page

from tests.browser.running import RunningPortal
from tests.browser.test_8_list_journey import Presses
from tests.browser.visitors import Visitors
from tests.flows.ledgers import read_ledger

AUDITOR = "auditor_taishan"
MOST_PRESSES = 10
PAID = "SELECT sum(l.amount_fen) FROM subsidies_payoutline l WHERE l.state = 'paid' AND l.area_id LIKE '3709%%'"


def test_the_exported_ledger_says_what_the_screen_says(
    portal: RunningPortal, visitors: Visitors, tmp_path: Path
) -> None:
    page = visitors.sit_down(AUDITOR)
    page.click('.nav a[href="/ledgers/"]')
    page.click('a[href="/ledgers/payout/"]')
    visitors.keep(page, "step-4-ledger")
    shown = yuan(page.get_attribute(".pager span.num[title*='.']", "title"))
    page.click('a[href^="/ledgers/payout/export/"]')
    page.click('main form[method="post"] button.btn--primary')
    page.wait_for_selector('a[href$="/file/"]', timeout=60_000)  # a worker has made it; the page noticed by itself
    visitors.keep(page, "step-4-export")
    with page.expect_download() as waiting:
        page.click('a[href$="/file/"]')
    file = tmp_path / "ledger.xlsx"
    waiting.value.save_as(file)
    with translation.override("zh-hans"):
        ledger = read_ledger(file.read_bytes(), _("No."), _("Total"))
        amount = next(heading for heading in ledger.totals if heading.startswith(_("Paid") + "("))
    assert ledger.sum_fen(amount) == ledger.total_fen(amount) == shown
    assert len(ledger.rows) == portal.one(PAID.replace("sum(l.amount_fen)", "count(*)"))


def yuan(text: str) -> int:
    """An amount in words like “2,321,446.00 元”, in fen."""
    return int(Decimal(re.sub(r"[^\d.]", "", text)) * 100)


def test_a_path_leads_from_the_total_to_the_proof_and_its_workbook(
    portal: RunningPortal, visitors: Visitors, tmp_path: Path
) -> None:
    """Journey 7.5: total → source → town → village → household → one link of its proof beside it → workbook in hand in
    ten presses at most; and from the other side, a name, in two."""
    page, presses = visitors.sit_down(AUDITOR), Presses()
    presses.press(page.click, '.nav a[href="/trace/"]')
    for depth in range(4):
        column = page.locator(".mil__col").nth(depth)
        assert "✗" not in column.inner_text()
        presses.press(column.locator("li a").first.click)
        page.wait_for_load_state("load")
    links = page.locator("#proof .links > li")
    links.nth(8).wait_for()
    visitors.keep(page, "step-4-path", full=True)
    assert "✗" not in page.locator(".trail").inner_text()
    assert links.count() == 9
    assert all(re.search(r"\d", link.locator(".push.num").inner_text()) for link in links.all()), "each has its day"
    path, home = page.url, page.locator("#proof h2").inner_text().split()[0]
    with page.expect_popup() as beside:
        presses.press(links.locator("a.btn").first.click)
    beside.value.close()
    presses.press(page.click, 'a[href^="/ledgers/payout/export/"]')
    presses.press(page.click, 'main form[method="post"] button.btn--primary')
    page.wait_for_selector('a[href$="/file/"]', timeout=60_000)
    with page.expect_download() as waiting:
        presses.press(page.click, 'a[href$="/file/"]')
    print(f"\nUX §7.5: {presses.count} presses (at most {MOST_PRESSES})")
    assert presses.count <= MOST_PRESSES
    file = tmp_path / "path.xlsx"
    waiting.value.save_as(file)
    with translation.override("zh-hans"):
        rows = read_ledger(file.read_bytes(), _("No."), _("Total")).rows
    assert rows and {str(row[_("Number")]) for row in rows} == {home}
    page.goto(path)
    page.click("#proof .panel__head a.push")
    page.wait_for_url("**/households/**")
    visitors.keep(page, "step-4-household")
    _back_from_a_name(page, home)


def _back_from_a_name(page: Page, home: str) -> None:
    presses = Presses()
    page.goto(page.url.split("/households/")[0] + "/trace/")
    page.fill('main form[role="search"] input[name="q"]', home)
    presses.press(page.click, 'main form[role="search"] button.btn')
    presses.press(page.locator("main .tasks a").filter(has_text=home).first.click)
    page.wait_for_selector("#proof")
    assert home in page.locator("#proof h2").inner_text()
    assert presses.count == 2
