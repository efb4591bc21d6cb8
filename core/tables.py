"""Lists: columns declared once; filters, sorting, page and size live in the address; sums cover the whole filter.

    COLUMNS = (
        Column("code", _("Number"), kind="id", order_by="code", link=True),
        Column("due_fen", _("Due/CNY"), kind="money", order_by="due_fen", total=Sum("due_fen")),
    )
    table = build_table(request, rows, COLUMNS, filterset=HouseholdFilter, unit=_("households"))
    return render_table(request, "households/list.html", table)

`rows` must already be narrowed by `visible_to`. Unknown sort keys and page numbers fall back to the first; sizes are
held to the offered ones, so a hand-written address cannot ask for a million rows. Which columns are shown, in which
order and how close the rows stand is in the address too (`?cols=code,due_fen&dense=1`); without that it is what the
person last chose for this list (`core.table_layouts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.table_layouts import Choice, Kept, Layout, arranged, choices, kept_for

Label = str | Promise
PAGE_SIZES = (20, 50, 100, 200)
PAGE_SIZE = 50
MOST_WORDS = 2  # of a chip that holds several values; more are told by their number
OWN_KEYS = frozenset({"sort", "page", "per", "view", "cols", "dense"})
KINDS = frozenset({
    "text", "id", "number", "money", "wan", "when", "status", "tech", "degrees", "mono", "soft",
    "masked_id", "masked_phone", "masked_card", "masked_name",
})  # fmt: skip
RIGHT_ALIGNED = frozenset({"number", "money", "wan"})


@dataclass(frozen=True)
class Column:
    """One column. `key` is the attribute path of a row (dots allowed) unless `value` computes it. `priority` 2 and 3
    leave first on narrow screens. `template` draws the cell itself, given `row`, `value` and `column`. `total` is a
    database aggregate over the whole filter, shown in the pager."""

    key: str
    label: Label
    kind: str = "text"
    order_by: str = ""
    priority: int = 1
    value: Callable[[Any], Any] | None = None
    template: str = ""
    total: Any = None
    total_label: Label = ""
    link: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.key!r}: unknown kind {self.kind!r}; choose one of {sorted(KINDS)}")

    @property
    def css(self) -> str:
        classes = ("r" if self.kind in RIGHT_ALIGNED else "", f"p{self.priority}" if self.priority > 1 else "")
        return " ".join(filter(None, classes))

    def of(self, row: Any) -> Any:
        """The value of this column in one row."""
        if self.value is not None:
            return self.value(row)
        for name in self.key.split("."):
            row = row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
        return row


@dataclass(frozen=True)
class Head:
    """A column's head as drawn: where pressing it leads, and whether it sorts now ("", ascending, descending)."""

    column: Column
    address: str
    sorted: str


@dataclass(frozen=True)
class Chip:
    """One applied filter and the address without it."""

    label: Label
    words: str
    without: str


@dataclass(frozen=True)
class View:
    """A named list: everything before the filters. `count` may be None where counting is dear."""

    label: Label
    query: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True)
class BulkAction:
    """A button of the bulk bar. It posts `ids` (ticked), or `scope=all` with `query` and `seen`, to `url`. The one
    that `exports` is what the key E presses: with nothing ticked it takes all that match."""

    label: Label
    url: str
    icon: str = ""
    exports: bool = False


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any


@dataclass(frozen=True)
class Row:
    item: Any
    url: str
    cells: tuple[Cell, ...]
    peek: str = ""


@dataclass
class Table:
    """What `parts/table.html` draws."""

    id: str
    heads: list[Head]
    rows: list[Row]
    page: Page[Any]
    query: QueryDict
    unit: Label
    chips: list[Chip] = field(default_factory=list)
    form: Any = None
    totals: list[tuple[Label, str, Any]] = field(default_factory=list)
    views: Sequence[View] = ()
    bulk: Sequence[BulkAction] = ()
    empty_title: Label = ""
    empty_text: Label = ""
    empty_url: str = ""
    empty_link: Label = ""
    name: str = ""
    layout: Layout = field(default_factory=Layout)
    choices: Sequence[Choice] = ()
    kept: Kept = field(default_factory=Kept)
    columns: Sequence[Column] = ()
    export_url: str = ""

    @property
    def count(self) -> int:
        return self.page.paginator.count

    @property
    def filter_query(self) -> str:
        """The filter alone, without page and size: what a server-side selection stores."""
        kept = self.query.copy()
        for key in OWN_KEYS:
            kept.pop(key, None)
        return kept.urlencode()

    @property
    def view_query(self) -> str:
        """Everything but the page number: what a named view stores."""
        kept = self.query.copy()
        kept.pop("page", None)
        return kept.urlencode()

    @property
    def shown_keys(self) -> str:
        """The columns on the screen: what an export “as seen” holds."""
        return ",".join(head.column.key for head in self.heads)

    @property
    def all_keys(self) -> str:
        """Every column, the shown ones first: what an export of “all columns” holds."""
        shown = [head.column.key for head in self.heads]
        return ",".join([*shown, *(one.key for one in self.columns if one.key not in shown)])

    @property
    def exports_itself(self) -> bool:
        """Whether one of its bulk actions is an export of its own."""
        return any(action.exports for action in self.bulk)

    @property
    def pages(self) -> list[int | str]:
        """Page numbers with ellipses, for the pager."""
        return list(self.page.paginator.get_elided_page_range(self.page.number, on_each_side=1, on_ends=1))


def build_table(
    request: HttpRequest,
    rows: QuerySet[Any],
    columns: Sequence[Column],
    *,
    filterset: Callable[..., Any] | None = None,
    unit: Label = "",
    row_url: Callable[[Any], str] | None = None,
    peek_url: Callable[[Any], str] | None = None,
    default_sort: str = "",
    table_id: str = "table",
    views: Sequence[View] = (),
    bulk: Sequence[BulkAction] = (),
    empty: Sequence[Label] = (),
    paginator: Callable[[QuerySet[Any], int], Paginator[Any]] = Paginator,
    totals: Sequence[tuple[Label, str, Any]] | None = None,
) -> Table:
    """Filter, sort, count, sum and cut one page.

    `empty` is (title, text, url, link words) for the list without rows; `peek_url` is where a row's summary for the
    side panel stands. A list too long to be counted each time
    brings its own `paginator`, which knows the count already, and its `totals` as (label, kind, value).
    """
    query = request.GET
    filters = filterset(query, queryset=rows, request=request) if filterset else None
    found = filters.qs if filters else rows
    sort = query.get("sort", "") if _sortable(query.get("sort", ""), columns) else default_sort
    page = paginator(_sorted(found, sort, columns), _size(query)).get_page(query.get("page"))
    name = getattr(request.resolver_match, "view_name", "")
    kept = kept_for(request, name)
    layout = Layout.of(query, kept)
    shown = arranged(columns, layout)
    return Table(
        id=table_id,
        heads=[_head(column, sort, query) for column in shown],
        rows=[_row(item, shown, row_url, peek_url) for item in page],
        page=page,
        query=query.copy(),
        unit=unit,
        chips=chips_of(filters, query) if filters else [],
        form=filters.form if filters else None,
        totals=_totals(found, columns) if totals is None else list(totals),
        views=[_marked(view, query) for view in views],
        bulk=bulk,
        name=name,
        layout=layout,
        choices=choices(columns, shown),
        kept=kept,
        columns=columns,
        export_url=_exporters[0](request, name) if _exporters and name else "",
        **dict(zip(("empty_title", "empty_text", "empty_url", "empty_link"), empty, strict=False)),  # type: ignore[arg-type]
    )


def render_table(
    request: HttpRequest, template: str, table: Table, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The whole page, or for htmx asking into this very table only the table. Same address for both."""
    if isinstance(request, TableRequest):
        request.table = table
        return HttpResponse()
    asked = request.headers.get("HX-Target") == table.id and request.headers.get("HX-Request") == "true"
    name = "parts/table.html" if asked and not request.headers.get("HX-History-Restore-Request") else template
    response = render(request, name, {**(context or {}), "table": table})
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response


class TableRequest(WSGIRequest):
    """A request nobody sent, by somebody who wants a list's rows and not its page: `render_table` leaves them here."""

    table: Table | None = None


Exporter = Callable[[HttpRequest, str], str]
_exporters: list[Exporter] = []


def export_with(exporter: Exporter) -> None:
    """From now on `exporter(request, name of the list)` says where the person may have a list as a workbook ("")."""
    _exporters[:] = [exporter]


def address_with(query: QueryDict, **changes: str | None) -> str:
    """The same address with some parameters changed; None removes one; the page number never survives."""
    changed = query.copy()
    changed.pop("page", None)
    for key, value in changes.items():
        changed.pop(key, None)
        if value:
            changed[key] = value
    return "?" + changed.urlencode()


def _sortable(sort: str, columns: Iterable[Column]) -> bool:
    return any(column.order_by and column.key == sort.lstrip("-") for column in columns)


def _sorted(rows: QuerySet[Any], sort: str, columns: Iterable[Column]) -> QuerySet[Any]:
    """Ordered by the column and then by key, so that pages never overlap."""
    if not sort:
        return rows if rows.ordered else rows.order_by("pk")
    names = {column.key: column.order_by for column in columns if column.order_by}
    name = names.get(sort.lstrip("-"), sort.lstrip("-"))
    return rows.order_by(("-" if sort.startswith("-") else "") + name, "pk")


def _size(query: QueryDict) -> int:
    asked = query.get("per", "")
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) in PAGE_SIZES else PAGE_SIZE


def _head(column: Column, sort: str, query: QueryDict) -> Head:
    if not column.order_by:
        return Head(column, "", "")
    current = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
    target = f"-{column.key}" if current == "ascending" else column.key
    return Head(column, address_with(query, sort=target), current)


def _row(
    item: Any,
    columns: Iterable[Column],
    row_url: Callable[[Any], str] | None,
    peek_url: Callable[[Any], str] | None,
) -> Row:
    cells = tuple(Cell(c, c.of(item)) for c in columns)
    return Row(item, row_url(item) if row_url else "", cells, peek_url(item) if peek_url else "")


def _totals(rows: QuerySet[Any], columns: Iterable[Column]) -> list[tuple[Label, str, Any]]:
    wanted = [column for column in columns if column.total is not None]
    if not wanted:
        return []
    sums = rows.order_by().aggregate(**{f"total_{i}": column.total for i, column in enumerate(wanted)})
    return [(c.total_label or c.label, c.kind, sums[f"total_{i}"]) for i, c in enumerate(wanted)]


def chips_of(filters: Any, query: QueryDict) -> list[Chip]:
    """A chip per filter that holds a value the form accepted."""
    cleaned: dict[str, Any] = getattr(filters.form, "cleaned_data", {})
    return [
        Chip(
            filters.form.fields[name].label or name,
            _words(filters.form.fields[name], value),
            address_with(query, **{name: None}),
        )
        for name, value in cleaned.items()
        if name in query and value not in (None, "", [], ())
    ]


def _words(form_field: Any, value: Any) -> str:
    """A filter's value as its choice is worded, otherwise as it is written; of more than two values the first."""
    choices = {str(k): v for k, v in getattr(form_field, "choices", ()) if not isinstance(v, list | tuple)}
    values = value if isinstance(value, list | tuple) else [value]
    words = [str(choices.get(str(getattr(one, "pk", one)), one)) for one in values]
    if len(words) <= MOST_WORDS:
        return "、".join(words)
    return _("%(first)s and others, %(n)d in all") % {"first": words[0], "n": len(words)}


def _marked(view: View, query: QueryDict) -> View:
    same = QueryDict(view.query).urlencode() == "&".join(
        part for part in query.urlencode().split("&") if part.partition("=")[0] not in OWN_KEYS
    )
    return View(view.label, view.query, view.count, same)
