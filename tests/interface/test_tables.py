"""Lists: the address is the whole state, sums cover the filter, hostile addresses are held to what is offered."""

from __future__ import annotations

from typing import Any

import django_filters
import pytest
from django.db.models import Count
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory

from accounts.models import Area
from core.tables import BulkAction, Column, Table, View, address_with, build_table, render_table
from tests import people

pytestmark = pytest.mark.django_db

HOSTILE = '<b onclick="x">'
COLUMNS = (
    Column("name", "名称", order_by="name", link=True),
    Column("code", "代码", kind="mono", order_by="code", total=Count("code"), total_label="个数"),
    Column("parent.name", "上级", priority=3),
    Column("level", "级别", kind="status", value=lambda row: row.get_level_display()),
)


class AreaFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(field_name="name", lookup_expr="contains", label="名称")
    level = django_filters.ChoiceFilter(choices=Area.Level.choices, label="级别")

    class Meta:
        model = Area
        fields: list[str] = []


@pytest.fixture
def places() -> None:
    for code in ("370999001001", "370999001002", "370999002001", "370999002002"):
        people.area(code)


def table(address: str = "/areas/", **more: Any) -> Table:
    options: dict[str, Any] = {"filterset": AreaFilter, "unit": "个", "row_url": lambda row: f"/areas/{row.pk}/"}
    return build_table(
        RequestFactory().get(address), Area.objects.select_related("parent"), COLUMNS, **(options | more)
    )


def names(shown: Table) -> list[str]:
    return [row.cells[0].value for row in shown.rows]


def test_a_filter_becomes_a_chip_whose_cross_removes_only_itself(places: None) -> None:
    shown = table("/areas/?level=village&q=甲&page=1&sort=-name")
    assert names(shown) == ["甲二村", "甲一村"]
    assert [(chip.label, chip.words) for chip in shown.chips] == [
        ("名称", "甲"),
        ("级别", str(Area.Level.VILLAGE.label)),
    ]
    without = QueryDict(shown.chips[1].without[1:])
    assert "level" not in without
    assert without["q"] == "甲"
    assert "page" not in without


def test_sums_cover_the_filter_not_the_page(places: None) -> None:
    Area.objects.bulk_create(
        Area(code=f"370999001{n:03d}", level="village", name=f"村{n}", parent_id="370999001") for n in range(100, 160)
    )
    shown = table("/areas/?level=village&per=20")
    assert len(shown.rows) == 20
    assert shown.totals == [("个数", "mono", 64)]
    assert shown.count == 64


def test_pressing_a_head_sorts_and_pressing_again_turns_it(places: None) -> None:
    head = table("/areas/?sort=code").heads[1]
    assert head.sorted == "ascending"
    assert QueryDict(head.address[1:])["sort"] == "-code"
    assert table("/areas/").heads[2].address == ""


@pytest.mark.parametrize(
    "address", ["?sort=parent__password", "?page=99999", "?page=abc", "?per=1000000", "?per=-5", "?sort=--name"]
)
def test_a_hostile_address_falls_back_to_what_is_offered(places: None, address: str) -> None:
    shown = table(f"/areas/{address}")
    assert shown.page.paginator.per_page == 50
    assert len(shown.rows) == shown.count == 9


def test_rows_with_equal_keys_never_appear_on_two_pages(places: None) -> None:
    Area.objects.bulk_create(
        Area(code=f"370999001{n:03d}", level="village", name="同名", parent_id="370999001") for n in range(100, 160)
    )
    seen = [row.item.pk for n in (1, 2, 3, 4) for row in table(f"/areas/?sort=name&per=20&page={n}").rows]
    assert len(seen) == len(set(seen)) == 69


def test_a_list_costs_three_queries(places: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        table("/areas/?level=village")


def test_what_a_selection_stores_is_the_filter_alone(places: None) -> None:
    assert table("/areas/?level=village&page=2&per=20&sort=name&view=x").filter_query == "level=village"


def test_the_view_of_the_present_filter_is_marked(places: None) -> None:
    views = [View("全部", ""), View("村", "level=village")]
    marked = [view.current for view in table("/areas/?level=village&page=1", views=views).views]
    assert marked == [False, True]


def test_htmx_asking_into_the_table_gets_only_the_table(places: None) -> None:
    request = RequestFactory().get("/areas/?level=village", headers={"HX-Request": "true", "HX-Target": "table"})
    shown = build_table(request, Area.objects.select_related("parent"), COLUMNS, filterset=AreaFilter, unit="个")
    response = render_table(request, "does/not/exist.html", shown)
    html = response.content.decode()
    assert html.lstrip().startswith('<section class="panel panel--open" id="table"')
    assert "HX-Request" in response["Vary"]


def test_bulk_posts_the_filter_and_what_was_seen(places: None) -> None:
    request = RequestFactory().get("/areas/?level=village", headers={"HX-Request": "true", "HX-Target": "table"})
    shown = build_table(
        request,
        Area.objects.select_related("parent"),
        COLUMNS,
        filterset=AreaFilter,
        bulk=[BulkAction("派单", "/send/")],
    )
    html = render_table(request, "x.html", shown).content.decode()
    assert 'name="query" value="level=village"' in html
    assert 'name="seen" value="4"' in html
    assert 'formaction="/send/"' in html
    assert html.count('name="ids"') == 4


def test_an_empty_list_offers_to_drop_each_condition(places: None) -> None:
    request = RequestFactory().get("/areas/?q=没有这个地方", headers={"HX-Request": "true", "HX-Target": "table"})
    shown = build_table(request, Area.objects.all(), COLUMNS, filterset=AreaFilter)
    html = render_table(request, "x.html", shown).content.decode()
    assert "没有符合条件的记录" in html
    assert html.count('href="?"') >= 2


def test_a_column_of_an_unknown_kind_fails() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        Column("name", "名称", kind="maney")


def test_a_changed_address_always_starts_at_the_first_page() -> None:
    assert address_with(QueryDict("page=4&level=town"), level="village") == "?level=village"


@pytest.mark.parametrize(("more", "boxes"), [(0, 0), (7, 1)])
def test_the_key_e_has_its_button_and_a_long_chooser_its_search_box(places: None, more: int, boxes: int) -> None:
    """Eleven columns and more are searched; only the deed that exports answers the key E."""
    request = RequestFactory().get("/areas/", headers={"HX-Request": "true", "HX-Target": "table"})
    bulk = [BulkAction("导出", "/out/", exports=True), BulkAction("排除", "/drop/")]
    columns = (*COLUMNS, *(Column(f"c{n}", f"列{n}") for n in range(more)))
    shown = build_table(request, Area.objects.select_related("parent"), columns, unit="个", bulk=bulk)
    html = render_table(request, "does/not/exist.html", shown).content.decode()
    assert html.count("data-narrow") == boxes
    assert html.count("data-export") == 1 and 'formaction="/out/" data-export' in html


def test_what_people_typed_is_never_markup_in_a_row(places: None) -> None:
    """Rows are put together in Python: as a link, in a plain cell, in the words for screen readers."""
    Area.objects.filter(code="370999001001").update(name=HOSTILE)
    Area.objects.filter(code="370999001").update(name=HOSTILE)
    more = {"bulk": (BulkAction("做", "/do/"),), "peek_url": lambda row: f"/peek/{row.pk}/{HOSTILE}"}
    drawn = Template("{% load portal_rows %}{% grid_rows table %}").render(Context({"table": table(**more)}))
    assert drawn.count("&lt;b onclick=&quot;x&quot;&gt;") >= 8 and "<b onclick" not in drawn
    assert drawn.count("<tr data-row>") == drawn.count('name="ids"') == drawn.count("hx-target") == Area.objects.count()
