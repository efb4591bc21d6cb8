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
    row.first.get_by_role("link", name="设备无应答").click()
    page.wait_for_selector('form button[value="note"]')
    visitors.keep(page, "step-5-alert")
    page.goto(f"/dev/{unplugged}/")
    page.wait_for_function("() => document.querySelector('#now').innerText.includes('无数据')", timeout=60_000)
    visitors.keep(page, "step-5-silent-heater")


STEP_MS = 300_000  # five hundred reads over a line that others use as well
BOARD = "SELECT b.line, h.unit, h.device_model_id FROM devices_heater h JOIN devices_bus b ON b.id = h.bus_id \
         WHERE b.line LIKE 'dtu:%%' AND h.removed_on IS NULL ORDER BY h.id DESC LIMIT 1"
WATCHED = """
from accounts.acting import acting
from core import clock
from devices.conformance.findings import Step
from devices.models import DockingTest
from devices.services.docking import record_step
test = DockingTest.objects.get(number="{number}")
with acting("tests"):
    for step in (2, 7, 9, 10):
        test = record_step(test=test, found=Step(step, "", True, "seen", [{{}}]), now=clock.now())
print(test.state)
"""


def test_a_sample_board_goes_through_its_steps_live_to_a_confirmation_anybody_verifies(
    portal: RunningPortal, visitors: Visitors
) -> None:
    """What a machine judges and a person answers happens on the page with the simulated board; four steps that need a
    hand at the board or a day are recorded as watched (how they are watched: tests/devices/test_docking.py).
    """
    line, unit, model = portal.rows(BOARD)[0]
    page = visitors.sit_down("supplier_demo")
    page.goto("/dev/docking/")
    page.locator("details summary", has_text="为样品开立检测").click()
    form = page.locator('details form[enctype="multipart/form-data"]')
    form.locator('[name="device_model"]').select_option(str(model))
    for name, value in {"line": line, "unit": unit, "board_firmware": "B-9", "dtu_firmware": "D-9"}.items():
        form.locator(f'[name="{name}"]').fill(str(value))
    form.locator('[name="received_on"]').fill("2020-06-19")
    paper = {"name": "协议.txt", "mimeType": "text/plain", "buffer": "示例协议".encode()}
    form.locator('[name="protocol"]').set_input_files(paper)
    form.locator("button.btn--primary").click()
    page.wait_for_url("**/dev/docking/DT-*/")
    page.click('button[value="machine"]')
    for number, said in ((1, "合格"), (3, "合格"), (4, "合格"), (5, "待人工确认"), (6, "合格"), (8, "待人工确认")):
        head = page.locator("#steps section").nth(number - 1).locator(".panel__head", has_text=said)
        head.wait_for(timeout=STEP_MS)
    for number in (5, 8):
        answer(page, number)
    visitors.keep(page, "step-5-docking-test", full=True)
    test = page.url.rstrip("/").rsplit("/", 1)[1]
    assert "passed" in portal.manage("shell", "-c", WATCHED.format(number=test))
    anybody_verifies(portal, visitors, confirmed(visitors, page.url))


def answer(page: Any, number: int) -> None:
    """Yes to every question of a step, until it has passed: the heater follows, and what its display shows."""
    step = page.locator("#steps section").nth(number - 1)
    yes = step.locator("button", has_text="是，已看到")
    for left in range(yes.count(), 0, -1):
        yes.nth(left - 1).wait_for()
        yes.nth(left).wait_for(state="detached")
        yes.first.click()
    step.locator(".panel__head", has_text="合格").wait_for()


def confirmed(visitors: Visitors, address: str) -> str:
    """Issued by another person than the one who opened the test; returns the confirmation's address."""
    page = visitors.sit_down(OPERATOR)
    page.goto(address)
    page.click('button[value="issue"]')
    page.locator('a[href^="/dev/confirmations/"]').first.click()
    page.wait_for_url("**/dev/confirmations/*/")
    visitors.keep(page, "step-5-docking-confirmation")
    assert page.locator(".a4__qr path").get_attribute("d")
    return str(page.url)


def anybody_verifies(portal: RunningPortal, visitors: Visitors, address: str) -> None:
    """Without an account, by what the QR code holds."""
    number = address.rstrip("/").rsplit("/", 1)[1]
    ((code,),) = portal.rows("SELECT code FROM devices_dockingcertificate WHERE number = %s", number)
    page = visitors.sit_down()
    page.goto(f"/dev/confirmations/{number}/{code}/")
    assert number in page.locator("h1").inner_text()
