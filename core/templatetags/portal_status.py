"""Statuses (shape + colour + word) and technology routes (colour + word)."""

from typing import Any

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.templatetags.portal_figures import MISSING

register = Library()

# What a look means: "" not started · busy in other hands · warn waits for the reader · note public, clock running
# ok just passed · done finished, quiet · bad failed or returned · void cancelled, not counted
LOOKS = frozenset({"", "busy", "warn", "note", "ok", "done", "bad", "void"})

# A model overrides single codes with `status_looks = {"CODE": "look"}`.
COMMON_LOOKS = {
    "draft": "", "new": "", "open": "", "planned": "", "queued": "", "pending": "",
    "running": "busy", "submitted": "busy", "installing": "busy", "installed": "busy", "sent": "busy", "sealed": "ok",
    "in_progress": "busy", "uploaded": "busy", "paying": "busy", "locked": "busy", "town_sealed": "busy",
    "village_sealed": "busy", "waiting": "warn", "to_fix": "warn", "review": "warn", "rectifying": "warn",
    "suspended": "warn", "unconfirmed": "warn", "notice": "note", "published": "note", "posted": "note",
    "approved": "ok", "accepted": "ok", "passed": "ok", "confirmed": "ok", "active": "ok", "acknowledged": "busy",
    "done": "done", "succeeded": "done", "paid": "done", "applied": "done", "closed": "done", "cleared": "done",
    "success": "done", "settled": "done", "read_back": "done", "online": "done",
    "failed": "bad", "returned": "bad", "rejected": "bad", "overdue": "bad", "error": "bad", "lost": "bad",
    "offline": "bad", "silent": "bad", "cancelled": "void", "void": "void", "withdrawn": "void", "superseded": "void",
}  # fmt: skip

TECH_WORDS = {
    "elec": _("Coal to electricity"), "gas": _("Coal to gas"), "grid": _("Central heating"),
    "waste": _("Industrial waste heat"), "solar": _("Solar"), "bio": _("Biomass"), "shell": _("Building envelope"),
}  # fmt: skip


def look_of(doc: Any, code: str) -> str:
    """The look of one status code: the model's own table first, then the common one, else “not started”."""
    own: dict[str, str] = getattr(doc, "status_looks", {})
    return own.get(code, COMMON_LOOKS.get(code.lower(), ""))


def badge(word: str, look: str, plain: bool = False) -> SafeString:
    """The badge itself; an unknown look is a programming error and fails."""
    if look not in LOOKS:
        raise ValueError(f"unknown status look {look!r}; choose one of {sorted(LOOKS)}")
    classes = "st" + (f" st--{look}" if look else "") + (" st--plain" if plain else "")
    return format_html('<span class="{}">{}</span>', classes, word)


@register.simple_tag
def status(doc: Any, field: str = "status", look: str | None = None, plain: bool = False) -> SafeString:
    """`{% status batch %}` for a model with choices; `{% status "Waiting" look="warn" %}` for a bare word."""
    if doc is None:
        return MISSING
    if isinstance(doc, str) or not hasattr(doc, field):
        return badge(str(doc), look or "", plain)
    code = str(getattr(doc, field))
    display = getattr(doc, f"get_{field}_display", None)
    return badge(str(display() if display else code), look_of(doc, code) if look is None else look, plain)


def tech_family(code: str) -> str:
    """The route's colour family: the part of a technology code that names one, "" when none does."""
    parts = code.lower().replace("-", "_").split("_")
    return next((part for part in parts if part in TECH_WORDS), "")


@register.simple_tag
def tech(code: Any) -> SafeString:
    """A technology by code ("elec", "elec_ashp") or as an object with `code` (or `route`) and `name`."""
    if not code:
        return MISSING
    raw = str(getattr(code, "route", "") or getattr(code, "code", code))
    family = tech_family(raw)
    word = getattr(code, "name", None) or TECH_WORDS.get(family, raw)
    return format_html('<span class="tech{}">{}</span>', f" tech--{family}" if family else "", word)
