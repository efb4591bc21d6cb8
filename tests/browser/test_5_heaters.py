"""Fifth step: pages of heaters change by themselves, a silent one is noticed, a set-point is read back."""

from __future__ import annotations

from typing import Any

from devices.simulator.faults import switch
from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors
from tests.until import until

OPERATOR = "ops_chengqu"
SILENT_AFTER_S = 240  # three polls of thirty seconds, and a busy machine
UNREAD = "SELECT count(*) FROM devices_heater h LEFT JOIN telemetry_latestreading l ON l.heater_id = h.id \
          WHERE l.at IS NULL AND h.area_id LIKE '140502006%%'"


def place_of(portal: RunningPortal, offset: int) -> tuple[str, str]:
    """(platform number, line/unit) of one of the 185 heaters."""
    return portal.rows(
        "SELECT h.platform_no, b.line || '/' || h.unit FROM devices_heater h JOIN devices_bus b ON b.id = h.bus_id "
        "WHERE h.area_id LIKE '140502006%%' ORDER BY h.platform_no OFFSET %s LIMIT 1", offset,
    )[0]  # type: ignore[return-value]  # fmt: skip


def test_an_unplugged_heater_is_reported_while_pages_change_by_themselves(
    portal: RunningPortal, visitors: Visitors
) -> None:
    until(lambda: portal.one(UNREAD) == 0, seconds=120, what="all 185 heaters have been read")
    platform_no, place = place_of(portal, 40)
    pages = {name: visitors.sit_down(OPERATOR) for name in ("list", "heater", "overview")}
    pages["list"].goto("/dev/")
    pages["heater"].goto(f"/dev/{platform_no}/")
    pages["overview"].goto("/overview/")
    for name, page in pages.items():
        visitors.keep(page, f"step-5-{name}")
        page.evaluate("window.sameDocument = true")
    before = {name: live_part(page) for name, page in pages.items()}
    switch(portal.folder / "run" / "heater_faults.json", place, "unplugged")
    for name, page in pages.items():
        page.wait_for_function(
            "before => document.querySelector('[data-live]').innerText !== before", arg=before[name], timeout=100_000
        )
        assert page.evaluate("window.sameDocument") is True, f"{name} was loaded anew"

    alert = "SELECT 1 FROM telemetry_alert a JOIN devices_heater h ON h.id = a.heater_id \
             WHERE h.platform_no = %s AND a.kind = 'unit_silent' AND a.cleared_at IS NULL"
    until(lambda: portal.rows(alert, platform_no), seconds=SILENT_AFTER_S, what="the portal says that it is silent")
    pages["heater"].wait_for_function(
        "() => /无数据|断线|静默/.test(document.querySelector('#now').innerText)", timeout=150_000
    )
    visitors.keep(pages["heater"], "step-5-silent-heater")
    page = pages["list"]
    page.goto("/dev/alerts/")
    assert platform_no in page.inner_text("main")
    visitors.keep(page, "step-5-alerts")


def live_part(page: Any) -> str:
    return str(page.evaluate("document.querySelector('[data-live]').innerText"))


def test_a_set_point_is_written_and_read_back(portal: RunningPortal, visitors: Visitors) -> None:
    platform_no, _place = place_of(portal, 3)
    page = visitors.sit_down(OPERATOR)
    page.goto(f"/dev/{platform_no}/")
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
