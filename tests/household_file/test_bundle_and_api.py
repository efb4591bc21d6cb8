"""The file over the API and as a zip: the same facts, masked, in one's area, each look written down."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from accounts.models import AccessLog, User
from core import masks
from core.files import store_bytes
from core.refusals import Refused
from households.models import Document, Dwelling
from programmes.models import RequiredPaper
from reports.queries.household_file import file_of
from reports.services import file_zip
from reports.services.summaries import refresh_summaries
from tests import people
from tests.reports.world import A1, B1, World

pytestmark = pytest.mark.django_db


def api(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


def page(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.PersonBackend")
    return client


def stored(home: Dwelling, by: User, kind: str = "contract", content: bytes = b"%PDF-1.4 x") -> Document:
    kept = store_bytes(content)
    return Document.objects.create(area_id=home.area_id, dwelling=home, kind=kind, file_name="a.pdf",
                                   content_type="application/pdf", stored_name=kept.key, sha256=kept.sha256,
                                   size_bytes=kept.size, uploaded_by=by)  # fmt: skip


@pytest.fixture
def home(world: World) -> Dwelling:
    made = world.dwelling(A1, "paid")
    refresh_summaries()
    return Dwelling.objects.select_related("household", "area__parent").get(pk=made.pk)


def numbers(home: Dwelling) -> list[str]:
    family = home.household
    return [str(family.id_number), str(family.phone), str(family.bank_card)]


def test_the_file_over_the_api_says_what_the_page_says(world: World, home: Dwelling) -> None:
    RequiredPaper.objects.get_or_create(programme=world.programme, paper="warranty",
                                        defaults={"owed_by": "installer"})  # fmt: skip
    answer = api(world.staff["clerk_a"]).get(f"/api/households/{home.dwelling_no}/file/")
    said, file = answer.json(), file_of(home, world.programme, world.staff["clerk_a"])
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    assert (said["dwelling_no"], said["head_name"], len(said["documents"])) == (
        home.dwelling_no, home.household.head_name, 14,
    )  # fmt: skip
    assert [one["amount_fen"] for one in said["money"]] == [line.due.amount_fen for line in file.money] != []
    missing = {one["paper"] for one in said["documents"] if one["missing"]}
    assert "warranty" in missing and all(one["owed_by"] for one in said["documents"] if one["missing"])
    assert [one["state"] for one in said["progress"]].count("did") >= 4
    steps = {one["title"] for one in said["progress"]}
    assert {"施工", "验收", "兑付"} <= steps, "true of a step that is to come too"


def test_personal_numbers_leave_masked_by_page_print_and_api(world: World, home: Dwelling) -> None:
    clerk = world.staff["clerk_a"]
    texts = [
        api(clerk).get(f"/api/households/{home.dwelling_no}/file/").content.decode(),
        page(clerk).get(f"/households/{home.dwelling_no}/").content.decode(),
        page(clerk).get(f"/households/{home.dwelling_no}/print/").content.decode(),
    ]
    for text in texts:
        assert not [number for number in numbers(home) if number in text]
        assert masks.mask_id(str(home.household.id_number)) in text
    assert not AccessLog.objects.filter(kind="reveal").exists()


def test_money_is_null_for_who_may_not_read_it(world: World, home: Dwelling) -> None:
    from accounts.rights import ROLES

    blind = [one for one, role in ROLES.items() if {"api.read", "households.view"} <= role.rights
             and "entitlements.view" not in role.rights and not role.second_factor]  # fmt: skip
    for role in blind:
        said = api(people.user(role, "370999")).get(f"/api/households/{home.dwelling_no}/file/").json()
        assert said["money"] is None
    file = file_of(home, world.programme, people.user("ops", "370999"))
    assert file.sees_money is people.user("ops", "370999").has_right("entitlements.view", home.area_id)


def test_a_file_of_another_town_does_not_exist(world: World, home: Dwelling) -> None:
    far = people.user("town_staff", B1[:9])
    assert api(far).get(f"/api/households/{home.dwelling_no}/file/").status_code == 404
    assert page(far).post(f"/households/{home.dwelling_no}/zip/", {"reason": "audit"}).status_code == 404
    assert APIClient().get(f"/api/households/{home.dwelling_no}/file/").status_code == 401


def test_one_full_number_leaves_for_a_reason_that_is_written_down(world: World, home: Dwelling) -> None:
    client, url = api(world.staff["clerk_a"]), f"/api/households/{home.dwelling_no}/reveal/"
    assert client.post(url, {"field": "id_number"}, format="json").status_code == 400
    assert client.post(url, {"field": "remark", "reason": "audit"}, format="json").status_code == 400
    assert not AccessLog.objects.exists()
    answer = client.post(url, {"field": "id_number", "reason": "call_household"}, format="json")
    assert answer.json() == {"field": "id_number", "value": str(home.household.id_number)}
    look = AccessLog.objects.get()
    assert (look.kind, look.field, look.reason, look.object_pk) == (
        "reveal", "id_number", "call_household", str(home.household_id),
    )  # fmt: skip


def test_the_zip_holds_every_paper_and_says_what_is_missing(world: World, home: Dwelling) -> None:
    clerk = world.staff["clerk_a"]
    stored(home, clerk), stored(home, clerk, "warranty", b"second")
    answer = page(clerk).post(f"/households/{home.dwelling_no}/zip/", {"reason": "audit"})
    made = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    contents = {made.read(name) for name in made.namelist()}
    assert {b"%PDF-1.4 x", b"second"} <= contents and made.testzip() is None
    assert all(name.endswith(".txt") for name in made.namelist() if name.startswith("photos/")), "lost files are named"
    listing = made.read(made.namelist()[0]).decode("utf-8-sig")
    assert home.dwelling_no in listing and not [number for number in numbers(home) if number in listing]
    looks = set(AccessLog.objects.values_list("kind", "reason"))
    assert looks == {("reveal", "audit"), ("download", "audit")}


def test_without_a_reason_no_byte_leaves(world: World, home: Dwelling) -> None:
    stored(home, world.staff["clerk_a"])
    answer = page(world.staff["clerk_a"]).post(f"/households/{home.dwelling_no}/zip/", {})
    assert answer.status_code == 422 and not AccessLog.objects.exists()


def test_a_zip_is_bounded(world: World, home: Dwelling, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = world.staff["clerk_a"]
    stored(home, clerk)
    monkeypatch.setattr(file_zip, "MAX_BYTES", 5)
    with pytest.raises(Refused, match="TOO_LARGE"):
        file_zip.zip_of(file=file_of(home, world.programme, clerk), reason="audit", by=clerk)


def test_the_description_names_the_file() -> None:
    schema: Any = api(people.user("auditor", "370999")).get("/api/schema/").json()
    operation = schema["paths"]["/api/households/{dwelling_no}/file/"]["get"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/HouseholdFile")
    fields = schema["components"]["schemas"]["HouseholdFile"]["properties"]
    wanted = {"documents", "money", "heater", "progress", "cases", "heat_fees", "coal_sales", "events", "departure"}
    assert wanted <= set(fields)
