"""The chain of a batch as the part `parts/chain.html` draws it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subsidies import chains
from subsidies.models import BatchSignature, PayoutBatch
from subsidies.reviews import Review

Step = dict[str, Any]
KINDS = {
    chains.REVIEW: gettext_lazy("review by the programme office"),
    chains.APPROVE: gettext_lazy("approval by finance"),
    chains.RELEASE: gettext_lazy("release to the bank"),
}


def chain_steps(review: Review) -> list[Step]:
    """Notice, gathering, signatures, bank, answer: what is done, what is due now, what waits."""
    return [_notice(review), _made(review), *_signings(review), _bank(review.batch), _answer(review.batch)]


def seat_title(seat: chains.Seat) -> str:
    """What a seat is called: the programme's words, with its number where a step asks for several people."""
    title = seat.title or str(KINDS[seat.kind])
    return title if seat.number == 1 else _("%(title)s, person %(n)d") % {"title": title, "n": seat.number}


def _notice(review: Review) -> Step:
    found = [(row["entitlement__notice__area__name"], row["entitlement__notice__closed_at"]) for row in review.notices]
    title = _("Public notice")
    if not found:
        return {"title": title, "state": "did", "words": _("not asked for by the programme")}
    who = (
        _("%(first)s and others, %(n)d villages") % {"first": found[0][0], "n": len(found)}
        if len(found) > 1
        else found[0][0]
    )
    return {"title": title, "state": "did", "who": who, "when": found[-1][1], "words": review.objections}


def _made(review: Review) -> Step:
    batch = review.batch
    preparing = batch.state in ("draft", "returned")
    return {
        "title": _("Gathered by finance"),
        "who": str(batch.locked_by or batch.created_by),
        "when": batch.locked_at or batch.created_at,
        "state": "now" if preparing else "did",
        "words": _("round %(n)d") % {"n": batch.round_no} if batch.round_no > 1 else "",
    }


def _signings(review: Review) -> list[Step]:
    batch = review.batch
    signed = {one.step: one for one in review.signatures if one.round_no == batch.round_no}
    return [
        _signing(review, step, signed.get(step.step))
        for step in chains.chain_of(batch)
    ]  # fmt: skip


def _signing(review: Review, step: chains.Seat, done: BatchSignature | None) -> Step:
    title = seat_title(step)
    if done is not None:
        state = "back" if done.decision == "return" else "did"
        return {"title": title, "state": state, "who": str(done.signer), "when": done.at, "words": done.comment}
    due = review.step is not None and review.step.step == step.step
    who = f"{review.user} {_('(you)')}" if due and review.may_sign and not review.refusal else step.unit
    return {"title": title, "state": "now" if due else "wait", "who": who}


def _bank(batch: PayoutBatch) -> Step:
    made = getattr(batch, "bank_file", None)
    title = _("File to the bank")
    if made is None:
        return {"title": title, "state": "now" if batch.state == "released" else "wait", "icon": "building-bank"}
    return {"title": title, "state": "did", "who": str(made.made_by), "when": made.made_at}


def _answer(batch: PayoutBatch) -> Step:
    title = _("Answer of the bank")
    if batch.state == "settled":
        return {"title": title, "state": "did", "when": batch.settled_at}
    waiting = batch.state == "released" and hasattr(batch, "bank_file")
    return {"title": title, "state": "now" if waiting else "wait", "icon": "receipt"}
