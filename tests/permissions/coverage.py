"""Every address of the portal, read from the resolver: name, arguments, declared right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from heating_portal.checks import declaration_of


def addresses() -> dict[str, tuple[list[str], str]]:
    """URL name → (names of its arguments, what its view declares)."""
    return {name: (arguments, declaration_of(pattern.callback)) for name, pattern, arguments in patterns()}


def patterns() -> Iterator[tuple[str, URLPattern, list[str]]]:
    """Every pattern below the root as (namespaced name, pattern, names of its arguments)."""
    yield from _below(get_resolver(), "", [])


def _below(resolver: URLResolver, namespace: str, outer: list[str]) -> Iterator[tuple[str, Any, list[str]]]:
    for entry in resolver.url_patterns:
        arguments = [*outer, *entry.pattern.regex.groupindex]
        if isinstance(entry, URLResolver):
            yield from _below(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, arguments)
        else:
            yield f"{namespace}{entry.name or entry.pattern}", entry, arguments
