"""Own funds of many households at once: a town hands in one list of who has paid in (Litong 三（二）, question Q20)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedQuerySet
from core.refusals import Refused
from programmes.models import Programme
from subsidies.models import Entitlement, StatedFact
from subsidies.services.entitlements import reassess_entitlement
from subsidies.services.locking import demand_right
from subsidies.services.stated import OWN_FUNDS_FACT, state_fact
from subsidies.stated import read_value

RIGHT, MISSING = "entitlements.assess", "SELF_FUNDS_MISSING"
AT_ONCE = 50
_BETWEEN = re.compile(r"[\s,;，；、]+")


@dataclass(frozen=True)
class OwnFunds:
    """What a list says: for all who wait in a place, but for the dwellings named, this paper proves their money."""

    programme: Programme
    area: Area
    evidence: str
    document_no: str
    without: tuple[str, ...] = ()


def waiting(programme: Programme, area_code: str) -> ScopedQuerySet:
    """Amounts of a place that wait for nothing but the household's own money."""
    states = (Entitlement.State.ASSESSED, Entitlement.State.HELD)
    rows: ScopedQuerySet = Entitlement.objects.filter(programme=programme, reason=MISSING, state__in=states)
    return rows.within(area_code)


def read_list(*, programme: Programme, area: Area, evidence: str, document_no: str, without: str, by: User) -> OwnFunds:
    """What was typed, checked. Raises Refused FACT_VALUE, DOCUMENT_NEEDED, NOBODY_WAITS, NOT_WAITING."""
    demand_right(by, RIGHT, area.code)
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the paper that proves it."))
    known = set(waiting(programme, area.code).values_list("dwelling__dwelling_no", flat=True))
    if not known:
        raise Refused("NOBODY_WAITS", _("Nobody in %(area)s waits for own funds."), area=area.name)
    named = tuple(dict.fromkeys(filter(None, _BETWEEN.split(without))))
    strange = [number for number in named if number not in known]
    if strange:
        words = _("These dwellings don't wait for own funds here: %(numbers)s. Correct the list.")
        raise Refused("NOT_WAITING", words, numbers="、".join(strange[:20]))
    return OwnFunds(programme, area, str(read_value(OWN_FUNDS_FACT, evidence)), document_no.strip()[:80], named)


def prove_all(
    stated: OwnFunds, *, by: User, commit: Callable[[], AbstractContextManager[object]] = transaction.atomic,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:  # fmt: skip
    """State it for each and compute the amounts again, fifty at a time; answers how many were stated now.

    Safe to repeat: an amount that still waits though this paper was stated for it (another kind of proof is asked for)
    is left alone.
    """
    demand_right(by, RIGHT, stated.area.code)
    rows = waiting(stated.programme, stated.area.code).exclude(dwelling__dwelling_no__in=stated.without)
    keys = list(rows.order_by("dwelling__dwelling_no", "id").values_list("pk", flat=True))
    done = 0
    for first in range(0, len(keys), AT_ONCE):
        with commit():
            done += sum(_prove(one, stated, by) for one in _living(keys[first : first + AT_ONCE]))
        progress(min(first + AT_ONCE, len(keys)), len(keys))
    return done


def _living(keys: Sequence[int]) -> ScopedQuerySet:
    """Those of the amounts that wait still, locked."""
    rows = Entitlement.objects.filter(pk__in=keys, reason=MISSING).exclude(state=Entitlement.State.VOID)
    found: ScopedQuerySet = rows.select_related("programme", "policy").order_by("id").select_for_update(of=("self",))
    return found


def _prove(one: Entitlement, stated: OwnFunds, by: User) -> bool:
    same = StatedFact.objects.filter(dwelling=one.dwelling_id, programme=one.programme_id, name=OWN_FUNDS_FACT)
    if same.filter(value=stated.evidence, document_no=stated.document_no).exists():
        return False
    text, paper = stated.evidence, stated.document_no
    state_fact(entitlement=one, name=OWN_FUNDS_FACT, text=text, document_no=paper, by=by)
    reassess_entitlement(entitlement=one, reason=str(_("own funds proven by %(paper)s") % {"paper": paper}), by=by)
    return True
