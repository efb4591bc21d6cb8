"""A signed-in browser and a small county with a printed plan, for tests of the plan's pages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.test import Client

from accounts.models import TOTPDevice, User
from programmes.models import Programme, StatedSum, Target, Technology
from tests import people

TOWN, ONE, TWO, THREE = "370999001", "370999001001", "370999001002", "370999001003"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    if user.needs_second_factor:
        device = TOTPDevice.objects.get_or_create(user=user, name="test", defaults={"confirmed": True})[0]
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
    return client


@dataclass
class Plan:
    programme: Programme
    route: Technology
    office: User

    @property
    def url(self) -> str:
        return f"/programmes/{self.programme.code}/"

    def cell(self, area: str) -> Target | None:
        return self.programme.targets.filter(area_id=area).first()

    def form(self, **texts: str) -> dict[str, str]:
        """What the page posts: every cell with its text and what it showed, some changed by area code."""
        posted = {}
        for row in self.programme.targets.all():
            key = f"{row.area_id}-{row.technology_id}-0-{row.measure}-{row.year}-{row.unit}"
            shown = f"{row.quantity.normalize():f}"
            posted[f"s-{key}"] = f"{row.version}:{shown}"
            posted[f"c-{key}"] = texts.get(f"a{row.area_id}", shown)
        return posted


def small_plan() -> Plan:
    """Two villages of 30 and 20 households; the document prints 50 for the town."""
    programme = people.programme(code="small-2021")
    route = people.technology(programme)
    for number, (code, quantity) in enumerate(((ONE, 30), (TWO, 20)), 1):
        Target.objects.create(
            programme=programme, area=people.area(code), technology=route, year=2021, quantity=Decimal(quantity),
            row_no=number,
        )  # fmt: skip
    StatedSum.objects.create(
        programme=programme, code="town", area=people.area(TOWN), year=2021, quantity=Decimal(50), clause="X-1"
    )
    people.area(THREE)
    return Plan(programme, route, people.user("office", "370999"))
