"""Deeds on a selection: over what was seen, each row refused for itself, done once whatever dies, taken back."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Sum
from django.test import Client
from PIL import Image

from accounts.models import Selection, User
from core import clock
from core.refusals import Refused
from households.models import ChangeRequest, DuplicateKey, Dwelling, Enrolment, Roster, RosterRow
from households.services.duplicates import deciding
from households.services.duplicates.finding import search
from jobs.models import Job
from jobs.running import run_job
from programmes.models import Technology
from reports.models import BulkRun, DwellingSummary
from reports.queries.scope import Scope
from reports.services import bulk_runs, selections
from reports.services.summaries import refresh_summaries
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, A2, World

__all__ = ["county"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
TOWN = "370999001"
GROUND = {"exclusion": "DEMOLITION_PLAN", "note": "2022年拆迁计划", "reason": "2022年拆迁计划", "words": "拆迁"}


class Killed(Exception):
    pass


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.FILES_DIR = tmp_path / "files"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def next_year(county: World) -> Technology:
    return people.technology(people.programme(name="示例县 2022"))


def clerk(world: World) -> tuple[Scope, User]:
    user = world.staff["clerk_a"]
    return Scope(user, world.programme, TOWN), user


def chosen(world: World, query: str = "") -> Selection:
    scope, user = clerk(world)
    return selections.store_selection(scope=scope, query=query, by=user)


def begun(world: World, deed: str, params: dict[str, Any], query: str = "", **more: Any) -> BulkRun:
    scope, user = clerk(world)
    stored = chosen(world, query)
    return bulk_runs.begin(
        scope=scope, selection=stored, seen=stored.fingerprint, deed=deed, params=params, by=user, **more
    )


def enrolled_in(route: Technology) -> set[int]:
    return set(Enrolment.objects.filter(programme=route.programme).values_list("dwelling_id", flat=True))


def test_put_forward_what_was_seen_and_say_who_was_refused(county: World, next_year: Technology) -> None:
    known, gone = Dwelling.objects.filter(area_id=A2).order_by("pk")[:2]
    Enrolment.objects.create(programme=next_year.programme, dwelling=known, area_id=A2, technology=next_year,
                             entered_by=county.staff["clerk_a"])  # fmt: skip
    Dwelling.objects.filter(pk=gone.pk).update(exclusion="LONG_VACANT")
    run = bulk_runs.carry_out(begun(county, "enrol", {"technology": next_year.pk, "words": ""}).pk)
    assert (run.done, len(run.dwelling_ids), run.finished_at is not None) == (10, 12, True)
    assert {(number, code) for number, code, _why in run.refused} == {
        (known.dwelling_no, "ENROLLED"), (gone.dwelling_no, "EXCLUDED")
    }  # fmt: skip
    assert len(enrolled_in(next_year)) == 11 and gone.pk not in enrolled_in(next_year)


def test_what_was_made_is_taken_back_once_and_what_others_built_on_stays(county: World, next_year: Technology) -> None:
    run = bulk_runs.carry_out(begun(county, "enrol", {"technology": next_year.pk, "words": ""}).pk)
    listed = Enrolment.objects.get(pk=run.made[0][1]).dwelling
    roster = Roster.objects.create(programme=next_year.programme, area_id=A1, state="draft",
                                   prepared_by=county.staff["clerk_a"])  # fmt: skip
    RosterRow.objects.create(roster=roster, dwelling=listed, technology=next_year)
    count, kept = bulk_runs.undo(run=run, by=run.asked_by)
    assert (count, len(kept), enrolled_in(next_year)) == (11, 1, {listed.pk})
    with pytest.raises(Refused, match="NO_UNDO"):
        bulk_runs.undo(run=run, by=run.asked_by)


def test_nobody_undoes_another_s_run_nor_after_a_day(county: World, next_year: Technology) -> None:
    run = bulk_runs.carry_out(begun(county, "enrol", {"technology": next_year.pk, "words": ""}).pk)
    assert not bulk_runs.may_undo(run, county.staff["office"])
    assert not bulk_runs.may_undo(run, run.asked_by, clock.now() + dt.timedelta(hours=25))
    assert bulk_runs.may_undo(run, run.asked_by)


def test_excluding_asks_for_what_is_on_an_approved_list(county: World) -> None:
    """Without a paper those on a list are refused; with one each becomes a request of its own."""
    run = bulk_runs.carry_out(begun(county, "exclude", GROUND, "stage=registered").pk)
    assert (run.done, run.refused) == (1, [])
    assert Dwelling.objects.get(pk=run.dwelling_ids[0]).exclusion == "DEMOLITION_PLAN"
    bare = bulk_runs.carry_out(begun(county, "exclude", GROUND, "stage=listed").pk)
    assert (bare.done, [code for _no, code, _why in bare.refused]) == (0, ["PAPER_NEEDED"])
    proved = begun(county, "exclude", GROUND, "stage=listed", paper=("计划.jpg", picture()))
    proved = bulk_runs.carry_out(proved.pk)
    change = ChangeRequest.objects.get()
    assert (proved.done, change.kind, change.state, change.papers.count()) == (1, "exclude", "asked", 1)
    assert Dwelling.objects.get(pk=change.dwelling_id).exclusion == ""
    assert bulk_runs.undo(run=proved, by=proved.asked_by)[0] == 1
    assert ChangeRequest.objects.get().state == "withdrawn"
    assert bulk_runs.undo(run=run, by=run.asked_by)[0] == 1
    assert Dwelling.objects.get(pk=run.dwelling_ids[0]).exclusion == ""


def test_a_run_killed_between_pieces_does_every_row_once(
    county: World, next_year: Technology, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_runs, "PIECE", 5)
    monkeypatch.setattr(bulk_runs, "AT_ONCE", 4)
    run = begun(county, "enrol", {"technology": next_year.pk, "words": ""})
    commits = iter([True, True, False])

    @contextmanager
    def dying() -> Iterator[None]:
        with transaction.atomic():
            yield
            if not next(commits):
                raise Killed

    with pytest.raises(Killed):
        bulk_runs.carry_out(run.pk, commit=dying)
    run.refresh_from_db()
    assert (run.reached, run.done, run.finished_at, len(enrolled_in(next_year))) == (10, 10, None, 10)
    job = Job.objects.get(kind=bulk_runs.JOB)
    assert run_job(job.pk) == "done"
    run.refresh_from_db()
    assert (run.reached, run.done, run.refused, len(enrolled_in(next_year))) == (12, 12, [], 12)


def test_a_selection_that_changed_is_not_acted_on(county: World, next_year: Technology) -> None:
    scope, user = clerk(county)
    stored = chosen(county, "stage=paid")
    county.dwelling(A2, "paid")
    refresh_summaries()
    with pytest.raises(Refused) as refusal:
        bulk_runs.begin(scope=scope, selection=stored, seen=stored.fingerprint, deed="enrol",
                        params={"technology": next_year.pk}, by=user)  # fmt: skip
    assert (refusal.value.code, refusal.value.status) == ("SELECTION_CHANGED", 409)
    assert not BulkRun.objects.exists()


def test_more_than_one_run_holds_is_refused(county: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_runs, "MOST", 3)
    with pytest.raises(Refused, match="TOO_MANY_FOR_ONE"):
        begun(county, "recheck", {})


def test_what_is_marked_is_compared_again(county: World) -> None:
    search()
    assert not DuplicateKey.objects.filter(compared_at=None).exists()
    run = bulk_runs.carry_out(begun(county, "recheck", {}, "stage=paid").pk)
    assert set(DuplicateKey.objects.filter(compared_at=None).values_list("pk", flat=True)) == set(run.dwelling_ids)
    assert Job.objects.filter(kind=deciding.FIND).count() == 1


def test_the_check_page_names_number_and_sums_and_the_toast_undoes(
    county: World, next_year: Technology, sign_in: SignIn
) -> None:
    client = sign_in(county.staff["clerk_a"])
    listed = client.get("/households/").content.decode()
    assert "/selections/?deed=enrol" in listed
    page = client.post("/selections/?deed=enrol", {"scope": "all", "query": "stage=paid"}, follow=True)
    text = page.content.decode()
    sums = page.context["sums"]
    found = DwellingSummary.objects.filter(stage="paid", area__code__startswith=TOWN).aggregate(fen=Sum("paid_fen"))
    assert (sums.households, sums.paid_fen, sums.listed) == (4, found["fen"], 4)
    assert f"{sums.paid_fen // 100:,}" in text
    where = page.redirect_chain[-1][0]
    assert client.post(where, {"fingerprint": page.context["count"].fingerprint}).status_code == 422
    asked = {"fingerprint": page.context["count"].fingerprint, "technology": str(next_year.pk)}
    done = client.post(where, asked, follow=True)
    run = BulkRun.objects.get()
    assert run.done == 4 and f"/bulk/{run.pk}/undo/" in done.content.decode().split('id="toasts"')[1]
    client.post(f"/bulk/{run.pk}/undo/")
    assert enrolled_in(next_year) == set()


def test_without_the_right_there_is_no_button_and_no_page(county: World, sign_in: SignIn) -> None:
    leader = people.user("town_leader", TOWN)
    client = sign_in(leader)
    assert "deed=enrol" not in client.get("/households/").content.decode()
    page = client.post("/selections/?deed=enrol", {"scope": "all", "query": ""})
    assert client.get(page["Location"]).status_code == 403


def test_the_paper_comes_with_the_form(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["clerk_a"])
    page = client.post("/selections/?deed=exclude", {"scope": "all", "query": "stage=listed"}, follow=True)
    paper = SimpleUploadedFile("计划.jpg", picture(), "image/jpeg")
    asked = {"exclusion": "DEMOLITION_PLAN", "note": "拆迁", "file": paper}
    asked["fingerprint"] = page.context["count"].fingerprint
    client.post(page.redirect_chain[-1][0], asked)
    assert ChangeRequest.objects.get().papers.count() == 1
