"""The chain of a batch: review, approve, release, or return. One row lock, one person per step, one content."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from subsidies import chains
from subsidies.chains import Seat
from subsidies.models import BatchSignature, LineRemark, PayoutBatch, PayoutLine
from subsidies.services import funds, holds
from subsidies.services.batches import content_hash, save_batch
from subsidies.services.locking import demand_right

AGREE, RETURN = "agree", "return"


@transaction.atomic
def sign_batch(
    *, batch: PayoutBatch, shown_hash: str, request_id: UUID, by: User, comment: str = "", step: str = "",
    now: dt.datetime | None = None,
) -> BatchSignature:  # fmt: skip
    """Agree to `step`, the one that was shown (default: the one that is due). Of several people pressing at once
    exactly one signs; the same `request_id` again returns the first signature.

    Raises Refused BATCH_STATE, CONTENT_CHANGED (conflicts), CREATOR_SIGNS, SAME_SIGNER, TAMPERED.
    """
    return _sign(batch, AGREE, shown_hash, request_id, by, comment, step, now)


@transaction.atomic
def return_batch(
    *, batch: PayoutBatch, shown_hash: str, request_id: UUID, by: User, reason: str, step: str = "",
    lines: Mapping[int, str] | None = None, now: dt.datetime | None = None,
) -> BatchSignature:  # fmt: skip
    """Send the batch back with words, and with words for single payments (`lines`: line id -> words).

    Its money is free again, its next round begins as a draft. Raises Refused REASON_NEEDED, LINE_UNKNOWN.
    """
    remarks = {pk: words.strip()[:300] for pk, words in (lines or {}).items() if words.strip()}
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say which households and why."))
    if batch.lines.exclude(state=PayoutLine.State.DROPPED).filter(pk__in=remarks).count() < len(remarks):
        raise Refused("LINE_UNKNOWN", _("One of the payments is not in this batch. Load the page again."))
    signature = _sign(batch, RETURN, shown_hash, request_id, by, reason, step, now)
    LineRemark.objects.bulk_create(
        [LineRemark(signature=signature, line_id=pk, words=words) for pk, words in remarks.items()],
        ignore_conflicts=True,  # the same press again
    )
    return signature


def why_not(batch: PayoutBatch, by: User) -> Refused | None:
    """What stands against this person signing the seat that is due; None where nothing does."""
    votes = votes_of(batch)
    return _wrong_state(batch) if chains.next_seat(batch, len(votes)) is None else against(batch, votes, by)


def against(batch: PayoutBatch, votes: Sequence[str], by: User) -> Refused | None:
    """The same, where a seat is known to be due and the person numbers of this round's `votes` are at hand."""
    if by.person_no in (batch.created_person_no, batch.locked_person_no):
        return Refused("CREATOR_SIGNS", _("You prepared this batch. Somebody else has to sign it."))
    if by.person_no in votes:
        return Refused("SAME_SIGNER", _("You have signed this batch already. The next step is somebody else's."))
    return None


def votes_of(batch: PayoutBatch) -> list[str]:
    """Person numbers of who has voted in this round, in order."""
    return list(batch.signatures.filter(round_no=batch.round_no).order_by("pk").values_list("person_no", flat=True))


def _sign(
    batch: PayoutBatch, decision: str, shown_hash: str, request_id: UUID, by: User, comment: str, shown_step: str,
    now: dt.datetime | None,
) -> BatchSignature:  # fmt: skip
    locked = PayoutBatch.objects.select_for_update(of=("self",)).select_related("programme").get(pk=batch.pk)
    earlier = BatchSignature.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return _same(earlier, locked, by)
    votes = votes_of(locked)
    seat = chains.next_seat(locked, len(votes))
    if seat is None or shown_step not in ("", seat.step):
        raise _wrong_state(locked)
    demand_right(by, seat.right, locked.area_id)
    refusal = against(locked, votes, by)
    if refusal is not None:
        raise refusal
    _check_content(locked, shown_hash)
    to = chains.state_after(locked, len(votes))
    return _write(locked, seat, to, decision, request_id, by, comment.strip()[:300], now or clock.now())


def _write(
    batch: PayoutBatch, seat: Seat, to: str, decision: str, request_id: UUID, by: User, comment: str, at: dt.datetime
) -> BatchSignature:
    signature = BatchSignature.objects.create(
        batch=batch, round_no=batch.round_no, step=seat.step, decision=decision, signer=by, person_no=by.person_no,
        content_hash=batch.content_hash, comment=comment, request_id=request_id, at=at,
    )  # fmt: skip
    with acting(by, reason=comment):
        if decision == AGREE:
            batch.state = to
            save_batch(batch, "state")
        else:
            funds.give_back(batch=batch, by=by, at=at)
            holds.take_back(batch=batch, by=by, at=at)
            batch.state, batch.return_reason = PayoutBatch.State.RETURNED, comment
            save_batch(batch, "state", "return_reason")
    return signature


def _same(earlier: BatchSignature, batch: PayoutBatch, by: User) -> BatchSignature:
    if (earlier.batch_id, earlier.person_no) != (batch.pk, by.person_no):
        raise Refused("REQUEST_REUSED", _("This form belongs to another batch. Load the page again."), conflict=True)
    return earlier


def _check_content(batch: PayoutBatch, shown_hash: str) -> None:
    """What is signed is what was shown, and what was shown is what the rows say."""
    if shown_hash != batch.content_hash:
        words = _("Batch %(number)s has changed since it was shown to you. Look at it again before you sign.")
        raise Refused("CONTENT_CHANGED", words, conflict=True, number=batch.number)
    if content_hash(batch) != batch.content_hash:
        words = _("The lines of batch %(number)s do not match their seal. Nothing is signed; tell the auditor.")
        raise Refused("TAMPERED", words, number=batch.number)


def _wrong_state(batch: PayoutBatch) -> Refused:
    words = _("Batch %(number)s is “%(state)s” by now; this step is not due. Load the page again.")
    return Refused("BATCH_STATE", words, conflict=True, number=batch.number, state=batch.get_state_display())
