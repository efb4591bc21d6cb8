"""Progress explains itself: each figure equals the count of the list it opens; a week written down never changes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape

import pytest
from django.db import DatabaseError, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from programmes.models import Target
from reports.filters import HouseholdFilter
from reports.models import ProgressLine, ProgressWeek
from reports.queries import dwellings
from reports.queries.progress import FIGURES, Line, Narrowed, progress_of, weeks_of
from reports.queries.scope import Scope
from reports.services.progress import take_progress
from reports.services.summaries import rebuild_summaries, refresh_summaries
from subsidies.models import Entitlement, Policy
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, A2, B1, World, forced
from tests.subsidies.conftest import POLICY

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = dt.datetime(2021, 11, 17, 3, tzinfo=dt.UTC)  # a Wednesday
LINK = re.compile(r'<a href="(/households/\?[^"]*|/households/)"><span class="num">([\d,]+)</span>')


@pytest.fixture
def progress(county: World) -> World:
    """The county of all stages, and in it: a further home, one counted only, one excluded, two with a contract."""
    county.dwelling(A1, "accepted", is_second_home=True)
    vacant = county.dwelling(A1, "listed", exclusion="LONG_VACANT")
    county.document(A1, "contract", dwelling=vacant)
    counted = county.dwelling(B1, "noticed")
    with forced():
        Entitlement.objects.filter(dwelling=counted).update(
            state="assessed", outcome="not_due", amount_fen=0, reason="URBAN_CENTRAL_TASK_ONLY"
        )
    for village in (A1, A2):
        county.document(village, "contract", dwelling=county.dwelling(village, "listed"))
    for village, quantity in ((A1, 40), (A2, 10), (B1, 5)):
        Target.objects.create(
            programme=county.programme, area_id=village, technology=county.route, year=2021, quantity=quantity
        )
    refresh_summaries()
    return county


def of(world: World, narrowed: Narrowed | None = None, area: str = "370999") -> Line:
    return progress_of(Scope(world.staff["office"], world.programme, area), narrowed or Narrowed()).whole


def several_years(world: World, last: int = 2022) -> None:
    world.programme.year_to = last
    world.programme.save()
    rebuild_summaries()


def test_every_figure_counts_what_its_name_says(progress: World) -> None:
    whole = of(progress)
    assert (whole.planned, whole.rate, whole.aside) == (55, Decimal("18.2"), 1)  # the second home counts nowhere
    assert whole.figures == {
        "enrolled": 18, "confirmed": 16, "contracted": 2, "installed": 13, "accepted": 11, "excluded": 1, "paid": 5,
        "self_paid": 1, "counted_only": 1,
    }  # fmt: skip


def test_a_second_home_counts_toward_the_plan_where_the_policy_answers_so(progress: World) -> None:
    """Q12: the released version decides, and the sealed history brings its answer to the figures."""
    with forced():
        Policy.objects.filter(pk=progress.policy.pk).update(document=POLICY)
    refresh_summaries()
    whole = of(progress)
    assert (whole.rate, whole.aside, whole.figures["self_paid"], whole.figures["counted_only"]) == (
        Decimal("20.0"), 0, 0, 2)  # fmt: skip


@pytest.mark.clause(
    "T-01", "2021年年内完成农村清洁取暖改造", serves="reports.queries.progress:progress_of", page="reports:progress",
    model="reports.SummaryTotal",
)  # fmt: skip
@pytest.mark.clause(
    "T-04", "以街道镇、村（居）为单位整体推进", serves="reports.queries.progress:progress_of", page="reports:progress",
    model="programmes.Target",
)  # fmt: skip
@pytest.mark.parametrize("years", [2021, 2022])
def test_each_figure_is_the_count_of_the_list_it_opens(progress: World, sign_in: SignIn, years: int) -> None:
    several_years(progress, years)
    client = sign_in(progress.staff["office"])
    counts: dict[str, int] = {}  # pages share many of their lists
    opened: set[frozenset[str]] = set()
    seen = 0
    for page in ("", "?town=370999001", "?town=370999002&technology=ELECTRIC", "?technology=ELECTRIC&year=2021"):
        html = client.get(f"/progress/{page}").content.decode()
        for url, shown in LINK.findall(html):
            if url not in counts:
                counts[url] = listed(progress, unescape(url))
            if asks(url) - opened:  # one list of every kind is opened; they all count by that filter
                opened |= asks(url)
                assert client.get(unescape(url)).context["table"].page.paginator.count == counts[url]
            assert counts[url] == int(shown.replace(",", "")), (page, url)
            seen += counts[url]
    assert seen > 100 and len(opened) > 10


def listed(world: World, url: str) -> int:
    """How many the household list at that address holds, by its own filter."""
    scope = Scope(world.staff["office"], world.programme, "370999")
    filters = HouseholdFilter(QueryDict(url.partition("?")[2]), dwellings.summaries(scope), scope=scope)
    return dwellings.found_by(scope, filters.qs, filters.used).count


def asks(url: str) -> set[frozenset[str]]:
    """Which figure it is, and by what it is narrowed; of which place, year or technology does not matter."""
    asked = QueryDict(unescape(url).partition("?")[2])
    narrowing = {"town", "village", "technology", "year"} & set(asked)
    return {frozenset(f"{name}={value}" for name, value in asked.items() if name not in narrowing),
            frozenset(f"by {name}" for name in narrowing)}  # fmt: skip


def test_a_town_reads_its_own_figures(progress: World, sign_in: SignIn) -> None:
    html = sign_in(progress.staff["clerk_b"]).get("/progress/").content.decode()
    assert "乙镇" in html and "甲镇" not in html
    scope = Scope(progress.staff["clerk_b"], progress.programme, "370999002")
    assert progress_of(scope, Narrowed(town="370999001")).whole.figures["paid"] == 1


def test_a_dwelling_without_a_technology_or_year_has_a_list_too(progress: World, sign_in: SignIn) -> None:
    several_years(progress)
    client = sign_in(progress.staff["office"])
    found = progress_of(Scope(progress.staff["office"], progress.programme, "370999"), Narrowed())
    (line,) = [one for one in found.years if one.query["year"] == "none" and one.figures["enrolled"]]
    url = next(cell.url for cell in line.cells if cell.code == "enrolled")
    assert client.get(url).context["table"].page.paginator.count == line.figures["enrolled"] > 0


def test_a_year_of_several_is_that_of_the_approved_list(progress: World) -> None:
    """A-26: a list approved in 2021 belongs to 2021, one approved after the last year to the last."""
    roster = progress.rosters[B1]
    roster.approved_at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    roster.save()
    several_years(progress)
    by_year = {line.query["year"]: line.figures["confirmed"] for line in progress_of(
        Scope(progress.staff["office"], progress.programme, "370999"), Narrowed()).years}  # fmt: skip
    assert by_year == {"2021": 14, "2022": 2, "none": 0}


def test_the_page_asks_as_much_for_many_homes_as_for_few(progress: World, sign_in: SignIn) -> None:
    from django.db import connection

    client = sign_in(progress.staff["office"])
    client.get("/progress/")
    with CaptureQueriesContext(connection) as few:
        client.get("/progress/")
    for village in (A1, A2, B1) * 8:
        progress.dwelling(village, "accepted")
    for number in range(10, 20):
        people.area(f"370999002{number:03d}")
        progress.dwelling(f"370999002{number:03d}", "listed")
    refresh_summaries()
    with CaptureQueriesContext(connection) as many:
        client.get("/progress/")
    assert len(many) == len(few) <= 12
    assert not any("reports_dwellingsummary" in one["sql"] for one in many)  # only the stored totals are added up


def test_the_programmes_own_page_shows_the_line_or_the_way_to_it(progress: World, sign_in: SignIn) -> None:
    client = sign_in(progress.staff["office"])
    assert f"/progress/{progress.programme.code}/part/" in client.get(
        f"/programmes/{progress.programme.code}/"
    ).content.decode()  # fmt: skip
    assert "stage=self_paid" in client.get(f"/progress/{progress.programme.code}/part/").content.decode()
    other = people.programme(code="z-another")
    assert 'name="programme"' in client.get(f"/progress/{other.code}/part/").content.decode()


@pytest.mark.clause(
    "T-69", "定期调度全区…进展情况", serves="reports.services.progress:take_progress", page="reports:progress",
    model="reports.ProgressWeek",
)  # fmt: skip
def test_a_week_is_written_once_and_stays(progress: World, sign_in: SignIn) -> None:
    assert take_progress(now=NOW) == 1
    before = of(progress).figures["accepted"]
    progress.dwelling(A1, "accepted")
    refresh_summaries()
    assert take_progress(now=NOW + dt.timedelta(days=4)) == 0  # Sunday of the same week
    assert take_progress(now=NOW + dt.timedelta(days=5)) == 1  # the next Monday
    weeks = weeks_of(Scope(progress.staff["office"], progress.programme, "370999"), Narrowed())
    assert [(week.monday.isoformat(), week.figures["accepted"], week.planned) for week in weeks] == [
        ("2021-11-22", before + 1, 55), ("2021-11-15", before, 55)
    ]  # fmt: skip
    html = sign_in(progress.staff["office"]).get("/progress/").content.decode()
    assert "2021-11-15" in html and "2021-11-22" in html


def test_what_was_written_down_cannot_be_changed(progress: World) -> None:
    take_progress(now=NOW)
    for change in (lambda: ProgressLine.objects.update(paid=0), lambda: ProgressWeek.objects.all().delete(),
                   lambda: ProgressLine.objects.all().delete()):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_week_narrows_like_the_page(progress: World) -> None:
    take_progress(now=NOW)
    scope = Scope(progress.staff["office"], progress.programme, "370999")
    for narrowed in (Narrowed(), Narrowed(town="370999002"), Narrowed(technology="ELECTRIC")):
        (week,) = weeks_of(scope, narrowed)
        assert week.figures == of(progress, narrowed).figures
    assert set(week.figures) == set(FIGURES)
