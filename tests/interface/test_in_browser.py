"""The shell and the parts in a real Chromium: no console errors, nothing for axe to find, no sideways scrolling."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import people
from tests.chromium import found, launched

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHROMIUM = found()


@pytest.fixture(autouse=True)
def _async_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright keeps an event loop in this thread; the database calls beside it are ordinary ones.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def session_key() -> str:
    """Signed in before Playwright starts: inside its event loop the history sees no acting person."""
    client = Client()
    client.force_login(people.user("town_staff", "370999001"), backend="accounts.backends.PersonBackend")
    people.programme()
    return client.cookies["sessionid"].value


@pytest.fixture
def chromium(_async_unsafe: None, session_key: str) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("CHROMIUM NOT FOUND: the interface was not looked at in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launched(playwright, CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def page_of(session_key: str, chromium: Any, live_server: Any, built: Path) -> Iterator[Any]:
    """open(path, width): a signed-in page and the list of what its console complained about."""
    cookie = {"name": "sessionid", "value": session_key, "url": live_server.url}
    opened = []

    def open_page(path: str, width: int = 1366) -> tuple[Any, list[str]]:
        context = chromium.new_context(viewport={"width": width, "height": 768})
        opened.append(context)
        context.add_cookies([cookie])
        page, complaints = context.new_page(), list[str]()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_server.url + path)
        return page, complaints

    yield open_page
    for context in opened:
        context.close()


def test_the_style_guide_is_clean(page_of: Any) -> None:
    page, complaints = page_of("/styleguide/")
    for width in (1366, 1024, 390):
        page.set_viewport_size({"width": width, "height": 768})
        page.reload()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.activeElement.id") == "error-summary"
    assert complaints == []


def test_axe_finds_nothing(page_of: Any) -> None:
    if not AXE.is_file():
        pytest.skip("AXE NOT INSTALLED: accessibility is unchecked")
    page, _ = page_of("/styleguide/")
    page.evaluate(AXE.read_text())
    for theme, width in product(("light", "dark"), (1366, 390)):
        page.set_viewport_size({"width": width, "height": 768})
        page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)
        found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:120], theme, width) for v in found] == []


def test_the_theme_changes_at_once_and_stays(page_of: Any) -> None:
    page, complaints = page_of("/styleguide/")
    with page.expect_response(lambda answer: answer.url.endswith("/shell/theme/")):
        page.click('[data-act="theme"]')
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert complaints == []


def test_the_language_switch_works_as_a_plain_form(page_of: Any) -> None:
    page, _ = page_of("/styleguide/")
    page.click('button[name="language"]')
    page.wait_for_selector('html[lang="en"]')
    assert page.inner_text("h1") == "Style guide"


def test_rows_are_walked_by_keyboard_but_not_while_typing(page_of: Any) -> None:
    page, _ = page_of("/styleguide/")
    page.focus("#id_id_number")
    page.keyboard.press("j")
    assert page.locator("tr.is-cursor").count() == 0
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert "邱家店镇" in page.inner_text("tr.is-cursor")
    page.keyboard.press("?")
    assert page.locator(".veil[role=dialog]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".veil").count() == 0


def test_a_menu_opens_by_keyboard_and_closes_by_escape(page_of: Any) -> None:
    page, _ = page_of("/styleguide/")
    page.focus("summary.place >> nth=0")
    page.keyboard.press("Enter")
    assert page.locator("details.menu[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0


def test_a_form_refused_on_a_page_of_its_own_opens_again_as_it_was_sent(page_of: Any) -> None:
    page, _ = page_of("/care/safety/")
    form = page.locator('form:has(input[name="deed"][value="event"])')
    page.locator("details", has=form).locator("summary").click()
    form.locator('[name="area"]').select_option(index=1)
    form.locator('[name="kind"]').select_option("training")
    form.locator('[name="topic"]').fill("入户宣讲")
    form.locator('[name="on"]').fill("2099-01-01")  # nothing has been done on a day to come
    form.locator("button").click()
    page.click("a[data-refused]")
    assert form.locator('[name="topic"]').input_value() == "入户宣讲" and form.locator('[name="topic"]').is_visible()
    assert form.locator('[name="on"]').input_value() == "2099-01-01"
    page.reload()
    assert not form.locator('[name="topic"]').is_visible() and form.locator('[name="topic"]').input_value() == ""


def test_on_a_phone_the_conditions_of_a_list_lie_folded_and_without_a_script_open(page_of: Any) -> None:
    page, complaints = page_of("/households/", 390)
    button, condition = page.locator('[data-act="fold"]'), page.locator(".folds select").first
    assert (button.get_attribute("aria-expanded"), condition.is_visible()) == ("false", False)
    button.click()
    assert (button.get_attribute("aria-expanded"), condition.is_visible()) == ("true", True)
    button.click()
    assert (button.get_attribute("aria-expanded"), condition.is_visible()) == ("false", False)
    page.evaluate("document.body.classList.remove('js')")  # as it is where no script has run
    assert (button.is_visible(), condition.is_visible()) == (False, True)
    page.evaluate("document.body.classList.add('js')")
    page.set_viewport_size({"width": 1366, "height": 768})
    assert (button.is_visible(), condition.is_visible()) == (False, True)
    assert complaints == []


def test_on_a_phone_more_unfolds_the_whole_navigation_without_a_script_too(page_of: Any) -> None:
    page, complaints = page_of("/", 390)
    menu, link = page.locator(".side"), page.locator('.nav a[href$="/hazards/"]')
    assert (menu.is_visible(), page.locator(".more").is_visible()) == (False, False)
    page.click(".tabs__more")
    assert link.is_visible()
    assert page.locator(".more input[name=q]").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if AXE.is_file():
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []
    page.click(".who > summary")
    assert page.locator(".who form button").is_visible()
    page.click(".tabs__shut")
    assert not menu.is_visible()
    page.click(".tabs__more")
    page.fill(".more input[name=q]", "示例")
    page.press(".more input[name=q]", "Enter")
    page.wait_for_url("**/search/**")
    assert not menu.is_visible()
    page.click(".tabs__more")
    link.click()
    page.wait_for_url("**/hazards/")
    assert complaints == []
