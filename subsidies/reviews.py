"""What a signer sees about a batch: who passed it, from which money, is the evidence there, what changed, a sample.

Everything is asked for in two statements (`core.together`), whatever the number of payments.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Func, Max, Min, OuterRef, Prefetch, Q, Subquery, Sum, Value
from django.db.models.fields import TextField
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext as _

from accounts.models import User
from core.together import read_together, sums_in, sums_of
from subsidies import chains, evidence
from subsidies.evidence import Evidence
from subsidies.models import (
    BatchRound,
    EntitlementLine,
    FundEntry,
    LineRemark,
    Objection,
    PayoutBatch,
    PayoutLine,
    SampleLook,
)
from subsidies.services.funds import needs_of
from subsidies.services.signatures import against
from subsidies.wording import source_name

OLD_SAMPLE = 3
"""Households drawn in rounds that kept no seed; there the seed is the head of the content hash."""
Kind = FundEntry.Kind


@dataclass(frozen=True)
class SourceRow:
    """One source: received, paid or promised before this batch, this batch, left after it. Fen."""

    name: str
    year: int | None
    documents: str
    received_fen: int
    before_fen: int
    this_fen: int

    @property
    def left_fen(self) -> int:
        return self.received_fen - self.before_fen - self.this_fen


@dataclass(frozen=True)
class Difference:
    """This round against the one before: rows of (entitlement id, fen) added, removed, changed in amount or payee."""

    before: BatchRound
    added: list[tuple[int, int]]
    removed: list[tuple[int, int]]
    amount_changed: list[tuple[int, int, int]]
    payee_changed: list[int]

    @property
    def added_fen(self) -> int:
        return sum(fen for _pk, fen in self.added)

    @property
    def removed_fen(self) -> int:
        return -sum(fen for _pk, fen in self.removed)

    @property
    def changed_fen(self) -> int:
        return sum(new - old for _pk, old, new in self.amount_changed)


class Review:
    """Everything the batch's page shows. Lines are those not taken out."""

    def __init__(self, batch: PayoutBatch, user: User) -> None:
        self.batch, self.user = batch, user
        self.lines = batch.lines.exclude(state=PayoutLine.State.DROPPED)
        self._ask()

    def _ask(self) -> None:
        batch = self.batch
        self._signatures = batch.signatures.select_related("signer").order_by("pk")
        self._rounds = batch.rounds.order_by("round_no")
        self._figures = sums_of(self.lines, **_FIGURES)
        self._counts = evidence.counted(self.lines, batch)
        self._needs = _needs(self.lines)
        self._funds = batch.programme.funds.all()
        self._held = _held(batch)
        self._papers = FundEntry.objects.filter(
            fund__programme=batch.programme_id, kind__in=[Kind.GRANTED, Kind.RECEIVED]
        ).order_by("pk").values_list("fund__source", "fund__budget_year", "document_no")  # fmt: skip
        self._basis = _basis(self.lines)
        self.notices = _notices(self.lines)
        self.issues = (
            batch.bank_file.issues.select_related("issued_by").order_by("pk") if hasattr(batch, "bank_file") else []
        )
        self.returns = batch.bank_returns.order_by("-pk")
        self._failed = _sent_back(batch)
        self._open = Objection.objects.filter(entitlement__payout_lines__in=self.lines).values_list("decision")
        asked = [self._signatures, self._rounds, self._figures, self._counts, self._needs, self._funds, self._held,
                 self._papers, self._basis, self.notices, self.returns, self._open, self._failed]  # fmt: skip
        read_together(*asked, *([self.issues] if hasattr(batch, "bank_file") else []))

    @cached_property
    def signatures(self) -> list[Any]:
        return list(self._signatures)

    @cached_property
    def votes(self) -> list[Any]:
        """Votes of this round, in order."""
        return [one for one in self.signatures if one.round_no == self.batch.round_no]

    @cached_property
    def step(self) -> chains.Seat | None:
        return chains.next_seat(self.batch, len(self.votes))

    @cached_property
    def may_sign(self) -> bool:
        return self.step is not None and self.user.has_right(self.step.right, self.batch.area_id)

    @cached_property
    def refusal(self) -> str:
        """Why this person, though holding the right, may not sign; "" where nothing stands against it."""
        found = against(self.batch, [one.person_no for one in self.votes], self.user) if self.may_sign else None
        return found.sentence if found else ""

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Lines, fen, households, villages, smallest and largest amount."""
        return sums_in(self._figures)

    @cached_property
    def basis(self) -> list[dict[str, Any]]:
        """Benefits in the batch with clause and policy version."""
        return [
            {"benefit": r["entitlement__benefit"], "clause": r["entitlement__clause"], "count": r["count"],
             "document": r["entitlement__policy__document_number"], "version": r["entitlement__policy__version_no"]}
            for r in self._basis
        ]  # fmt: skip

    @cached_property
    def sources(self) -> list[SourceRow]:
        """One row per source and budget year that the batch draws on."""
        funds = {(fund.source, fund.budget_year): fund for fund in self._funds}
        held = {row["fund_id"]: (row["reserved"] or 0) - (row["released"] or 0) for row in self._held}
        papers: dict[tuple[str, int], list[str]] = {}
        for source, year, number in self._papers:
            papers.setdefault((source, year), []).append(number)
        rows = []
        for (source, year), fen in self._needed().items():
            fund, listed = funds.get((source, year)), "、".join(dict.fromkeys(papers.get((source, year), [])))
            used = fund.held_fen + fund.reserved_fen + fund.paid_fen + fund.returned_fen if fund else 0
            received = fund.received_fen + fund.clawed_fen if fund else 0
            before = used - (held.get(fund.pk, 0) if fund else 0)
            rows.append(SourceRow(source_name(source), year, listed, received, before, fen))
        return rows

    def _needed(self) -> dict[tuple[str, int], int]:
        if self.figures["offset"]:
            return needs_of(self.lines.values_list("pk", flat=True))
        return {(source, year): fen for source, year, fen in self._needs}

    @cached_property
    def source_sum(self) -> SourceRow:
        rows = self.sources
        return SourceRow(
            "", None, "", *(sum(getattr(r, n) for r in rows) for n in ("received_fen", "before_fen", "this_fen"))
        )

    @cached_property
    def evidence(self) -> list[Evidence]:
        return evidence.rows_of(sums_in(self._counts), {"noticed": self.objections})

    @property
    def incomplete(self) -> list[Evidence]:
        return [row for row in self.evidence if not row.complete]

    @cached_property
    def changed_payees(self) -> list[str]:
        """Household numbers whose payee or card in the register is no longer the one on the line."""
        found = evidence.with_evidence(self.lines, self.batch).filter(has_payee=False).order_by("line_no")
        return list(found.values_list("entitlement__household__household_no", flat=True))

    @cached_property
    def objections(self) -> str:
        count = len(self._open)
        return _("%(n)d objections, all decided") % {"n": count} if count else _("no objection")

    @cached_property
    def rounds(self) -> dict[int, BatchRound]:
        return {one.round_no: one for one in self._rounds}

    @property
    def seed(self) -> int:
        """Seed of the sample, drawn by the portal when the batch was locked and kept: everybody can draw it again."""
        kept = self.rounds.get(self.batch.round_no)
        return kept.seed if kept and kept.seed else int(self.batch.content_hash[:8] or "0", 16)

    @property
    def sample_size(self) -> int:
        kept = self.rounds.get(self.batch.round_no)
        return kept.sample_size if kept and kept.sample_size else OLD_SAMPLE

    @cached_property
    def sample(self) -> list[PayoutLine]:
        """The lines whose SHA-256 of "seed:line number" comes first, in the order of the list."""
        found = evidence.with_evidence(drawn(self.lines, self.seed), self.batch)
        found = found.select_related("area", "entitlement__dwelling").annotate(
            shown_cost_fen=Subquery(evidence.costs())
        )
        looks = SampleLook.objects.filter(round_no=self.batch.round_no).select_related("looker").order_by("pk")
        found = found.prefetch_related("entitlement__lines", Prefetch("looks", looks))
        rows = list(found[: self.sample_size])
        for line in rows:
            line.missing = evidence.missing_of(line)
            line.lookers = [look.looker.person_name for look in line.looks.all()]
        return sorted(rows, key=lambda line: line.line_no)

    @cached_property
    def looked_at(self) -> list[PayoutLine]:
        """Households of the sample that this person has opened in this round."""
        mine = self.user.person_no
        return [line for line in self.sample if any(look.person_no == mine for look in line.looks.all())]

    @cached_property
    def difference(self) -> Difference | None:
        """Against the round before; None in the first round."""
        before = self.rounds.get(self.batch.round_no - 1)
        if before is None:
            return None
        now = self.rounds[self.batch.round_no].content if self.batch.round_no in self.rounds else self._content_now()
        return difference_of(before, now)

    def _content_now(self) -> dict[str, Any]:
        from subsidies.services.batches import payee_fingerprint

        return {str(line.entitlement_id): [line.amount_fen, payee_fingerprint(line)] for line in self.lines}

    @cached_property
    def sent_back(self) -> list[dict[str, Any]]:
        """What the bank sent back, by the batch that pays it again (`again` is "" where none does): count, fen."""
        return list(self._failed)

    @property
    def sent_back_sum(self) -> dict[str, int]:
        return {name: sum(row[name] for row in self.sent_back) for name in ("count", "fen")}

    @cached_property
    def remarks(self) -> list[LineRemark]:
        """What was held against single payments when the batch was sent back last, with their lines."""
        found = LineRemark.objects.filter(signature__batch=self.batch, signature__round_no=self._returned_round)
        return list(found.select_related("line__entitlement__dwelling", "signature__signer").order_by("line__line_no"))

    @property
    def _returned_round(self) -> int:
        returned = [one.round_no for one in self.signatures if one.decision == "return"]
        return returned[-1] if returned else 0


def drawn(lines: Any, seed: int) -> Any:
    """Lines in the order of the draw: SHA-256 of "seed:line number" in hexadecimal, smallest first."""
    text = Concat(Value(f"{seed}:"), Cast("line_no", TextField()), output_field=TextField())
    lot = Func(text, template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')", output_field=TextField())
    return lines.alias(lot=lot).order_by("lot")


_FIGURES = {
    "count": Count("pk"), "fen": Sum("amount_fen"), "smallest": Min("amount_fen"), "largest": Max("amount_fen"),
    "villages": Count("area", distinct=True), "households": Count("entitlement__household", distinct=True),
    "capped": Count("pk", filter=Q(entitlement__reason__in=["OK_CAPPED", "OK_AT_CAP"])),
    "offset": Sum("offset_fen"),
}  # fmt: skip


def _needs(lines: Any) -> Any:
    """(source, budget year, fen) of the lines' shares, what is kept back taken off."""
    shares = EntitlementLine.objects.filter(entitlement__payout_lines__in=lines)
    sums = shares.values("source", "budget_year").annotate(fen=Sum("amount_fen"))
    return sums.values_list("source", "budget_year", "fen").order_by("source", "budget_year")


def _held(batch: PayoutBatch) -> Any:
    """Fen per fund that this batch has in the fund's running totals: reserved or paid, given back taken off."""
    entries = FundEntry.objects.filter(batch=batch).values("fund_id").order_by("fund_id")
    return entries.annotate(
        reserved=Sum("amount_fen", filter=Q(kind=Kind.RESERVED)),
        released=Sum("amount_fen", filter=Q(kind__in=[Kind.RELEASED, Kind.BOUNCED])),
    )


def _basis(lines: Any) -> Any:
    rows = lines.values(
        "entitlement__benefit", "entitlement__clause", "entitlement__policy__document_number",
        "entitlement__policy__version_no",
    )  # fmt: skip
    return rows.annotate(count=Count("pk")).order_by("entitlement__benefit")


def _sent_back(batch: PayoutBatch) -> Any:
    failed = batch.lines.filter(state=PayoutLine.State.FAILED)
    later = PayoutLine.objects.filter(entitlement=OuterRef("entitlement"), pk__gt=OuterRef("pk"))
    live = later.exclude(state__in=[PayoutLine.State.FAILED, PayoutLine.State.DROPPED]).values("batch__number")[:1]
    rows = failed.annotate(again=Coalesce(Subquery(live), Value(""))).values("again").order_by("again")
    return rows.annotate(count=Count("pk"), fen=Sum("amount_fen"))


def _notices(lines: Any) -> Any:
    """(village, end) of the notices behind the lines, last ended last."""
    rows = lines.filter(entitlement__notice__isnull=False).order_by()
    rows = rows.values("entitlement__notice__area__name", "entitlement__notice__closed_at").annotate(n=Count("pk"))
    return rows.order_by(F("entitlement__notice__closed_at").asc(nulls_first=True))


def difference_of(before: BatchRound, now: dict[str, Any]) -> Difference:
    """What a round's content `now` (entitlement id -> [fen, fingerprint]) has that the round before had not."""
    old = before.content
    both = [key for key in now if key in old]
    return Difference(
        before=before,
        added=[(int(key), now[key][0]) for key in now if key not in old],
        removed=[(int(key), old[key][0]) for key in old if key not in now],
        amount_changed=[(int(key), old[key][0], now[key][0]) for key in both if old[key][0] != now[key][0]],
        payee_changed=[int(key) for key in both if old[key][1] != now[key][1]],
    )
