"""Pages around an import: the marked file, taking it back, typed values against rosters."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import AccessLog
from households.models import Dwelling, Household, ValueConflict
from households.services import households, imports, parsing, rosters
from jobs.models import Job
from jobs.running import run_job
from tests.households.conftest import Importer, World, apply, line
from tests.households.test_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(world: World) -> Client:
    return signed_in(world.clerk)


def test_the_marked_file_is_handed_out_and_written_down(world: World, clerk: Client, imported: Importer) -> None:
    found = imported([line(1, phone="1")])
    answer = clerk.get(reverse("households:import-marked", args=[found.pk]))
    assert answer.status_code == 200 and b"".join(answer.streaming_content)[:2] == b"PK"
    log = AccessLog.objects.get(kind="download")
    assert (log.user, log.object_pk) == (world.clerk, str(found.pk))
    assert signed_in(world.other_clerk).get(reverse("households:import-marked", args=[found.pk])).status_code == 404


def test_storing_the_good_rows_is_said_in_so_many_words(world: World, clerk: Client, imported: Importer) -> None:
    found = imported([line(1), line(2, phone="1")])
    url = reverse("households:import-apply", args=[found.pk])
    assert clerk.post(url).status_code == 422 and not Job.objects.filter(kind="households.apply_import").exists()
    assert 'name="leave_faulty"' in clerk.get(url).content.decode()
    assert clerk.post(url, {"leave_faulty": "1"}).status_code == 302


def test_a_file_that_was_not_taken_waits_by_name_until_it_is_voided(world: World, clerk: Client) -> None:
    made, _job = imports.start_import(
        programme=world.programme, area=world.town, content=[b"\x89PNG\r\n"], file_name="照片一.xlsx", by=world.clerk
    )
    parsing.parse_import(made.pk, commit=transaction.atomic)
    url = reverse("households:import-void", args=[made.pk])
    assert url in clerk.get(reverse("households:import-review", args=[made.pk])).content.decode()
    assert "照片一.xlsx" in clerk.get(reverse("home")).content.decode()
    assert clerk.post(url, {"reason": "传错"}).status_code == 302
    assert "照片一.xlsx" not in clerk.get(reverse("home")).content.decode()


def test_an_import_is_taken_back_on_its_page(world: World, clerk: Client, imported: Importer) -> None:
    found = imported([line(1), line(2)])
    apply(found, world.clerk)
    url = reverse("households:import-void", args=[found.pk])
    assert "2" in clerk.get(url).content.decode()
    assert clerk.post(url, {"reason": "旧名单"}).status_code == 302
    assert run_job(Job.objects.get(kind="households.undo_import").pk) == "done"
    assert not Household.objects.exists()
    page = clerk.get(reverse("households:import-review", args=[found.pk]))
    assert page.status_code == 200 and "旧名单" in page.content.decode()


def test_what_blocks_is_listed_instead_of_the_button(world: World, clerk: Client, imported: Importer) -> None:
    found = imported([line(1)])
    apply(found, world.clerk)
    rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.village_signer)
    url = reverse("households:import-void", args=[found.pk])
    text = clerk.get(url).content.decode()
    assert "J-01-0001-1" in text and 'name="reason"' not in text
    assert clerk.post(url, {"reason": "旧名单"}).status_code == 409 and Household.objects.count() == 1


def test_typed_values_are_decided_on_their_list(world: World, clerk: Client, imported: Importer) -> None:
    apply(imported([line(1)]), world.clerk)
    home = Dwelling.objects.select_related("household").get()
    households.edit_household(
        dwelling=home, version=households.version_of(home), changes={"heated_area_m2": Decimal("99")}, reason="看过",
        by=world.clerk,
    )  # fmt: skip
    apply(imported([line(1), line(2)]), world.clerk)
    text = clerk.get(reverse("households:conflict-list")).content.decode()
    assert "99" in text and "81" in text and "J-01-0001-1" in text
    assert "J-01-0001-1" not in signed_in(world.other_clerk).get(reverse("households:conflict-list")).content.decode()
    conflict = ValueConflict.objects.get()
    url = reverse("households:conflict-decide", args=[conflict.pk])
    assert signed_in(world.other_clerk).post(url, {"decision": "file"}).status_code == 404
    assert clerk.post(url, {"decision": "file"}).status_code == 302
    assert Dwelling.objects.get(pk=home.pk).heated_area_m2 == 81
    assert clerk.post(url, {"decision": "mine"}).status_code == 409
