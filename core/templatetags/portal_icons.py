"""`{% icon "users" %}`: one symbol of the sprite that the interface build makes from the icons in use."""

from functools import lru_cache

from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = Library()
SIZES = {"": "i", "s": "i i--s", "l": "i i--l"}


@lru_cache(maxsize=1)
def sprite_address() -> str:
    """Address of the icon sprite; without a build it still has an address, the icons are just absent."""
    return static("icons.svg")


@register.simple_tag
def icon(name: str, size: str = "", look: str = "") -> SafeString:
    """An icon beside words: hidden from screen readers. `size` is "", "s" or "l"; `look` is ok, warn or bad."""
    return _drawn(name, size, look)


@lru_cache(maxsize=1024)
def _drawn(name: str, size: str, look: str) -> SafeString:
    """A page draws a hundred of them, and all pages draw the same few."""
    classes = f"{SIZES[size]} {look}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>', classes, sprite_address(), name
    )
