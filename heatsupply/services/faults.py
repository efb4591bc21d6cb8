"""Faults of supply and what they cost the company: recorded, cause attributed, settled by day (B-32, rule B-R1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from core.seasons import Season
from heatsupply.models import FeeAccount, FeeLine, HeatingCompany, SupplyFault, Suspension
from heatsupply.models.owned import MANAGE
from heatsupply.rules.refunds import (
    HOURS_OF_A_DAY,
    Outage,
    Outcome,
    Stretch,
    Terms,
    further_days,
    refund,
    together,
    uncovered,
)
from heatsupply.services.ledger import Movement, post
from heatsupply.services.permits import may_keep
from heatsupply.terms.fees import fee_season, hours_inside, season_of, terms_of
from programmes.models import Programme

CLAUSE = "B-32"
COUNTED = "DAYS_ALREADY_COUNTED"


@dataclass(frozen=True)
class Happened:
    """What somebody writes down about a fault; without account and compound it concerns the whole company."""

    fault: str
    starts_at: datetime
    ends_at: datetime
    words: str
    account: FeeAccount | None = None
    compound_name: str = ""


@transaction.atomic
def record_fault(
    *, programme: Programme, company: HeatingCompany, season: str, happened: Happened, by: User, now: datetime
) -> SupplyFault:
    """A fault as it was, its cause still open. Raises `Refused` FAULT_FAULTY, OUT_OF_SEASON, SEASON_UNKNOWN."""
    if not may_keep(by, company):
        raise PermissionDenied(MANAGE)
    _refuse_faulty(happened, season_of(programme, season), company, now)
    account = happened.account
    return SupplyFault.objects.create(
        programme=programme, company=company, area_id=account.area_id if account else company.area_id, season=season,
        fault=happened.fault, account=account, compound_name="" if account else happened.compound_name.strip()[:80],
        starts_at=happened.starts_at, ends_at=happened.ends_at, words=happened.words.strip()[:300], recorded_by=by,
    )  # fmt: skip


def _refuse_faulty(happened: Happened, season: Season, company: HeatingCompany, now: datetime) -> None:
    if happened.fault not in SupplyFault.Fault.values or not happened.words.strip():
        raise Refused("FAULT_FAULTY", _("Choose the fault and say in words what happened."))
    if happened.ends_at <= happened.starts_at or happened.ends_at > now:
        raise Refused("FAULT_FAULTY", _("A fault ends after it began and not in the future."))
    if happened.account and happened.account.company_id != company.pk:
        raise Refused("FAULT_FAULTY", _("This account belongs to another company."))
    if not hours_inside(season, happened.starts_at, happened.ends_at):
        raise Refused("OUT_OF_SEASON", _("The fault lies outside the season %(season)s."), season=season.label)


@transaction.atomic
def attribute_cause(*, fault: SupplyFault, cause: str, words: str, by: User, now: datetime) -> SupplyFault:
    """Who is responsible, with grounds. The county decides: a company is no judge of its own faults.

    Raises `Refused` CAUSE_FAULTY, FAULT_SETTLED (409).
    """
    kept = _locked(fault)
    if not by.has_right(MANAGE, kept.area_id):
        raise PermissionDenied(MANAGE)
    if kept.settled_at:
        raise _settled()
    if cause not in SupplyFault.Cause.values or not words.strip():
        raise Refused("CAUSE_FAULTY", _("Choose a cause and say on what grounds."))
    kept.cause, kept.cause_words, kept.attributed_by, kept.attributed_at = cause, words.strip()[:300], by, now
    kept.save(update_fields=["cause", "cause_words", "attributed_by", "attributed_at"])
    return kept


@transaction.atomic
def settle_fault(*, fault: SupplyFault, by: User, now: datetime) -> SupplyFault:
    """Refund or deduct for every account concerned, once. `result` holds {code: [accounts, fen]}.

    Raises `Refused` CAUSE_OPEN, FAULT_SETTLED (409), SHARE_UNDECIDED where the programme names no share.
    """
    kept = _locked(fault)
    if not may_keep(by, kept.company):
        raise PermissionDenied(MANAGE)
    if kept.settled_at:
        raise _settled()
    if not kept.cause:
        raise Refused("CAUSE_OPEN", _("First the county says whose fault it was."))
    judged = list(_judged(kept))
    post([_movement(kept, one, now) for one in judged if one.fen], by=by, now=now)
    kept.result, kept.settled_at = _summary(judged), now
    kept.save(update_fields=["result", "settled_at"])
    return kept


@dataclass(frozen=True)
class Judged:
    """What one account gets: `fen` after the cap by what is left of its fee."""

    account: FeeAccount
    outcome: Outcome
    fen: int
    steps: list[list[Any]]


def _judged(fault: SupplyFault) -> Iterator[Judged]:
    day = timezone.localtime(fault.starts_at).date()  # by the rules of that day, whatever is released later
    terms, season = terms_of(fault.programme, day), fee_season(fault.programme, fault.season, day)
    hours = hours_inside(season, fault.starts_at, fault.ends_at)
    accounts = list(accounts_of(fault).select_for_update().order_by("pk"))
    counted = _counted(fault, accounts)
    for account in accounts:
        others = counted.get(account.pk, [])
        left = _hours(season, uncovered((fault.starts_at, fault.ends_at), others))
        if left or not hours:
            before = _hours(season, together(others))
            one = judge(account, fault, hours, further_days(left, before, terms.counting), season, terms)
            yield replace(one, steps=[*one.steps, *([["settled_before", _plain(hours - left)]] if others else [])])
        else:
            yield Judged(account, Outcome(COUNTED, 0), 0, [])


def _hours(season: Season, stretches: list[Stretch]) -> Fraction:
    return sum((hours_inside(season, *one) for one in stretches), Fraction(0))


def judge(
    account: FeeAccount, fault: SupplyFault, hours: Fraction, days: Fraction, season: Season, terms: Terms
) -> Judged:
    """One account's refund or deduction by rule B-R1: `days` of the fault's `hours` that no other fault was settled
    for. Raises `Refused` SHARE_UNDECIDED."""
    outage = Outage(fault.fault, fault.cause, days * HOURS_OF_A_DAY)  # type: ignore[arg-type]
    paid = account.charged_fen > 0 and account.owing_fen <= 0
    found = refund(fee_fen=account.charged_fen, season=season, outage=outage, terms=terms, paid=paid)
    if found.amount_fen is None:
        words = _("The programme names no share of the fee for “%(fault)s”; state it in its settings first.")
        raise Refused("SHARE_UNDECIDED", words, fault=fault.get_fault_display())
    fen = min(found.amount_fen, account.receivable_fen)
    steps: list[list[Any]] = [
        ["fee", account.charged_fen], ["season_days", season.days], ["hours", _plain(hours)],
        ["counting", terms.counting], ["days", _plain(found.days)],
        ["share", _plain(terms.shares.get(outage.fault, Fraction(0)))], ["amount", found.amount_fen],
    ]  # fmt: skip
    return Judged(account, found, fen, steps + ([["left", fen]] if fen < found.amount_fen else []))


def _plain(value: Fraction) -> str:
    return f"{float(value):g}"


def _movement(fault: SupplyFault, one: Judged, now: datetime) -> Movement:
    kind = FeeLine.Kind.REFUND if one.outcome.reason == "OK_REFUND" else FeeLine.Kind.DEDUCTION
    more = {"fault": fault, "reason": one.outcome.reason, "clause": CLAUSE, "steps": one.steps}
    return Movement(one.account, kind, one.fen, timezone.localdate(now), more)


def _summary(judged: list[Judged]) -> dict[str, list[int]]:
    count: Counter[str] = Counter()
    fen: Counter[str] = Counter()
    for one in judged:
        count[one.outcome.reason] += 1
        fen[one.outcome.reason] += one.fen
    return {reason: [count[reason], fen[reason]] for reason in sorted(count)}


def accounts_of(fault: SupplyFault) -> QuerySet[FeeAccount]:
    """Accounts the fault concerns; who is suspended was not to be heated."""
    rows = FeeAccount.objects.filter(
        programme_id=fault.programme_id, company_id=fault.company_id, season=fault.season, charged_fen__gt=0
    )
    if fault.account_id:
        rows = rows.filter(pk=fault.account_id)
    elif fault.compound_name:
        rows = rows.filter(compound_name=fault.compound_name)
    suspended = Suspension.objects.filter(state=Suspension.State.APPROVED, account__isnull=False)
    return rows.exclude(pk__in=suspended.values("account_id"))


def _counted(fault: SupplyFault, accounts: list[FeeAccount]) -> dict[int, list[Stretch]]:
    """Account id -> spans of the faults that it has lines for in the same hours."""
    found: dict[int, list[Stretch]] = {}
    lines = _overlapping(fault).filter(account__in=accounts)
    for account, begun, over in lines.values_list("account_id", "fault__starts_at", "fault__ends_at"):
        found.setdefault(account, []).append((begun, over))
    return found


def _overlapping(fault: SupplyFault) -> QuerySet[FeeLine]:
    """Lines for other faults in the same hours that were not taken back: a day is refunded once."""
    return FeeLine.objects.filter(
        fault__isnull=False, counters__isnull=True, countered_by__isnull=True, fault__starts_at__lt=fault.ends_at,
        fault__ends_at__gt=fault.starts_at,
    ).exclude(fault=fault)  # fmt: skip


def _locked(fault: SupplyFault) -> SupplyFault:
    rows = SupplyFault.objects.select_for_update(of=("self",)).select_related("programme", "company")
    return rows.get(pk=fault.pk)  # type: ignore[no-any-return]


def _settled() -> Refused:
    return Refused("FAULT_SETTLED", _("This fault is settled; correct single lines by counter lines."), conflict=True)
