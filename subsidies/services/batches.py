"""A payout batch while it is being prepared: filled from payable entitlements, locked, opened again after a return."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Sum, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.blind_index import blind_index
from core.refusals import Refused
from programmes.models import Programme
from subsidies import chains
from subsidies.models import BatchRound, Entitlement, FundHold, PayoutBatch, PayoutLine
from subsidies.services import funds, holds, offsets
from subsidies.services.locking import demand_right, next_number

State, LineState = PayoutBatch.State, PayoutLine.State
RIGHT = "payouts.prepare"
NAMED_AT_MOST, TITLE_LENGTH = 10, 120
SAMPLE = 8
"""Households drawn for the signers to look at, where the programme says nothing (`payout_sample`)."""


@transaction.atomic
def create_batch(
    *, programme: Programme, areas: Sequence[Area], request_id: UUID, by: User, title: str = "", benefit: str = "",
) -> PayoutBatch:  # fmt: skip
    """Gather what is payable in these areas (of one benefit, or all) into a draft. The same `request_id` again returns
    the first batch. Households without a card, or with an account the bank refused, stay out and stay payable.

    Raises Refused NOTHING_PAYABLE.
    """
    for area in areas:
        demand_right(by, RIGHT, area.code)
    place = _common_area([area.code for area in areas], programme.area_id)
    number = next_number(PayoutBatch, f"PB-{programme.year_from}-")
    earlier = PayoutBatch.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return earlier
    batch = PayoutBatch.objects.create(
        programme=programme, area_id=place, number=number, title=title.strip()[:TITLE_LENGTH], benefit=benefit,
        request_id=request_id, created_by=by, created_person_no=by.person_no,
    )  # fmt: skip
    if not _fill(batch, [area.code for area in areas]):
        raise Refused(
            "NOTHING_PAYABLE",
            _("Nothing in these places may be paid now (no amount, no notice, no card, or an account refused)."),
        )
    return batch


@transaction.atomic
def follow_up_batch(*, batch: PayoutBatch, request_id: UUID, by: User, unchanged_too: bool = False) -> PayoutBatch:
    """A new draft of what the bank refused in this batch and may be paid again. Households whose account in the
    register is still the one that was refused stay out, unless `unchanged_too` (the fault was the bank's).

    Raises Refused NOTHING_TO_FOLLOW.
    """
    demand_right(by, RIGHT, batch.area_id)
    number = next_number(PayoutBatch, f"PB-{batch.programme.year_from}-")
    earlier = PayoutBatch.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return earlier
    ready = [line.entitlement_id for line in failed_lines(batch) if unchanged_too or is_corrected(line)]
    made = PayoutBatch.objects.create(
        programme_id=batch.programme_id, area_id=batch.area_id, number=number, request_id=request_id, follows=batch,
        title=_follow_up_title(batch), benefit=batch.benefit,
        created_by=by, created_person_no=by.person_no,
    )  # fmt: skip
    if not ready or not _take(made, _due(made, [batch.area_id]).filter(pk__in=ready)):
        raise Refused(
            "NOTHING_TO_FOLLOW", _("No refused payment of this batch may be paid now. Correct the accounts first.")
        )
    return made


def _follow_up_title(batch: PayoutBatch) -> str:
    words = str(_("%(title)s: follow-up"))
    return words % {"title": (batch.title or batch.number)[: TITLE_LENGTH - len(words)]}


def failed_lines(batch: PayoutBatch) -> list[PayoutLine]:
    """What the bank refused and nobody has paid since, with household and village. What a later batch tried and got
    back is that batch's: its account is the one to be corrected."""
    later = PayoutLine.objects.filter(
        entitlement=OuterRef("entitlement"), state=LineState.FAILED, pk__gt=OuterRef("pk")
    )
    found = batch.lines.filter(~Exists(later), state=LineState.FAILED, entitlement__state=Entitlement.State.PAYABLE)
    return list(found.select_related("area", "entitlement__household", "entitlement__dwelling").order_by("line_no"))


def ready_to_follow(batch: PayoutBatch) -> int:
    """How many refused payments of the batch have another account in the register by now."""
    return sum(is_corrected(line) for line in failed_lines(batch))


def is_corrected(line: PayoutLine) -> bool:
    """The register no longer has the account the bank refused."""
    household = line.entitlement.household
    return (household.payee_name, household.bank_card) != (line.payee_name, line.bank_card) and bool(
        household.bank_card
    )


@transaction.atomic
def fill_batch(*, batch: PayoutBatch, by: User) -> int:
    """Add what has become payable in the batch's place meanwhile, but not what was taken out of it; returns how many
    lines came in."""
    batch = lock_batch(batch, by, RIGHT, State.DRAFT)
    return _fill(batch, [batch.area_id])


@transaction.atomic
def drop_lines(*, batch: PayoutBatch, line_ids: Sequence[int], reason: str, by: User) -> int:
    """Take lines out of a draft; what they would have paid is payable again. Raises Refused REASON_NEEDED."""
    batch = lock_batch(batch, by, RIGHT, State.DRAFT)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    with acting(by, reason=reason.strip()[:300]):
        return _drop(batch.lines.filter(pk__in=line_ids, state=LineState.PLANNED), reason)


@transaction.atomic
def lock_for_signing(*, batch: PayoutBatch, by: User, now: dt.datetime | None = None) -> PayoutBatch:
    """Fix payee, card and amount of every line, set the money aside, and open the chain.

    Raises `FundsShort`, Refused BATCH_STATE (conflict), BATCH_EMPTY, CARDS_MISSING, CHAIN_WRONG.
    """
    batch = lock_batch(batch, by, RIGHT, State.DRAFT)
    lines = _planned(batch)
    if not lines:
        raise Refused("BATCH_EMPTY", _("The batch has no lines."))
    _snapshot_payees(lines)
    at = now or clock.now()
    holds.take_over(batch=batch, lines=[line.pk for line in lines], by=by, at=at)
    needs = funds.reserve(batch=batch, lines=[line.pk for line in lines], by=by, at=at)
    batch.total_fen, batch.line_count = sum(line.amount_fen for line in lines), len(lines)
    batch.chain = _seats(batch)
    batch.content_hash = content_hash(batch, lines)
    batch.state, batch.locked_by, batch.locked_person_no, batch.locked_at = State.LOCKED, by, by.person_no, at
    batch.return_reason = ""
    save_batch(batch, "state", "total_fen", "line_count", "content_hash", "locked_by", "locked_person_no", "locked_at",
          "return_reason", "chain")  # fmt: skip
    _keep_round(batch, lines, needs, by, at)
    return batch


@transaction.atomic
def reopen_batch(*, batch: PayoutBatch, by: User) -> PayoutBatch:
    """A returned batch becomes a draft of the next round."""
    batch = lock_batch(batch, by, RIGHT, State.RETURNED)
    batch.state, batch.round_no = State.DRAFT, batch.round_no + 1
    save_batch(batch, "state", "round_no")
    return batch


@transaction.atomic
def give_up_batch(*, batch: PayoutBatch, reason: str, by: User) -> PayoutBatch:
    """Void a draft or a returned batch; everything in it is payable again. Raises Refused REASON_NEEDED."""
    batch = lock_batch(batch, by, RIGHT, State.DRAFT, State.RETURNED)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    with acting(by, reason=reason.strip()[:300]):
        _drop(batch.lines.filter(state=LineState.PLANNED), reason)
        batch.state = State.VOID
        save_batch(batch, "state")
    return batch


def lock_batch(batch: PayoutBatch, by: User, right: str, *wanted: str) -> PayoutBatch:
    """The batch under its row lock, in one of the wanted states. Raises Refused BATCH_STATE (conflict)."""
    locked = PayoutBatch.objects.select_for_update(of=("self",)).select_related("programme").get(pk=batch.pk)
    demand_right(by, right, locked.area_id)
    if wanted and locked.state not in wanted:
        words = _("Batch %(number)s is “%(state)s” by now; this step is not due. Load the page again.")
        raise Refused("BATCH_STATE", words, conflict=True, number=locked.number, state=locked.get_state_display())
    return locked


def content_hash(batch: PayoutBatch, lines: Iterable[PayoutLine] | None = None) -> str:
    """Hash of exactly what is to be paid to whom from what; recomputed from the rows as they stand.

    `lines` carry `entitlement` with its dwelling, policy and `lines`. The card goes in as a keyed fingerprint.
    """
    entries = [_line_text(line) for line in (_planned(batch) if lines is None else lines)]
    whole = [batch.number, batch.round_no, entries, *([batch.chain] if batch.chain else [])]
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def payee_fingerprint(line: PayoutLine) -> str:
    """Keyed and short: tells whether payee or card changed between rounds without telling either."""
    return blind_index(f"{line.payee_name}|{line.bank_card}", "payee")[:16]


def lines_to_hash(batch: PayoutBatch) -> Any:
    """The batch's living lines with everything the hash reads, in order."""
    lines = batch.lines.exclude(state=LineState.DROPPED).select_related("entitlement__dwelling", "entitlement__policy")
    return lines.prefetch_related("entitlement__lines").order_by("line_no")


def _planned(batch: PayoutBatch) -> list[PayoutLine]:
    lines = lines_to_hash(batch).filter(state=LineState.PLANNED)
    return list(lines.select_related("entitlement__dwelling", "entitlement__policy", "entitlement__household"))


def _line_text(line: PayoutLine) -> list[Any]:
    shares = sorted([share.source, share.budget_year, share.amount_fen] for share in line.entitlement.lines.all())
    entitlement = line.entitlement
    due = [entitlement.pk, entitlement.dwelling.dwelling_no, entitlement.benefit, entitlement.period]
    payee = [line.payee_name, blind_index(line.bank_card, "payee")]
    kept_back = [line.offsets] if line.offset_fen else []
    return [line.line_no, *due, entitlement.policy.sha256, *payee, line.amount_fen, shares, *kept_back]


def _snapshot_payees(lines: list[PayoutLine]) -> None:
    """The account's holder and card as the register has them now; a change there no longer touches the line."""
    missing = [line.entitlement.household.household_no for line in lines if not line.entitlement.household.bank_card]
    if missing:
        listed = "、".join(missing[:NAMED_AT_MOST])
        words = _("%(count)d households have no bank card: %(listed)s. Enter the cards or take the lines out.")
        raise Refused("CARDS_MISSING", words, count=len(missing), listed=listed)
    changed = []
    for line in lines:
        household = line.entitlement.household
        if (line.payee_name, line.bank_card) != (household.payee_name, household.bank_card):
            line.payee_name, line.bank_card = household.payee_name, household.bank_card
            line.card_index = household.bank_card_index
            changed.append(line)
    PayoutLine.objects.bulk_update(changed, ["payee_name", "bank_card", "card_index"], batch_size=500)


def _keep_round(
    batch: PayoutBatch, lines: list[PayoutLine], needs: dict[funds.Key, int], by: User, at: dt.datetime
) -> None:
    BatchRound.objects.create(
        batch=batch, round_no=batch.round_no, content_hash=batch.content_hash, total_fen=batch.total_fen,
        line_count=batch.line_count, locked_by=by, locked_at=at,
        content={str(line.entitlement_id): [line.amount_fen, payee_fingerprint(line)] for line in lines},
        sources=[[source, year, fen] for (source, year), fen in needs.items()],
        seed=secrets.randbits(32) or 1, sample_size=_sample_size(batch.programme),
    )  # fmt: skip


def _seats(batch: PayoutBatch) -> list[dict[str, Any]]:
    try:
        return chains.stored(chains.seats_of(batch.programme.settings, batch.total_fen, batch.area_id))
    except chains.ChainError as error:
        words = _("The programme's chain of signatures can't be used: %(why)s")
        raise Refused("CHAIN_WRONG", words, why=str(error)) from None


def _sample_size(programme: Programme) -> int:
    return max(1, int(programme.settings.get("payout_sample", SAMPLE)))


def _fill(batch: PayoutBatch, codes: Sequence[str]) -> int:
    """Payable entitlements become lines. Row locks: what another draft takes at this moment is left to it."""
    return _take(batch, _due(batch, codes).exclude(payout_lines__in=batch.lines.all()).exclude(still_refused()))


def payable(programme: Programme) -> Any:
    """What may enter a new batch: due, past its notice, with a card, not waiting for money (`FUNDS_SHORT`), and not
    with the very account the bank refused last."""
    return _with_card_and_money(programme).exclude(still_refused())


def still_refused() -> Exists:
    """On entitlements: the register still has the payee and card of the last payment the bank sent back."""
    holder = Coalesce(NullIf(OuterRef("household__account_holder"), Value("")), OuterRef("household__head_name"))
    failed = PayoutLine.objects.filter(state=LineState.FAILED)
    later = failed.filter(entitlement=OuterRef("entitlement"), pk__gt=OuterRef("pk"))
    same = failed.filter(entitlement=OuterRef("pk"), card_index=OuterRef("household__bank_card_index"))
    return Exists(same.filter(payee_name=holder).exclude(Exists(later)))


def _with_card_and_money(programme: Programme) -> Any:
    found = Entitlement.objects.filter(programme=programme, state=Entitlement.State.PAYABLE, outcome="due")
    short = FundHold.objects.filter(programme=programme, state=FundHold.State.SHORT).values("dwelling")
    return found.exclude(household__bank_card_index="").exclude(benefit_kind=holds.KIND, dwelling__in=short)


def _due(batch: PayoutBatch, codes: Sequence[str]) -> Any:
    found = _with_card_and_money(batch.programme).within(*codes)
    return found.filter(benefit=batch.benefit) if batch.benefit else found


def _take(batch: PayoutBatch, found: Any) -> int:
    locked = found.select_for_update(of=("self",), skip_locked=True).select_related("dwelling", "household")
    taken = list(locked.order_by("area_id", "dwelling__dwelling_no", "benefit"))
    kept_back = offsets.parts_for(taken)
    first = (batch.lines.aggregate(last=Max("line_no"))["last"] or 0) + 1
    PayoutLine.objects.bulk_create(
        [_line(batch, one, number, kept_back.get(one.pk, [])) for number, one in enumerate(taken, first)]
    )
    Entitlement.objects.filter(pk__in=[one.pk for one in taken]).update(state=Entitlement.State.BATCHED)
    _tally(batch)
    return len(taken)


def _line(batch: PayoutBatch, due: Entitlement, number: int, kept_back: list[offsets.Part]) -> PayoutLine:
    less = sum(fen for _reference, _source, fen in kept_back)
    return PayoutLine(
        batch=batch, area_id=due.area_id, entitlement=due, line_no=number, amount_fen=(due.amount_fen or 0) - less,
        offset_fen=less, offsets=[list(part) for part in kept_back], payee_name=due.household.payee_name,
        bank_card=due.household.bank_card, card_index=due.household.bank_card_index,
    )  # fmt: skip


def _drop(lines: Any, reason: str) -> int:
    found = list(lines.select_related("batch"))
    dropped = PayoutLine.objects.filter(pk__in=[line.pk for line in found])
    dropped.update(state=LineState.DROPPED, drop_reason=reason.strip()[:300])
    kept = Entitlement.objects.filter(pk__in=[line.entitlement_id for line in found])
    kept.filter(state=Entitlement.State.BATCHED).update(state=Entitlement.State.PAYABLE)
    if found and found[0].batch.state == State.DRAFT:
        _tally(found[0].batch)
    return len(found)


def _tally(batch: PayoutBatch) -> None:
    planned = batch.lines.filter(state=LineState.PLANNED)
    batch.total_fen, batch.line_count = planned.aggregate(fen=Sum("amount_fen"))["fen"] or 0, planned.count()
    save_batch(batch, "total_fen", "line_count")


def save_batch(batch: PayoutBatch, *fields: str) -> None:
    batch.version += 1
    PayoutBatch.objects.filter(pk=batch.pk).update(
        version=F("version") + 1, **{name: getattr(batch, name) for name in fields}
    )


def _common_area(codes: Sequence[str], whole: str) -> str:
    """The smallest place that holds all of them, inside the programme's. Raises Refused PLACE_OUTSIDE."""
    if not codes or not all(is_inside(code, whole) for code in codes):
        raise Refused("PLACE_OUTSIDE", _("Choose places of this programme."))
    levels = [length for length in (15, 12, 9, 6, 4, 2) if all(len(code) >= length for code in codes)]
    return next((codes[0][:length] for length in levels if len({code[:length] for code in codes}) == 1), whole)
