"""Facts no register holds, stated by whoever computes amounts, with the paper that proves them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from retrofits.models import Task
from subsidies.fact_coding import Facts, decode_facts
from subsidies.fact_sources import SOURCES, STATABLE
from subsidies.models import Entitlement, StatedFact
from subsidies.rules.probing import facts_named
from subsidies.services.locking import demand_right
from subsidies.services.policies import rules_of
from subsidies.stated import read_value

OWN_FUNDS_FACT = "own_funds_evidence"
#: Refusals that a statement can lift, and the fact that does it.
LIFTED_BY = {
    "SELF_FUNDS_MISSING": OWN_FUNDS_FACT, "SECOND_HOME": "second_home_approved",
    "DEMOLITION_PLAN": "demolition_year",
}  # fmt: skip


def missing_fact(entitlement: Entitlement) -> str:
    """The fact for want of which there is no amount, "" where none is wanting."""
    named = (entitlement.reason_params or {}).get("fact")
    return str(named or LIFTED_BY.get(entitlement.reason, ""))


def statable(entitlement: Entitlement) -> list[str]:
    """Facts the rules of this kind look at that a person may state: the one that is missing first."""
    named = facts_named(rules_of(entitlement.policy), entitlement.benefit_kind)
    missing = missing_fact(entitlement)
    found = [name for name in STATABLE if name in named]
    return sorted(found, key=lambda name: (name != missing, found.index(name)))


@transaction.atomic
def state_fact(
    *, entitlement: Entitlement, name: str, text: str, document_no: str, words: str = "", by: User,
    now: dt.datetime | None = None,
) -> StatedFact:  # fmt: skip
    """Write down a fact about the dwelling of this amount (empty text: it holds no longer); computes nothing.

    Raises Refused FACT_UNKNOWN, FACT_VALUE, DOCUMENT_NEEDED, IN_REGISTER.
    """
    demand_right(by, "entitlements.assess", entitlement.area_id)
    if name not in statable(entitlement):
        raise Refused("FACT_UNKNOWN", _("The rules of this amount ask for no such fact, or a register holds it."))
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the paper that proves it."))
    value = read_value(name, text) if text.strip() else None
    if SOURCES[name].register and _in_register(entitlement, name):
        raise Refused("IN_REGISTER", _("A register holds this fact for the dwelling. Correct it there."))
    with acting(by, reason=words.strip()[:300]):
        if name == OWN_FUNDS_FACT:  # what the household's file shows
            tasks = Task.objects.filter(programme=entitlement.programme_id, dwelling=entitlement.dwelling_id)
            tasks.update(self_funds_proven=value is not None)
        return StatedFact.objects.create(
            programme_id=entitlement.programme_id, area_id=entitlement.area_id, dwelling_id=entitlement.dwelling_id,
            name=name, season_year=_season_year(entitlement, name), value=value, document_no=document_no.strip()[:80],
            words=words.strip()[:300], stated_by=by, stated_person_no=by.person_no, stated_at=now or clock.now(),
        )  # fmt: skip


def statements(entitlement: Entitlement) -> Sequence[StatedFact]:
    """What was stated about the dwelling, newest first."""
    found = StatedFact.objects.filter(dwelling=entitlement.dwelling_id, programme=entitlement.programme_id)
    return found.select_related("stated_by").order_by("-id")


def _season_year(entitlement: Entitlement, name: str) -> int | None:
    is_season = entitlement.period[:4].isdecimal()
    return int(entitlement.period[:4]) if is_season and SOURCES[name].seasonal else None


def _in_register(entitlement: Entitlement, name: str) -> bool:
    """The amount knew the fact though nobody had stated it."""
    known = StatedFact.objects.filter(dwelling=entitlement.dwelling_id, name=name).exists()
    return not known and _has(decode_facts(entitlement.facts), name)


def _has(facts: Facts, name: str) -> bool:
    return name in facts.quantities or bool(getattr(facts, name, ""))
