"""The payments of one path or one sample, as the bundle of proof takes them out; no list of its own."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from reports.ledgers.base import Extent
from reports.ledgers.payout import PayoutLedger
from reports.models import AuditSampleLine
from subsidies.models import PayoutLine


class BundleLedger(PayoutLedger):
    """`?sample=` keeps the payments of that sample; everything else is the payout ledger's."""

    kind = "bundle"
    title = _("Bundle of proof")
    about = _("Ledger, index of proof and the stored files, with their hashes")
    icon = "file-zip"
    right = "audit.trace"

    def found(self, extent: Extent) -> QuerySet[PayoutLine]:
        rows = super().found(extent)
        number = extent.query.get("sample", "")
        if not number:
            return rows
        drawn = AuditSampleLine.objects.filter(sample__number=number, sample__programme=extent.programme)
        return rows.filter(pk__in=drawn.values("line"))

    def payments(self, extent: Extent) -> Any:
        """With everything the links of proof read."""
        return self.found(extent).select_related(
            "batch", "entitlement__household", "entitlement__dwelling", "entitlement__policy", "entitlement__notice",
            "entitlement__task__technology", "entitlement__task__roster_row", "entitlement__acceptance__inspector",
            "entitlement__programme",
        )  # fmt: skip


BUNDLE = BundleLedger()
