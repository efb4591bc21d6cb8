"""What the room's templates need besides `portal`."""

from __future__ import annotations

from django.template import Library
from django.urls import NoReverseMatch, reverse

register = Library()


@register.filter
def page_url(name: str) -> str:
    """Address of a page by its URL name, "" where there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
