"""What a signer sees about a batch: who passed it, from which money, is the evidence there, what changed, a sample."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from retrofits.models import CostItem, Photo
from subsidies import chains
from subsidies.models import BatchRound, Entitlement, FundEntry, Notice, PayoutBatch, PayoutLine
from subsidies.services.funds import needs_of
from subsidies.services.signatures import against
from subsidies.wording import source_name

SAMPLE = 3
STAGES = (Photo.Stage.BEFORE, Photo.Stage.DURING, Photo.Stage.AFTER)


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
class Evidence:
    """How many of the batch's lines have a piece of evidence."""

    label: str
    have: int
    of: int
    note: str = ""

    @property
    def complete(self) -> bool:
        return self.have == self.of


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
    """Everything the batch's page shows, each part asked for once. Lines are those not taken out."""

    def __init__(self, batch: PayoutBatch, user: User) -> None:
        self.batch, self.user = batch, user
        self.lines = batch.lines.exclude(state=PayoutLine.State.DROPPED)

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
    def signatures(self) -> list[Any]:
        return list(self.batch.signatures.select_related("signer").order_by("pk"))

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Lines, fen, households, villages, smallest and largest amount."""
        return self.lines.aggregate(
            count=Count("pk"), fen=Sum("amount_fen"), smallest=Min("amount_fen"), largest=Max("amount_fen"),
            villages=Count("area", distinct=True), households=Count("entitlement__household", distinct=True),
            capped=Count("pk", filter=Q(entitlement__reason__in=["OK_CAPPED", "OK_AT_CAP"])),
        )  # fmt: skip

    @cached_property
    def basis(self) -> list[dict[str, Any]]:
        """Benefits in the batch with clause and policy version."""
        rows = self.lines.values(
            "entitlement__benefit", "entitlement__clause", "entitlement__policy__document_number",
            "entitlement__policy__version_no",
        )  # fmt: skip
        return [
            {"benefit": r["entitlement__benefit"], "clause": r["entitlement__clause"], "count": r["count"],
             "document": r["entitlement__policy__document_number"], "version": r["entitlement__policy__version_no"]}
            for r in rows.annotate(count=Count("pk")).order_by("entitlement__benefit")
        ]  # fmt: skip

    @cached_property
    def sources(self) -> list[SourceRow]:
        """One row per source and budget year that the batch draws on."""
        needs = needs_of(self.lines.values_list("pk", flat=True))
        funds = {(fund.source, fund.budget_year): fund for fund in self.batch.programme.funds.all()}
        held = self._held()
        documents = self._documents()
        rows = []
        for key, fen in needs.items():
            fund = funds.get(key)
            total = fund.reserved_fen + fund.paid_fen if fund else 0
            before = total - (held.get(fund.pk, 0) if fund else 0)
            received = fund.received_fen if fund else 0
            rows.append(SourceRow(source_name(key[0]), key[1], documents.get(key, ""), received, before, fen))
        return rows

    @cached_property
    def source_sum(self) -> SourceRow:
        rows = self.sources
        return SourceRow(
            "", None, "", *(sum(getattr(r, n) for r in rows) for n in ("received_fen", "before_fen", "this_fen"))
        )

    @cached_property
    def evidence(self) -> list[Evidence]:
        found = Entitlement.objects.filter(payout_lines__in=self.lines)
        of = self.figures["count"]
        works = found.filter(benefit_kind="CONVERSION")
        rows = [
            Evidence(_("Accepted by the inspector"), found.filter(acceptance__result="passed").count(), of),
            Evidence(_("Photos before, during and after"), self._with_photos(found), of),
            Evidence(_("Public notice ended"), found.filter(self._noticed()).count(), of, self._objections(found)),
            Evidence(_("One dwelling per household"), of - self._further_homes(found), of),
            Evidence(_("Payee and card as in the register"), of - len(self.changed_payees), of, self._payees_note()),
            Evidence(_("Not paid before for the same"), of - self._paid_before(found), of),
        ]
        if count := works.count():
            rows.insert(3, Evidence(_("Recorded cost not below the subsidy"), self._covered_by_cost(works), count))
        return rows

    @cached_property
    def changed_payees(self) -> list[str]:
        """Household numbers whose payee or card in the register is no longer the one on the line."""
        lines = self.lines.select_related("entitlement__household")
        return [
            line.entitlement.household.household_no
            for line in lines
            if (line.payee_name, line.bank_card)
            != (line.entitlement.household.payee_name, line.entitlement.household.bank_card)
        ]

    @property
    def seed(self) -> int:
        """Seed of the sample: taken from the locked content, so nobody chooses it and everybody can draw it again."""
        return int(self.batch.content_hash[:8] or "0", 16)

    @cached_property
    def sample(self) -> list[PayoutLine]:
        ids = list(self.lines.order_by("line_no").values_list("pk", flat=True))
        drawn = random.Random(self.seed).sample(ids, min(SAMPLE, len(ids)))  # noqa: S311 - drawn again by auditors
        found = self.lines.filter(pk__in=drawn).select_related(
            "area", "entitlement__dwelling", "entitlement__household"
        )
        found = found.annotate(cost_fen=Sum("entitlement__task__installation__costs__amount_fen"))
        return list(found.prefetch_related("entitlement__lines").order_by("line_no"))

    @cached_property
    def difference(self) -> Difference | None:
        """Against the round before; None in the first round."""
        rounds = {one.round_no: one for one in self.batch.rounds.all()}
        before = rounds.get(self.batch.round_no - 1)
        if before is None:
            return None
        now = rounds[self.batch.round_no].content if self.batch.round_no in rounds else self._content_now()
        return _difference(before, now)

    def _content_now(self) -> dict[str, Any]:
        from subsidies.services.batches import payee_fingerprint

        return {str(line.entitlement_id): [line.amount_fen, payee_fingerprint(line)] for line in self.lines}

    def _held(self) -> dict[int, int]:
        """Fen per fund that this batch has in the fund's running totals: reserved or paid, given back taken off."""
        sums = FundEntry.objects.filter(batch=self.batch).values("fund_id")
        sums = sums.annotate(
            reserved=Sum("amount_fen", filter=Q(kind="reserved")), released=Sum("amount_fen", filter=Q(kind="released"))
        )
        return {row["fund_id"]: (row["reserved"] or 0) - (row["released"] or 0) for row in sums}

    def _documents(self) -> dict[tuple[str, int], str]:
        entries = FundEntry.objects.filter(fund__programme=self.batch.programme_id, kind="received").order_by("id")
        found: dict[tuple[str, int], list[str]] = {}
        for source, year, number in entries.values_list("fund__source", "fund__budget_year", "document_no"):
            found.setdefault((source, year), []).append(number)
        return {key: "、".join(dict.fromkeys(numbers)) for key, numbers in found.items()}

    def _with_photos(self, found: Any) -> int:
        stages = Count("task__photos__stage", filter=Q(task__photos__stage__in=STAGES), distinct=True)
        return int(found.annotate(stages=stages).filter(stages=len(STAGES)).count())

    def _noticed(self) -> Q:
        asked = self.batch.programme.notice_required
        return Q(notice__state=Notice.State.CLOSED) if asked else Q()

    def _objections(self, found: Any) -> str:
        count = found.aggregate(n=Count("objections"))["n"]
        return _("%(n)d objections, all decided") % {"n": count} if count else _("no objection")

    def _further_homes(self, found: Any) -> int:
        return int(found.filter(dwelling__is_second_home=True).count())

    def _covered_by_cost(self, works: Any) -> int:
        costs = CostItem.objects.filter(installation__task__entitlements__in=works)
        sums = dict(costs.values_list("installation__task").annotate(fen=Sum("amount_fen")))
        return sum(sums.get(task, 0) >= fen for task, fen in works.values_list("task_id", "amount_fen"))

    def _payees_note(self) -> str:
        return "、".join(self.changed_payees[:3])

    def _paid_before(self, found: Any) -> int:
        twins = Q(dwelling__entitlements__state="paid", dwelling__entitlements__benefit_kind=F("benefit_kind"),
                  dwelling__entitlements__period=F("period")) & ~Q(dwelling__entitlements__pk=F("pk"))  # fmt: skip
        return int(found.filter(twins).distinct().count())


def _difference(before: BatchRound, now: dict[str, Any]) -> Difference:
    old = before.content
    both = [key for key in now if key in old]
    return Difference(
        before=before,
        added=[(int(key), now[key][0]) for key in now if key not in old],
        removed=[(int(key), old[key][0]) for key in old if key not in now],
        amount_changed=[(int(key), old[key][0], now[key][0]) for key in both if old[key][0] != now[key][0]],
        payee_changed=[int(key) for key in both if old[key][1] != now[key][1]],
    )
