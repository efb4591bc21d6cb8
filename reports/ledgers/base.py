"""What a ledger is: rows one may see, columns, sums. Each kind has its module; `registry` lists them.

The screen and the workbook take rows and sums from the same two functions, so their totals can't differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise

from accounts.models import Area, User
from core import tables
from core.areas import CODE_LENGTHS, TOWN
from core.masks import mask
from core.workbooks.write import Column, Value
from programmes.models import Programme

Label = str | Promise
Rows = Callable[[Any], QuerySet[Any]]


@dataclass(frozen=True)
class Extent:
    """What a ledger covers: a programme, one place, the filter of the page, and whose eyes (`rows`, `by`).

    `rows(Model)` gives the rows of a model inside that place: for a person through `visible_to`, for a command all.
    """

    programme: Programme
    area_code: str
    query: QueryDict
    rows: Rows
    full: bool = False
    by: User | None = None


class Ledger(Protocol):
    """`kind` stands in addresses and commands; `title` and column titles are in the reader's language.

    `shelf`: where it stands on the page of ledgers (`registry.SHELVES`); `asks`: the filters its list offers
    (`reports.ledgers.filters`), each a key that `found` reads in `extent.query`; `group`: key of the column whose runs
    get subtotals in the workbook, "" for none.
    """

    kind: str
    title: Label
    about: Label
    icon: str
    right: str
    shelf: str
    asks: tuple[str, ...]
    group: str

    def found(self, extent: Extent) -> QuerySet[Any]:
        """The filtered rows in the ledger's own order."""
        ...

    def columns(self, extent: Extent) -> list[Column]: ...

    def lines(self, extent: Extent) -> Iterator[dict[str, Value]]:
        """The rows of the workbook, one by one."""
        ...

    def total_fen(self, extent: Extent) -> int | None:
        """What the rows add up to, asked of the database; None for a ledger without money."""
        ...

    def shown(self) -> Sequence[tables.Column]:
        """Columns of the list on the screen."""
        ...

    def for_screen(self, extent: Extent) -> QuerySet[Any]:
        """`found` with what the list shows joined."""
        ...

    def url_of(self, row: Any) -> str:
        """Where a row of the list leads, "" for nowhere."""
        ...


LONGEST_WORDS, TAIL = 40, 4
LEDGER, WATCH = "ledger", "watch"
BY_PLACE = ("town", "village")


class OfDwellings:
    """What ledgers with one row per dwelling share: filters by place, subtotals by town, rows that open the file."""

    shelf = LEDGER
    asks: tuple[str, ...] = BY_PLACE
    group = "town"

    def dwelling_no_of(self, row: Any) -> str:
        raise NotImplementedError

    def url_of(self, row: Any) -> str:
        number = self.dwelling_no_of(row)
        return reverse("reports:household-detail", args=[number]) if number else ""


@dataclass
class Places:
    """Names of town and village by area code, loaded once per ledger."""

    area_code: str
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = dict(Area.objects.within(self.area_code).values_list("code", "name"))

    def of(self, code: str) -> dict[str, str]:
        town = code[: CODE_LENGTHS[TOWN]]
        return {"town": self.names.get(town, ""), "village": self.names.get(code, "") if len(code) > len(town) else ""}


def number(value: str, kind: str, full: bool) -> str:
    """An identity, phone or card number as the ledger may show it."""
    return value if full else mask(value, kind)


def narrowed(rows: QuerySet[Any], query: QueryDict, **fields: str) -> QuerySet[Any]:
    """Keep rows whose field equals the address's value, for each of `fields` (key in the address -> lookup)."""
    for key, lookup in fields.items():
        if query.get(key):
            rows = rows.filter(**{lookup: query[key]})
    return rows


def inside(rows: Any, query: QueryDict) -> Any:
    """Keep rows of the town and the villages named in the address; a code of neither shape finds nothing."""
    for key in BY_PLACE:
        codes = [code for code in query.getlist(key) if code]
        if codes:
            rows = rows.within(*codes) if all(map(_is_code, codes)) else rows.none()
    return rows


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in CODE_LENGTHS.values()


def of_household(rows: Any, extent: Extent, household: str, dwelling: str = "") -> Any:
    """Keep rows whose dwelling number or head's name begins with, or whose identity number ends in, what was typed.

    `household` and `dwelling` are the lookups up to those rows; "entitlement__" alone stands for both below it.
    """
    text = extent.query.get("q", "").strip()[:LONGEST_WORDS]
    if not text:
        return rows
    to_home, to_family = (dwelling, household) if dwelling else (f"{household}dwelling__", f"{household}household__")
    typed = Q(**{f"{to_home}dwelling_no__istartswith": text}) | Q(**{f"{to_family}head_name__startswith": text})
    if len(text) == TAIL:
        typed |= Q(**{f"{to_family}id_number_tail": text.upper()})
    return rows.filter(typed)
