"""Background work on money: Celery's beat asks for it, the database is where it is true."""

from __future__ import annotations

from celery import shared_task
from django.utils.translation import gettext_lazy, ngettext

from accounts.acting import acting
from core import clock
from jobs.registry import handler
from jobs.running import JobRun
from programmes.models import Programme
from subsidies.models import Policy
from subsidies.services import entitlements, notices

ASSESS = "subsidies.assess_pending"


@shared_task(name="subsidies.tasks.assess_pending")
def assess_pending() -> dict[str, int]:
    """Every programme with a policy in force today."""
    today = clock.today()
    programmes = Programme.objects.filter(policies__state=Policy.State.RELEASED).distinct()
    with acting("assess_pending"):
        return {one.code: entitlements.assess_pending(programme=one, on=today, by="beat").total for one in programmes}


@shared_task(name="subsidies.tasks.close_notices")
def close_notices() -> int:
    """Notices whose time is over."""
    with acting("close_notices"):
        return len(notices.close_notices())


@handler(ASSESS, label=gettext_lazy("Calculate what is due"))
def run_assessment(run: JobRun, programme_id: int) -> dict[str, str]:
    """The button's run; safe to repeat, because what is assessed is not pending any more."""
    programme = Programme.objects.get(pk=programme_id)
    with run.commit():
        done = entitlements.assess_pending(programme=programme, by=run.requested_by or "jobs")
        message = ngettext("%(n)d amount calculated", "%(n)d amounts calculated", done.total) % {"n": done.total}
        result = {"url": "/pay/entitlements/", "message": message}
        run.finish(result)
    return result
