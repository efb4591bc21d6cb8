"""Every page: no complaints, no sideways scrolling, nothing for axe, light enough. The list is `pages.yaml`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import reverse

from core.strict_yaml import read_yaml
from tests.browser.running import RunningPortal
from tests.browser.visitors import FAILED, HEIGHT, Visitors
from tests.browser.weighing import Scale, heavier, over_budget
from tests.demonstration import ROOT
from tests.permissions.table import rows
from tests.plugins.proofs import LARGE
from tests.until import until

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights.json"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
UNREAD = "SELECT count(*) FROM devices_heater h LEFT JOIN telemetry_latestreading l ON l.heater_id = h.id \
          WHERE l.at IS NULL AND h.area_id LIKE '140502006%%'"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN_AXE = "([exclude, rules]) => axe.run({exclude}, {runOnly: rules, resultTypes: ['violations']})"
PICTURES = os.environ.get("PORTAL_PICTURES") == "1"  # of every page; a page with a fault leaves one in any case
# Pages share their parts, so each is read in one look and its neighbours in the others; at the large size in all four.
LOOKS = (("light", 1366), ("dark", 390), ("dark", 1366), ("light", 390))
FRAME = (".side", ".top", ".tabs")  # the same on every page of a person: read once in each look
ALIKE = [] if LARGE else [["tbody tr:nth-child(n+13)"]]  # drawn by the same templates as the twelve above them


@cache
def listed() -> dict[str, Any]:
    return dict(read_yaml((HERE / "pages.yaml").read_text(encoding="utf-8")))


def page_names() -> list[str]:
    return [name for name in listed() if name not in ("during", "parts")]


def address(portal: RunningPortal, name: str, entry: dict[str, Any]) -> str:
    arguments = {argument: portal.one(sql) for argument, sql in entry.get("at", {}).items()}
    assert None not in arguments.values(), f"{name}: the demonstration has no such object: {arguments}"
    return reverse(name, kwargs=arguments) + (f"?{quote(entry['query'], '=&')}" if "query" in entry else "")


def test_every_address_that_can_be_looked_at_is_listed() -> None:
    """Whoever adds a page adds its line here, or says why it is none."""
    shown = {name for name, row in rows().items() if row.allowed("GET") and not name.startswith("api:")}
    known = {*page_names(), *listed()["during"], *listed()["parts"]}
    assert shown - known == set(), "add them to tests/browser/pages.yaml"
    assert known - shown == set(), "gone from the portal; take them out of tests/browser/pages.yaml"


@pytest.fixture(scope="module")
def resting(portal: RunningPortal) -> RunningPortal:
    """Every heater has been read once, then the programs behind the pages stop: they cost half a core."""
    until(lambda: portal.one(UNREAD) == 0, seconds=240, what="every heater has been read")
    portal.rest()
    return portal


@pytest.fixture(scope="module")
def seats(resting: RunningPortal, chromium: Any, pictures: Path, sign_ins: dict[str, Any]) -> Iterator[Visitors]:
    """Everybody who looks at pages here, each in one window from the first page to the last."""
    opened = Visitors(resting, chromium, pictures, sign_ins)
    yield opened
    opened.close()


@pytest.fixture
def onlookers(request: pytest.FixtureRequest, seats: Visitors) -> Iterator[Visitors]:
    seats.complaints.clear()
    yield seats
    if request.node.stash.get(FAILED, False):
        seats.keep_all(f"failed-{request.node.name}"[:80].replace(":", "-"))
    seats.stand_up()
    assert seats.complaints == []


@pytest.mark.parametrize("name", page_names())
def test_page(resting: RunningPortal, onlookers: Visitors, name: str) -> None:
    entry = listed()[name]
    if entry["kind"] == "app":  # leaves a worker in its window, which would answer for the next page there
        page = onlookers.sit_down(entry["as"], at_home=False)
    else:
        page = onlookers.seat(entry["as"])
    scale = Scale(page)
    answer = page.goto(address(resting, name, entry), wait_until="load")
    scale.settle()
    assert answer.status == 200
    weights = scale.weigh()
    scale.take_off()
    if PICTURES:
        onlookers.keep(page, "page-" + name.replace(":", "-"))
    looks = LOOKS if LARGE else [LOOKS[page_names().index(name) % len(LOOKS)]]
    assert over_budget(entry["kind"], weights) + grown(name, weights) + looked_at(page, looks, entry["as"]) == []


def grown(name: str, weights: dict[str, float]) -> list[str]:
    """Compared with `weights.json`; PORTAL_WEIGH=1 writes it anew, for somebody to read and commit."""
    known = json.loads(WEIGHTS.read_text()) if WEIGHTS.is_file() else {}
    if os.environ.get("PORTAL_WEIGH") != "1":
        return heavier(known.get(name), weights)
    known[name] = weights
    lines = [f"{json.dumps(one)}: {json.dumps(known[one])}" for one in sorted(known)]
    WEIGHTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return []


def looked_at(page: Any, looks: Sequence[tuple[str, int]], person: str = "") -> list[str]:
    """The page itself never scrolls sideways; wide tables do so in their own boxes. Nothing for axe in these looks."""
    faults = []
    for width, height in HEIGHT.items():
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            faults.append(f"{wide} px wide at {width}: {page.evaluate(WIDEST)}")
        for look in looks:
            faults += axe(page, look, person) if look[1] == width else []
    return faults


# The elements that stick out on the right and are in no box that scrolls by itself.
WIDEST = """() => [...document.querySelectorAll('body *')].filter((one) => {
  if (one.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let up = one.parentElement; up; up = up.parentElement)
    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) return false;
  return true;
}).slice(0, 4).map((one) => one.outerHTML.slice(0, 120))"""


frames_read: set[tuple[str, tuple[str, int]]] = set()


def axe(page: Any, look: tuple[str, int], person: str) -> list[str]:
    theme, width = look
    if not AXE.is_file():
        pytest.skip("AXE NOT INSTALLED: accessibility is unchecked")
    page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    frame = [[part] for part in FRAME if page.locator(part).count()]
    known = frame if (person, look) in frames_read else []
    found = page.evaluate(RUN_AXE, [known + ALIKE, RULES])["violations"]
    frames_read.update({(person, look)} if frame else ())
    return [f"{theme} {width}: {one['id']} ({len(one['nodes'])}×) {one['nodes'][0]['html'][:160]}" for one in found]
