"""Links of the figures: whoever reads only sums is led nowhere where a door is closed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import may_open
from accounts.models import User
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import World

__all__ = ["county"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
FIGURES = ("home", "reports:overview", "reports:progress", "reports:county-board")


def links_of(client: Client, url: str) -> set[str]:
    """Addresses inside the portal the page at `url` leads to."""
    text = client.get(url, follow=True).content.decode()
    return {found.replace("&amp;", "&") for found in re.findall(r'<a [^>]*?href="([^"]+)"', text) if found[0] in "/?"}


@pytest.mark.parametrize("place", ["3709", "370999", "370999001"])
@pytest.mark.parametrize("role", ["city_viewer", "ops"])
def test_no_number_leads_to_a_closed_door(county: World, sign_in: SignIn, role: str, place: str) -> None:
    client = sign_in(people.user(role, place))
    for page in (reverse(name) for name in FIGURES):
        links = links_of(client, page)
        assert links, page
        wheres = {link: page + link if link[0] == "?" else link for link in links}
        assert {link for link, where in wheres.items() if client.get(where, follow=True).status_code == 403} == set()


def test_who_reads_households_keeps_the_way_from_the_number_to_the_list(county: World, sign_in: SignIn) -> None:
    links = links_of(sign_in(county.staff["office"]), reverse("reports:overview"))
    households = reverse("reports:household-list")
    assert {households + "?stage=finished", households + "?missing=any", households + "?town=370999001"} <= links
    assert reverse("reports:household-list") + "?technology=ELECTRIC" in links


def test_an_address_opens_to_the_rights_its_view_asks_for(county: World) -> None:
    office, viewer = county.staff["office"], people.user("city_viewer", "370999")
    households = reverse("reports:household-list") + "?stage=paid#rows"
    assert may_open(office, households) and not may_open(viewer, households)
    assert may_open(viewer, reverse("home")), "every account has one"
    assert not may_open(office, "/no-such-page/") and not may_open(office, "")
