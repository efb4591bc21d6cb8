"""The fourteen items: what is there, what is asked for, who owes it; kept, opened for a reason, withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from accounts.models import AccessLog
from core.files import open_file
from core.refusals import Refused
from households.models import Document, Dwelling, Roster, RosterPage, RosterRow, RosterScan
from households.services import documents
from programmes.models import RequiredPaper
from programmes.papers import UPLOADABLE, Paper
from reports.models import DwellingSummary
from reports.queries.household_file import PaperLine, file_of, papers_of
from reports.services.summaries import refresh_summaries
from tests import people
from tests.households.stamped import photo, scan
from tests.reports.world import A1, B1, REACHED, World

pytestmark = pytest.mark.django_db


def lines(world: World, dwelling: Dwelling) -> dict[str, PaperLine]:
    fresh = Dwelling.objects.select_related("household", "area__parent").get(pk=dwelling.pk)
    return {line.paper.value: line for line in papers_of(file_of(fresh, world.programme, world.staff["clerk_a"]))}


@pytest.mark.clause(
    "T-52",
    "一户一档…改造前中后的照片，竣工验收材料",
    serves="reports.queries.household_file:papers_of",
    page="reports:household-detail",
    model="programmes.RequiredPaper",
)
def test_page_and_list_name_the_same_missing_papers(world: World) -> None:
    for paper in set(Paper.values) - set(world.programme.required_papers.values_list("paper", flat=True)):
        RequiredPaper.objects.create(programme=world.programme, paper=paper, owed_by="town_staff")
    homes = {stage: world.dwelling(A1, stage) for stage in REACHED}
    for stage in REACHED[1::2]:
        world.document(A1, "contract", dwelling=homes[stage])
    refresh_summaries()
    rows = {row.dwelling_id: row for row in DwellingSummary.objects.all()}
    for stage, made in homes.items():
        row, found = rows[made.pk], lines(world, made)
        assert {code for code, line in found.items() if line.is_missing} == set(row.missing), stage
        assert row.wanted_papers == len(found) == 14


def test_a_paper_that_only_heaters_need_is_asked_for_only_there(world: World) -> None:
    made = world.dwelling(A1, "listed")
    assert lines(world, made)["connection"].asked is not None
    world.route.has_heater = False
    world.route.save()
    assert lines(world, made)["connection"].asked is None


def test_a_stamped_page_with_the_household_s_signature_is_its_signed_choice(world: World) -> None:
    made = world.dwelling(A1, "listed")
    row = RosterRow.objects.get(dwelling=made)
    page = RosterPage.objects.create(roster=row.roster, page_no=1, first_row=1, last_row=1, code="0" * 10)
    RosterRow.objects.filter(pk=row.pk).update(page_no=1, row_no=1)
    assert not lines(world, made)["choice"].there
    RosterScan.objects.create(
        roster=row.roster, area_id=A1, page=page, level="village", document=world.document(A1, "roster_scan"),
        uploaded_by=world.staff["clerk_a"],
    )  # fmt: skip
    assert lines(world, made)["choice"].there
    RequiredPaper.objects.create(programme=world.programme, paper="choice", owed_by="town_staff")
    refresh_summaries()
    assert "choice" not in DwellingSummary.objects.get(dwelling=made).missing
    Roster.objects.filter(pk=row.roster_id).update(state="returned")
    assert not lines(world, made)["choice"].there


@pytest.mark.clause(
    "J-20",
    "以及相关协议、图表…全部录入",
    serves="households.services.documents:add_paper",
    page="reports:household-detail",
    model="households.Document",
)
def test_a_paper_is_kept_as_our_own_picture_encrypted_and_once(world: World) -> None:
    made, clerk = world.dwelling(A1, "installed"), world.staff["clerk_a"]
    card = photo("")
    first = documents.add_paper(dwelling=made, paper="warranty", content=card, file_name="保修卡.jpg", by=clerk)
    again = documents.add_paper(dwelling=made, paper="warranty", content=card, file_name="b.jpg", by=clerk)
    assert first == again and (first.content_type, first.kind) == ("image/jpeg", "warranty")
    with open_file(first.stored_name) as kept:
        assert kept.read(3) == b"\xff\xd8\xff"
    two = documents.add_paper(dwelling=made, paper="contract", content=scan("", ""), file_name="c.pdf", by=clerk)
    assert two.content_type == "application/pdf"
    assert lines(world, made)["warranty"].files == (first,)


@pytest.mark.parametrize(
    ("paper", "content", "code"),
    [("warranty", b"MZ", "PAPER_UNUSABLE"), ("photos", photo(""), "PAPER_UNKNOWN"), ("", photo(""), "PAPER_UNKNOWN")],
    ids=["no paper", "photos", "none"],
)
def test_what_is_no_paper_of_the_file_is_refused(world: World, paper: str, content: bytes, code: str) -> None:
    made = world.dwelling(A1, "installed")
    with pytest.raises(Refused, match=code):
        documents.add_paper(dwelling=made, paper=paper, content=content, file_name="x", by=world.staff["clerk_a"])
    with pytest.raises(Refused, match="NO_RIGHT"):
        documents.add_paper(dwelling=made, paper="warranty", content=b"", file_name="x", by=world.staff["clerk_b"])


def test_a_file_holds_so_many_of_a_kind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made, clerk = world.dwelling(A1, "installed"), world.staff["clerk_a"]
    monkeypatch.setattr(documents, "MAX_OF_A_KIND", 1)
    documents.add_paper(dwelling=made, paper="warranty", content=photo(""), file_name="1", by=clerk)
    with pytest.raises(Refused, match="TOO_MANY_PAPERS"):
        documents.add_paper(dwelling=made, paper="warranty", content=photo("", tilt=9), file_name="2", by=clerk)


def test_the_clerk_adds_opens_for_a_reason_and_withdraws(world: World, client: Client) -> None:
    made, clerk = world.dwelling(A1, "installed"), world.staff["clerk_a"]
    client.force_login(clerk)
    files = [SimpleUploadedFile("保修卡.jpg", photo("")), SimpleUploadedFile("virus.exe", b"MZ")]
    sent = client.post(f"/hh/dwellings/{made.dwelling_no}/papers/", {"paper": "warranty", "files": files}, follow=True)
    assert "virus.exe" in sent.content.decode()
    paper = Document.objects.get(kind="warranty")
    address = f"/hh/papers/{paper.pk}/open/"
    assert client.get(address).status_code == 405, "nothing leaves by a link"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert not AccessLog.objects.filter(field="file").exists()
    opened = client.post(address, {"reason": "audit"})
    assert opened.status_code == 200 and opened["Content-Disposition"].startswith("attachment")
    assert opened["X-Content-Type-Options"] == "nosniff" and "no-store" in opened["Cache-Control"]
    look = AccessLog.objects.get(field="file")
    assert (look.user, look.reason, look.object_pk, look.area_id) == (clerk, "audit", str(paper.pk), A1)
    assert client.post(f"/hh/papers/{paper.pk}/withdraw/", {"reason": ""}).status_code == 302
    assert lines(world, made)["warranty"].there
    client.post(f"/hh/papers/{paper.pk}/withdraw/", {"reason": "拿错了"})
    assert not lines(world, made)["warranty"].there


def test_papers_of_another_town_don_t_exist_and_reading_is_not_opening(world: World, client: Client) -> None:
    made = world.dwelling(B1, "installed")
    paper = world.document(B1, "warranty", dwelling=made)
    picture = world.document(B1, "photo", dwelling=made)
    client.force_login(world.staff["clerk_a"])
    for address in (
        f"papers/{paper.pk}/open/",
        f"papers/{paper.pk}/withdraw/",
        f"dwellings/{made.dwelling_no}/papers/",
    ):
        assert client.post(f"/hh/{address}", {"reason": "audit"}).status_code == 404, address
    client.force_login(people.user("village_staff", B1))
    assert client.post(f"/hh/papers/{paper.pk}/open/", {"reason": "audit"}).status_code == 403
    client.force_login(world.staff["clerk_b"])
    assert client.post(f"/hh/papers/{picture.pk}/open/", {"reason": "audit"}).status_code == 404, "no paper of the file"


@pytest.mark.clause(
    "J-75", "对改造到户的项目要建档立卡",
    serves="reports.queries.household_file:file_of", page="reports:household-print", model="households.Document",
)  # fmt: skip
def test_cover_and_contents_name_every_item_and_no_full_number(world: World, client: Client, settings: Any) -> None:
    made = world.dwelling(A1, "paid")
    client.force_login(world.staff["clerk_a"])
    with translation.override("zh-hans"):
        labels = [str(paper.label) for paper in Paper]
        for address, language in (
            (f"/households/{made.dwelling_no}/print/", "en"),
            (f"/households/{made.dwelling_no}/", "zh-hans"),
        ):
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = language  # the form is Chinese for everybody
            page = client.get(address).content.decode()
            assert [label for label in labels if label not in page] == []
            family = made.household
            assert not [number for number in (family.id_number, family.phone, family.bank_card) if number in page]
    client.force_login(world.staff["clerk_b"])
    assert client.get(f"/households/{made.dwelling_no}/print/").status_code == 404


def test_items_of_the_file_are_the_fourteen_and_their_codes_fit_the_tables() -> None:
    assert len(Paper) == 14 and len(UPLOADABLE) == 10
    assert all(len(code) <= 12 for code in Paper.values)
