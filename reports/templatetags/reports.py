"""`{% load reports %}`: small drawings that only the pages of this room need."""

from __future__ import annotations

from typing import Any

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.portal_progress import dots, share
from core.templatetags.portal_status import tech
from reports.models import Paper
from reports.pages.households import route_of

register = Library()
CIRCLE = 169.6
NAMES: dict[str, Any] = dict(Paper.choices)


@register.simple_tag
def papers(row: Any) -> SafeString:
    """Completeness of a household's file; the missing ones are named on hover and to screen readers."""
    have = row.wanted_papers - row.missing_papers
    words = _("file %(have)d of %(want)d items") % {"have": have, "want": row.wanted_papers}
    if row.missing:
        words += _(", missing: %(names)s") % {"names": "、".join(str(NAMES.get(code, code)) for code in row.missing)}
    return format_html('<span title="{}">{}</span>', words, dots(have, row.wanted_papers, words))


@register.simple_tag
def route_tag(route: Any) -> SafeString:
    """A programme's route in its family's colour."""
    return tech(route_of(route.family, route.name))


@register.simple_tag
def ring(have: int, want: int) -> SafeString:
    """A part of a whole as a ring with its numbers inside."""
    arc = CIRCLE * have / want if want else 0
    words = _("file %(have)d of %(want)d items") % {"have": have, "want": want}
    return format_html(
        '<svg class="ring" viewBox="0 0 64 64" role="img" aria-label="{}"><circle cx="32" cy="32" r="27"/>'
        '<circle cx="32" cy="32" r="27" stroke-dasharray="{} {}"/><text x="32" y="37">{}/{}</text></svg>',
        words, f"{arc:.1f}", CIRCLE, have, want,
    )  # fmt: skip


@register.simple_tag
def phase_bar(phase: Any) -> SafeString:
    """One phase of the year: how much of it has passed, with today's mark while it runs."""
    passed = share(phase.passed, phase.days)
    mark = format_html('<rect x="{}%" y="-4" width="2" height="14" rx="1" class="f-now"/>', passed) if phase.now else ""
    return format_html(
        '<svg class="phase" height="6" width="100%" aria-hidden="true"><rect width="100%" height="6" rx="2" '
        'class="f-ground"/><rect width="{}%" height="6" rx="2" class="{}"/>{}</svg>',
        passed, "f-accepted", mark,
    )  # fmt: skip


@register.simple_tag
def column(part: int, stuck: int, whole: int, hot: bool = False) -> SafeString:
    """One column of the funnel, 78 high: what has passed this step, and hatched above it what stands before it."""
    high = 76 * part / whole if whole else 0
    above = 76 * min(stuck, whole - part) / whole if whole else 0
    return format_html(
        '<svg class="funnel" width="100%" height="78" aria-hidden="true"><defs><pattern id="{p}" width="6" height="6" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.5" height="6" class="{f}"/>'
        "</pattern>"
        '</defs><rect y="{y0}" width="100%" height="{above}" fill="url(#{p})"/>'
        '<rect y="{y1}" width="100%" height="{high}" class="f-done"/></svg>',
        p="hatch-hot" if hot else "hatch", f="f-now" if hot else "f-idle", y0=f"{78 - high - above:.1f}",
        y1=f"{78 - high:.1f}", above=f"{above:.1f}", high=f"{high:.1f}",
    )  # fmt: skip
