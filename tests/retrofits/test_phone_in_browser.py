"""The inspector's phone without signal: homes at the door, browser closed and opened, sent once and only once."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.acting import acting
from heating_portal.demo import pictures
from programmes.models import Checklist
from retrofits.models import Acceptance, Photo, Task
from retrofits.services.acceptances import record_acceptance
from retrofits.services.photos import add_photo
from tests import people
from tests.chromium import found, launched
from tests.retrofits.conftest import DAY, Works
from tests.retrofits.test_pages import client_of, page

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")
]  # fmt: skip
CHROMIUM = found()
DETECTOR = """
window.BarcodeDetector = class { async detect() { return [{ rawValue: 'SL-SCANNED' }]; } };
navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream();
"""
ITEMS = [
    {"code": "IDENTITY", "text": "户主与名单一致", "kind": "yes_no", "required": True},
    *({"code": f"CHECK_{n}", "text": f"检查 {n}", "kind": "yes_no", "required": True} for n in range(6)),
    {"code": "ROOM_TEMP", "text": "室温", "kind": "number", "required": True, "min": "16", "max": "35"},
    {"code": "PHOTO_AFTER", "text": "改造后照片", "kind": "photo", "required": True},
    {"code": "USER_SIGNATURE", "text": "住户签字", "kind": "signature", "required": True},
]
TAPS_MOST = 16  # UX 7.3


class World:
    """Three installed homes, their inspector signed in, and another one. Made before Playwright's event loop runs."""

    def __init__(self, works: Works) -> None:
        Checklist.objects.all().update(items=ITEMS)
        self.works = works
        self.tasks = [works.installed() for _n in range(3)]
        self.other = people.user("inspector", "370999")
        self.session = client_of(works.inspector).cookies["sessionid"].value

    @property
    def keys(self) -> list[int]:
        return [task.pk for task in self.tasks]

    def accepted(self, *keys: int) -> int:
        return Acceptance.objects.filter(task__in=keys).count()

    def somebody_else_accepts(self, task: Task) -> None:
        """In a thread of its own: history asks who acts, and Playwright's loop hides it here."""

        def work() -> None:
            try:
                with acting(self.other):
                    add_photo(task=task, stage="after", content=pictures.photo("after", 900_001), by=self.other)
                    answers = {item["code"]: "ok" for item in ITEMS if item["kind"] == "yes_no"} | {"ROOM_TEMP": "20"}
                    visit = self.works.visit(answers=answers)
                    record_acceptance(
                        task=task, request_id=uuid.uuid4(), result="passed", visit=visit, by=self.other, on=DAY
                    )
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()


@pytest.fixture
def world(works: Works, transactional_db: None) -> World:
    return World(works)


@pytest.fixture
def context(world: World, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A phone, 390 wide, in the first home's yard."""
    if not (Path(settings.STATIC_BUILD_DIR) / "phone.js").is_file():
        pytest.skip("INTERFACE NOT BUILT: the phone's page was not looked at in a browser")
    if CHROMIUM is None:
        pytest.skip("CHROMIUM NOT FOUND: the phone's page was not looked at in a browser")
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launched(playwright, CHROMIUM)
        made = browser.new_context(
            viewport={"width": 390, "height": 844}, base_url=live_server.url, has_touch=True, is_mobile=True,
            locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce", permissions=["geolocation"],
            geolocation={"longitude": 112.85, "latitude": 35.49007, "accuracy": 5},
        )  # fmt: skip
        made.add_cookies([{"name": "sessionid", "value": world.session, "url": live_server.url}])
        made.add_init_script(DETECTOR)
        made.set_default_timeout(60_000)
        yield made
        browser.close()


class Finger:
    """Counts taps on the way through a home."""

    def __init__(self, page: Any) -> None:
        self.page, self.taps = page, 0

    def tap(self, selector: str) -> None:
        self.page.locator(selector).scroll_into_view_if_needed()
        self.page.locator(selector).tap()
        self.taps += 1

    def shoot(self, number: int) -> None:
        """The page's shutter and "use" in the phone's camera."""
        photo = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": pictures.photo("after", number)}
        self.page.set_input_files('input[name="photo-after"]', photo)
        self.page.wait_for_selector("figure.photo img[src^='blob:']")
        self.taps += 2

    def sign(self) -> None:
        """Touch the pad, draw, lift."""
        pad = self.page.locator("canvas[data-pad]")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        self.page.mouse.move(box["x"] + 40, box["y"] + 60)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + 200, box["y"] + 30, steps=8)
        self.page.mouse.up()
        self.taps += 2


def opened(context: Any, hash_: str = "") -> Any:
    made = context.new_page()
    made.complaints = []
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.goto(f"{page('phone')}{hash_}")
    return made


def taken_along(context: Any, world: World) -> Any:
    phone = opened(context)
    phone.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    phone.click("button[data-take]")
    phone.wait_for_selector(home(world.keys[2]))
    return phone


def home(key: int) -> str:
    return f'a[href="#home/{key}"]'


def accept(phone: Any, key: int) -> int:
    """One home from the list to "confirm"; how many taps it took."""
    finger = Finger(phone)
    finger.tap(home(key))
    phone.wait_for_function("() => / 8 /.test((document.querySelector('[data-place]') || document.body).textContent)")
    finger.tap('#item-IDENTITY label:has(input[value="ok"])')
    finger.shoot(700_000 + key)
    finger.tap("button[data-scan]")
    phone.wait_for_function("() => (document.querySelector('[name=plate]') || {}).value === 'SL-SCANNED'")
    for n in range(6):
        finger.tap(f'#item-CHECK_{n} label:has(input[value="ok"])')
    phone.fill('input[name="item-ROOM_TEMP"]', "19.3")  # one number, typed
    finger.tap('#item-opinion label:has(input[value="satisfied"])')
    finger.sign()
    finger.tap("button[data-submit]")
    finger.tap("button[data-confirm]")
    phone.wait_for_selector(f"{home(key)} .st--warn")
    return finger.taps


def finish(phone: Any, key: int) -> None:
    """What was left of a home when the browser was closed."""
    phone.tap(home(key))
    for code in ("IDENTITY", *(f"CHECK_{n}" for n in range(6))):
        phone.tap(f'#item-{code} label:has(input[value="ok"])')
    phone.fill('input[name="item-ROOM_TEMP"]', "18.8")
    phone.fill('input[name="signer_name"]', "李样本")
    phone.tap("button[data-submit]")
    phone.tap("button[data-confirm]")
    phone.wait_for_selector(f"{home(key)} .st--warn")


def picture_of(phone: Any, name: str) -> None:
    folder = os.environ.get("PORTAL_ARTIFACTS")
    if folder:
        phone.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_homes_without_signal_arrive_once_and_a_conflict_is_shown(context: Any, world: World) -> None:
    first, second, third = world.keys
    phone = taken_along(context, world)
    picture_of(phone, "phone-today-390")
    context.set_offline(True)
    phone.reload()  # the shell comes from the phone, the homes too
    phone.wait_for_selector(home(first))
    assert accept(phone, first) <= TAPS_MOST

    phone.tap(home(second))
    Finger(phone).shoot(700_000 + second)
    picture_of(phone, "phone-home-390")
    phone.close()  # in the middle of the second home
    phone = opened(context, f"#home/{second}")
    phone.wait_for_selector("figure.photo img[src^='blob:']")
    phone.goto(f"{page('phone')}#")
    finish(phone, second)
    phone.tap(home(third))
    Finger(phone).shoot(700_000 + third)
    phone.goto(f"{page('phone')}#")
    finish(phone, third)
    assert world.accepted(*world.keys) == 0

    world.somebody_else_accepts(world.tasks[2])
    phone.close()
    context.set_offline(False)
    phone = opened(context)
    phone.wait_for_selector(f'[data-conflict="{third}"]')
    phone.wait_for_selector(f"{home(second)} .st--done")
    picture_of(phone, "phone-conflict-390")
    assert world.other.person_name in phone.locator("[data-conflict]").inner_text()
    for _n in range(2):
        phone.reload()
        phone.wait_for_selector(f'[data-conflict="{third}"]')
    assert [world.accepted(key) for key in world.keys] == [1, 1, 1]
    assert Photo.objects.filter(task__in=[first, second], stage="after").count() == 2
    kept = Acceptance.objects.get(task=first)
    assert (kept.found["metres"], kept.found["plate"], kept.opinion) == (8, "SL-SCANNED", "满意")
    assert (kept.began_at is not None, kept.signature_id is not None) == (True, True)
    phone.tap("button[data-discard]")
    phone.wait_for_selector("[data-conflict]", state="detached")
    assert phone.complaints == []


def test_an_upload_cut_in_the_middle_goes_on(context: Any, world: World) -> None:
    first = world.keys[0]
    phone = taken_along(context, world)
    context.set_offline(True)
    accept(phone, first)
    cut = {"pieces": 0}

    def sometimes(route: Any) -> None:
        cut["pieces"] += 1
        route.abort() if cut["pieces"] == 2 else route.continue_()

    context.route("**/pieces/**", sometimes)
    context.set_offline(False)
    for _n in range(3):
        phone.reload()
        if phone.locator("button[data-send]").count():
            phone.tap("button[data-send]")
    phone.wait_for_selector(f"{home(first)} .st--done")
    assert (world.accepted(first), Photo.objects.filter(task=first, stage="after").count()) == (1, 1)


def test_nothing_personal_lies_open_on_the_phone_and_sign_out_takes_the_day_away(context: Any, world: World) -> None:
    phone = taken_along(context, world)
    name = world.tasks[0].dwelling.household.head_name
    stored = """async () => {
      const dump = [];
      for (const name of ['visits-day', 'visits-work']) {
        const db = await new Promise((done) => { const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); });
        for (const table of db.objectStoreNames) {
          const rows = await new Promise((done) => { const ask = db.transaction(table).objectStore(table).getAll(); ask.onsuccess = () => done(ask.result); });
          rows.forEach((row) => dump.push(row instanceof CryptoKey ? `key ${row.extractable}` : new TextDecoder().decode(row.box)));
        }
        db.close();
      }
      for (const key of await caches.keys()) for (const one of await (await caches.open(key)).matchAll()) dump.push(await one.text());
      return dump;
    }"""  # noqa: E501
    dump = phone.evaluate(stored)
    assert "key false" in dump
    assert not [text for text in dump if name in text]
    phone.goto("/")
    phone.evaluate("() => document.querySelector('form[action$=\"/logout/\"]').requestSubmit()")
    phone.wait_for_url("**/login/**")
    databases = phone.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    assert "visits-day" not in databases


DRAFTS = "() => Object.keys(localStorage).filter((key) => key.startsWith('visit-draft:'))"


def at_the_door(context: Any, key: int) -> Any:
    """The ordinary page of a visit, opened anew: nothing of it comes from the browser's own history."""
    made = context.new_page()
    made.complaints = []
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.goto(page("visit-record", key))
    return made


def answer_all(phone: Any) -> None:
    for code in ("IDENTITY", *(f"CHECK_{n}" for n in range(6))):
        phone.tap(f'#item-{code} label:has(input[value="ok"])')
    phone.fill('input[name="item-ROOM_TEMP"]', "18.8")
    phone.fill('input[name="signer_name"]', "李样本")


def test_the_ordinary_page_of_a_visit_keeps_what_was_entered_until_it_has_arrived(context: Any, world: World) -> None:
    first, second, _third = world.keys
    phone = at_the_door(context, first)
    assert not phone.is_visible("[data-restored]")
    answer_all(phone)
    phone.close()
    phone = at_the_door(context, second)
    assert not phone.is_visible("[data-restored]"), "the answers of another home"
    phone.close()
    phone = at_the_door(context, first)
    assert phone.is_visible("[data-restored]")
    assert phone.input_value('input[name="item-ROOM_TEMP"]') == "18.8"
    assert phone.locator('input[value="ok"]:checked').count() == 7
    picture_of(phone, "visit-restored")
    phone.tap("[data-restored] button")
    assert (phone.locator("input:checked").count(), phone.evaluate(DRAFTS)) == (0, [])
    answer_all(phone)
    photo = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": pictures.photo("after", 910_000 + first)}
    with phone.expect_navigation():
        phone.set_input_files('input[name="photo-after"]', photo)
    assert not phone.is_visible("[data-restored]"), "the server sent the answers back itself"
    context.set_offline(True)
    phone.tap("[data-submit]")
    assert phone.is_visible("[data-no-signal]")
    picture_of(phone, "visit-no-signal")
    assert (phone.url.endswith(page("visit-record", first)), world.accepted(first)) == (True, 0)
    context.set_offline(False)
    phone.wait_for_selector("[data-no-signal]", state="hidden")
    phone.tap("[data-submit]")
    phone.wait_for_url(f"**{page('visit-list')}")
    assert (phone.evaluate(DRAFTS), world.accepted(first), phone.complaints) == ([], 1, [])


def test_a_visit_kept_for_a_day_is_forgotten_and_one_that_never_arrived_is_not(context: Any, world: World) -> None:
    first, second, _third = world.keys
    for key in (first, second):
        phone = at_the_door(context, key)
        answer_all(phone)
    phone.evaluate("""([old, sent]) => Object.keys(localStorage).forEach((key) => {
      const kept = JSON.parse(localStorage[key]);
      if (key.endsWith(old)) kept.at -= 24 * 60 * 60 * 1000;
      if (key.endsWith(sent)) kept.sent = true;
      localStorage[key] = JSON.stringify(kept);
    })""", [page("visit-record", first), page("visit-record", second)])  # fmt: skip
    phone.goto(page("visit-list"))  # the second still stands in the list: its sending was cut
    assert [key.split(":")[-1] for key in phone.evaluate(DRAFTS)] == [page("visit-record", second)]
