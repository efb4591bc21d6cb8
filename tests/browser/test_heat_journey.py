"""A suspension from the public page to its effect on the fee."""

from __future__ import annotations

from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors

FIRM, COUNTY, ACCOUNT = "firm_tongcheng", "620402", "0200005"
LINES = """SELECT l.kind, l.fen FROM heatsupply_feeline l JOIN heatsupply_suspension s ON s.id = l.suspension_id
           WHERE s.number = %s"""


def test_a_suspension_goes_from_the_public_page_to_its_effect_on_the_fee(
    portal: RunningPortal, visitors: Visitors
) -> None:
    asker = visitors.sit_down(width=390)
    asker.goto("/heat/suspend/")
    asker.select_option('#apply [name="area"]', COUNTY)
    asker.fill('#apply [name="account_no"]', ACCOUNT)
    asker.fill('#apply [name="applicant_name"]', "唐演示")
    visitors.keep(asker, "heat-suspend", full=True)
    asker.click("#apply .btn--primary")
    number, code = asker.inner_text("#number"), asker.inner_text("#code")
    firm = visitors.sit_down(FIRM)
    firm.goto("/heat/fees/?season=2022-2023")
    visitors.keep(firm, "heat-fees", full=True)
    firm.click(f'a:has-text("{number}")')
    assert "2,300.00" in firm.inner_text("#receivable")
    visitors.keep(firm, "heat-account", full=True)
    firm.select_option('select[name="approve"]', "yes")
    firm.click('form:has([value="decide"]) .btn--primary')
    firm.wait_for_load_state("networkidle")
    assert "690.00" in firm.inner_text("#receivable")
    assert portal.rows(LINES, number) == [("suspension", 161_000)]
    asker.goto("/heat/suspend/")
    asker.fill('#look [name="number"]', number)
    asker.fill('#look [name="code"]', code)
    asker.click("#look .btn")
    assert "690.00" in asker.inner_text("#pays")
    visitors.keep(asker, "heat-suspend-answer", full=True)
    assert visitors.complaints == []
