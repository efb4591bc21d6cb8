"""Every list leaves as a workbook that says what the screen says: its columns, its filter, its masks, its eyes."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.models import AccessLog, User
from core.files import open_file
from core.tables import Cell, Column
from core.workbooks.write import INTEGER, TEXT
from jobs.models import Job
from reports.ledgers.lists import ListLedger, is_list, kind_of, value_of
from reports.models import LedgerExport
from reports.services import exports
from tests import people
from tests.permissions.world import OUTSIDE_WORD, World, build_world
from tests.reports.world import World as County
from tests.standing import standing

SignIn = Callable[[User], Client]


def names() -> list[str]:
    """URL names of all lists that can be taken out."""
    found = []
    for space, (_prefix, resolver) in get_resolver().namespace_dict.items():
        found += [f"{space}:{one}" for one in resolver.reverse_dict if isinstance(one, str)]
    return sorted(one for one in found if is_list(one))


def test_the_lists_of_the_registers_are_among_them() -> None:
    wanted = {"households:change-list", "households:duplicate-list", "households:import-list", "households:meter-list",
              "households:place-list", "households:venue-list", "retrofits:task-list", "subsidies:entitlement-list",
              "telemetry:heater-list"}  # fmt: skip
    assert wanted <= set(names())
    assert not is_list("jobs:job-list") and not is_list("reports:household-detail") and not is_list("no:such-list")


def rows_of(export: LedgerExport) -> list[list[Any]]:
    assert export.document is not None
    book = openpyxl.load_workbook(open_file(export.document.stored_name))
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        yield build_world()


@pytest.fixture
def places(built: World) -> World:
    return copy.deepcopy(built)


def entered(places: World, sign_in: SignIn, role: str) -> Client:
    return sign_in(places.users[role])


def may_take(user: User, right: str) -> bool:
    return user.has_right(exports.RIGHT) and any(user.has_right(one) for one in right.split(exports.OR))


@pytest.mark.django_db
def test_every_list_leaves_masked_and_without_the_neighbours_rows(places: World, sign_in: SignIn) -> None:
    taken = 0
    for name in names():
        ledger = ListLedger(name)
        role = next((one for one, user in places.users.items() if may_take(user, ledger.right)), None)
        if role is None:
            continue
        client = entered(places, sign_in, role)
        page = client.get(reverse(name))
        button = re.search(r'name="columns" value="([^"]*)"[^>]*data-export', page.content.decode())
        if button is None:
            continue
        answer = client.post(reverse("reports:list-export", args=[name]), {"query": "", "columns": button[1]})
        assert answer.status_code == 302, name
        export = LedgerExport.objects.order_by("-pk")[0]
        assert export.kind == name and export.row_count
        text = "\n".join(str(cell) for row in rows_of(export) for cell in row)
        assert places.numbers_in(text) == [] and OUTSIDE_WORD not in text, name
        taken += 1
    assert taken >= 15
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.django_db
def test_columns_and_filter_are_those_of_the_screen_and_it_is_written_down(places: World, sign_in: SignIn) -> None:
    client = entered(places, sign_in, "office")
    where = reverse("reports:list-export", args=["households:place-list"])
    client.post(where, {"query": "per=20&page=3", "columns": "name"})
    few = rows_of(LedgerExport.objects.order_by("-pk")[0])
    client.post(where, {"query": "q=nothing-is-called-this", "columns": "name"})
    none = LedgerExport.objects.order_by("-pk")[0]
    assert max(len([cell for cell in row if cell is not None]) for row in few[1:3]) <= 2
    assert few and none.row_count == 0
    assert AccessLog.objects.filter(kind="export", field="households:place-list").count() == 2


@pytest.mark.django_db
def test_above_the_limit_it_is_a_job_and_both_give_the_same_rows(
    places: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, where = entered(places, sign_in, "office"), reverse("reports:list-export", args=["retrofits:task-list"])
    client.post(where, {"query": "", "columns": ""})
    at_once = LedgerExport.objects.order_by("-pk")[0]
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    client.post(where, {"query": "", "columns": ""})
    later = LedgerExport.objects.order_by("-pk")[0]
    assert later.document is None and Job.objects.get(kind=exports.JOB).args == {"export_id": later.pk}
    exports.make_file(later)
    later.refresh_from_db()
    assert (later.row_count, later.data_hash) == (at_once.row_count, at_once.data_hash) and later.row_count


@pytest.mark.django_db
def test_more_rows_than_a_page_come_once_each(county: County) -> None:
    for n in range(230):
        people.area(f"3709990010{n:02d}" if n < 100 else f"370999002{n:03d}")
    ledger, extent = ListLedger("households:place-list"), None
    extent = exports.extent_for(
        ledger, county.programme, "370999", QueryDict("cols=name").urlencode(), county.staff["office"]
    )
    lines = list(ledger.lines(extent))
    assert len(lines) == ledger.found(extent).count() > 230


@pytest.mark.django_db
def test_who_may_not_export_gets_neither_button_nor_file(places: World, sign_in: SignIn) -> None:
    role = next(r for r in places.users if places.users[r].has_right("households.view")
                and not places.users[r].has_right(exports.RIGHT))  # fmt: skip
    client = entered(places, sign_in, role)
    assert "data-export" not in client.get(reverse("households:place-list")).content.decode()
    assert client.post(reverse("reports:list-export", args=["households:place-list"])).status_code == 403
    try:
        office = entered(places, sign_in, "office")
        assert office.post(reverse("reports:list-export", args=["households:household-edit"])).status_code == 404
    except NoReverseMatch:
        pytest.fail("the address takes any name")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("masked_id", "370999199001011232", "3709**********1232"), ("masked_phone", "19900001234", "199****1234"),
     ("money", 123456, 123456), ("number", 12, 12), ("number", Decimal("1.50"), Decimal("1.50")), ("text", "", None),
     ("degrees", Decimal("18.5"), "18.5℃"), ("when", dt.date(2021, 3, 4), "2021-03-04"), ("text", "<b>", "<b>")],
)  # fmt: skip
def test_a_cell_is_what_stands_on_the_screen(kind: str, value: Any, expected: Any) -> None:
    assert value_of(Cell(Column("one", "One", kind=kind), value), None) == expected


def test_what_a_list_words_itself_stays_words() -> None:
    worded = Column("one", "One", kind="number", value=lambda row: "12 / 14")
    assert (kind_of(worded, "12 / 14"), value_of(Cell(worded, "12 / 14"), None)) == (TEXT, "12 / 14")
    assert kind_of(Column("one", "One", kind="number", template="x.html"), 1) == TEXT
    assert kind_of(Column("one", "One", kind="number"), 1) == INTEGER
