"""Start-up checks over the whole house."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

# Views of libraries, each with the rule that guards it.
DECLARED_ELSEWHERE: dict[str, str] = {}


@register(Tags.urls)
def every_url_declares_who_may_open_it(app_configs: Any, **kwargs: Any) -> list[Error]:
    """C8: deny by default. A view says @requires, @signed_in or @public, or the portal does not start."""
    return [
        Error(
            f"URL '{name}' does not say who may open it.",
            hint="Put @requires, @signed_in or @public on its view.",
            id="portal.E001",
        )
        for name, view in named_views()
        if not declaration_of(view)
    ]


def named_views() -> Iterator[tuple[str, Any]]:
    """Every URL pattern of the portal as (namespaced name or pattern, view)."""
    yield from _walk(get_resolver(), "")


def declaration_of(view: Any) -> str:
    """The right a view asks for, "signed_in", "public", or "" when it does not say."""
    view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
    found = getattr(view, "required_right", "") or getattr(view_class, "required_right", "")
    return str(found or DECLARED_ELSEWHERE.get(getattr(view_class, "__name__", ""), ""))


def _walk(resolver: URLResolver, namespace: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, inner)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name or entry.pattern}", entry.callback
