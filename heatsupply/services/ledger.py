"""Movements of heat-fee accounts: lines and the account's three sums, written together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.money import format_yuan, parse_yuan
from core.refusals import Refused
from heatsupply.models import FeeAccount, FeeLine
from heatsupply.models.owned import MANAGE
from heatsupply.services.permits import may_keep

Kind = FeeLine.Kind
REDUCES = (Kind.SUSPENSION, Kind.REFUND, Kind.DEDUCTION)
SUMS = ("charged_fen", "reduced_fen", "received_fen")


@dataclass(frozen=True)
class Movement:
    """`fen` counts in the sense of its kind: payment and refund are both above zero, a counter line is below."""

    account: FeeAccount
    kind: str
    fen: int
    on: date
    more: dict[str, Any] = field(default_factory=dict)


def sums_of(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The three sums of an account from (kind, fen) of its lines."""
    found = dict.fromkeys(SUMS, 0)
    for kind, fen in lines:
        name, sign = _column(kind)
        found[name] += sign * fen
    return found


def _column(kind: str) -> tuple[str, int]:
    if kind == Kind.CHARGE:
        return "charged_fen", 1
    return ("reduced_fen", 1) if kind in REDUCES else ("received_fen", -1 if kind == Kind.PAYBACK else 1)


def post(movements: Sequence[Movement], *, by: User | None, now: datetime) -> list[FeeLine]:
    """Write the lines and their accounts' sums; accounts not stored yet are stored with them.

    The caller holds the accounts' locks and has judged everything.
    """
    for one in movements:
        name, sign = _column(one.kind)
        setattr(one.account, name, getattr(one.account, name) + sign * one.fen)
    touched = list({id(one.account): one.account for one in movements}.values())
    known = [account for account in touched if account.pk is not None]
    FeeAccount.objects.bulk_create([account for account in touched if account.pk is None], batch_size=500)
    FeeAccount.objects.bulk_update(known, SUMS, batch_size=500)
    lines = [
        FeeLine(account=one.account, company_id=one.account.company_id, area_id=one.account.area_id, kind=one.kind,
                fen=one.fen, on=one.on, by=by, at=now, **one.more)
        for one in movements
    ]  # fmt: skip
    FeeLine.objects.bulk_create(lines, batch_size=1000)
    return lines


def locked(account: FeeAccount) -> FeeAccount:
    rows = FeeAccount.objects.select_for_update(of=("self",)).select_related("company", "programme")
    return rows.get(pk=account.pk)  # type: ignore[no-any-return]


@transaction.atomic
def counter_line(*, line: FeeLine, words: str, by: User, now: datetime) -> FeeLine:
    """Take a line back by a line of the opposite amount; both stay. Only the county, and only once per line.

    Raises `Refused` WORDS_MISSING, LINE_COUNTERED (409), LINE_NEEDED.
    """
    if not by.has_right(MANAGE, line.area_id):
        raise PermissionDenied(MANAGE)
    if not words.strip():
        raise Refused("WORDS_MISSING", _("Say in words why the line is taken back."))
    account = locked(line.account)
    if line.counters_id or FeeLine.objects.filter(counters=line).exists():
        raise Refused("LINE_COUNTERED", _("This line is a correction or was corrected already."), conflict=True)
    name, sign = _column(line.kind)
    after = {one: getattr(account, one) for one in SUMS}
    after[name] -= sign * line.fen
    if not 0 <= after["reduced_fen"] <= after["charged_fen"]:
        raise Refused("LINE_NEEDED", _("First take back the refunds and deductions that rest on this fee."))
    more = {"counters": line, "words": words.strip()[:200], "clause": line.clause, "reason": "COUNTER",
            "channel": line.channel, "fault_id": line.fault_id, "suspension_id": line.suspension_id}  # fmt: skip
    return post([Movement(account, line.kind, -line.fen, timezone.localdate(now), more)], by=by, now=now)[0]


@transaction.atomic
def pay_back(
    *, account: FeeAccount, seen_fen: int, yuan: str, on: date, channel: str, by: User, now: datetime
) -> FeeLine:
    """Money the company gave back to the user, who was to get `seen_fen` when the form was shown: pressed twice it is
    written down once. Raises `Refused` BALANCE_CHANGED (409), PAYBACK_TOO_MUCH, CHANNEL_MISSING, AMOUNT_FAULTY.
    """
    kept = locked(account)
    if not may_keep(by, kept.company):
        raise PermissionDenied(MANAGE)
    if seen_fen != -kept.owing_fen:
        words = _("What is to be paid back is %(left)s CNY by now, no longer what you were shown. Load the page again.")
        raise Refused("BALANCE_CHANGED", words, conflict=True, left=format_yuan(max(-kept.owing_fen, 0)))
    if channel not in FeeLine.Channel.values:
        raise Refused("CHANNEL_MISSING", _("Choose how the money was paid back."))
    try:
        fen = parse_yuan(yuan)
    except ValueError as error:
        raise Refused("AMOUNT_FAULTY", str(error).replace("%", "%%")) from error
    if fen <= 0 or fen > -kept.owing_fen:
        words = _("At most the overpaid amount can be paid back.")
        raise Refused("PAYBACK_TOO_MUCH", words)
    return post([Movement(kept, Kind.PAYBACK, fen, on, {"channel": channel, "clause": "B-32"})], by=by, now=now)[0]
