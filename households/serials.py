"""Serial numbers of heaters by dwelling, told by the apps that know heaters in their `desk.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.module_loading import autodiscover_modules

Source = Callable[[], Iterable[tuple[int, str]]]
_sources: dict[str, Source] = {}


def serial_source(source: Source) -> Source:
    """Register a function that yields (primary key of the dwelling, serial number)."""
    _sources[f"{source.__module__}.{source.__qualname__}"] = source
    return source


def serials() -> Iterable[tuple[int, str]]:
    """Everything all sources say, in the order of their names."""
    autodiscover_modules("desk")
    for name in sorted(_sources):
        yield from _sources[name]()
