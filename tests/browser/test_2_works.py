"""Second step: a list drawn up and sealed by three people, a task, an installation with its twelve items, a visit."""

from __future__ import annotations

from typing import Any

from core import identity
from devices.simulator.fleet import numbered_fleet
from heating_portal.demo import pictures
from tests.browser.running import RunningPortal
from tests.browser.visitors import Visitors
from tests.until import until

VILLAGE = "140502006001"  # heaters run on electricity there; its first list is approved and all works are done
PERSON, NUMBER = "郭例户", 777_001
PROFILE, SEED = "linshi-ashp-08", 77
COSTS = (("DEVICE", "4,600.00", "FP-B-0001"), ("WIRING_BEHIND_METER", "500", "FP-B-0002"))


def test_a_new_household_is_listed_and_the_list_sealed_by_three(portal: RunningPortal, visitors: Visitors) -> None:
    clerk = visitors.sit_down("clerk_zhongjiazhuang")
    register(clerk)
    clerk.click('.nav a[href="/hh/rosters/"]')
    clerk.click(f'button[form="draw-{VILLAGE}"]')
    clerk.wait_for_selector(".steps, .chain, h1")
    visitors.keep(clerk, "step-2-list-drawn-up")
    roster = portal.one("SELECT max(id) FROM households_roster WHERE area_id = %s", VILLAGE)
    for username, level in (("village_zhongjiazhuang", "village"), ("leader_zhongjiazhuang", "town")):
        page = visitors.sit_down(username)
        page.goto(f"/hh/rosters/{roster}/")
        page.click('form[action$="/seal/"] button')
        page.wait_for_load_state("load")
        assert state_of(portal, roster) == f"{level}_sealed"
        visitors.keep(page, f"step-2-sealed-{level}")
    approve(portal, visitors, roster)
    assert signers(portal, roster) == 3


def register(page: Any) -> None:
    page.goto("/hh/new/")
    page.select_option('select[name="area"]', VILLAGE)
    page.select_option('select[name="technology"]', "ELECTRIC")
    values = {
        "head_name": PERSON, "id_number": identity.synthetic_id(NUMBER), "phone": identity.synthetic_phone(NUMBER),
        "bank_card": identity.synthetic_card(NUMBER), "door_no": "88号", "heated_area_m2": "96",
        "dwelling_type": "平房", "residents": "3", "meter_no": "SN00777001",
    }  # fmt: skip
    for name, value in values.items():
        page.fill(f'input[name="{name}"]', value)
    page.click('main form[method="post"] button.btn--primary')
    page.wait_for_url("**/hh/dwellings/**")


def approve(portal: RunningPortal, visitors: Visitors, roster: int) -> None:
    page = visitors.sit_down("office_chengqu")
    page.click('.nav a[href="/hh/rosters/"]')
    page.check(f'input[name="ids"][value="{roster}"]')
    page.click(".dock button")
    page.fill('input[name="token"]', portal.one_time_code("office_chengqu"))
    visitors.keep(page, "step-2-approve")
    page.click(".dock button")
    until(lambda: state_of(portal, roster) == "approved", what="the list is approved")


def state_of(portal: RunningPortal, roster: int) -> str:
    return str(portal.one("SELECT state FROM households_roster WHERE id = %s", roster))


def signers(portal: RunningPortal, roster: int) -> int:
    sql = "SELECT count(DISTINCT signer_id) FROM households_rosterseal WHERE roster_id = %s"
    return int(portal.one(sql, roster))


def test_tasks_are_opened_and_an_installation_recorded(portal: RunningPortal, visitors: Visitors) -> None:
    office = visitors.sit_down("office_chengqu")
    office.click('.nav a[href="/works/"]')
    office.wait_for_selector('.nav a[href="/works/"][aria-current="page"]')
    before = task_of(portal)
    office.click('form[action="/works/open/"] button')
    task = until(lambda: (one := task_of(portal)) != before and one, what="the new household has a task")
    visitors.keep(office, "step-2-tasks-open")

    (heater,) = numbered_fleet(1, PROFILE, SEED).heaters
    portal.run_beside(
        "one-heater", "manage.py", "simulate_heaters", "--count=1", f"--profile={PROFILE}", f"--seed={SEED}",
        f"--control-file={portal.folder / 'one-heater.json'}",
    )  # fmt: skip
    page = visitors.sit_down("supplier_demo")
    sign_contract(page, task)
    visitors.keep(page, "step-2-contract-signed", full=True)
    page.goto(f"/works/tasks/{task}/installation/")
    fill_twelve_items(page, heater.line.removeprefix("dtu:"))
    visitors.keep(page, "step-2-installation", full=True)
    page.click("main form button.btn--primary")
    page.wait_for_url(f"**/works/tasks/{task}/")
    visitors.keep(page, "step-2-installed")
    assert portal.one("SELECT state FROM retrofits_task WHERE id = %s", task) == "installed"
    confirm_commissioning(page)


def sign_contract(page: Any, task: int) -> None:
    """Without the household's signed contract nothing is installed (J-40)."""
    page.goto(f"/works/tasks/{task}/")
    form = open_deed(page, "contract")
    form.locator('select[name="supplier"]').select_option(index=supplier_index(form))
    for name, value in {"number": "HT-B-0001", "signed_on": "2021-12-15", "signer_name": PERSON}.items():
        form.locator(f'input[name="{name}"]').fill(value)
    form.locator('input[name="confirms_product"]').check()
    send(page, form)


def supplier_index(form: Any) -> int:
    """Where the maker of the heater stands in the list of enterprises."""
    names = form.locator('select[name="supplier"] option').all_inner_texts()
    return next(n for n, name in enumerate(names) if "临示" in name)


def confirm_commissioning(page: Any) -> None:
    """Tried on the spot and signed for by the household (J-41)."""
    form = open_deed(page, "confirm")
    form.locator('select[name="kind"]').select_option("commissioned")
    form.locator('input[name="done_on"]').fill("2021-12-18")
    form.locator('input[name="signer_name"]').fill(PERSON)
    send(page, form)


def open_deed(page: Any, deed: str) -> Any:
    details = page.locator("details", has=page.locator(f'input[name="deed"][value="{deed}"]'))
    details.locator("summary").click()
    return details.locator("form")


def send(page: Any, form: Any) -> None:
    with page.expect_navigation():
        form.locator("button").click()
    assert page.locator("main .errors").count() == 0, page.locator("main .errors").inner_text()


def fill_twelve_items(page: Any, wireless: str) -> None:
    """Town, village, door, occupant, phone and area are known already: nobody is asked twice."""
    for name in ("town_name", "village_name", "door_no", "occupant_name", "occupant_phone", "heated_area_m2"):
        assert page.input_value(f'input[name="{name}"]') != "", name
    values = {
        "longitude": "112.8471", "latitude": "35.5312", "manufacturer": "临示热泵（虚构）", "device_name": "空气源热泵",
        "model_no": PROFILE.upper(), "factory_address_code": "LI2109-90001", "wireless_address_code": wireless,
        "installed_on": "2021-12-18", "unit": "1",
    }  # fmt: skip
    for name, value in values.items():
        page.fill(f'input[name="{name}"]', value)
    page.select_option('select[name="supplier"]', PROFILE.split("-")[0])
    for number, (kind, amount, invoice) in enumerate(COSTS, 1):
        page.select_option(f'select[name="cost_kind_{number}"]', kind)
        page.fill(f'input[name="cost_amount_{number}"]', amount)
        page.fill(f'input[name="cost_invoice_{number}"]', invoice)


def task_of(portal: RunningPortal) -> int | None:
    """The newest one of the village, once it has been opened."""
    found = portal.rows(
        "SELECT t.id FROM retrofits_task t JOIN programmes_technology p ON p.id = t.technology_id "
        "WHERE t.area_id = %s AND p.code = 'ELECTRIC' ORDER BY t.id DESC", VILLAGE,
    )  # fmt: skip
    return found[0][0] if found else None


def test_an_inspector_accepts_it_on_the_phone_by_real_readings(portal: RunningPortal, visitors: Visitors) -> None:
    task = task_of(portal)
    read = "SELECT 1 FROM telemetry_latestreading l JOIN devices_heater h ON h.id = l.heater_id WHERE h.dwelling_id = \
            (SELECT dwelling_id FROM retrofits_task WHERE id = %s) AND l.at IS NOT NULL"
    page = visitors.sit_down("inspector_chengqu", width=390, has_touch=True, is_mobile=True)
    page.goto(f"/works/visits/{task}/")
    visitors.keep(page, "step-2-visit-390")
    page.click("[data-submit]")  # the button stays live and says what is missing
    page.wait_for_function("() => document.activeElement && document.activeElement.closest('[data-item]')")
    until(lambda: portal.rows(read, task), seconds=90, what="the new heater has been read")
    with page.expect_navigation():
        page.click('button[value="read"]')
    said = page.locator("#door-check").inner_text()
    ((good, passed),) = portal.rows("SELECT good, passed FROM telemetry_doorcheck ORDER BY id DESC LIMIT 1")
    assert good and ("十次读取良好" if passed else str(good)) in said, said  # a crowded machine may lose one of ten
    visitors.keep(page, "step-2-read-at-the-door-390")
    page.goto(f"/works/visits/{task}/")
    item = page.locator("#item-DATA_TRANSMISSION")
    assert item.get_attribute("data-have") == "1", item.inner_text()
    answer_everything(page, task)
    visitors.keep(page, "step-2-visit-390-answered", full=True)
    page.click("[data-submit]")
    page.wait_for_url(lambda address: not address.endswith(f"/visits/{task}/"))
    visitors.keep(page, "step-2-accepted-390")
    assert portal.one("SELECT state FROM retrofits_task WHERE id = %s", task) == "accepted"
    evidence = portal.one("SELECT telemetry_evidence FROM retrofits_acceptance WHERE task_id = %s", task)
    assert evidence["state"] == "fresh"


def answer_everything(page: Any, task: int) -> None:
    photograph(page, task)
    for choice in page.locator('fieldset.check label:has(input[value="ok"])').all():
        choice.click()
    page.fill('input[name="item-ROOM_TEMP"]', "20.4")
    page.fill('textarea[name="opinion"]', "比烧煤干净")
    pad = page.locator("canvas[data-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 30, steps=8)
    page.mouse.up()


def photograph(page: Any, number: int) -> None:
    """Every photo the checklist asks for; each is sent as soon as it is taken."""
    wanted = [
        one.get_attribute("name") for one in page.locator("[data-item=photo][data-have=''] input[data-photo]").all()
    ]
    for name in wanted:
        content = pictures.photo(name.removeprefix("photo-"), 500_000 + number)
        with page.expect_navigation():
            page.set_input_files(
                f'input[name="{name}"]', {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": content}
            )
