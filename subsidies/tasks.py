"""Background work on money: Celery's beat asks for it, the database is where it is true."""

from __future__ import annotations

from celery import shared_task
from django.utils.translation import gettext_lazy, ngettext

from accounts.acting import acting
from accounts.models import Area
from core import clock
from jobs.registry import handler
from jobs.running import JobRun
from programmes.models import Programme
from subsidies.models import Policy
from subsidies.services import differences, entitlements, holds, notices, own_funds, trials

ASSESS = "subsidies.assess_pending"
TRY_OUT = "subsidies.try_policy"
COMPARE = "subsidies.find_differences"
OWN_FUNDS = "subsidies.prove_own_funds"


@shared_task(name="subsidies.tasks.assess_pending")
def assess_pending() -> dict[str, int]:
    """Every programme with a policy in force today."""
    today = clock.today()
    programmes = Programme.objects.filter(policies__state=Policy.State.RELEASED).distinct()
    with acting("assess_pending"):
        return {one.code: entitlements.assess_pending(programme=one, on=today, by="beat").total for one in programmes}


@shared_task(name="subsidies.tasks.reserve_pending")
def reserve_pending() -> dict[str, int]:
    """Hold money for homes sealed since, in every programme that says how much one needs."""
    with acting("reserve_pending"):
        found = Programme.objects.filter(settings__has_key="reserve_per_home").order_by("pk")
        return {one.code: holds.reserve_pending(programme=one, by="beat").held for one in found}


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


@handler(OWN_FUNDS, label=gettext_lazy("Own funds of a place"))
def run_own_funds(
    run: JobRun, programme_id: int, area: str, evidence: str, document_no: str, without: list[str]
) -> dict[str, str]:
    """One list of a town, fifty households in one commit; killed in between, the next turn does the rest."""
    programme, place = Programme.objects.get(pk=programme_id), Area.objects.get(pk=area)
    if run.requested_by is None:
        raise RuntimeError("own funds are stated by a person")
    stated = own_funds.OwnFunds(programme, place, evidence, document_no, tuple(without))
    done = own_funds.prove_all(stated, by=run.requested_by, commit=run.commit, progress=run.progress)
    message = ngettext("own funds of %(n)d household stated", "own funds of %(n)d households stated", done)
    return {"url": "/pay/entitlements/", "message": message % {"n": done}}


@handler(TRY_OUT, label=gettext_lazy("Try a policy on the accepted dwellings"))
def run_policy_trial(run: JobRun, policy_id: int) -> dict[str, str]:
    """Computes for as long as it takes, then stores the whole result at once; killed before that, nothing is there."""
    policy = Policy.objects.select_related("programme").get(pk=policy_id)
    tried = trials.try_out(policy, progress=run.progress)
    with run.commit():
        trials.store_trial(tried, by=run.requested_by)
        count = tried.dwelling_count
        message = ngettext("%(n)d dwelling tried", "%(n)d dwellings tried", count) % {"n": count}
        result = {"url": f"/pay/policies/{policy.pk}/trial/", "message": message}
        run.finish(result)
    return result


@handler(COMPARE, label=gettext_lazy("Compare what stands with the versions released since"))
def run_comparison(run: JobRun, programme_id: int) -> dict[str, str]:
    """Writes a line for every difference that is not written down yet; safe to repeat."""
    programme = Programme.objects.get(pk=programme_id)
    found = differences.find_differences(programme, progress=run.progress)
    with run.commit():
        count = differences.keep_differences(found, programme=programme, by=run.requested_by)
        message = ngettext("%(n)d new difference", "%(n)d new differences", count) % {"n": count}
        result = {"url": "/pay/differences/", "message": message}
        run.finish(result)
    return result
