"""Addresses of other rooms' pages by name; "" where the room does not offer the page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


def address(name: str, *args: Any, **query: Any) -> str:
    """Address of the page called `name`, with the non-empty ones of `query` behind it."""
    try:
        found = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    kept = {key: value for key, value in query.items() if value not in (None, "")}
    return f"{found}?{urlencode(kept)}" if kept else found
