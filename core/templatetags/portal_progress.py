"""Bars drawn as SVG: lengths are attributes, so they need no inline style and also print."""

from decimal import Decimal

from django.template import Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

register = Library()
FILLS = frozenset({"brand", "ok", "warn", "bad", "soft", "now", "idle", "done", "accepted", "paid"})


def share(part: Decimal | int | None, whole: Decimal | int | None) -> str:
    """part / whole in percent with one decimal, held between 0 and 100; nothing of nothing is 0."""
    if not part or not whole or part < 0 or whole < 0:
        return "0.0"
    return f"{min(Decimal(100), Decimal(part) * 100 / Decimal(whole)):.1f}"


def _layer(width: str, y: str, height: str, css: str) -> SafeString:
    return format_html('<rect width="{}%" y="{}" height="{}" rx="3" class="{}"/>', width, y, height, css)


def _plan_mark(at: str) -> SafeString:
    return format_html('<rect x="{}%" y="-3" width="2" height="20" rx="1" class="f-plan"/>', at)


@register.simple_tag
def nest(done: int, accepted: int, paid: int, total: int, plan: Decimal | float | None = None) -> SafeString:
    """Finished, accepted and paid of a total in one bar; `plan` is the planned share in percent today."""
    shares = [share(value, total) for value in (done, accepted, paid)]
    label = _("finished %(done)s%%, accepted %(accepted)s%%, paid %(paid)s%%") % {
        "done": shares[0], "accepted": shares[1], "paid": shares[2],
    }  # fmt: skip
    layers = [
        _layer("100", "0", "14", "f-ground"), _layer(shares[0], "0", "14", "f-done"),
        _layer(shares[1], "2", "10", "f-accepted"), _layer(shares[2], "4", "6", "f-paid"),
    ]  # fmt: skip
    if plan is not None:
        layers.append(_plan_mark(share(Decimal(str(plan)), 100)))
        label += _(", plan %(plan)s%%") % {"plan": plan}
    inner = format_html_join("", "{}", ((layer,) for layer in layers))
    return format_html('<svg class="nest" role="img" aria-label="{}">{}</svg>', label, inner)


@register.simple_tag
def bar(part: int, whole: int, look: str = "brand", plan: float | None = None) -> SafeString:
    """One thin bar: part of whole. Words belong beside it; the bar itself is hidden from screen readers."""
    if look not in FILLS:
        raise ValueError(f"unknown bar look {look!r}; choose one of {sorted(FILLS)}")
    mark = mark_safe("") if plan is None else _plan_mark(share(Decimal(str(plan)), 100))
    return format_html(
        '<svg class="bar" aria-hidden="true">{}{}{}</svg>',
        _layer("100", "0", "6", "f-ground"), _layer(share(part, whole), "0", "6", f"f-{look}"), mark,
    )  # fmt: skip


@register.simple_tag
def meter(whole: int, used: int, this: int = 0) -> SafeString:
    """Money of one source: used before, this batch, left. Amounts in fen."""
    start = share(used, whole)
    now = format_html('<rect x="{}%" width="{}%" height="10" class="f-now"/>', start, share(this, whole))
    return format_html(
        '<svg class="meter" aria-hidden="true">{}{}{}</svg>',
        _layer("100", "0", "10", "f-ground"), _layer(start, "0", "10", "f-done"), now,
    )  # fmt: skip


@register.simple_tag
def dots(have: int, want: int, label: str = "") -> SafeString:
    """Completeness of a file: one small square per required item."""
    squares = "<i></i>" * max(0, min(have, want)) + '<i class="no"></i>' * max(0, want - have)
    words = label or _("file %(have)d of %(want)d items") % {"have": have, "want": want}
    return format_html('<span class="dots" role="img" aria-label="{}">{}</span>', words, mark_safe(squares))  # noqa: S308


def _points(values: list[float | None], width: int, height: int) -> list[tuple[float, float] | None]:
    known = [v for v in values if v is not None]
    low, high = min(known), max(known)
    step = width / max(1, len(values) - 1)
    span = (high - low) or 1
    return [None if v is None else (i * step, 1 + (height - 2) * (high - v) / span) for i, v in enumerate(values)]


@register.simple_tag
def spark(values: list[float | None]) -> SafeString:
    """A small line without axes; None is a gap and is drawn as a gap."""
    if not any(v is not None for v in values):
        return mark_safe("")
    path, pen = "", "M"
    for point in _points(values, 200, 16):
        if point is not None:
            path += f"{pen}{point[0]:.0f} {point[1]:.1f}"
        pen = "M" if point is None else "L"
    return format_html(
        '<svg class="spark" viewBox="0 0 200 16" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="{}" vector-effect="non-scaling-stroke"/></svg>', path,
    )  # fmt: skip
