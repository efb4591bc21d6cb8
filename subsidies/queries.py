"""Reads about the money that other rooms ask for: ledger, evidence of one payment, a dwelling's panel, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BooleanField, Count, Exists, F, OuterRef, Q, Sum
from django.db.models.expressions import RawSQL

from accounts.records import ScopedQuerySet
from core.areas import ancestors
from households.models import Dwelling, RosterSeal
from programmes.models import Programme
from subsidies import chains, net, states
from subsidies.counting import counted
from subsidies.fact_coding import decode_facts
from subsidies.models import (
    BankReturn,
    BatchSignature,
    Entitlement,
    Fund,
    Notice,
    PayoutBatch,
    PayoutLine,
    Policy,
)
from subsidies.rules.encoding import decode_steps
from subsidies.services.policies import rules_of, titles_in
from subsidies.wording import SOURCES, reason_sentence, step_sentence, warning_sentence

#: The nine links of proof behind a payment, in order.
LINKS = ("ROSTER", "INSTALLATION", "ACCEPTANCE", "ENTITLEMENT", "POLICY", "NOTICE", "SIGNATURES", "BANK_FILE",
         "BANK_RETURN")  # fmt: skip


def source_codes(programme: Programme) -> list[str]:
    """Sources money may come from: those of the newest released policy and those the programme adds (`fund_sources`),
    such as special bonds; without a policy all that have a name."""
    policy = Policy.objects.filter(programme=programme, state="released").order_by("-id").first()
    named = list(rules_of(policy).sources) if policy else list(SOURCES)
    return list(dict.fromkeys([*named, *programme.settings.get("fund_sources", [])]))


@dataclass(frozen=True)
class LedgerRow:
    """One payment to one dwelling. Amounts in fen; `shares` by source, less what the payment kept back and less what
    the household has given back since. The card is as locked and must be masked."""

    line: PayoutLine
    shares: dict[str, int]

    @property
    def amount_fen(self) -> int:
        """What the household has of it now."""
        return sum(self.shares.values())

    @property
    def came_back_fen(self) -> int:
        """What it gave back of what was paid."""
        return self.line.amount_fen - self.amount_fen


@dataclass(frozen=True)
class Ledger:
    """Rows in the order of batch and line; totals over exactly these rows. `sources` gives the columns' order."""

    rows: list[LedgerRow]
    sources: list[str]
    total_fen: int
    by_source: dict[str, int]
    households: int


@dataclass(frozen=True)
class Link:
    """One link of proof. `row` is the object behind it, None when it is missing; then the chain is broken here."""

    code: str
    row: Any = None
    at: Any = None
    who: str = ""
    rows: Sequence[Any] = field(default_factory=tuple)

    @property
    def holds(self) -> bool:
        return self.row is not None


def payout_ledger(
    programme: Programme, user: Any, *, area_code: str = "", states_in: Sequence[str] = ("paid",)
) -> Ledger:
    """The payout ledger of a programme as far as the person may see it; by default what the bank has paid."""
    lines = ledger_lines(programme, user, area_code=area_code, states_in=states_in)
    back = net.given_back_by_payment(lines)
    rows = [LedgerRow(line, net.shares(line, back.get(line.entitlement_id, {}))) for line in lines]
    sources = list(dict.fromkeys(source for row in rows for source in row.shares))
    return Ledger(
        rows=rows,
        sources=sources,
        total_fen=sum(row.amount_fen for row in rows),
        by_source={source: sum(row.shares.get(source, 0) for row in rows) for source in sources},
        households=len({row.line.entitlement.household_id for row in rows}),
    )


def ledger_lines(
    programme: Programme, user: Any, *, area_code: str = "", states_in: Sequence[str] = ("paid",)
) -> ScopedQuerySet:
    """Payout lines of the programme in the person's areas, with what a ledger row shows."""
    lines = PayoutLine.objects.visible_to(user).filter(batch__programme=programme, state__in=states_in)
    lines = lines.within(area_code) if area_code else lines
    lines = lines.select_related(
        "area", "batch", "entitlement__household", "entitlement__dwelling", "entitlement__policy",
        "entitlement__task__technology",
    )  # fmt: skip
    return lines.prefetch_related("entitlement__lines").order_by("batch__number", "line_no")


def ledger_totals(
    programme: Programme, user: Any, *, area_code: str = "", states_in: Sequence[str] = ("paid",)
) -> dict[str, int]:
    """Fen per source, summed by the database, net like the rows: must equal `payout_ledger(...).by_source`."""
    return net.by_source(ledger_lines(programme, user, area_code=area_code, states_in=states_in))


def trail_of(line: PayoutLine) -> list[Link]:
    """The nine links of proof behind a payout line, in order; a missing one has no row."""
    entitlement = line.entitlement
    task, roster = entitlement.task, entitlement.task.roster_row.roster
    seals = list(RosterSeal.objects.filter(roster=roster).select_related("signer").order_by("at"))
    installation = getattr(task, "installation", None)
    acceptance = entitlement.acceptance
    signatures = _signatures(line.batch)
    bank_file = getattr(line.batch, "bank_file", None)
    answer = _return_of(line)
    return [
        Link("ROSTER", roster if roster.state == "approved" else None, roster.approved_at, _names(seals), seals),
        Link("INSTALLATION", installation, installation and installation.installed_on,
             installation.supplier.name if installation else ""),
        Link("ACCEPTANCE", acceptance, acceptance and acceptance.accepted_on,
             acceptance.inspector.person_name if acceptance else ""),
        Link("ENTITLEMENT", entitlement, entitlement.assessed_at, rows=list(entitlement.lines.all())),
        Link("POLICY", entitlement.policy, entitlement.policy.released_at, str(entitlement.policy.released_by or "")),
        _notice_link(entitlement),
        Link("SIGNATURES", signatures[-1] if _complete(line.batch, signatures) else None,
             signatures[-1].at if signatures else None, _names(signatures), signatures),
        Link("BANK_FILE", bank_file, bank_file and bank_file.made_at, str(bank_file.made_by) if bank_file else ""),
        Link("BANK_RETURN", answer, answer and answer.applied_at, str(answer.entered_by) if answer else ""),
    ]  # fmt: skip


def panel_for(dwelling: Dwelling) -> list[Entitlement]:
    """What this dwelling was due and got, for the household's file; newest first, with lines and payments."""
    found = Entitlement.objects.filter(dwelling=dwelling).exclude(state=Entitlement.State.VOID)
    return list(
        found.select_related("policy", "notice").prefetch_related("lines", "payout_lines__batch").order_by("-id")
    )


def explain(entitlement: Entitlement) -> dict[str, Any]:
    """Reason, steps and warnings in words, the rule with clause and quotation, what counts toward the target."""
    read = rules_of(entitlement.policy)
    counts = counted(read, decode_facts(entitlement.facts))
    return {
        "reason": reason_sentence(entitlement.reason, entitlement.reason_params),
        "steps": [step_sentence(step) for step in decode_steps(entitlement.steps)],
        "warnings": [warning_sentence(code) for code in entitlement.warnings],
        "rule": read.benefit(entitlement.benefit),
        "counts": None if counts is None else f"{counts:f}",
    }


def batches_waiting_for(user: Any, area_code: str) -> int:
    """Batches whose next signature this person could give: the number beside the menu entry."""
    if not area_code:
        return 0
    found = PayoutBatch.objects.visible_to(user).within(area_code).filter(state__in=states.SIGNING)
    found = found.exclude(Q(created_person_no=user.person_no) | Q(locked_person_no=user.person_no))
    mine = BatchSignature.objects.filter(batch=OuterRef("pk"), round_no=OuterRef("round_no"), person_no=user.person_no)
    votes = Count("signatures", filter=Q(signatures__round_no=F("round_no")))
    found = found.exclude(Exists(mine)).annotate(votes=votes).select_related("programme")
    return sum(_is_next(batch, user) for batch in found)


#: On bank returns whose sums agree: a payment that the answer sends back, or calls failed, stands as paid, in part or
#: whole.
_SENDS_BACK = RawSQL(
    "(SELECT COALESCE(c->>'stated_fen', c->>'sum_fen') = c->>'sum_fen' AND COALESCE(c->>'stated_rows', c->>'rows') = "
    "c->>'rows' FROM (SELECT subsidies_bankreturn.counts AS c) own) AND "
    "EXISTS (SELECT 1 FROM jsonb_array_elements(subsidies_bankreturn.results) said JOIN subsidies_payoutline l "
    "ON l.id = (said->>0)::bigint WHERE said->>1 IN ('bounced', 'failed') AND (l.state = 'paid' OR l.state = 'sent' "
    "AND l.partial_fen > 0))", [], BooleanField(),
)  # fmt: skip


def returns_to_book(user: Any, area_code: str) -> int:
    """Bank returns read but not booked yet: with rows for payments of a batch that is still open, or with payments they
    send back that nobody has written down, booked for the rest or not."""
    answers = Q(counts__paid__gt=0) | Q(counts__partial__gt=0) | Q(counts__failed__gt=0)
    to_book = answers & Q(applied_at=None) & ~Q(batch__state=PayoutBatch.State.SETTLED)
    found = BankReturn.objects.visible_to(user, "payouts.reconcile").alias(sends_back=_SENDS_BACK)
    sent_back = Q(counts__bounced__gt=0) | Q(counts__failed__gt=0)
    waiting = found.within(area_code).filter(to_book | sent_back & Q(sends_back=True))
    return waiting.count() if area_code else 0


def open_objections(user: Any, area_code: str) -> int:
    """Objections nobody has decided yet."""
    found = Entitlement.objects.visible_to(user, "objections.decide")
    return found.within(area_code).filter(state=Entitlement.State.OBJECTED).count() if area_code else 0


def funds_of(programme: Programme, user: Any) -> ScopedQuerySet:
    """The programme's funds in the order in which sources are listed."""
    return Fund.objects.visible_to(user).filter(programme=programme).order_by("budget_year", "source")


def villages_to_notice(programme: Programme, user: Any) -> list[dict[str, Any]]:
    """Villages where amounts wait for their public notice: code, name, households, fen."""
    found = Entitlement.objects.visible_to(user, "notices.publish").filter(
        programme=programme, state=Entitlement.State.ASSESSED, outcome="due"
    )
    counts = found.values("area_id", "area__name").annotate(fen=Sum("amount_fen")).order_by("area_id")
    return [{**row, "count": found.filter(area_id=row["area_id"]).count()} for row in counts]


def notice_rows(notice: Notice) -> list[dict[str, Any]]:
    """What hangs on the board, row by row; `title` is the benefit's name, for people who know no codes of rules."""
    policies = Policy.objects.select_related("programme").filter(pk__in=notice.entitlements.values("policy"))
    titles = titles_in(policies)
    rows = [dict(zip(("dwelling", "name", "benefit", "period", "fen"), row, strict=True)) for row in notice.content]
    return [{**row, "title": titles.get(row["benefit"]) or row["benefit"]} for row in rows]


def programme_of(area_code: str) -> Q:
    """Programmes that reach into this area."""
    return Q(area__code__startswith=area_code) | Q(area_id__in=ancestors(area_code))


def _is_next(batch: PayoutBatch, user: Any) -> bool:
    seat = chains.next_seat(batch, batch.votes)
    return seat is not None and user.has_right(seat.right, batch.area_id)


def _notice_link(entitlement: Entitlement) -> Link:
    """Where the programme asks for no notice, the programme itself stands for the link."""
    notice = entitlement.notice
    if notice is None:
        return Link("NOTICE", None if entitlement.programme.notice_required else entitlement.programme)
    closed = notice.state == Notice.State.CLOSED
    objections = list(entitlement.objections.all())
    return Link("NOTICE", notice if closed else None, notice.closed_at, str(notice.published_by), objections)


def _signatures(batch: PayoutBatch) -> list[BatchSignature]:
    return list(batch.signatures.filter(round_no=batch.round_no).select_related("signer").order_by("at"))


def _complete(batch: PayoutBatch, signatures: list[BatchSignature]) -> bool:
    wanted = [seat.step for seat in chains.chain_of(batch)]
    return [one.step for one in signatures if one.decision == "agree"] == wanted


def _return_of(line: PayoutLine) -> BankReturn | None:
    """The booked return that settled the line."""
    if line.settled_at is None:
        return None
    return line.batch.bank_returns.filter(applied_at=line.settled_at).select_related("entered_by").first()


def _names(signed: Sequence[Any]) -> str:
    return "、".join(str(one.signer) for one in signed)
