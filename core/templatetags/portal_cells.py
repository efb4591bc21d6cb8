"""One cell of a list by the kind of its column. In Python, not in a template: a page draws six hundred of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.template import Library
from django.template.base import render_value_in_context
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from core.templatetags.portal_figures import degrees, figure, masked, money, wan
from core.templatetags.portal_status import status, tech
from core.templatetags.portal_time import when

register = Library()
MISSING = mark_safe('<span class="muted">—</span>')
DRAWN: dict[str, Callable[[Any], SafeString]] = {
    "money": money, "wan": wan, "number": figure, "when": when, "status": status, "tech": tech, "degrees": degrees,
    "masked_id": partial(masked, kind="id"), "masked_phone": partial(masked, kind="phone"),
    "masked_card": partial(masked, kind="card"), "masked_name": partial(masked, kind="name"),
}  # fmt: skip
WORN = {"id": "num", "mono": "mono", "soft": "soft"}


@register.simple_tag(takes_context=True)
def cell(context: Context, shown: Any) -> SafeString:
    """What stands in a `core.tables.Cell`; nothing at all is “—”, zero is zero."""
    kind, value = shown.column.kind, shown.value
    if kind in DRAWN:
        return DRAWN[kind](value)
    if value is None or value == "":
        return MISSING
    words = mark_safe(render_value_in_context(value, context))  # noqa: S308 - escaped by what renders it
    return format_html('<span class="{}">{}</span>', WORN[kind], words) if kind in WORN else words
