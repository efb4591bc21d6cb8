"""What entitlements say to whoever moves dwellings between households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from households.holds import hold
from subsidies.models import Entitlement


@hold
def money(dwellings: Sequence[int]) -> Mapping[int, str | Promise]:
    """An amount that is due, on notice, in a batch or paid stays with the household it was calculated for."""
    due = Entitlement.objects.filter(dwelling__in=dwellings, outcome=Entitlement.Outcome.DUE)
    states = due.exclude(state=Entitlement.State.VOID).values_list("dwelling_id", "state")
    paid = {key for key, state in states if state == Entitlement.State.PAID}
    return {key: _PAID if key in paid else _DUE for key, _state in states}


_PAID = _("A subsidy was paid for it.")
_DUE = _("A subsidy is due for it; have it voided first.")
