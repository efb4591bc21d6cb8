"""Acceptance at the door: ten good reads, plausible temperatures, the same value written again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.refusals import Refused
from devices.hub.client import HubUnavailable
from devices.models import Heater
from devices.services import heaters, site_check
from tests import people
from tests.devices import boards
from tests.devices.boards import LINE, BoardHub

pytestmark = pytest.mark.django_db
SERVES = "devices.services.site_check:check_on_site"


def check(hub: BoardHub, heater: Heater | None = None, **more: Any) -> site_check.SiteCheck:
    heater = heater or boards.heater()
    return site_check.check_on_site(heater=heater, hub=hub, now=clock.now(), pause=lambda _s: None, **more)  # type: ignore[arg-type]


def board() -> BoardHub:
    return BoardHub({(LINE, 1): boards.slave("linshi-ashp-08")})


@pytest.mark.clause(
    "J-31",
    "附件2-6 登录平台并确认数据传输无误…作为安装合格性检验项目",
    serves=SERVES,
    page="retrofits:visit-record",
    model="devices.Heater",
)
def test_a_good_heater_passes_and_nothing_changes_for_the_home() -> None:
    hub = board()
    house = hub.slaves[LINE, 1].house
    before = house.set_room_c
    found = check(hub, thermometer_c=Decimal(str(round(house.room_c, 1))))
    assert found.passed and [line.code for line in found.lines] == ["READS", "TEMPERATURES", "THERMOMETER", "WRITE"]
    assert (len(hub.writes), house.set_room_c) == (1, before)
    assert found.as_json()["passed"] is True and found.as_json()["frames"][0].startswith("→ 0106")


def silent(hub: BoardHub) -> None:
    asked = iter(range(1, 1000))
    hub.before = lambda request: boards.result("timeout", sent="01") if next(asked) == 5 else None


def broken(hub: BoardHub) -> None:
    hub.slaves[LINE, 1].broken = frozenset({"return_t"})


def hot(hub: BoardHub) -> None:
    hub.slaves[LINE, 1].house.room_c = 55.0


def away(hub: BoardHub) -> None:
    def gone(request: Any) -> None:
        raise HubUnavailable("gone")

    hub.before = gone


def deaf(hub: BoardHub) -> None:
    hub.before = lambda request: boards.result("timeout", sent="01") if request.is_write else None


@pytest.mark.parametrize(
    ("fault", "code"),
    [(silent, "READS"), (broken, "TEMPERATURES"), (hot, "TEMPERATURES"), (away, "READS"), (deaf, "WRITE")],
)
def test_one_thing_wrong_is_named(fault: Callable[[BoardHub], None], code: str) -> None:
    hub = board()
    fault(hub)
    found = check(hub)
    assert not found.passed and code in [line.code for line in found.lines if line.passed is False]


def test_a_thermometer_that_disagrees_is_shown() -> None:
    found = check(board(), thermometer_c=Decimal("3"))
    assert not found.passed and [line.code for line in found.lines if line.passed is False] == ["THERMOMETER"]


# --- addresses ---


@pytest.mark.clause(
    "J-27",
    "附件2-3 可配置数量不低于65535个…独立且唯一的网络地址",
    serves="devices.services.heaters:register_heater",
    page="retrofits:installation-record",
    model="devices.Heater",
)
def test_an_address_is_one_heaters_and_a_wide_field_has_65535_of_them() -> None:
    home = people.dwelling()

    def put(unit: int, name: str = "wenxu-storage-09", line: str = "serial:serial9") -> Heater:
        return heaters.register_heater(
            dwelling=home, device_model=boards.device_model(name), factory_no=f"F{line}{unit}{name}", line=line,
            unit=unit, installed_on=clock.today(), by="tests",
        )  # fmt: skip

    assert put(65_535).unit == 65_535 and put(1).platform_no != put(2).platform_no
    for unit, name, code in ((65_536, "wenxu-storage-09", "1 到 65535|65535"), (248, "linshi-ashp-08", "247"),
                             (65_535, "wenxu-storage-09", "65535")):  # fmt: skip
        with pytest.raises(Refused, match="HEATER_ADDRESS") as refusal:
            put(unit, name)
        assert any(part in str(refusal.value) for part in code.split("|"))
    with pytest.raises(Refused, match="FACTORY_CODE_TAKEN") as taken:
        heaters.register_heater(
            dwelling=home, device_model=boards.device_model("wenxu-storage-09"),
            factory_no="Fserial:serial91wenxu-storage-09",
            line="serial:serial9", unit=7, installed_on=clock.today(), by="tests",
        )  # fmt: skip
    assert "Fserial:serial91wenxu" in taken.value.sentence
    one = Heater.objects.get(unit=1)
    heaters.remove_heater(heater=one, on=clock.today(), by="tests")
    assert put(1, "linshi-ashp-08").unit == 1, "free again once it was taken away"
