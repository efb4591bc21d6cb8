"""Duties marked as done, or as open again."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from supervision.models import DutyTerm


def is_mine(duty: DutyTerm, user: User) -> bool:
    """Of a department the person stands for, or of a role the person holds."""
    return is_of_department(duty, user) or bool(set(duty.roles) & set(user.role_codes))


def is_of_department(duty: DutyTerm, user: User) -> bool:
    """By key, never by name."""
    body = getattr(duty, "body", None)
    return body is not None and body.department_id in user.departments


def may_mark(duty: DutyTerm, user: User) -> bool:
    """Those whose department or role the duty names in a place around it or below it, and those who supervise."""
    if user.has_right("supervision.act", duty.area_id):
        return True
    return is_mine(duty, user) and any(
        (is_of_department(duty, user) or grant.role in duty.roles)
        and (duty.area_id.startswith(grant.area_id) or grant.area_id.startswith(duty.area_id))
        for grant in user.active_grants
    )


@transaction.atomic
def mark_duty(*, duty: DutyTerm, words: str, on: date | None, by: User) -> DutyTerm:
    """Done on a day, with words that say by what; `on` None takes the mark back.

    Raises `Refused` WORDS_MISSING, CHANGED (a mark set or taken back meanwhile: its words stay).
    """
    kept: DutyTerm = DutyTerm.objects.select_for_update().get(pk=duty.pk)
    if not may_mark(kept, by):
        raise PermissionDenied("supervision.act")
    if not words.strip():
        raise Refused("WORDS_MISSING", _("Say in words what was done or why."))
    if (kept.done_on is None) == (on is None):
        raise Refused("CHANGED", _("Somebody changed this duty meanwhile; look again."), conflict=True)
    kept.done_on, kept.done_words, kept.done_by = on, words.strip()[:300], by if on else None
    kept.save(update_fields=["done_on", "done_words", "done_by"])
    return kept
