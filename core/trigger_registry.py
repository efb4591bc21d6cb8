"""The trigger library's list of triggers, without asking all of them anew about each that is added.

The library's own looks through every trigger there is, twice, for each new one: with more than three hundred that was
an eighth of the start of every program. What it looks for is kept here instead; what it refuses is the same.
"""

from __future__ import annotations

from typing import Any

from pgtrigger import registry


class Registry(registry._Registry):
    """Keeps the names of functions and the triggers by table; `use()` puts it in the library's place."""

    def __init__(self) -> None:
        self._functions: set[str] = set()
        self._by_table: dict[tuple[str, str], Any] = {}
        super().__init__()

    @property
    def pg_function_names(self) -> set[str]:
        return self._functions

    @property
    def by_db_table(self) -> dict[tuple[str, str], Any]:
        """(table, name) -> trigger."""
        return self._by_table

    def __setitem__(self, uri: str, value: tuple[Any, Any]) -> None:
        super().__setitem__(uri, value)
        self._note(*value)

    def __delitem__(self, uri: str) -> None:
        super().__delitem__(uri)
        self._functions.clear()
        self._by_table.clear()
        for model, trigger in self.data.values():
            self._note(model, trigger)

    def _note(self, model: Any, trigger: Any) -> None:
        self._functions.add(trigger.get_pgid(model))
        self._by_table[model._meta.db_table, trigger.name] = trigger


def use() -> None:
    """Before the library is made ready, which reads the triggers of all models."""
    if not isinstance(registry._registry, Registry):
        registry._registry = Registry()
