"""A few venues, a shared meter, a change that waits and double entries, made through the services people use."""

from __future__ import annotations

import io
from decimal import Decimal

from PIL import Image, ImageDraw

from accounts.acting import acting
from accounts.models import Area
from heating_portal.demo.people import person
from households import change_rules
from households.models import ChangeRequest, Dwelling, Meter, PublicVenue, Roster
from households.services import changes, meters, venues
from households.services.duplicates import finding
from programmes.models import Programme

WHY = "demonstration"
VENUES = (("村委会", "VILLAGE_OFFICE", "260.00"), ("卫生室", "CLINIC", "119.50"), ("小学", "SCHOOL", "1480.00"))


def load(programme: Programme) -> None:
    """What a town's clerk keeps beside the roster. Safe to run again: what is there stays."""
    lists = (
        Roster.objects.filter(programme=programme, state=Roster.State.APPROVED)
        .select_related("area")
        .order_by("area_id")
    )
    if not lists:
        return
    last = lists[len(lists) - 1]
    for village in dict.fromkeys([lists[0].area, last.area]):
        _venues(programme, village)
    homes = Dwelling.objects.filter(roster_rows__roster=last).order_by("dwelling_no")
    for home in homes.filter(tasks__state="listed")[:1]:
        _give_up(home)
    _shared_meter(list(homes[:2]))
    with acting(WHY):
        finding.search()


def _venues(programme: Programme, village: Area) -> None:
    clerk, route = person("town_staff", village.code), programme.technologies.order_by("pk").first()
    for name, subtype, area in VENUES:
        full = f"{village.name}{name}"
        if route is None or PublicVenue.objects.filter(area=village, name=full).exists():
            continue
        values = dict.fromkeys(venues.FIELDS, "") | {
            "name": full, "subtype": subtype, "heated_area_m2": Decimal(area), "contact_name": "王测试",
            "contact_phone": "19900000321",
        }  # fmt: skip
        with acting(clerk, WHY):
            venues.register_venue(programme=programme, area=village, values=values, technology=route, by=clerk)


def _shared_meter(homes: list[Dwelling]) -> None:
    if len(homes) < 2:
        return
    clerk, number = person("town_staff", homes[0].area_id), f"GD{homes[0].area_id[-6:]}"
    if Meter.objects.filter(number=number).exists():
        return
    for home in homes:
        with acting(clerk, WHY):
            meters.connect_meter(
                dwelling=home, carrier="gas", number=number, is_shared=True, reason="入户核表", by=clerk
            )


def _give_up(home: Dwelling) -> None:
    if ChangeRequest.objects.filter(dwelling=home).exists():
        return
    clerk = person("town_staff", home.area_id)
    with acting(clerk, WHY):
        changes.ask_change(
            dwelling=home, kind=change_rules.GIVE_UP, wanted={"exclusion_note": "随子女进城居住"},
            reason="本人书面申请", papers=[("放弃改造声明.jpg", _statement())], by=clerk,
        )  # fmt: skip


def _statement() -> bytes:
    """A drawn sheet with lines for words and a signature."""
    sheet = Image.new("RGB", (600, 840), "white")
    pen = ImageDraw.Draw(sheet)
    for y in range(160, 560, 60):
        pen.line([(80, y), (520, y)], fill="#777777", width=2)
    pen.line([(340, 680), (520, 660)], fill="#222244", width=4)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()
