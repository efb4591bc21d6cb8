"""Short names for the keys that stand in entries: noted while a page is worded, asked for together in one statement.

A model whose rows may be called by name there says `history_name = "name"`, a field that says nothing personal of a
household. A row the reader may not see, or that is gone, has no name.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.together import read_together


class Names:
    """The names of one page, as far as `user` may see them."""

    def __init__(self, user: Any) -> None:
        self._user = user
        self._noted: dict[type[models.Model], set[str]] = defaultdict(set)
        self._found: dict[tuple[type[models.Model], str], str] = {}

    def note(self, model: type[models.Model], key: Any) -> Named:
        """A name that will be known when it is shown."""
        if (model, str(key)) not in self._found:
            self._noted[model].add(str(key))
        return Named(self, model, str(key))

    def questions(self) -> list[QuerySet[Any, Any]]:
        """What has been noted since the last time, one queryset for each model; `keep` takes the answers."""
        return [_named_rows(self._user, model, keys) for model, keys in self._noted.items()]

    def keep(self, answers: list[QuerySet[Any, Any]]) -> None:
        for rows in answers:
            self._found.update({(rows.model, str(key)): str(name) for key, name in rows})
        self._noted.clear()

    def of(self, model: type[models.Model], key: str) -> str:
        if self._noted:
            asked = self.questions()
            read_together(*asked)
            self.keep(asked)
        return self._found.get((model, key)) or _("elsewhere or no longer there")


@dataclass(frozen=True)
class Named:
    """A key that reads as its row's name."""

    names: Names
    model: type[models.Model]
    key: str

    def __str__(self) -> str:
        return self.names.of(self.model, self.key)


def _named_rows(user: Any, model: Any, keys: set[str]) -> QuerySet[Any, Any]:
    rows = model._default_manager.all()
    seen = rows.visible_to(user) if hasattr(rows, "visible_to") else rows
    found: QuerySet[Any, Any] = seen.filter(pk__in=sorted(keys)).order_by().values_list("pk", model.history_name)
    return found
