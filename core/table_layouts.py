"""How a person likes a list: which columns in which order, how close the rows stand, and the views kept under a name.

`core` knows no people: `keep_with` tells it who remembers (accounts does). Without one, lists show what they declare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise

MOST_COLUMNS = 60


class Arrangeable(Protocol):
    """A column, as far as its place is concerned; one that links to the row is always shown."""

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str | Promise: ...

    @property
    def link(self) -> bool: ...


Columns = TypeVar("Columns", bound=Arrangeable)


@dataclass(frozen=True)
class Kept:
    """What is remembered of one list for one person: `layout` as a query string, and the named views."""

    layout: str = ""
    views: Sequence[Any] = ()


@dataclass(frozen=True)
class Choice:
    """A line of the column chooser."""

    key: str
    label: str | Promise
    shown: bool
    locked: bool


@dataclass(frozen=True)
class Layout:
    """`columns` are keys in order, empty for the list's own choice; `dense` rows are 28 pixels high."""

    columns: tuple[str, ...] = ()
    dense: bool = False

    @classmethod
    def of(cls, query: QueryDict, kept: Kept) -> Layout:
        """The address first, then what is kept."""
        last = QueryDict(kept.layout)
        named = query.get("cols", last.get("cols", ""))
        return cls(
            tuple(named.split(",")[:MOST_COLUMNS]) if named else (), query.get("dense", last.get("dense")) == "1"
        )

    @property
    def query(self) -> str:
        """The same as part of an address."""
        made = QueryDict(mutable=True)
        if self.columns:
            made["cols"] = ",".join(self.columns)
        if self.dense:
            made["dense"] = "1"
        return made.urlencode()


Keeper = Callable[[HttpRequest, str], Kept]
_keepers: list[Keeper] = []


def keep_with(keeper: Keeper) -> None:
    """From now on `keeper(request, name of the list)` says what is kept."""
    _keepers[:] = [keeper]


def kept_for(request: HttpRequest, name: str) -> Kept:
    return _keepers[0](request, name) if _keepers and name else Kept()


def arranged(columns: Sequence[Columns], layout: Layout) -> list[Columns]:
    """The chosen columns in the chosen order; those that link stay, unknown names are passed over."""
    known = {column.key: column for column in columns}
    chosen = [known[key] for key in dict.fromkeys(layout.columns) if key in known]
    if not chosen:
        return list(columns)
    return [column for column in columns if column.link and column not in chosen] + chosen


def choices(columns: Iterable[Columns], shown: Sequence[Columns]) -> list[Choice]:
    """All columns for the chooser: those shown in their order, then the others."""
    hidden = [column for column in columns if column not in shown]
    return [Choice(c.key, c.label, c in shown, c.link) for c in (*shown, *hidden)]


def moved_up(keys: Sequence[str], key: str) -> tuple[str, ...]:
    """The same keys with one of them a place further to the front."""
    at = keys.index(key) if key in keys else 0
    if at == 0:
        return tuple(keys)
    return (*keys[: at - 1], key, keys[at - 1], *keys[at + 1 :])
