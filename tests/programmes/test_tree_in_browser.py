"""The target tree in a real Chromium, by keyboard, with and without scripts: fold out, edit, be refused, move, save."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from programmes.models import StatedSum, Target
from tests import flushing, people
from tests.chromium import found, launched
from tests.programmes.browsing import ONE, TWO, Plan, browser, small_plan

flushing.install()
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CHROMIUM = found()
OTHERS = ("370999002001", "370999003001", "370999004001")
OpenPage = Callable[[bool], Any]


@pytest.fixture
def plan() -> Plan:
    """Four towns, so that the branches are folded; the first holds 30 and 20 households of the printed 50."""
    plan = small_plan()
    for code in OTHERS:
        Target.objects.create(
            programme=plan.programme, area=people.area(code), technology=plan.route, year=2021, quantity=10
        )
    StatedSum.objects.create(
        programme=plan.programme, code="county", area=plan.programme.area, year=2021, quantity=80, clause="X-2"
    )
    return plan


@pytest.fixture
def session(plan: Plan) -> str:
    """Signed in before Playwright starts: inside its event loop the history sees no acting person."""
    client: Client = browser(plan.office)
    return client.cookies["sessionid"].value


@pytest.fixture
def open_page(session: str, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    if CHROMIUM is None or not (Path(settings.STATIC_BUILD_DIR) / "portal.css").is_file():
        pytest.skip("CHROMIUM OR BUILT FILES NOT FOUND: the target tree was not looked at in a browser")
    from playwright.sync_api import sync_playwright

    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        chromium = launched(playwright, CHROMIUM)

        def opened(script: bool) -> Any:
            context = chromium.new_context(java_script_enabled=script, viewport={"width": 1366, "height": 768})
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.goto(f"{live_server.url}/programmes/small-2021/targets/")
            return page

        yield opened
        chromium.close()


def cell(page: Any, area: str) -> Any:
    return page.locator(f'input[name^="c-{area}-"]')


def fold_out(page: Any) -> None:
    """The first town's branch, with the keyboard alone: its summary takes the focus, Enter opens it."""
    summary = page.locator("#targets form details summary").first
    summary.focus()
    page.keyboard.press("Enter")
    cell(page, ONE).wait_for(state="visible")


def save(page: Any) -> None:
    page.locator("#targets form button.btn--primary").focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_a_wrong_village_sum_is_refused_and_a_moved_one_saved(plan: Plan, open_page: OpenPage, script: bool) -> None:
    page = open_page(script)
    assert not cell(page, ONE).is_visible()  # four towns: folded
    fold_out(page)
    cell(page, ONE).fill("35")
    save(page)
    summary = page.locator("#error-summary")
    summary.wait_for(state="visible")
    assert "50" in summary.inner_text() and "55" in summary.inner_text()  # the document's number and the rows'
    assert cell(page, ONE).is_visible() and cell(page, ONE).input_value() == "35"  # what was typed stays, unfolded
    cell(page, TWO).fill("15")
    save(page)
    page.locator("#error-summary").wait_for(state="detached")
    assert {code: int(Target.objects.get(area_id=code).quantity) for code in (ONE, TWO)} == {ONE: 35, TWO: 15}
