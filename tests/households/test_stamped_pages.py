"""Pages with codes: frozen rows, pictures matched back, handing in on paper, departures, deadline."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.papers import NotAPaper, clean_paper
from core.refusals import Refused
from households import roster_queries
from households.models import Document, Dwelling, Enrolment, Roster, RosterScan, RosterSeal
from households.services import rosters, scans
from households.sheets import ALPHABET, Line, changes_between, code_of, grouped, page_hash, read_code, sheets_of
from tests.households.conftest import Importer, World, apply, line
from tests.households.stamped import photo, scan, sheet

SUBJECT = "p/370999001001/v1"


def made_line(n: int, **changes: str) -> Line:
    said = {"dwelling_no": f"J-01-{n:04d}-1", "head_name": f"张示例{n}", "heated_area_m2": "88.00"}
    return Line.from_json(said | changes)


@pytest.fixture
def drawn(world: World, standing_roster: Roster) -> Roster:
    return Roster.objects.get(pk=standing_roster.pk)


def codes(roster: Roster) -> list[str]:
    return list(roster.pages.order_by("page_no").values_list("code", flat=True))


# --- codes --------------------------------------------------------------------------------------------------


@given(st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_code_is_read_back_however_it_is_typed(digest: str) -> None:
    code = code_of(digest)
    assert read_code(code) == read_code(grouped(code).lower()) == read_code(f" QNQD:{code} ") == code
    assert read_code(code.replace("0", "O").replace("1", "l")) == code


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, 9), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_never_taken_for_another_page(digest: str, place: int, letter: str) -> None:
    code = code_of(digest)
    wrong = code[:place] + letter + code[place + 1 :]
    assert read_code(wrong) == (code if wrong == code else None)


def test_a_page_s_code_follows_its_rows_and_its_list_and_nothing_else() -> None:
    lines = [made_line(n) for n in range(1, 19)]
    first, second = sheets_of(lines, subject=SUBJECT)
    assert (first.first_row, first.last_row, second.first_row, second.last_row) == (1, 16, 17, 18)
    changed = [*lines[:17], made_line(18, heated_area_m2="89.00")]
    again = sheets_of(changed, subject=SUBJECT)
    assert again[0].code == first.code and again[1].code != second.code
    assert {one.code for one in sheets_of(lines, subject="p/370999001001/v2")}.isdisjoint({first.code, second.code})
    assert page_hash(lines[:1], subject="a") != page_hash(lines[:1], subject="b")


def test_what_differs_is_told_without_the_identity_number() -> None:
    before = made_line(1, id_index="x", id_mask="3709**********0147", technology="GAS", technology_name="煤改气")
    after = made_line(1, id_index="y", id_mask="3709**********0155", technology="GAS", technology_name="气代煤")
    assert [(one.field, one.before, one.after) for one in changes_between(before, after)] == [
        ("id_index", "3709**********0147", "3709**********0155")
    ]


# --- pictures ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("tilt", [0, 4, -11, 90, 180])
def test_a_photo_of_a_stamped_page_finds_its_page(world: World, drawn: Roster, tilt: int) -> None:
    done = scans.add_scans(roster=drawn, files=[("IMG_1.jpg", photo(codes(drawn)[1], tilt=tilt))], by=world.clerk)
    assert [(one.page.page_no, one.how, one.level) for one in done.placed] == [(2, "read", "village")]
    assert done.unread == done.problems == []


@pytest.mark.django_db
def test_a_scanned_pdf_is_taken_page_by_page_and_kept_as_our_own_pictures(world: World, drawn: Roster) -> None:
    done = scans.add_scans(roster=drawn, files=[("盖章.pdf", scan(*codes(drawn)))], by=world.clerk)
    assert [one.page.page_no for one in done.placed] == [1, 2]
    assert set(Document.objects.filter(kind="roster_scan").values_list("content_type", flat=True)) == {"image/jpeg"}
    again = scans.add_scans(roster=drawn, files=[("盖章.pdf", scan(*codes(drawn)))], by=world.clerk)
    assert [one.pk for one in again.placed] == [one.pk for one in done.placed]


@pytest.mark.django_db
def test_a_picture_without_a_readable_code_waits_until_somebody_types_it(world: World, drawn: Roster) -> None:
    done = scans.add_scans(roster=drawn, files=[("a.jpg", photo(""))], by=world.clerk)
    waiting = done.unread[0]
    code = codes(drawn)[0]
    with pytest.raises(Refused, match="CODE_MISTYPED"):
        scans.place_scan(scan=waiting, code=code[:-1] + ("0" if code[-1] != "0" else "1"), by=world.clerk)
    placed = scans.place_scan(scan=waiting, code=grouped(code).lower(), by=world.clerk)
    assert (placed.page.page_no, placed.how) == (1, "typed")
    with pytest.raises(Refused, match="SCAN_PLACED"):
        scans.drop_scan(scan=placed, by=world.clerk)


@pytest.mark.django_db
def test_a_picture_of_no_page_can_be_taken_away_and_its_file_goes(
    world: World, drawn: Roster, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    waiting = scans.add_scans(roster=drawn, files=[("a.jpg", photo(""))], by=world.clerk).unread[0]
    kept = settings.FILES_DIR / waiting.document.stored_name[:2] / waiting.document.stored_name
    assert kept.exists()
    with django_capture_on_commit_callbacks(execute=True):
        scans.drop_scan(scan=waiting, by=world.clerk)
    assert not kept.exists() and not RosterScan.objects.exists()


@pytest.mark.django_db
def test_a_stamped_old_page_can_t_stand_for_the_new_version(world: World, drawn: Roster, imported: Importer) -> None:
    old = codes(drawn)
    rosters.return_roster(roster=drawn, by=world.village_signer, reason="漏一户")
    apply(imported([line(19)]), world.clerk)
    new = rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
    done = scans.add_scans(roster=new, files=[("old.jpg", photo(old[0])), ("good.jpg", photo(codes(new)[0]))],
                           by=world.clerk)  # fmt: skip
    assert len(done.placed) == 1 and len(done.problems) == 1 and not done.unread
    assert old[0][:5] in done.problems[0]


@pytest.mark.django_db
def test_two_pages_on_one_picture_are_refused(world: World, drawn: Roster) -> None:
    both = Image.new("RGB", (3200, 2200), "white")
    for number, code in enumerate(codes(drawn)):
        both.paste(sheet(code), (number * 1600, 0))
    out = io.BytesIO()
    both.save(out, "JPEG", quality=90)
    done = scans.add_scans(roster=drawn, files=[("both.jpg", out.getvalue())], by=world.clerk)
    assert not done.placed and len(done.problems) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"), (b"MZ\x90", "NO_PAPER"), (b"%PDF-1.7 nothing", "NO_PAPER"),
        (b"0" * (20 * 2**20 + 1), "TOO_LARGE"), (None, "NO_PAPER"),
    ],
)  # fmt: skip
def test_what_is_no_paper_is_refused(content: bytes | None, code: str) -> None:
    content = photo("")[:3000] if content is None else content
    with pytest.raises(NotAPaper, match=code):
        clean_paper(content)


def test_of_a_pdf_with_a_script_nothing_but_its_picture_is_kept() -> None:
    page = scan("")
    trap = page.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
    assert trap != page
    kept = clean_paper(trap)
    assert kept.content_type == "image/jpeg" and b"JavaScript" not in kept.content
    two = clean_paper(scan("", ""))
    assert (two.content_type, two.page_count) == ("application/pdf", 2)
    assert b"JavaScript" not in two.content


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    with pytest.raises(NotAPaper, match="TOO_MANY_PAGES"):
        clean_paper(scan("", "", ""), max_pages=2)


# --- handing in ----------------------------------------------------------------------------------------------


def submit(roster: Roster, by: Any, name: str = "赵村长") -> RosterSeal:
    roster.refresh_from_db()
    return rosters.submit_roster(roster=roster, by=by, signed_name=name, content_hash=roster.content_hash)


@pytest.mark.django_db
def test_a_list_is_handed_in_only_with_every_stamped_page(world: World, drawn: Roster) -> None:
    scans.add_scans(roster=drawn, files=[("1.jpg", photo(codes(drawn)[0]))], by=world.clerk)
    with pytest.raises(Refused, match=r"PAGES_MISSING.*2"):
        submit(drawn, world.clerk)
    scans.add_scans(roster=drawn, files=[("2.jpg", photo(codes(drawn)[1]))], by=world.clerk)
    with pytest.raises(Refused, match="MAKER_SIGNS"):
        submit(drawn, world.clerk, world.clerk.person_name)
    seal = submit(drawn, world.clerk)
    assert (seal.on_paper, seal.signed_name, seal.signer) == (True, "赵村长", world.clerk)
    drawn.refresh_from_db()
    assert drawn.state == "village_sealed"
    leader_seal = rosters.seal_roster(roster=drawn, level="town", by=world.leader, content_hash=drawn.content_hash)
    assert leader_seal.signer == world.leader


@pytest.mark.django_db
def test_a_stranger_hands_nothing_in(world: World, drawn: Roster) -> None:
    with pytest.raises(Refused, match="NO_RIGHT"):
        submit(drawn, world.other_clerk)
    with pytest.raises(Refused, match="NO_RIGHT"):
        scans.add_scans(roster=drawn, files=[], by=world.other_clerk)


@pytest.mark.django_db
def test_a_draft_with_stamped_pages_is_not_drawn_anew_under_them(world: World, drawn: Roster) -> None:
    before = codes(drawn)
    rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
    assert codes(drawn) == before, "the same rows on the same pages keep their codes"
    scans.add_scans(roster=drawn, files=[("1.jpg", photo(before[0]))], by=world.clerk)
    with pytest.raises(Refused, match="PAGES_STAMPED"):
        rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)


@pytest.mark.django_db
def test_a_programme_may_ask_for_scans_before_the_town_seals(world: World, drawn: Roster) -> None:
    world.programme.settings = {"roster_scans": ["town"]}
    world.programme.save()
    rosters.seal_roster(roster=drawn, level="village", by=world.village_signer, content_hash=drawn.content_hash)
    with pytest.raises(Refused, match="PAGES_MISSING"):
        rosters.seal_roster(roster=drawn, level="town", by=world.leader, content_hash=drawn.content_hash)
    drawn.refresh_from_db()
    scans.add_scans(roster=drawn, files=[("a.pdf", scan(*codes(drawn)))], by=world.clerk)
    rosters.seal_roster(roster=drawn, level="town", by=world.leader, content_hash=drawn.content_hash)


# --- returns, differences, departures ------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_row_is_returned_with_words_and_the_next_version_shows_what_became_of_it(world: World, drawn: Roster) -> None:
    rows = roster_queries.printed_rows(drawn)
    words = {rows[1].pk: "面积不对", rows[4].pk: "不在本村"}
    rosters.return_roster(roster=drawn, by=world.village_signer, reason="", rows=words)
    drawn.refresh_from_db()
    assert drawn.state == "returned" and drawn.return_reason
    assert [row.number for row in roster_queries.returned_rows(drawn)] == [2, 5]
    Dwelling.objects.filter(dwelling_no=rows[1].line.dwelling_no).update(heated_area_m2=70)
    again = rosters.draw_up_roster(programme=world.programme, area=world.village, by=world.clerk)
    found = {one.line.dwelling_no: one for one in roster_queries.differences(again) or []}
    assert {key: (one.kind, one.words) for key, one in found.items()} == {
        rows[1].line.dwelling_no: ("changed", "面积不对"), rows[4].line.dwelling_no: ("same", "不在本村"),
    }  # fmt: skip
    change = found[rows[1].line.dwelling_no].changes[0]
    assert (change.field, change.after) == ("heated_area_m2", "70.00")


@pytest.mark.django_db
def test_words_for_a_row_of_another_list_are_no_reason(world: World, drawn: Roster) -> None:
    with pytest.raises(Refused, match="REASON_NEEDED"):
        rosters.return_roster(roster=drawn, by=world.village_signer, reason=" ", rows={0: "x", 10**9: "y"})


@pytest.mark.django_db
def test_a_later_change_names_the_stamped_page_it_departs_from(world: World, drawn: Roster) -> None:
    assert roster_queries.departures(drawn) == []
    for level, signer in (("village", world.village_signer), ("town", world.leader), ("office", world.office)):
        rosters.seal_roster(roster=drawn, level=level, by=signer, content_hash=drawn.content_hash)
    drawn.refresh_from_db()
    rows = roster_queries.printed_rows(drawn)
    changed, excluded, gone = rows[16].dwelling, rows[2].dwelling, rows[3].dwelling
    Dwelling.objects.filter(pk=changed.pk).update(heated_area_m2=60)
    Dwelling.objects.filter(pk=excluded.pk).update(exclusion="LONG_VACANT")
    Enrolment.objects.filter(dwelling=gone).delete()
    found = {one.row_no: one for one in roster_queries.departures(drawn)}
    assert sorted(found) == [3, 4, 17]
    assert found[17].page is not None and found[17].page.page_no == 2 and found[17].code == codes(drawn)[1]
    assert [(one.field, one.after) for one in found[17].changes] == [("heated_area_m2", "60.00")]
    assert (found[3].left, found[4].left) == ("LONG_VACANT", "not_enrolled")
    place = roster_queries.stamped_place(Dwelling.objects.get(pk=changed.pk), world.programme)
    assert place is not None and place.page == found[17].page and place.departure is not None
    assert place.line.heated_area_m2 == rows[16].line.heated_area_m2


# --- deadline -------------------------------------------------------------------------------------------------


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.django_db
def test_a_list_is_late_from_the_day_after_the_programme_s_deadline(world: World, drawn: Roster) -> None:
    def timing(today: str) -> Any:
        return roster_queries.timings(world.programme, [drawn], day(today))[drawn.pk]

    assert roster_queries.timings(world.programme, [drawn], day("2021-07-02")) == {}
    world.programme.settings = {"roster_deadline": "2021-07-01"}
    world.programme.save()
    assert (timing("2021-06-01").is_near, timing("2021-06-17").is_near) == (False, True)
    assert (timing("2021-07-01").late_days, timing("2021-07-01").days_left) == (0, 0)
    assert timing("2021-07-05").late_days == 4 and not timing("2021-07-05").is_near
    for level, signer in (("village", world.village_signer), ("town", world.leader)):
        rosters.seal_roster(roster=drawn, level=level, by=signer, content_hash=drawn.content_hash,
                            now=dt.datetime(2021, 7, 2, 17, tzinfo=dt.UTC))  # fmt: skip
    assert timing("2021-09-01").late_days == 2, "5 p.m. UTC is the next day in Shanghai"
    assert timing("2021-09-01").days_left is None


# --- pages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([], ""), ([3], "3"), ([1, 2], "1、2"), (range(1, 10), "1 至 9"), ([1, 2, 3, 5, 8, 9], "1 至 3、5、8、9")],
)
def test_missing_pages_are_told_as_ranges(numbers: list[int], words: str) -> None:
    with override("zh-hans"):
        assert roster_queries.page_words(numbers) == words


@pytest.mark.django_db
def test_the_clerk_uploads_hands_in_and_a_stranger_sees_nothing(world: World, drawn: Roster, client: Client) -> None:
    client.force_login(world.clerk)
    printed = client.get(f"/hh/rosters/{drawn.pk}/print/").content.decode()
    for code in codes(drawn):
        assert grouped(code) in printed
    early = client.get(f"/hh/rosters/{drawn.pk}/submit/").content.decode()
    assert "以下各页已由村（居）盖章签字" not in early
    assert f"还缺 {len(codes(drawn))} 页盖章页" in early
    assert f'href="/hh/rosters/{drawn.pk}/#pages"' in early
    files = [SimpleUploadedFile("1.pdf", scan(*codes(drawn)), "application/pdf"), SimpleUploadedFile("x.exe", b"MZ")]
    sent = client.post(f"/hh/rosters/{drawn.pk}/scans/", {"scans": files}, follow=True)
    assert "x.exe" in sent.content.decode()
    shown = RosterScan.objects.first()
    picture = client.get(f"/hh/rosters/scans/{shown.pk}/")
    late = client.get(f"/hh/rosters/{drawn.pk}/submit/").content.decode()
    assert "以下各页已由村（居）盖章签字" in late and "还缺" not in late
    assert picture["Content-Type"] == "image/jpeg" and picture["X-Content-Type-Options"] == "nosniff"
    data = {"signed_name": "赵村长", "content_hash": drawn.content_hash}
    assert client.post(f"/hh/rosters/{drawn.pk}/submit/", {**data, "signed_name": ""}).status_code == 422
    assert client.post(f"/hh/rosters/{drawn.pk}/submit/", data).status_code == 302
    client.force_login(world.other_clerk)
    for address in (f"scans/{shown.pk}/", f"{drawn.pk}/submit/", f"{drawn.pk}/print/"):
        assert client.get(f"/hh/rosters/{address}").status_code == 404
    client.force_login(world.village_signer)
    assert client.get(f"/hh/rosters/{drawn.pk}/submit/").status_code == 403


@pytest.mark.django_db
def test_a_returned_list_shows_its_rows_and_takes_words_from_the_page(
    world: World, drawn: Roster, client: Client
) -> None:
    row = roster_queries.printed_rows(drawn)[2]
    client.force_login(world.village_signer)
    assert client.post(f"/hh/rosters/{drawn.pk}/return/", {"reason": ""}).status_code == 422
    assert client.post(f"/hh/rosters/{drawn.pk}/return/", {f"row_{row.pk}": "门牌不对"}).status_code == 302
    client.force_login(world.clerk)
    page = client.get(f"/hh/rosters/{drawn.pk}/").content.decode()
    assert 'id="row-3"' in page and "门牌不对" in page and row.line.dwelling_no in page
