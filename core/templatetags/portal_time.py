"""`{% when moment %}`: today 09:42, yesterday 17:26, else 12-05, other years 2020-12-05; exact on hover."""

import datetime as dt

from django.template import Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import clock
from core.templatetags.portal_figures import MISSING

register = Library()
DAY = dt.timedelta(days=1)


def short_day(day: dt.date, today: dt.date) -> str:
    """Month and day inside this year, otherwise the full date."""
    return f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}"


def short_moment(local: dt.datetime, today: dt.date) -> str:
    """A moment already in local time, in the shortest form that cannot be mistaken."""
    if local.date() == today:
        return _("today %(time)s") % {"time": f"{local:%H:%M}"}
    if local.date() == today - DAY:
        return _("yesterday %(time)s") % {"time": f"{local:%H:%M}"}
    return short_day(local.date(), today)


def _shown(value: dt.date, today: dt.date) -> tuple[str, str]:
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value)
        return short_moment(local, today), f"{local:%Y-%m-%d %H:%M:%S}"
    return short_day(value, today), f"{value:%Y-%m-%d}"


@register.simple_tag
def when(value: dt.datetime | dt.date | None) -> SafeString:
    """An aware datetime or a date; None is “—”."""
    if value is None:
        return MISSING
    # Moments are true whatever day the demonstration stands on; dates belong to its day.
    today = timezone.localdate(clock.now()) if isinstance(value, dt.datetime) else clock.today()
    shown, exact = _shown(value, today)
    return format_html('<time class="num nowrap" datetime="{}" title="{}">{}</time>', value.isoformat(), exact, shown)


def _ago_words(seconds: int) -> str:
    if seconds < 60:
        return _("%(n)d seconds ago") % {"n": max(0, seconds)}
    if seconds < 3600:
        return _("%(n)d minutes ago") % {"n": seconds // 60}
    if seconds < 2 * 86400:
        return _("%(n)d hours ago") % {"n": seconds // 3600}
    return _("%(n)d days ago") % {"n": seconds // 86400}


@register.simple_tag
def ago(value: dt.datetime | None) -> SafeString:
    """Age of a reading: “12 seconds ago”; exact on hover. A path that leads nowhere (a template's "") is “—”."""
    if not value:
        return MISSING
    seconds = int((clock.now() - value).total_seconds())
    exact = f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    return format_html(
        '<time class="num nowrap" datetime="{}" title="{}">{}</time>', value.isoformat(), exact, _ago_words(seconds)
    )
