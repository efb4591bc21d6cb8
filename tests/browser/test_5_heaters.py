"""Fifth step: pages of heaters change by themselves, a silent one is noticed, a set-point is read back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors
from tests.until import until

OPERATOR = "ops_chengqu"
SILENT_AFTER_S = 240  # three polls of thirty seconds, and a busy machine
UNREAD = "SELECT count(*) FROM devices_heater h LEFT JOIN telemetry_latestreading l ON l.heater_id = h.id \
          WHERE l.at IS NULL AND h.area_id LIKE '140502006%%'"
ALERT = "SELECT 1 FROM telemetry_alert a JOIN devices_heater h ON h.id = a.heater_id \
         WHERE h.platform_no = %s AND a.kind = 'unit_silent' AND a.cleared_at IS NULL"


def some_heater(portal: RunningPortal) -> str:
    return str(portal.one("SELECT min(platform_no) FROM devices_heater WHERE area_id LIKE '140502006%%'"))


@pytest.mark.parametrize("name", ["list", "heater", "overview"])
def test_a_page_changes_by_itself(portal: RunningPortal, visitors: Visitors, name: str) -> None:
    """The browser's clock is put on by what the page waits at most; the answer that then comes is a real one."""
    until(lambda: portal.one(UNREAD) == 0, seconds=120, what="all 185 heaters have been read")
    page = visitors.sit_down(OPERATOR)
    page.clock.install()
    page.goto({"list": "/dev/", "heater": f"/dev/{some_heater(portal)}/", "overview": "/overview/"}[name])
    page.wait_for_load_state("networkidle")
    visitors.keep(page, f"step-5-{name}")
    page.evaluate("window.sameDocument = true")
    before = live_part(page)
    page.clock.fast_forward(75_000)
    page.wait_for_function("before => document.querySelector('[data-live]').innerHTML !== before", arg=before)
    assert page.evaluate("window.sameDocument") is True, "it was loaded anew"


def live_part(page: Any) -> str:
    return str(page.evaluate("document.querySelector('[data-live]').innerHTML"))


def test_a_set_point_is_written_and_read_back(portal: RunningPortal, visitors: Visitors) -> None:
    page = visitors.sit_down(OPERATOR)
    page.goto(f"/dev/{some_heater(portal)}/")
    form = page.locator('form[action*="/command/"]')
    asked = 20.5 if form.locator('input[name="value"]').input_value() != "20.5" else 21.0
    form.locator('input[name="value"]').fill(f"{asked}")
    form.locator('[name="reason"]').fill("住户来电要求调低")
    form.locator('input[name="token"]').fill(portal.one_time_code(OPERATOR))
    form.locator("button.btn--primary").click()
    page.wait_for_selector("#commands .relay li.did:nth-child(4)", timeout=60_000)
    visitors.keep(page, "step-5-set-point-read-back")
    command = portal.rows("SELECT asked, after, state FROM devices_command ORDER BY id DESC LIMIT 1")[0]
    assert (float(command[0]), float(command[1]), command[2]) == (asked, asked, "verified")


def test_an_unplugged_heater_is_reported(portal: RunningPortal, visitors: Visitors, unplugged: str) -> None:
    until(lambda: portal.rows(ALERT, unplugged), seconds=SILENT_AFTER_S, what="the portal says that it is silent")
    page = visitors.sit_down(OPERATOR)
    page.goto("/dev/alerts/")
    row = page.locator("tr", has_text=unplugged)
    assert "设备无应答" in row.first.inner_text()
    visitors.keep(page, "step-5-alerts")
    page.goto(f"/dev/{unplugged}/")
    page.wait_for_function("() => document.querySelector('#now').innerText.includes('无数据')", timeout=60_000)
    visitors.keep(page, "step-5-silent-heater")
