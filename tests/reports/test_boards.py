"""The city's board, the wall page and the sums they read: the same numbers as the records, and flat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.together import read
from devices.models import Heater
from households.models import Household
from programmes.models import Phase, Programme, Target
from reports import wall_keys
from reports.models import BoardTotal, SummaryTotal, TownTotal
from reports.queries import counties
from reports.queries.scope import Scope
from reports.services.summaries import rebuild_summaries, refresh_summaries
from retrofits.models import Acceptance, Installation
from subsidies.models import Fund, PayoutLine
from telemetry.models import Alert, LatestReading
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, World

__all__ = ["county"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TODAY = dt.date(2021, 10, 16)


def city_of(world: World, role: str = "city_viewer") -> User:
    """Somebody of the city above, whose neighbour county has no programme yet."""
    people.area("370998")
    return people.user(role, "3709")


def board_of(world: World, user: User, code: str = "3709") -> counties.Board:
    offered = list(Programme.objects.all())
    return read(counties.board(Scope(user, world.programme, code), offered, 2021, TODAY))


def by_kind(kind: str, **more: Any) -> Any:
    return BoardTotal.objects.filter(kind=kind, **more).aggregate(n=Sum("number"), fen=Sum("fen"))


def test_stored_sums_are_what_the_records_add_up_to(county: World) -> None:
    paid = PayoutLine.objects.filter(state="paid").aggregate(n=Count("pk"), fen=Sum("amount_fen"))
    for _again in range(2):
        assert by_kind("finished")["n"] == Installation.objects.count()
        assert by_kind("accepted", day=dt.date(2021, 10, 26))["n"] == Acceptance.objects.filter(result="passed").count()
        assert by_kind("arrived") == paid
        assert by_kind("waiting")["n"] == PayoutLine.objects.filter(state="planned").count() == 1
        assert by_kind("heaters")["n"] == Heater.objects.count()
        assert by_kind("online")["n"] is None, "the last readings are weeks old"
        rebuild_summaries(now=clock.now())


def test_towns_add_up_to_what_their_villages_do(county: World) -> None:
    figures = ("dwellings", "due_fen", "paid_fen", "with_missing", "with_failed")
    for _again in range(2):
        for town in ("370999001", "370999002"):
            of_town, of_villages = (
                {(row["stage"], row["excluded"]): [row[name] for name in figures] for row in model.objects.within(town)
                 .order_by().values("stage", "excluded").annotate(**{name: Sum(name) for name in figures})}
                for model in (TownTotal, SummaryTotal)
            )  # fmt: skip
            assert of_town == of_villages and of_town
        county.dwelling(A1, "paid")
        refresh_summaries(now=clock.now())


def test_a_heater_that_falls_silent_leaves_the_line_without_a_row_being_written(county: World) -> None:
    now = clock.now()
    rebuild_summaries(now=now)
    LatestReading.objects.update(at=now)
    refresh_summaries(now=now + dt.timedelta(seconds=29))
    assert by_kind("online")["n"] is None, "counted again after half a minute"
    refresh_summaries(now=now + dt.timedelta(seconds=31))
    assert by_kind("online")["n"] == Heater.objects.count()
    refresh_summaries(now=now + dt.timedelta(hours=2))
    assert by_kind("online")["n"] is None


def test_counties_stand_beside_each_other_and_one_without_a_programme_has_no_noughts(county: World) -> None:
    user = city_of(county)
    Phase.objects.create(
        programme=county.programme, code="works", name="施工", starts_on=dt.date(2021, 10, 1),
        ends_on=dt.date(2021, 10, 31),
    )  # fmt: skip
    Target.objects.create(programme=county.programme, area_id=A1, technology=county.route, year=2021, quantity=40)
    board = board_of(county, user)
    first, second = board.places
    assert (first.line.code, first.connected, second.line.code, second.connected) == ("370999", True, "370998", False)
    assert (first.line.whole, first.line.finished, first.line.accepted, first.line.paid) == (40, 11, 9, 5)
    assert first.line.plan == board.whole.line.plan == Decimal("51.6"), "16 of 31 days"
    assert [town.code for town in board.laggards] == ["370999001"], "10 of 40 finished, half the days gone"
    assert first.paid_fen == PayoutLine.objects.filter(state="paid").aggregate(n=Sum("amount_fen"))["n"]
    assert {one.name: one.paid for one in first.sources} and sum(one.paid for one in first.sources) == first.paid_fen
    assert (first.heaters, first.online, second.heaters) == (Heater.objects.count(), 0, None)


def test_nobody_sees_beyond_his_place(county: World) -> None:
    other = people.user("city_viewer", "3708")
    assert [one.line.whole for one in board_of(county, other).places] == [0]
    assert board_of(county, other).whole.sources == []


def test_numbers_lead_into_the_county_to_the_list_one_may_read(county: World, sign_in: SignIn) -> None:
    user = city_of(county)
    client = sign_in(user)
    html = client.get("/counties/").content.decode()
    assert "/counties/370999/?year=2021&amp;to=households&amp;stage=finished" in html
    assert client.get("/counties/370999/?year=2021&to=households&stage=finished").url == "/progress/"
    assert client.get("/counties/").url == "/overview/", "inside one county there is nothing to compare"
    office = sign_in(people.user("office", "3709"))
    to = office.get("/counties/370999/?year=2021&to=households&stage=finished").url
    assert to == "/households/?stage=finished"
    assert office.get(to).context["table"].page.paginator.count == 11
    assert client.get("/counties/370899/").status_code == client.get("/counties/nonsense/").status_code == 404


def test_the_board_asks_as_much_for_many_homes_and_reads_no_single_one(county: World, sign_in: SignIn) -> None:
    client = sign_in(city_of(county))
    client.get("/counties/")
    with CaptureQueriesContext(connection) as few:
        client.get("/counties/")
    for _n in range(12):
        county.dwelling(A1, "paid")
    refresh_summaries(now=clock.now())
    with CaptureQueriesContext(connection) as many:
        client.get("/counties/")
    assert len(many) == len(few) <= 12
    single = (
        "reports_dwellingsummary",
        "subsidies_payoutline",
        "retrofits_installation",
        "devices_heater",
        "retrofits_task",
    )
    assert not [one["sql"] for one in many if any(f'FROM "{table}"' in one["sql"] for table in single)]


def test_the_wall_is_opened_by_a_key_of_the_network_and_shows_no_names(county: World, sign_in: SignIn) -> None:
    office = sign_in(county.staff["office"])
    address = office.get("/wall/", REMOTE_ADDR="10.1.2.3").url
    screen = Client()
    page = screen.get(address, REMOTE_ADDR="10.1.2.99")
    html = page.content.decode()
    assert page.status_code == 200 and 'data-theme="dark"' in html and "data-always" in html
    names = set(Household.objects.values_list("head_name", flat=True))
    assert "甲镇" in html and names and not [name for name in names if name in html]
    part = screen.get(address, REMOTE_ADDR="10.1.2.99", headers={"HX-Request": "true"})
    assert part.status_code == 200 and b"<html" not in part.content
    again = screen.get(address, REMOTE_ADDR="10.1.2.99", headers={"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert again.status_code == 304
    assert screen.get(address, REMOTE_ADDR="10.1.3.99").status_code == 404, "another network"
    assert screen.get("/wall/").status_code == screen.get("/wall/?key=nonsense").status_code == 404
    county.staff["office"].grants.all().delete()
    assert screen.get(address, REMOTE_ADDR="10.1.2.99").status_code == 404, "who gave the key may no longer see it"


def test_the_wall_of_who_does_not_read_heaters_leaves_them_out(county: World, sign_in: SignIn) -> None:
    client = sign_in(people.user("city_viewer", "370999"))
    html = client.get(client.get("/wall/").url).content.decode()
    assert _("Heaters on line") not in html and _("Your role does not read the heaters.") in html


def test_the_city_has_a_wall_of_counties(county: World, sign_in: SignIn) -> None:
    client = sign_in(city_of(county))
    cold = Heater.objects.filter(area_id=A1).first()
    Alert.objects.create(heater=cold, area_id=A1, kind="room_cold", opened_at=clock.now(), evidence={})
    page = client.get(client.get("/wall/").url)
    assert _("No open alerts.") not in page.content.decode(), "one is open; which heater it is, the city can't see"
    assert str(cold) not in page.content.decode()
    assert [line.code for line in page.context["lines"]] == ["370999"]
    assert page.context["board"].whole.line.finished == 11


def test_a_key_is_of_its_day_and_network() -> None:
    key = wall_keys.give(7, "370999", "t", "fd00::1:2")
    assert wall_keys.read(key, "fd00::9") == wall_keys.Key(7, "370999", "t")
    assert wall_keys.read(key, "fd01::9") is None and wall_keys.read(key + "x", "fd00::9") is None
    assert wall_keys.network_of("no address") == ""


def test_money_of_a_source_is_summed_over_counties(county: World) -> None:
    fund = Fund.objects.filter(source="CENTRAL").get()
    board = board_of(county, city_of(county))
    (central,) = [
        one for one in board.whole.sources if one.paid == fund.paid_fen and one.received == fund.received_fen
    ][:1]
    assert central.free == fund.received_fen - fund.reserved_fen - fund.paid_fen
