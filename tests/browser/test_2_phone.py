"""The inspector's phone without signal: two homes at the door, browser closed and opened, sent once and only once."""

from __future__ import annotations

import json
from typing import Any

from heating_portal.demo import pictures
from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors
from tests.until import until

VILLAGE = "140502101203"  # homes on the heat network, installed and not yet visited: no heater to be heard of
PHONE = {"has_touch": True, "is_mobile": True, "permissions": ["geolocation"]}
DETECTOR = """
window.BarcodeDetector = class { async detect() { return [{ rawValue: window.plateOfTest || 'P-0' }]; } };
navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream();
"""
ROWS = "SELECT count(*) FROM retrofits_acceptance WHERE task_id = ANY(%s)"
PHOTOS = "SELECT count(*) FROM retrofits_photo WHERE task_id = ANY(%s) AND stage = 'after'"


class Finger:
    """Counts taps on the way to the home: UX 7.3 allows sixteen."""

    def __init__(self, page: Any) -> None:
        self.page, self.taps = page, 0

    def tap(self, target: Any) -> None:
        target.scroll_into_view_if_needed()
        target.tap()
        self.taps += 1


def installed(portal: RunningPortal, count: int) -> list[int]:
    sql = """SELECT t.id FROM retrofits_task t JOIN retrofits_installation i ON i.task_id = t.id
             WHERE t.state = 'installed' AND t.area_id = %s ORDER BY t.id LIMIT %s"""
    return [row[0] for row in portal.rows(sql, VILLAGE, count)]


def place_of(portal: RunningPortal, task: int) -> dict[str, float]:
    sql = "SELECT longitude, latitude FROM retrofits_installation WHERE task_id = %s"
    longitude, latitude = portal.rows(sql, task)[0]
    return {"longitude": float(longitude), "latitude": float(latitude) + 0.00007, "accuracy": 5.0}


def accept_home(page: Any, task: int) -> int:
    """One home from the list to "confirm"; how many taps it took."""
    finger = Finger(page)
    finger.tap(page.locator(f'a[href="#home/{task}"]'))
    page.wait_for_selector("#item-IDENTITY")
    page.wait_for_function("() => /米|m/.test(document.querySelector('[data-place]').textContent)")
    finger.tap(page.locator('#item-IDENTITY label:has(input[value="ok"])'))
    shoot(page, finger, task)
    finger.tap(page.locator("[data-scan]"))
    page.wait_for_function("() => document.querySelector('[name=plate]').value !== ''")
    for one in page.locator('fieldset.check:not(#item-IDENTITY):not(#item-opinion) label:has(input[value="ok"])').all():
        finger.tap(one)
    page.fill('input[name="item-ROOM_TEMP"]', "19.3")  # typed, no tap
    finger.tap(page.locator('#item-opinion label:has(input[value="satisfied"])'))
    sign(page, finger)
    finger.tap(page.locator("[data-submit]"))
    finger.tap(page.locator("[data-confirm]"))
    page.wait_for_selector(f'a[href="#home/{task}"] .st--warn')
    return finger.taps


def shoot(page: Any, finger: Finger, task: int) -> None:
    """Two taps: the shutter of the page, and "use" in the phone's camera."""
    finger.taps += 2
    content = pictures.photo("after", 700_000 + task)
    name = "photo-after"
    page.set_input_files(f'input[name="{name}"]', {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": content})
    page.wait_for_selector("figure.photo img[src^='blob:']")


def sign(page: Any, finger: Finger) -> None:
    pad = page.locator("canvas[data-pad]")
    pad.scroll_into_view_if_needed()
    finger.taps += 2
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 30, steps=8)
    page.mouse.up()


def test_two_homes_without_signal_arrive_once(portal: RunningPortal, visitors: Visitors) -> None:
    first, second, third = installed(portal, 3)
    page = visitors.sit_down("inspector_chengqu", width=390, geolocation=place_of(portal, first), **PHONE)
    page.context.add_init_script(DETECTOR)
    page.goto("/works/visits/phone/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.click("[data-take]")
    page.wait_for_selector(f'a[href="#home/{first}"]')
    visitors.keep(page, "step-2-phone-today-390")
    page.context.set_offline(True)
    visitors.forgiven.add("net::ERR_INTERNET_DISCONNECTED")
    page.reload()
    page.wait_for_selector(f'a[href="#home/{first}"]')
    taps = accept_home(page, first)
    assert taps <= 16, taps

    page.close()  # the browser is closed in the second home, before anything is handed in
    page = visitors.again(page.context)
    page.goto("/works/visits/phone/")
    page.tap(f'a[href="#home/{second}"]')
    shoot(page, Finger(page), second)
    visitors.keep(page, "step-2-phone-home-390", full=True)
    page.close()
    page = visitors.again(page.context)
    page.goto(f"/works/visits/phone/#home/{second}")
    page.wait_for_selector("figure.photo img[src^='blob:']")  # the photo is still there
    page.goto("/works/visits/phone/#")
    page.wait_for_selector(f'a[href="#home/{second}"] .st--busy')
    finish(page, second)
    finish_all(page, third)
    assert portal.one(ROWS, [first, second, third]) == 0
    visitors.keep(page, "step-2-phone-waiting-390")

    other = accepted_by_somebody_else(portal, third)
    visitors.expected.add(409)
    page.context.set_offline(False)
    page.reload()
    until(lambda: portal.one(ROWS, [first, second]) == 2, seconds=60, what="two visits have arrived")
    page.wait_for_selector(f'[data-conflict="{third}"]', timeout=60_000)
    visitors.keep(page, "step-2-phone-conflict-390")
    assert other in page.locator(f'[data-conflict="{third}"]').inner_text()
    for _n in range(2):  # once and only once, however often it is opened
        page.reload()
        page.wait_for_selector(f'a[href="#home/{first}"], [data-conflict]')
    assert portal.one(ROWS, [first, second]) == 2
    assert portal.one(PHOTOS, [first, second]) == 2
    assert portal.one("SELECT count(*) FROM retrofits_acceptance WHERE task_id = %s", third) == 1
    found = portal.one("SELECT found FROM retrofits_acceptance WHERE task_id = %s", first)
    assert 0 < found["metres"] < 30
    page.click("[data-discard]")
    page.wait_for_selector("[data-conflict]", state="detached")


def finish(page: Any, task: int) -> None:
    """The rest of a home that was begun before the browser was closed."""
    page.tap(f'a[href="#home/{task}"]')
    page.wait_for_selector("#item-IDENTITY")
    for one in page.locator('fieldset.check:not(#item-opinion) label:has(input[value="ok"])').all():
        one.tap()
    page.fill('input[name="item-ROOM_TEMP"]', "18.8")
    page.fill('input[name="signer_name"]', "李样本")
    page.tap("[data-submit]")
    page.tap("[data-confirm]")
    page.wait_for_selector(f'a[href="#home/{task}"] .st--warn')


def finish_all(page: Any, task: int) -> None:
    page.tap(f'a[href="#home/{task}"]')
    page.wait_for_selector("#item-IDENTITY")
    shoot(page, Finger(page), task)
    page.goto("/works/visits/phone/#")
    page.wait_for_selector(f'a[href="#home/{task}"] .st--busy')
    finish(page, task)


def accepted_by_somebody_else(portal: RunningPortal, task: int) -> str:
    """Another visit of the same home arrived first; whose it was."""
    number = portal.one("SELECT dwelling_no FROM households_dwelling d JOIN retrofits_task t ON t.dwelling_id = d.id \
                         WHERE t.id = %s", task)  # fmt: skip
    (portal.folder / "first.jpg").write_bytes(pictures.photo("after", 800_000 + task))
    answers = {"IDENTITY": "ok", "MODEL": "ok", "POSITION": "ok", "ROOM_TEMP": "20.1"}
    said = {"result": "passed", "answers": answers, "photos": {"after": "first.jpg"}, "signer_name": "王测试"}
    (portal.folder / "first.json").write_text(json.dumps(said))
    file = str(portal.folder / "first.json")
    portal.manage(
        "record_acceptance", number, "--programme=jincheng-2020", f"--answers={file}", "--by=inspector_chengqu"
    )
    return str(portal.one("SELECT person_name FROM accounts_user WHERE username = 'inspector_chengqu'"))
