"""Ledgers that are a list of columns over a queryset: one description for the screen, the workbook and the print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import tables
from core.workbooks.write import DATE, DATETIME, DECIMAL, INTEGER, MONEY, TEXT, Column, Value
from reports.ledgers.base import BY_PLACE, LEDGER, Extent, Label, Places, number

CHUNK = 2000
SCREEN_KINDS = {INTEGER: "number", DECIMAL: "number", MONEY: "money", DATE: "when", DATETIME: "when", TEXT: "text"}
MASKED = {"id": "masked_id", "phone": "masked_phone", "card": "masked_card"}


@dataclass(frozen=True)
class Item:
    """One column: `of` is a path of attributes (dots) or a function of the row, by default `key`.

    `total` sums it up in the workbook; with `field` (a column or annotation of the database) also on the screen.
    `masked` ("id", "phone", "card") is masked unless the export is full. `seen` False: in the workbook only.
    """

    key: str
    title: Label
    kind: str = TEXT
    of: str | Callable[[Any], Any] = ""
    unit: Label = ""
    width: float = 14.0
    total: bool = False
    field: str = ""
    masked: str = ""
    seen: bool = True
    link: bool = False
    priority: int = 1
    screen: str = ""

    def value(self, row: Any) -> Any:
        return self.of(row) if callable(self.of) else value_at(row, self.of or self.key)

    def cell(self, row: Any, full: bool) -> Value:
        found = self.value(row)
        if self.masked:
            return number(str(found or ""), self.masked, full)
        return str(found) if self.kind == TEXT and found is not None else found  # type: ignore[no-any-return]

    @property
    def column(self) -> Column:
        return Column(self.key, str(self.title), self.kind, str(self.unit), self.width, self.total)

    @property
    def on_screen(self) -> tables.Column:
        kind = self.screen or MASKED.get(self.masked) or ("id" if self.link else SCREEN_KINDS[self.kind])
        unit = f"/{self.unit}" if self.unit else ""
        summed = self.total and bool(self.field)
        return tables.Column(
            self.key, f"{self.title}{unit}" if unit else self.title, kind=kind, value=self.value, link=self.link,
            order_by=self.field, priority=self.priority, total=Sum(self.field) if summed else None,
            total_label=self.title if summed else "",
        )  # fmt: skip


def value_at(row: Any, path: str) -> Any:
    """The value behind a path of attributes or keys; None where something on the way is missing."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else getattr(row, name, None)
    return row


NO = Item("no", gettext_lazy("No."), INTEGER, width=6, seen=False)
TOWN = Item("town", gettext_lazy("Town"), width=12, seen=False)
VILLAGE = Item("village", gettext_lazy("Village"), of="area.name", width=12)


@dataclass(frozen=True)
class DeclaredLedger:
    """`source(extent)`: the filtered rows in the ledger's order, with all that `items` read joined or annotated.

    `money`: the database's own column or annotation whose sum is the ledger's total. `place` says where a row lies
    (town and village of the workbook). `url` is where a row of the list leads.
    """

    kind: str
    title: Label
    about: Label
    icon: str
    right: str
    source: Callable[[Extent], QuerySet[Any]]
    items: Sequence[Item]
    asks: tuple[str, ...] = BY_PLACE
    group: str = "town"
    shelf: str = LEDGER
    money: str = ""
    place: Callable[[Any], str] = lambda row: str(value_at(row, "area_id") or "")
    url: Callable[[Any], str] = lambda row: ""

    @property
    def money_key(self) -> str:
        """Key of the column that `money` sums, "" for a ledger without money."""
        return next((item.key for item in self.items if self.money and item.field == self.money), "")

    def found(self, extent: Extent) -> QuerySet[Any]:
        return self.source(extent)

    def for_screen(self, extent: Extent) -> QuerySet[Any]:
        return self.source(extent)

    def total_fen(self, extent: Extent) -> int | None:
        if not self.money:
            return None
        return self.found(extent).order_by().aggregate(sum_of_all=Sum(self.money))["sum_of_all"] or 0

    def columns(self, extent: Extent) -> list[Column]:
        return [item.column for item in (NO, *self.items)]

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        places = Places(extent.area_code)
        shown = [item for item in self.items if item.key not in ("town", "village")]
        for no, row in enumerate(self.found(extent).iterator(chunk_size=CHUNK), 1):
            cells = {item.key: item.cell(row, extent.full) for item in shown}
            yield {"no": no, **places.of(self.place(row)), **cells}

    def shown(self) -> Sequence[tables.Column]:
        return tuple(item.on_screen for item in self.items if item.seen)

    def url_of(self, row: Any) -> str:
        return self.url(row)


def yes(value: Any) -> str:
    """Yes, no, or nothing where nobody knows."""
    return "" if value is None else _("yes") if value else _("no")
