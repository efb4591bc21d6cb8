"""Which function does which kind of work. Each app registers its own in its `tasks.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

Handler = Callable[..., dict[str, Any] | None]


@dataclass(frozen=True)
class Registered:
    kind: str
    run: Handler
    label: str | Promise
    queue: str


class UnknownKind(LookupError):
    """No app has a handler for this kind of work."""


_handlers: dict[str, Registered] = {}


def handler(kind: str, label: str | Promise = "", queue: str = "default") -> Callable[[Handler], Handler]:
    """Register `def work(run: JobRun, **args)` for `kind`. It must be safe to run twice.

    It commits through `with run.commit():` only, and returns `{"url": …, "message": …}` or None.
    """

    def register(work: Handler) -> Handler:
        known = _handlers.get(kind)
        if known and (known.run.__module__, known.run.__qualname__) != (work.__module__, work.__qualname__):
            raise ValueError(f"Two handlers for '{kind}'.")
        _handlers[kind] = Registered(kind, work, label or kind, queue)
        return work

    return register


def registered(kind: str) -> Registered:
    """The handler of `kind`. Raises `UnknownKind`."""
    if kind not in _handlers:
        autodiscover_modules("tasks")
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def label_of(kind: str) -> str | Promise:
    """Name of the work for people; the kind itself when no handler is left."""
    try:
        return registered(kind).label
    except UnknownKind:
        return kind
