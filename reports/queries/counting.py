"""Lists that nobody counts to the end."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

from core.together import count_of, number_in, read_together

LIMIT = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most `LIMIT` rows: a longer list is narrowed by its filter, not leafed through."""

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        rows: Any = self.object_list
        return int(rows.order_by()[:LIMIT].count())


class CountedWithPage(BoundedPaginator):
    """Asks for the count and for the wanted page in one statement, where a page has a further question to ask."""

    def get_page(self, number: Any) -> Page[Any]:
        rows: Any = self.object_list
        at = self._asked(number)
        wanted = rows[(at - 1) * self.per_page : at * self.per_page]
        counted = count_of(rows.model._base_manager.filter(pk__in=rows.order_by().values("pk")[:LIMIT]))
        read_together(wanted, counted)
        self.__dict__["count"] = number_in(counted)
        page = super().get_page(number)
        if page.number == at:
            page.object_list = list(wanted)
        return page

    def _asked(self, number: Any) -> int:
        """The page as the address names it, no further than is counted."""
        text = str(number)
        return min(max(int(text), 1), LIMIT // self.per_page) if text.isascii() and text.isdigit() else 1
