"""Money the bank sends back after it has confirmed its payment (退汇): the payment failed after all, once.

Its money is free again in the funds it came from, what was due may be paid again once the account is corrected, and
what the payment had kept back against an earlier one is open again. A payment of which a part had arrived, and all of
which then failed, goes the same way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from subsidies import importing
from subsidies.models import BankReturn, Clawback, Entitlement, FundEntry, PayoutBatch, PayoutLine
from subsidies.services import funds
from subsidies.services.bank import has_to_book, own_sums_wrong, settle_when_answered
from subsidies.services.batches import lock_batch

RIGHT = "payouts.reconcile"
State, LineState = PayoutBatch.State, PayoutLine.State
Said = tuple[str, str]
"""The number of the bank's paper, and why the money came back."""


@transaction.atomic
def record_bounce(
    *, line: PayoutLine, document_no: str, words: str, by: User, now: dt.datetime | None = None
) -> PayoutLine:
    """Write down that one payment, confirmed in part or whole, came back. Asked again, nothing happens.

    Raises Refused DOCUMENT_NEEDED, REASON_NEEDED, NOT_PAID, CLAIMED_BACK, BATCH_STATE (conflicts).
    """
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the bank's paper by which the money came back."))
    if not words.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    batch = lock_batch(line.batch, by, RIGHT, State.RELEASED, State.SETTLED)
    found = PayoutLine.objects.select_for_update().get(pk=line.pk)
    if found.state == LineState.FAILED and _is_known(found, words.strip()[:200]):
        return found
    if not confirmed(PayoutLine.objects.filter(pk=line.pk)).exists():
        raise Refused("NOT_PAID", _("The bank has not confirmed this payment; enter its answer."), conflict=True)
    _book(batch, {found: (document_no.strip(), words.strip())}, by, now or clock.now())
    return found


@transaction.atomic
def book_bounces(*, bank_return: BankReturn, by: User, now: dt.datetime | None = None) -> int:
    """Write down every payment that this answer sends back and that stands as paid, in part or whole; returns how many.
    Raises Refused FILE_TOTAL, CLAIMED_BACK."""
    batch = lock_batch(bank_return.batch, by, RIGHT, State.RELEASED, State.SETTLED)
    if why := own_sums_wrong(bank_return.counts):
        raise Refused("FILE_TOTAL", _("%(why)s Ask the bank for a whole file; nothing of this one is booked."), why=why)
    name = bank_return.document.file_name
    said = {pk: (reference or name, words or name) for pk, reference, words in _sent_back(bank_return)}
    lines = confirmed(batch.lines.select_for_update()).filter(pk__in=said).order_by("pk")
    found = {line: said[line.pk] for line in lines}
    at = now or clock.now()
    _book(batch, found, by, at)
    if bank_return.applied_at is None and not has_to_book(bank_return):
        BankReturn.objects.filter(pk=bank_return.pk, applied_at=None).update(applied_at=at)
    return len(found)


def _is_known(line: PayoutLine, words: str) -> bool:
    """Whether it was written down already: its money left the funds and came back, or a part came, with these words."""
    return line.bank_message == words or line.fund_entries.filter(kind=FundEntry.Kind.BOUNCED).exists()


def standing(bank_return: BankReturn) -> int:
    """How many payments that this answer sends back still stand as paid."""
    wanted = [pk for pk, _reference, _words in _sent_back(bank_return)]
    return confirmed(PayoutLine.objects.filter(pk__in=wanted)).count() if wanted else 0


def confirmed(lines: QuerySet[PayoutLine]) -> QuerySet[PayoutLine]:
    """Those the bank has said it paid, at least a part of."""
    return lines.filter(Q(state=LineState.PAID) | Q(state=LineState.SENT, partial_fen__gt=0))


def _sent_back(bank_return: BankReturn) -> list[tuple[int, str, str]]:
    """Payments the answer says came back, or were not made: what was open when it was read may be paid by now by
    another answer. Callers look only at those that stand as paid (`confirmed`)."""
    wanted = (importing.BOUNCED, importing.FAILED)
    return [(pk, ref, words) for pk, what, ref, words, *_fen in bank_return.results if what in wanted]


def _book(batch: PayoutBatch, said: Mapping[PayoutLine, Said], by: User, at: dt.datetime) -> None:
    due = Entitlement.objects.select_for_update().filter(pk__in=[line.entitlement_id for line in said]).order_by("pk")
    amounts = [one.pk for one in due]
    _refuse_claimed(amounts)
    papers = {line: paper[:80] for line, (paper, _words) in said.items() if line.state == LineState.PAID}
    in_part = [line for line in said if line.state != LineState.PAID]  # nothing of these has left the funds
    for line, (_paper, words) in said.items():
        line.state, line.bank_message, line.settled_at, line.partial_fen = LineState.FAILED, words[:200], at, 0
        with acting(by, reason=words[:300]):
            line.save(update_fields=["state", "bank_message", "settled_at", "partial_fen"])
    funds.unpay(batch=batch, papers=papers, by=by, at=at)
    funds.settle(batch=batch, paid=[], failed=in_part, by=by, at=at)
    Entitlement.objects.filter(pk__in=amounts).update(state=Entitlement.State.PAYABLE)
    settle_when_answered(batch, at)


def _refuse_claimed(amounts: list[int]) -> None:
    """A household owes nothing of money it never had: whoever decides its case says so first. What is owed by decision
    already has come back with this money and is written down there."""
    cases = Clawback.objects.filter(entitlement__in=amounts).order_by("pk")
    for state, words in (
        (Clawback.State.PROPOSED, _("This money is to be claimed back (%(cases)s). Have the case dropped first.")),
        (Clawback.State.CONFIRMED, _("This money was claimed back (%(cases)s). Write down there what came back.")),
    ):
        if names := [str(case) for case in cases.filter(state=state)[:10]]:
            raise Refused("CLAIMED_BACK", words, conflict=True, cases="、".join(names))
