"""A hub without sockets: simulated boards answer at once, every frame is kept, and trouble comes when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from devices.hub.client import ExchangeResult
from devices.models import Bus, DeviceModel, Heater, RegisterProfile, Supplier
from devices.protocol.frames import Block, Request
from devices.protocol.profile_files import bundled_profile
from devices.services.heaters import store_profile
from devices.simulator.house import House
from devices.simulator.slave import Slave
from tests import people

JANUARY = 1_611_000_000.0
LINE = "dtu:861990000000018"


class BoardHub:
    """`read` and `write` like `HubClient`. ``before`` is called with each request and may raise or answer instead."""

    def __init__(self, slaves: dict[tuple[str, int], Slave]) -> None:
        self.slaves = slaves
        self.frames: list[str] = []
        self.writes: list[Request] = []
        self.before: Callable[[Request], ExchangeResult | None] = lambda request: None
        self.after: Callable[[Request], ExchangeResult | None] = lambda request: None
        self.connects = 1

    def read(
        self, line: str, unit: int, block: Block, deadline_s: float = 10.0, *, unit_bytes: int = 1
    ) -> ExchangeResult:
        return self._exchange(line, block.read(unit, unit_bytes))

    def write(self, line: str, request: Request, deadline_s: float = 10.0) -> ExchangeResult:
        return self._exchange(line, request)

    def lines(self, names: Iterable[str] | None = None, wait_s: float = 10) -> list[dict[str, Any]]:
        return [{"line": line, "connected": True, "connects": self.connects} for line in {k[0] for k in self.slaves}]

    def _exchange(self, line: str, request: Request) -> ExchangeResult:
        told = self.before(request)
        if told is not None:
            return told
        slave = self.slaves.get((line, request.unit))
        if slave is None:
            return result("timeout", sent=request.frame.hex())
        self.frames.append(request.frame.hex())
        if request.is_write:
            self.writes.append(request)
        answer = slave.answer(request)
        return self.after(request) or answered(request, answer)


def answered(request: Request, answer: bytes) -> ExchangeResult:
    sent = request.frame.hex()
    if answer.startswith(request.exception_head):
        return result("refused", code=request.exception_in(answer), sent=sent, answer=answer.hex())
    return result("ok", registers=request.registers(answer), sent=sent, answer=answer.hex())


def result(status: str, code: int = 0, registers: tuple[int, ...] = (), sent: str = "", answer: str = "") -> Any:
    return ExchangeResult(status, code, registers, sent, answer, 12.0, JANUARY)


def slave(name: str, unit: int = 1, seed: int = 3) -> Slave:
    profile = bundled_profile(name)
    house = House(seed, profile.kind, JANUARY)
    house.running = True
    return Slave(unit, profile, house, lambda: JANUARY + 60)


def device_model(name: str = "linshi-ashp-08") -> DeviceModel:
    """A model of that bundled profile, its profile stored and released."""
    profile = store_profile(name=name, by="tests")
    supplier = Supplier.objects.get_or_create(code="demo", defaults={"name": "示例厂"})[0]
    values = {"name": "热泵", "kind": bundled_profile(name).kind, "profile": profile}
    return DeviceModel.objects.get_or_create(supplier=supplier, model_no=name, defaults=values)[0]


def heater(name: str = "linshi-ashp-08", unit: int = 1, area: str = "370999001001", line: str = LINE) -> Heater:
    people.area(area)
    model = device_model(name)
    assert isinstance(model.profile, RegisterProfile)
    bus = Bus.objects.get_or_create(line=line, defaults={"area_id": area})[0]
    return Heater.objects.create(
        platform_no=f"H{bus.pk:04d}{unit:03d}", area_id=area, device_model=model, profile=model.profile,
        factory_no=f"F-{line}-{unit}", bus=bus, unit=unit, installed_on="2020-10-01",
    )  # fmt: skip
