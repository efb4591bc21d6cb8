"""Amounts, counts and masked numbers. Missing is “—”, never 0; minus is “−”; the exact yuan is in the title."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import masks

register = Library()
MISSING = mark_safe('<span class="muted">—</span>')
MINUS = "−"
FINEST = Decimal("0.0001")
FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
MASKED_KINDS = masks.MASKS


def grouped(value: Decimal | int, places: int) -> str:
    """1234.5, 2 -> "1,234.50"; negative numbers with a true minus sign; rounded half up, as money is."""
    step = Decimal(1).scaleb(-places)
    rounded = Decimal(value).quantize(step, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}"
    return MINUS + text if rounded < 0 else text


def exact_yuan(fen: int) -> str:
    """Fen as yuan with both decimals: 600000 -> "6,000.00"."""
    return grouped(Decimal(fen) / FEN_PER_YUAN, 2)


def _is_english() -> bool:
    return (get_language() or "").startswith("en")


def yuan_words(fen: int) -> str:
    """With its unit: “6,000.00 元”, in English “CNY 6,000.00”."""
    return f"CNY {exact_yuan(fen)}" if _is_english() else f"{exact_yuan(fen)} 元"


def _wan(fen: int) -> str:
    if not _is_english():
        return grouped(Decimal(fen) / FEN_PER_WAN, 2)
    return grouped(Decimal(fen) / FEN_PER_YUAN, 2 if fen % FEN_PER_YUAN else 0)


def wan_words(fen: int) -> str:
    """A sum with its unit: “245.08 万元”; English readers get plain yuan: “CNY 2,450,800”."""
    return f"CNY {_wan(fen)}" if _is_english() else f"{_wan(fen)} 万元"


@register.simple_tag
def money(fen: int | None, unit: bool = False) -> SafeString:
    """Household level: yuan with two decimals. The unit belongs in the column's head unless `unit` is set."""
    if fen is None:
        return MISSING
    return format_html('<span class="num">{}</span>', yuan_words(fen) if unit else exact_yuan(fen))


@register.simple_tag
def wan(fen: int | None, unit: bool = False) -> SafeString:
    """Sums: ten thousand yuan with two decimals, exact yuan in the title; in English plain yuan."""
    if fen is None:
        return MISSING
    shown = wan_words(fen) if unit else _wan(fen)
    return format_html('<span class="num" title="{}">{}</span>', yuan_words(fen), shown)


@register.filter(name="wan_words")
def wan_words_filter(fen: int) -> str:
    """For buttons: {% translate "Agree to pay" %} {{ batch.total_fen|wan_words }}."""
    return wan_words(fen)


@register.simple_tag
def count(value: int | None, unit: str = "") -> SafeString:
    """24961 -> 24,961, with an optional unit word behind it."""
    if value is None:
        return MISSING
    return format_html('<span class="num">{}{}</span>', grouped(value, 0), f" {unit}" if unit else "")


@register.simple_tag
def figure(value: Decimal | float | str | None) -> SafeString:
    """A count whole, what was measured with the decimals it has, at most four: 68.50 m² is 68.5, never 69."""
    if value is None:
        return MISSING
    rounded = Decimal(value).quantize(FINEST, rounding=ROUND_HALF_UP).normalize()
    places = max(-int(rounded.as_tuple().exponent), 0)
    return format_html('<span class="num">{}</span>', grouped(rounded, places))


@register.simple_tag
def rate(part: int | None, whole: int | None) -> SafeString:
    """part of whole in percent with one decimal; “—” when there is no whole to be a part of."""
    if part is None or not whole:
        return MISSING
    return format_html('<span class="num">{}%</span>', grouped(Decimal(part * 100) / whole, 1))


@register.simple_tag
def degrees(value: Decimal | float | None) -> SafeString:
    """A temperature with one decimal and its unit."""
    if value is None:
        return MISSING
    return format_html('<span class="num">{}℃</span>', grouped(Decimal(str(value)), 1))


@register.simple_tag
def masked(value: Any, kind: str) -> SafeString:
    """Personal numbers are masked here, on the server. `kind` is id, phone, card or name; anything else fails."""
    mask = MASKED_KINDS[kind]
    if not value:
        return MISSING
    css = "nowrap" if kind == "name" else "mono nowrap"
    return format_html('<span class="{}" title="{}">{}</span>', css, _("masked"), mask(str(value)))


@register.simple_tag
def tenths(value: int | None) -> SafeString:
    """A stored temperature: 446 -> 44.6 ℃; None is “—”."""
    return degrees(Decimal(value) / 10 if isinstance(value, int) else None)
