"""The household list: numbers are the database's, filters stand in the address, long lists stay cheap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import openpyxl
import pgtrigger
import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client

from accounts.models import Selection, User
from core import clock
from core.files import open_file
from core.refusals import Refused
from devices.models import Heater
from households.indexes import door_index
from jobs.models import Job
from reports.filters import HouseholdFilter
from reports.models import DwellingSummary, LedgerExport, SummaryTotal, TownTotal
from reports.queries import dwellings, matching
from reports.queries.scope import Scope
from reports.services import exports, selections
from reports.services.summaries import refresh_summaries
from tests import people
from tests.reports.conftest import one_county as county
from tests.reports.world import A1, A2, B1, World

__all__ = ["county"]

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def scope_over(world: World, role: str = "office", area: str = "370999") -> Scope:
    return Scope(world.staff[role], world.programme, area)


def found(world: World, query: str = "", **more: str) -> tuple[list[str], dwellings.Found]:
    scope = scope_over(world, **more)
    filters = HouseholdFilter(QueryDict(query), dwellings.summaries(scope), scope=scope)
    return [row.dwelling_no for row in filters.qs], dwellings.found_by(scope, filters.qs, filters.used)


@pytest.mark.parametrize(
    "query",
    ["", "town=370999001", "town=370999001&village=370999001002", "stage=paid", "stage=finished", "stage=to_accept",
     "technology=ELECTRIC", "stage=paid&town=370999002", "missing=any", "missing=acceptance", "q=T", "returned=yes",
     f"town=370999001&village={A1}&village={A2}&stage=paid", f"village={A2}&village={B1}", f"village={A1}&village={A2}&q=T",
     f"stage=paid&village={A1}&village=nowhere"],
)  # fmt: skip
def test_count_and_sums_are_those_of_the_rows(county: World, query: str) -> None:
    numbers, sums = found(county, query)
    rows = DwellingSummary.objects.filter(dwelling_no__in=numbers)
    assert sums.count == len(numbers)
    assert sums.due_fen == sum(row.due_fen or 0 for row in rows)
    assert sums.paid_fen == sum(row.paid_fen for row in rows)


def test_the_page_shows_the_sums_of_the_whole_filter(county: World, sign_in: SignIn) -> None:
    html = sign_in(county.staff["office"]).get("/households/?stage=paid&per=20").content.decode()
    paid = sum(row.paid_fen for row in DwellingSummary.objects.filter(stage="paid"))
    assert paid == 2_796_000
    assert 'title="27,960.00 元"' in html


def test_a_household_is_found_by_number_name_initials_and_last_four(world: World) -> None:
    owner = people.household(
        A1, head_name="单示例", head_initials="ssl", id_number_tail="147X", household_no="QJD-03-0147"
    )
    world.dwelling(A1, "listed", household=owner)
    world.dwelling(A1, "listed")
    refresh_summaries()
    for typed in ("qjd-03-01", "单示例", "单", "ssl", "SSL", "147x"):
        assert found(world, f"q={typed}")[0] == ["QJD-03-0147-1"], typed
    assert found(world, "q=李")[0] == []


def test_a_dwelling_is_found_by_door_meter_and_device(world: World) -> None:
    wanted = world.dwelling(A1, "accepted")
    wanted.meter_no, wanted.door_no = "DL00018823", "3号"
    wanted.door_no_index = door_index(A1, "3号")
    wanted.save()
    world.dwelling(A1, "accepted")
    refresh_summaries()
    heater = Heater.objects.get(dwelling=wanted)
    heater.factory_no = "FAC-0018823"
    heater.save()
    for typed in ("dl00018823", heater.platform_no, heater.factory_no, "3号", "3", "甲一村 3", "甲一村 3号", "甲一 3"):
        numbers, sums = found(world, f"q={typed}")
        assert numbers == [wanted.dwelling_no], typed
        assert sums.count == 1
    assert found(world, "q=甲二村 3")[0] == []
    assert found(world, "q=DL0001882")[0] == []
    assert found(world, "q=3号", role="clerk_b", area="370999002")[0] == []


def test_a_door_alone_is_not_looked_for_in_a_large_county(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = world.dwelling(A1, "accepted")
    wanted.door_no_index = door_index(A1, "3号")
    wanted.save()
    refresh_summaries()
    monkeypatch.setattr(matching, "MOST_VILLAGES", 2)
    assert found(world, "q=3号")[0] == []
    assert found(world, "q=甲一村 3号")[0] == found(world, "q=3号&town=370999001")[0] == [wanted.dwelling_no]


def test_excluded_dwellings_are_no_task_but_stay_findable(world: World) -> None:
    world.dwelling(A1, "registered", exclusion="LONG_VACANT")
    world.dwelling(A1, "registered")
    refresh_summaries()
    assert len(found(world, "stage=registered")[0]) == 1
    assert len(found(world, "stage=excluded")[0]) == 1
    scope = scope_over(world)
    assert dwellings.figures(scope, dwellings.summaries(scope), {})[1]["all"] == 2


def test_several_villages_are_one_condition(county: World, sign_in: SignIn) -> None:
    by_village = {area: {row.dwelling_no for row in DwellingSummary.objects.within(area)} for area in (A1, A2, B1)}
    assert set(found(county, f"village={A2}&village={B1}")[0]) == by_village[A2] | by_village[B1]
    assert set(found(county, f"town=370999001&village={A2}")[0]) == by_village[A2]
    scope, kept = scope_over(county), QueryDict(f"village=&village={A1}&village={A1}")
    assert HouseholdFilter(kept, dwellings.summaries(scope), scope=scope).used == {"village": [A1]}
    page = sign_in(county.staff["office"]).get(f"/households/?stage=paid&village={A1}&village={A2}&village={B1}")
    (chip,) = (one for one in page.context["table"].chips if one.words.startswith("甲一村"))
    assert (chip.words, chip.without) == ("甲一村等 3 个", "?stage=paid")
    assert page.content.decode().count('name="village"') == 3


def test_villages_outside_ones_place_are_refused_and_no_deed_is_widened(county: World) -> None:
    scope, asked = scope_over(county, "clerk_a", "370999001"), QueryDict(f"village={A1}&village={B1}")
    filters = HouseholdFilter(asked, dwellings.summaries(scope), scope=scope)
    assert list(filters.errors) == ["village"]
    with pytest.raises(Refused) as refusal:
        selections.store_selection(scope=scope, query=asked.urlencode(), by=county.staff["clerk_a"])
    assert refusal.value.code == "NOTHING_SELECTED"


def test_another_area_cannot_be_asked_for(county: World) -> None:
    numbers, sums = found(county, "town=370999002", role="clerk_a", area="370999001")
    assert all(number in {row.dwelling_no for row in DwellingSummary.objects.within("370999001")} for number in numbers)
    assert sums.count == len(numbers) == 12
    assert found(county, "", role="clerk_a", area="370999002") == ([], dwellings.Found(0, 0, 0))


def test_a_count_stops_at_its_limit(county: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dwellings, "COUNT_LIMIT", 5)
    _numbers, sums = found(county, "q=T")
    assert (sums.count, sums.exact, sums.due_fen) == (5, False, None)
    assert found(county, "stage=paid")[1].exact


# --- at many rows --------------------------------------------------------------------------------


@pytest.fixture
def crowd(world: World) -> World:
    """6,000 rows in 100 villages, made by the database itself, past history: only the plans are looked at. Keys are not
    checked by plans that the connection made when the tables were empty.
    """
    values = [world.programme.pk]
    past = pgtrigger.ignore("accounts.Area:history", "households.Household:history", "households.Dwelling:history")
    with past, connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute(_CROWD, values)
        cursor.execute("ANALYZE reports_dwellingsummary")
    return world


# ruff: noqa: E501
_CROWD = """
WITH places AS (
    INSERT INTO accounts_area (code, level, name, parent_id, aliases, area_class, is_scattered)
    SELECT '370999001' || lpad(v::text, 3, '0'), 'village', '村' || v, '370999001', '{}', '', false
    FROM generate_series(101, 200) v RETURNING code),
homes AS (
    INSERT INTO households_household (household_no, area_id, head_name, head_pinyin, head_initials, id_number,
        id_number_index, id_number_tail, phone, phone_index, bank_card, bank_card_index, income_class, remark, version,
        created_at)
    SELECT 'C-' || code || '-' || n, code, '张' || chr(20000 + n) || chr(21000 + n), '', 'z' || chr(97 + n %% 26), '', '',
        lpad((n * 7 %% 10000)::text, 4, '0'), '', '', '', '', '', '', 1, now()
    FROM places, generate_series(1, 60) n RETURNING id, household_no, area_id, head_name, head_initials, id_number_tail),
dwelt AS (
    INSERT INTO households_dwelling (dwelling_no, household_id, area_id, door_no, door_no_index, dwelling_type, meter_no,
        is_second_home, exclusion, exclusion_note, version)
    SELECT household_no || '-1', id, area_id, '', '', '', '', false, '', '', 1 FROM homes
    RETURNING id, household_id, dwelling_no, area_id)
INSERT INTO reports_dwellingsummary (programme_id, dwelling_id, area_id, dwelling_no, head_name, head_initials,
    id_number_tail, technology, family, stage, exclusion, wanted_papers, missing_papers, missing, due_fen, paid_fen,
    payment_failed, heater_no, changed_at, refreshed_at, contracted, claim)
SELECT %s, d.id, d.area_id, d.dwelling_no, h.head_name, h.head_initials, h.id_number_tail, 'ELECTRIC',
    'ELECTRIC', (ARRAY['registered','listed','installed','accepted','paid'])[1 + d.id %% 5], '', 10,
    CASE WHEN d.id %% 200 = 0 THEN 1 ELSE 0 END, '{}', 1, 0, d.id %% 500 = 0, '', now() - d.id * interval '1 second', now(),
    d.id %% 300 = 0, CASE WHEN d.id %% 400 = 0 THEN 'self_paid' ELSE '' END
FROM dwelt d JOIN homes h ON h.id = d.household_id
"""


INDEXES = {
    "": "summary_area_no",
    "town=370999001&village=370999001150": "summary_",
    "stage=paid&town=370999001&village=370999001150": "summary_",
    "missing=any": "summary_missing",
    "returned=yes": "summary_failed",
    "stage=contracted": "summary_contracted",
    "stage=self_paid": "summary_claim",
    "q=C-370999001150-57": "summary_no",
    "q=张%E4%B8%A0%E5%88%88": "summary_name_trgm",
    "q=0077": "summary_tail",
    "q=张%E4%B8%A0%E5%88%88&stage=paid&technology=ELECTRIC": "summary_name_trgm",
    "town=370999001&village=370999001150&village=370999001160": "summary_",
    "q=DL-18823": "dwelling_meter_once",
    "q=%E6%9D%91150+12%E5%8F%B7": "dwelling_door_once",
}


@pytest.mark.slow
def test_a_page_is_read_from_an_index(crowd: World) -> None:
    scope = scope_over(crowd)
    plans = {}
    for query, index in INDEXES.items():
        plan = HouseholdFilter(QueryDict(query), dwellings.summaries(scope), scope=scope).qs[:50].explain()
        if index not in plan or "Seq Scan on reports_dwellingsummary" in plan:
            plans[query] = plan
    few = HouseholdFilter(QueryDict("q=DL-18823"), dwellings.summaries(scope), scope=scope).qs
    plan = dwellings.CountedPaginator(few, 50, known=1).page(1).object_list.explain()
    if "summary_area_no" in plan:  # one row, looked for along the order of all of them
        plans["a handful"] = plan
    assert plans == {}


@pytest.mark.slow
def test_sums_are_read_from_the_totals(world: World, django_assert_num_queries: object) -> None:
    scope = scope_over(world)
    for totals, area in ((TownTotal, "370999001"), (SummaryTotal, A1)):
        totals.objects.create(programme=world.programme, area_id=area, stage="paid", dwellings=20_000, due_fen=20_000)
    rows = dwellings.summaries(scope)
    with django_assert_num_queries(1):  # type: ignore[operator]
        sums = dwellings.found_by(scope, rows, {})
    assert (sums.count, sums.due_fen) == (20_000, 20_000)
    assert dwellings.found_by(scope, rows, {"village": [A1]}) == sums
    assert dwellings.found_by(scope, rows, {"village": [A2]}).count == 0
    assert dwellings.paginator_for(sums)(rows, 50).num_pages == dwellings.PAGE_DEPTH // 50


# --- selections ---------------------------------------------------------------------------------------------


def stored(world: World, query: str = "stage=paid", ids: list[int] | None = None) -> Selection:
    return selections.store_selection(scope=scope_over(world), query=query, ids=ids, by=world.staff["office"])


def test_a_selection_that_changed_is_told_before_acting(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["office"])
    chosen = stored(county)
    seen = client.get(f"/selections/{chosen.token}/").content.decode()
    assert "5" in seen
    county.dwelling(A2, "paid")
    refresh_summaries()
    answer = client.post(f"/selections/{chosen.token}/export/", {"fingerprint": chosen.fingerprint})
    assert answer.status_code == 409
    assert "5" in answer.content.decode()
    assert "6" in answer.content.decode()
    now = selections.recount(scope_over(county), chosen)
    assert (now.before, now.now, now.changed) == (5, 6, True)


def test_an_export_as_seen_holds_the_columns_of_the_screen(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["office"])
    posted = {
        "scope": "all",
        "query": "stage=paid",
        "seen": "5",
        "cols": "dwelling_no,area.name,paid_fen,room_dc,nonsense",
    }
    page = client.post("/selections/", posted, follow=True)
    token, fingerprint = page.context["selection"].token, page.context["count"].fingerprint
    assert f'name="cols" value="{posted["cols"]}"' in page.content.decode()
    asked = {"fingerprint": fingerprint, "cols": posted["cols"], "columns": "seen"}
    answer = client.post(f"/selections/{token}/export/", asked)
    assert answer.status_code == 302
    export = LedgerExport.objects.get()
    assert export.row_count == 5
    with open_file(export.document.stored_name) as file:
        rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    widest = max(sum(cell is not None for cell in row) for row in rows)
    assert widest == len(["no", "dwelling_no", "town", "village", "paid", "room"])
    assert not Job.objects.filter(kind="reports.export_ledger").exists()


def test_an_export_holds_the_villages_of_the_selection(county: World, sign_in: SignIn) -> None:
    chosen = stored(county, f"stage=paid&village={A2}&village={B1}")
    sign_in(county.staff["office"]).post(f"/selections/{chosen.token}/export/", {"fingerprint": chosen.fingerprint})
    assert (LedgerExport.objects.get().row_count, chosen.count) == (4, 4)


def test_a_large_export_is_a_job(county: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 4)
    client = sign_in(county.staff["office"])
    chosen = stored(county)
    client.post(f"/selections/{chosen.token}/export/", {"fingerprint": chosen.fingerprint})
    assert LedgerExport.objects.get().row_count is None
    assert Job.objects.filter(kind="reports.export_ledger").count() == 1


def test_one_gone_and_one_new_is_a_change_too(county: World) -> None:
    chosen = stored(county)
    first = DwellingSummary.objects.filter(stage="paid").first()
    DwellingSummary.objects.filter(pk=first.pk).update(stage="batched")
    county.dwelling(A2, "paid")
    refresh_summaries()
    now = selections.recount(scope_over(county), chosen)
    assert (now.before, now.now, now.changed) == (5, 5, True)


def test_ticked_rows_of_another_town_are_not_taken(county: World) -> None:
    ids = list(DwellingSummary.objects.values_list("pk", flat=True))
    scope = scope_over(county, "clerk_a", "370999001")
    chosen = selections.store_selection(scope=scope, query="", ids=ids, by=county.staff["clerk_a"])
    assert chosen.count == 12


def test_a_selection_ends_after_half_an_hour_and_belongs_to_one_person(county: World) -> None:
    chosen = stored(county)
    late = clock.now() + dt.timedelta(minutes=31)
    for by, now in ((county.staff["office"], late), (county.staff["auditor"], clock.now())):
        with pytest.raises(Refused) as refusal:
            selections.find(token=str(chosen.token), by=by, now=now)
        assert refusal.value.code == "SELECTION_GONE"


def test_nothing_ticked_is_refused(county: World, sign_in: SignIn) -> None:
    answer = sign_in(county.staff["office"]).post("/selections/", {"query": "", "seen": "13"})
    assert answer.status_code == 422


def test_a_number_seen_in_the_list_is_compared(county: World, sign_in: SignIn) -> None:
    client = sign_in(county.staff["office"])
    answer = client.post("/selections/", {"scope": "all", "query": "stage=paid", "seen": "4"}, follow=True)
    assert "4" in answer.context["seen"].__str__()
    assert "callout--warn" in answer.content.decode()
