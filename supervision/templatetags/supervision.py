"""What the room's templates need besides `portal`, and what it shows on the page of an alert."""

from __future__ import annotations

from typing import Any

from django.template import Context, Library
from django.urls import NoReverseMatch, reverse

from supervision.kinds import GROUP_OF, OWN
from supervision.models import AlertCase, Case
from supervision.services.alerts import BECOMES, LABELS
from telemetry.models import Alert

register = Library()


@register.filter
def page_url(name: str) -> str:
    """Address of a page by its URL name, "" where there is none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("supervision/alert_case.html", takes_context=True)
def alert_case(context: Context, alert: Alert) -> dict[str, Any]:
    """The case this alert was turned into, as far as the person reads it, or the buttons that turn it into one."""
    user: Any = context["request"].user
    made = AlertCase.objects.filter(alert=alert).first()
    seen = Case.objects.visible_to(user).filter(pk=made.case_id).first() if made else None
    kinds = [] if made else [kind for kind, _category in BECOMES.get(alert.kind, ())]
    return {
        "alert": alert, "case": seen, "is_made": made is not None, "csrf_token": context.get("csrf_token"),
        "offers": [(kind, LABELS[kind]) for kind in kinds if _may_open(user, kind, alert.area_id)],
    }  # fmt: skip


def _may_open(user: Any, kind: str, area: str) -> bool:
    """As the page that takes the press judges it."""
    group = GROUP_OF[kind]
    return user.has_right("hazards.record", area) and (
        user.has_right(group.handle, area) or (group.own and user.has_right(OWN, area))
    )
