"""Links only for who may follow them."""

from __future__ import annotations

from django.template import Library
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.access import may_open

register = Library()


@register.simple_block_tag(takes_context=True)
def leads(context: Context, content: SafeString, address: str, look: str = "") -> SafeString:
    """`{% leads address "fig" %}12{% endleads %}`: a link for whoever may open the address, else only the words."""
    kind = format_html(' class="{}"', look) if look else ""
    if may_open(context["request"].user, address):
        return format_html('<a{} href="{}">{}</a>', kind, address, content)
    return format_html("<span{}>{}</span>", kind, content) if look else content


@register.simple_tag(takes_context=True)
def opens(context: Context, address: str) -> bool:
    """`{% opens address as may %}`: whether the reader may open it, for words that say what a press does."""
    return may_open(context["request"].user, address)
