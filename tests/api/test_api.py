"""The API shows the same rows under the same rights as the pages."""

from __future__ import annotations

import pytest
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from programmes.models import Target
from tests import people

pytestmark = pytest.mark.django_db


def client_of(user: object) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


def test_strangers_get_nothing() -> None:
    assert APIClient().get("/api/dwellings/").status_code == 401


def test_rows_of_another_town_do_not_exist() -> None:
    mine, other = people.dwelling(area="370999001001"), people.dwelling(area="370999002001")
    client = client_of(people.user("town_staff", "370999001"))
    body = client.get("/api/dwellings/").json()
    assert [row["dwelling_no"] for row in body["results"]] == [mine.dwelling_no]
    assert client.get(f"/api/dwellings/{other.dwelling_no}/").status_code == 404


@pytest.mark.parametrize("path", ["/api/dwellings/NONE-1/", "/api/nothing-of-this-kind/"])
def test_what_is_not_there_is_said_in_json_and_names_no_model(path: str) -> None:
    client = client_of(people.user("town_staff", "370999001"))
    answer = client.get(path, HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (404, "application/json")
    detail = answer.json()["detail"]
    assert detail and not set("Dwelling") & set(detail), detail


def test_a_target_names_its_technology_by_code() -> None:
    dwelling = people.dwelling(area="370999001001")
    programme = people.programme()
    technology = people.technology(programme, "GAS")
    for number, chosen in enumerate([technology, None], 1):
        Target.objects.create(
            programme=programme, row_no=number, area_id=dwelling.area_id, technology=chosen, year=2021, quantity=5,
            unit="household", clause="T-42",
        )  # fmt: skip
    client = client_of(people.user("auditor", "370999"))
    found = client.get(f"/api/programmes/{programme.code}/").json()["targets"]
    assert [one["technology"] for one in found] == [technology.code, None]


def test_personal_numbers_leave_masked() -> None:
    dwelling = people.dwelling(area="370999001001")
    text = client_of(people.user("town_staff", "370999001")).get("/api/dwellings/").content.decode()
    assert dwelling.household.id_number not in text
    assert dwelling.household.phone not in text
    assert "********" in text


def test_roles_without_the_api_right_are_refused() -> None:
    assert client_of(people.user("inspector", "370999001")).get("/api/dwellings/").status_code == 403


def test_the_description_names_every_resource() -> None:
    schema = client_of(people.user("auditor", "370999")).get("/api/schema/").json()
    assert {"/api/dwellings/", "/api/entitlements/", "/api/heaters/", "/api/programmes/", "/api/tasks/"} <= set(
        schema["paths"]
    )


def test_the_api_changes_nothing() -> None:
    client = client_of(people.user("auditor", "370999"))
    for method in (client.post, client.put, client.patch, client.delete):
        assert method("/api/dwellings/").status_code == 405
