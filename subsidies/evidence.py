"""What must be there behind a payment, as conditions on payout lines: counted over a batch, shown line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Case, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.together import sums_of
from retrofits.models import CostItem, Photo
from subsidies.models import Entitlement, Notice, PayoutBatch

STAGES = (Photo.Stage.BEFORE, Photo.Stage.DURING, Photo.Stage.AFTER)
LABELS: Mapping[str, str | Promise] = {
    "accepted": _("Accepted by the inspector"),
    "photos": _("Photos before, during and after"),
    "noticed": _("Public notice ended"),
    "cost": _("Recorded cost not below the subsidy"),
    "one_home": _("One dwelling per household"),
    "payee": _("Payee and card as in the register"),
    "unpaid": _("Not paid before for the same"),
}
FORCING = ("accepted", "noticed", "one_home", "unpaid")
"""Without these nothing may be paid; the others are for the signers to judge."""


@dataclass(frozen=True)
class Evidence:
    """How many of the batch's lines have a piece of evidence; `of` are those it is asked of."""

    code: str
    have: int
    of: int
    note: str = ""

    @property
    def label(self) -> str | Promise:
        return LABELS[self.code]

    @property
    def complete(self) -> bool:
        return self.have == self.of


def with_evidence(lines: Any, batch: PayoutBatch) -> Any:
    """The lines with `has_accepted`, `has_photos` …: True, or False where it is missing; True where it is not asked."""
    lines = lines.alias(stages=Subquery(_stages(), output_field=IntegerField()), cost_fen=Subquery(costs()))
    conditions = {f"has_{code}": condition for code, condition in _conditions(batch).items()}
    return lines.annotate(**{
        name: Case(When(condition, then=True), default=False, output_field=BooleanField())
        for name, condition in conditions.items()
    })  # fmt: skip


def counted(lines: Any, batch: PayoutBatch) -> Any:
    """A queryset of one row: how many lines there are, and per code how many have it."""
    counts = {code: Count("pk", filter=Q(**{f"has_{code}": True})) for code in LABELS}
    return sums_of(with_evidence(lines, batch), all=Count("pk"), **counts)


def rows_of(counts: Mapping[str, int], notes: Mapping[str, str]) -> list[Evidence]:
    """The counts as rows, in the order of `LABELS`."""
    return [Evidence(code, counts[code] or 0, counts["all"] or 0, notes.get(code, "")) for code in LABELS]


def missing_of(line: Any) -> list[str]:
    """What a line of `with_evidence` lacks, in words."""
    return [str(label) for code, label in LABELS.items() if not getattr(line, f"has_{code}")]


def without(lines: Any, codes: Sequence[str]) -> Any:
    """Those lines of `with_evidence` that lack one of these."""
    wanted = Q()
    for code in codes:
        wanted |= Q(**{f"has_{code}": False})
    return lines.filter(wanted)


def _conditions(batch: PayoutBatch) -> dict[str, Any]:
    register = F("entitlement__household__bank_card_index")
    holder = Coalesce(NullIf(F("entitlement__household__account_holder"), Value("")),
                      F("entitlement__household__head_name"))  # fmt: skip
    asked = batch.programme.notice_required
    return {
        "accepted": Q(entitlement__acceptance__result="passed"),
        "photos": Q(stages=len(STAGES)),
        "noticed": Q(entitlement__notice__state=Notice.State.CLOSED) if asked else Q(pk__isnull=False),
        "cost": ~Q(entitlement__benefit_kind="CONVERSION") | Q(cost_fen__gte=F("entitlement__amount_fen")),
        "one_home": Q(entitlement__dwelling__is_second_home=False),
        "payee": Q(payee_name=holder) & (Q(card_index=register) | Q(card_index="")),
        "unpaid": ~Exists(_twins()),
    }


def _stages() -> Any:
    photos = Photo.objects.filter(task=OuterRef("entitlement__task"), stage__in=STAGES).order_by().values("task")
    return photos.annotate(n=Count("stage", distinct=True)).values("n")


def costs() -> Any:
    costs = CostItem.objects.filter(installation__task=OuterRef("entitlement__task")).order_by()
    return costs.values("installation__task").annotate(fen=Sum("amount_fen")).values("fen")


def _twins() -> Any:
    """Paid already for the same dwelling, kind and period."""
    same = Entitlement.objects.filter(
        dwelling=OuterRef("entitlement__dwelling"), benefit_kind=OuterRef("entitlement__benefit_kind"),
        period=OuterRef("entitlement__period"), state=Entitlement.State.PAID,
    )  # fmt: skip
    return same.exclude(pk=OuterRef("entitlement"))
