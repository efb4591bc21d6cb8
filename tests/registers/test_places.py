"""What is known of places: corrected by the office, read by everybody, no name for two villages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.loading import Loaded, load_areas
from accounts.models import Area, AuditEntry
from core.refusals import Refused
from households.services import places
from tests.registers.conftest import FAR_VILLAGE, OTHER_VILLAGE, VILLAGE, World, browser

FORM = {
    "aliases": "甲一，老甲一，甲一", "area_class": "plain_rural", "in_heat_network": "no", "in_no_coal_zone": "yes",
    "gas_available": "", "grid_capacity_ok": "yes", "reason": "现场核实",
}  # fmt: skip


def test_the_office_corrects_a_place_and_unknown_stays_unknown(world: World) -> None:
    office, url = browser(world.office), reverse("households:place-edit", args=[VILLAGE])
    shown = re.search(r'name="shown" value="([^"]+)"', office.get(url).content.decode())
    assert shown and office.post(url, FORM | {"shown": shown[1]}).status_code == 302
    place = Area.objects.get(pk=VILLAGE)
    assert (place.aliases, place.area_class, place.gas_available) == (["甲一", "老甲一"], "plain_rural", None)
    assert (place.in_heat_network, place.in_no_coal_zone, place.grid_capacity_ok) == (False, True, True)
    assert AuditEntry.objects.filter(table="accounts_area", row_pk=VILLAGE, reason="现场核实").exists()
    assert office.post(url, FORM | {"shown": shown[1], "aliases": ""}).status_code == 409


def test_a_name_never_means_two_villages_of_one_town(world: World) -> None:
    other = Area.objects.get(pk=OTHER_VILLAGE)
    with pytest.raises(Refused) as refusal:
        places.edit_place(
            area=world.village, shown={}, changes={"aliases": [other.name]}, reason="别名", by=world.office
        )
    assert refusal.value.code == "ALIAS_TAKEN"


def test_a_clerk_reads_and_does_not_correct(world: World) -> None:
    clerk = browser(world.clerk)
    assert world.village.name in clerk.get(reverse("households:place-detail", args=[VILLAGE])).content.decode()
    assert clerk.post(reverse("households:place-edit", args=[VILLAGE]), FORM).status_code == 403
    assert clerk.get(reverse("households:place-detail", args=[FAR_VILLAGE])).status_code == 404
    assert FAR_VILLAGE not in clerk.get(reverse("households:place-list")).content.decode()


def test_a_file_of_places_loaded_again_leaves_what_a_person_set(world: World, tmp_path: Path) -> None:
    def load(capacity: str, class_: str) -> Loaded:
        path, place = tmp_path / "areas.csv", world.village
        heads = "code,level,name,area_class,grid_capacity_ok"
        path.write_text(f"{heads}\n{place.code},village,{place.name},{class_},{capacity}\n", encoding="utf-8")
        return load_areas(path=path, by="a preset")

    def known() -> tuple[bool | None, str]:
        return Area.objects.values_list("grid_capacity_ok", "area_class").get(pk=VILLAGE)

    load("", "plain_rural")
    changes = {"grid_capacity_ok": True}
    places.edit_place(area=world.village, shown={}, changes=changes, reason="供电所函", by=world.office)
    again = load("0", "remote_rural")
    assert known() == (True, "remote_rural"), "the file corrects what the file said"
    assert (again.changed, again.kept) == (1, (f"{VILLAGE} grid_capacity_ok",))
    assert f"{VILLAGE} grid_capacity_ok" in str(again) and load("0", "remote_rural").same == 1
