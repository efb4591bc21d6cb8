"""What has to lie behind a version before it is released: a trial of exactly its content, and every cliff signed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from subsidies.models import CliffSignature, Policy, PolicyTrial


def newest_trial(policy: Policy) -> PolicyTrial | None:
    """The last run over exactly the version's content."""
    found = PolicyTrial.objects.filter(policy=policy, sha256=policy.sha256)
    return found.select_related("baseline", "made_by").order_by("-id").first()


def signatures_of(policy: Policy) -> dict[str, CliffSignature]:
    """Signed cliffs of the version by key."""
    return {one.key: one for one in CliffSignature.objects.filter(policy=policy).select_related("signer")}


def unsigned_cliffs(policy: Policy, trial: PolicyTrial | None) -> list[dict[str, Any]]:
    """Jumps the trial lists and nobody has signed yet."""
    if trial is None or not trial.cliffs:
        return []
    signed = signatures_of(policy)
    return [cliff for cliff in trial.cliffs if cliff["key"] not in signed]


def demand_tried(policy: Policy) -> None:
    """Raises Refused NOT_TRIED, CLIFFS_UNSIGNED: nothing is released unseen."""
    trial = newest_trial(policy)
    if trial is None:
        raise Refused("NOT_TRIED", _("Try this version on the accepted dwellings first; then it can be released."))
    left = unsigned_cliffs(policy, trial)
    if left:
        words = _("%(count)d jumps of the amount at a boundary are not signed yet.")
        raise Refused("CLIFFS_UNSIGNED", words, count=len(left))
