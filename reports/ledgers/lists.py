"""Any list of the portal as a workbook: the rows its own page shows, asked of that page with the eyes of the person.

The page is opened without being drawn (`core.tables.TableRequest`), so filters, rights, masks and columns are those of
the screen and can't differ from it.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.html import strip_tags
from django.utils.translation import get_language, gettext_lazy

from accounts.rights import RIGHTS
from core import tables
from core.masks import mask
from core.templatetags.portal_cells import DRAWN
from core.workbooks.write import DECIMAL, INTEGER, MONEY, TEXT, Column, Value
from programmes.chosen import AREA_KEY, PROGRAMME_KEY
from reports import navigation
from reports.ledgers.base import Extent, Label

KINDS = {"money": MONEY, "wan": MONEY}
WIDTHS = {"when": 18.0, "masked_id": 22.0, "masked_card": 24.0}
LONGEST_NAME = 30
# Lists that stand in no navigation, by the titles of their pages.
TITLES: dict[str, Label] = {
    "households:conflict-list": gettext_lazy("Typed values and rosters"),
    "households:elsewhere-list": gettext_lazy("Registered in another place"),
    "reports:look-log": gettext_lazy("Looks and exports"),
    "subsidies:clawback-list": gettext_lazy("Claims back"),
    "subsidies:difference-list": gettext_lazy("Differences of later versions"),
    "subsidies:hold-list": gettext_lazy("Held for homes"),
    "subsidies:operation-list": gettext_lazy("Claims and heaters"),
    "subsidies:reading-list": gettext_lazy("Meter readings"),
    "subsidies:reading-import-list": gettext_lazy("Files of readings"),
}
LONGEST_CELL = 2000


def is_list(kind: str) -> bool:
    return bool(_view_of(kind))


@lru_cache(maxsize=256)
def _view_of(kind: str) -> Any:
    """The view behind the name of a list anybody with a right may open, None for other names."""
    if not kind.endswith(("-list", "-log")) or ":" not in kind or len(kind) > LONGEST_NAME:
        return None
    try:
        view = resolve(reverse(kind)).func
    except NoReverseMatch:
        return None
    named = str(getattr(view, "required_right", "")).split(" or ")
    return view if set(named) <= set(RIGHTS) else None


class ListLedger:
    """`kind` is the URL name of the list; personal numbers are masked whatever was asked for."""

    about: Label = gettext_lazy("A list as it is on the screen")
    icon = "file-spreadsheet"
    shelf, group = "", ""
    asks: tuple[str, ...] = ()

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._view = _view_of(kind)

    @property
    def title(self) -> Label:
        items = (item for groups in navigation.SETS.values() for group in groups for item in group.items)
        named = next((item.title for item in items if item.url_name == self.kind), None)
        return named or TITLES.get(self.kind, self.kind)

    @property
    def right(self) -> str:
        return str(self._view.required_right)

    def found(self, extent: Extent) -> QuerySet[Any]:
        return _Counted(self.first_page(extent).count)  # type: ignore[return-value]

    def columns(self, extent: Extent) -> list[Column]:
        table = self.first_page(extent)
        first = [cell.value for cell in table.rows[0].cells] if table.rows else [None] * len(table.heads)
        shown = [head.column for head in table.heads]
        return [
            Column(one.key, str(one.label), kind_of(one, value), width=WIDTHS.get(one.kind, 16.0))
            for one, value in zip(shown, first, strict=True)
        ]

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        number = 1
        while True:
            table = self._page(extent, number)
            for row in table.rows:
                yield {cell.column.key: value_of(cell, row.item) for cell in row.cells}
            if not table.page.has_next():
                return
            number += 1

    def total_fen(self, extent: Extent) -> int | None:
        return None

    def shown(self) -> Sequence[tables.Column]:
        return ()

    def for_screen(self, extent: Extent) -> QuerySet[Any]:
        return self.found(extent)

    def url_of(self, row: Any) -> str:
        return ""

    def first_page(self, extent: Extent) -> tables.Table:
        return self._page(extent, 1)

    def _page(self, extent: Extent, number: int) -> tables.Table:
        """One page of the list, of the largest size."""
        query = extent.query.copy()
        query["page"], query["per"] = str(number), str(max(tables.PAGE_SIZES))
        request = _request(reverse(self.kind), query, extent)
        self._view(request)
        if request.table is None:
            raise PermissionDenied(self.right)
        return request.table


class _Counted(int):
    """Answers what the writer asks of a queryset: how many."""

    def order_by(self) -> _Counted:
        return self

    def count(self) -> int:
        return int(self)


def _request(path: str, query: QueryDict, extent: Extent) -> tables.TableRequest:
    """The page's address asked for by the person, who gave his second factor when he asked for the workbook."""
    request = tables.TableRequest({
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query.urlencode(), "wsgi.input": BytesIO(),
        "SERVER_NAME": "localhost", "SERVER_PORT": "80",
    })  # fmt: skip
    user: Any = extent.by
    if user is None:
        raise PermissionDenied("a list is taken out by a person")
    user.is_verified = lambda: True
    request.user = user
    request.session = {AREA_KEY: extent.area_code, PROGRAMME_KEY: extent.programme.code}  # type: ignore[assignment]
    request.resolver_match, request.LANGUAGE_CODE = resolve(path), get_language() or ""  # type: ignore[attr-defined]
    return request


def kind_of(column: tables.Column, first: Any) -> str:
    """Money as money, counts and measures as numbers; what a list words itself ("12 / 14") stays words."""
    if column.template or (column.kind == "number" and column.value is not None):
        return TEXT
    if column.kind == "number":
        return DECIMAL if isinstance(first, Decimal) else INTEGER
    return KINDS.get(column.kind, TEXT)


def value_of(cell: tables.Cell, item: Any) -> Value:
    """What stands in the cell on the screen as a value of the workbook: numbers and money as such, the rest as text."""
    column, value = cell.column, cell.value
    if column.template:
        return _words(render_to_string(column.template, {"row": item, "value": value, "column": column}))
    if value is None or value == "":
        return None
    if column.kind.startswith("masked_"):
        return mask(str(value), column.kind.removeprefix("masked_"))
    if column.kind in ("money", "wan"):
        return int(value)
    if column.kind == "number" and column.value is None:
        return value if isinstance(value, int | Decimal) else Decimal(str(value))
    if column.kind == "when":
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, dt.datetime) else f"{value:%Y-%m-%d}"
    if column.kind in DRAWN and not (column.kind == "number" and isinstance(value, str)):
        return _words(str(DRAWN[column.kind](value)))
    return str(value)[:LONGEST_CELL]


def _words(text: str) -> str:
    return " ".join(html.unescape(strip_tags(text)).split())[:LONGEST_CELL]
