"""Stages of a dwelling in their order, and the groups of stages that boards count and lists filter by."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reports.models import DwellingSummary

Stage = DwellingSummary.Stage
ORDER: list[str] = list(Stage.values)
LISTED = ORDER[ORDER.index(Stage.LISTED) :]
FINISHED = ORDER[ORDER.index(Stage.INSTALLED) :]
ACCEPTED = ORDER[ORDER.index(Stage.ACCEPTED) :]
NOTICE_OVER = ORDER[ORDER.index(Stage.PAYABLE) :]
IN_PAYMENT = ORDER[ORDER.index(Stage.BATCHED) :]

EXCLUDED, CONTRACTED = "excluded", "contracted"
CLAIMS: dict[str, Any] = dict(DwellingSummary.Claim.choices)
GROUPS: dict[str, tuple[Any, list[str]]] = {
    "all_listed": (_("listed, and everything after"), LISTED),
    "finished": (_("works finished, and everything after"), FINISHED),
    "to_accept": (_("finished, not accepted"), [Stage.INSTALLED, Stage.RECTIFY]),
    "all_accepted": (_("accepted, and everything after"), ACCEPTED),
    "to_notice": (_("accepted, notice not over"), [Stage.ACCEPTED, Stage.NOTICED]),
    "notice_over": (_("notice over, and everything after"), NOTICE_OVER),
    "in_payment": (_("in payment or paid"), IN_PAYMENT),
}
CHOICES = [
    *Stage.choices, *((code, words) for code, (words, _stages) in GROUPS.items()),
    (CONTRACTED, _("contract signed")), *CLAIMS.items(), (EXCLUDED, _("not to be converted")),
]  # fmt: skip


def stages_in(code: str) -> list[str]:
    """The stages behind a choice of the filter: one stage, or a group's."""
    return GROUPS[code][1] if code in GROUPS else [code]


def rows_in(code: str) -> Q:
    """Condition on `DwellingSummary`. Dwellings that are not to be converted stand under their own choice only."""
    if code == EXCLUDED:
        return ~Q(exclusion="")
    return _kept(code) & Q(exclusion="")


def totals_in(code: str) -> Q:
    """The same condition on `SummaryTotal`."""
    if code == EXCLUDED:
        return Q(excluded=True)
    return _kept(code) & Q(excluded=False)


def _kept(code: str) -> Q:
    if code == CONTRACTED:
        return Q(contracted=True)
    return Q(claim=code) if code in CLAIMS else Q(stage__in=stages_in(code))
