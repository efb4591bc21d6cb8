"""The approver's journey of UX §7.4: from the to-do to a signed batch. Presses are counted.

It signs the batch that the demonstration left waiting, so it runs alone as well as after others.
"""

from __future__ import annotations

from typing import Any

from tests.browser.running import RunningPortal
from tests.browser.test_3_money import sign
from tests.browser.test_8_list_journey import Presses
from tests.browser.visitors import Visitors

OFFICE, APPROVER = "office_taishan", "finance_reviewer_taishan"
MOST_PRESSES, SAMPLE_LOOKED_AT = 10, 3
WAITING = (
    "SELECT min(b.number) FROM subsidies_payoutbatch b JOIN programmes_programme p ON p.id = b.programme_id "
    "WHERE b.state = 'locked' AND p.area_id LIKE '3709%%'"
)


def test_an_approver_signs_a_batch_with_ten_presses(portal: RunningPortal, visitors: Visitors) -> None:
    number = portal.one(WAITING)
    sign(portal, visitors, number, OFFICE)
    page, presses = visitors.sit_down(APPROVER), Presses()
    page.goto("/")
    presses.press(page.click, f'main a[href="/pay/batches/{number}/"]')
    page.wait_for_selector(".chain")
    look_at_the_sample(page, presses)
    presses.press(page.check, 'input[name="balances"]')
    presses.press(page.check, 'input[name="proven"]')
    presses.press(page.check, 'input[name="sampled"]')
    presses.press(page.fill, 'input[name="token"]', portal.one_time_code(APPROVER))
    visitors.keep(page, "money-journey-before-signing", full=True)
    presses.press(page.click, 'form[action$="/sign/"] button.btn--primary')
    page.wait_for_selector(".messages .callout--ok")
    state = portal.one("SELECT state FROM subsidies_payoutbatch WHERE number = %s", number)
    print(f"\nUX §7.4: {presses.count} presses (at most {MOST_PRESSES})")
    assert (state, presses.count <= MOST_PRESSES) == ("approved", True), presses.count


def look_at_the_sample(page: Any, presses: Presses) -> None:
    """Three of the households drawn, each in a tab of its own."""
    drawn = page.locator('tr[data-row] a.id[href^="/pay/entitlements/"]')
    drawn.nth(SAMPLE_LOOKED_AT - 1).wait_for()
    for n in range(SAMPLE_LOOKED_AT):
        with page.context.expect_page() as opened:
            presses.press(lambda link: link.click(modifiers=["Control"]), drawn.nth(n))
        opened.value.wait_for_selector("ol.time li")
        opened.value.close()
