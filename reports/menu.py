"""The entries of the side bar as HTML: sixty on every page, drawn here because a template takes ten times as long."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.templatetags.portal_icons import icon
from reports.navigation import Item

MOST = 999
HERE = SafeString(' aria-current="page"')
NOWHERE = NOTHING = SafeString("")


def entries(items: Iterable[Item]) -> SafeString:
    """Links with symbol, title and how much waits there; the current page is marked."""
    return format_html_join(
        "",
        '\n<a href="{}"{}>{}<span>{}</span>{}</a>',
        ((one.address, HERE if one.current else NOWHERE, icon(one.icon), one.title, _number(one)) for one in items),
    )


def _number(item: Item) -> SafeString:
    if not item.number:
        return NOTHING
    look = "nav__n nav__n--hot" if item.hot else "nav__n"
    return format_html('<span class="{}">{}</span>', look, f"{MOST}+" if item.number > MOST else item.number)
