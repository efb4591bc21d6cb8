"""One running portal and one Chromium for all tests of a worker, torn down before other tests go on."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from devices.simulator.faults import switch
from heating_portal.up.testing import keep_artifacts
from tests import chromium as chromium_here
from tests.browser.running import RunningPortal, running_portal
from tests.browser.visitors import FAILED, Visitors
from tests.demonstration import Demonstration
from tests.until import until

PLACE = """SELECT h.platform_no, b.line || '/' || h.unit, h.id
           FROM devices_heater h JOIN devices_bus b ON b.id = h.bus_id
           WHERE h.area_id LIKE '140502006%%' ORDER BY h.platform_no OFFSET %s LIMIT 1"""
PAGES = "pages"
CHROMIUM = chromium_here.found()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups: otherwise two workers share out one story
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker tells the story, whose steps follow each other, another looks at the pages; each with its portal."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group(PAGES if Path(item.path).stem == "test_pages" else "browser"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """A failed test leaves pictures of what was on its screens."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or (report.when == "call" and report.failed)
    return report


@pytest.fixture(scope="package")
def static_build() -> None:
    if not (Path(settings.STATIC_BUILD_DIR) / "portal.css").is_file():
        pytest.skip("INTERFACE NOT BUILT: no Node or npm; no page was looked at in a browser")


@pytest.fixture(scope="package")
def chromium_path() -> str:
    if CHROMIUM is None:
        pytest.skip("CHROMIUM NOT FOUND: no page was looked at in a browser (PORTAL_CHROMIUM names one)")
    return CHROMIUM


@pytest.fixture(scope="package")
def portal(chromium_path: str, static_build: None, demonstration: Demonstration) -> Iterator[RunningPortal]:
    with running_portal(demonstration) as running:
        yield running


@pytest.fixture(scope="package")
def unplugged(portal: RunningPortal) -> str:
    """A heater that was read and then lost its breaker. The first step asks for it, so that its silence lasts long
    enough when the fifth looks for it.
    """
    platform_no, place, heater = portal.rows(PLACE, 40)[0]
    read = "SELECT 1 FROM telemetry_latestreading WHERE heater_id = %s AND at IS NOT NULL"
    until(lambda: portal.rows(read, heater), seconds=90, what=f"{platform_no} has been read")
    switch(portal.folder / "run" / "heater_faults.json", place, "unplugged")
    return str(platform_no)


@pytest.fixture(scope="package")
def chromium(portal: RunningPortal, chromium_path: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = chromium_here.launched(playwright, chromium_path)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def pictures() -> Path:
    """Where screenshots stay after the run: PORTAL_ARTIFACTS, or `artifacts` beside the state folder."""
    return keep_artifacts()


@pytest.fixture(scope="package")
def sign_ins() -> dict[str, Any]:
    """Who is signed in already. A person has one session at a time, so it is shared between tests."""
    return {}


@pytest.fixture
def visitors(
    request: pytest.FixtureRequest, portal: RunningPortal, chromium: Any, pictures: Path, sign_ins: dict[str, Any]
) -> Iterator[Visitors]:
    """Opens pages as the demonstration's people; at the end nothing may have been complained about."""
    opened = Visitors(portal, chromium, pictures, sign_ins)
    yield opened
    if request.node.stash.get(FAILED, False):
        opened.keep_all(f"failed-{request.node.name}"[:80].replace(":", "-"))
    opened.close()
    assert opened.complaints == []
