"""Until when a dwelling's device is under warranty: counted from acceptance, as the supply contract says (L-77)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

from django.utils import timezone

from households.models import Dwelling
from retrofits.models import Acceptance, Contract


def warranty_end(dwelling: Dwelling) -> date | None:
    """The last day, None where no acceptance or no contract with a warranty is on file."""
    accepted = (
        Acceptance.objects.filter(task__dwelling=dwelling, result=Acceptance.Result.PASSED).order_by("-id").first()
    )
    if accepted is None:
        return None
    contract = Contract.objects.filter(task=accepted.task_id, cancelled_on=None, warranty_months__isnull=False).first()
    return None if contract is None else add_months(accepted.accepted_on, contract.warranty_months)


def covered(dwelling: Dwelling | None, now: datetime) -> bool | None:
    """Whether the moment lies within the warranty; None is “not known”."""
    end = warranty_end(dwelling) if dwelling else None
    return None if end is None else timezone.localdate(now) <= end


def add_months(day: date, months: int) -> date:
    """The same day that many months later, or the month's last day where it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
