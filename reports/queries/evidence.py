"""The stored files behind payments: what stands beside the nine links of proof, each with its hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from households.models import Document, RosterScan
from retrofits.models import Acceptance, Contract, Photo
from subsidies.models import BankReturn, NoticePhoto, PayoutLine

ENDINGS = {
    "image/jpeg": "jpg", "application/pdf": "pdf", "image/png": "png",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx", "text/csv": "csv",
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """One stored file: of which payment (None: of several), what it is, and its name in a bundle."""

    line: PayoutLine | None
    what: str
    name: str
    document: Document


def evidence_of(lines: Iterable[PayoutLine]) -> Iterator[Evidence]:
    """Files of these payments, each stored file once; scans, posters and bank returns serve several payments."""
    seen: set[int] = set()
    for line in lines:
        for what, document in (*_own(line), *_shared(line)):
            if document.pk not in seen:
                seen.add(document.pk)
                yield Evidence(line, what, _name(line, what, document), document)


def _own(line: PayoutLine) -> Iterator[tuple[str, Document]]:
    task = line.entitlement.task_id
    for contract in Contract.objects.filter(task=task, document__isnull=False).select_related("document"):
        yield _("contract paper"), contract.document  # type: ignore[misc]
    for photo in Photo.objects.filter(task=task).select_related("document").order_by("id"):
        yield _("photo"), photo.document
    signed = Acceptance.objects.filter(task=task, signature__isnull=False).select_related("signature")
    for visit in signed.order_by("id"):
        yield _("signature"), visit.signature  # type: ignore[misc]
    papers = Document.objects.filter(dwelling=line.entitlement.dwelling_id, withdrawn_reason="")
    for paper in papers.exclude(kind="photo").order_by("id"):
        yield _("stored paper"), paper


def _shared(line: PayoutLine) -> Iterator[tuple[str, Document]]:
    roster: Any = line.entitlement.task.roster_row.roster_id
    for scan in RosterScan.objects.filter(roster=roster).select_related("document").order_by("id"):
        yield _("sealed list"), scan.document
    for poster in NoticePhoto.objects.filter(notice=line.entitlement.notice_id).select_related("document"):
        yield _("notice posted"), poster.document
    for back in BankReturn.objects.filter(batch=line.batch_id).select_related("document").order_by("id"):
        yield _("bank return"), back.document


def _name(line: PayoutLine, what: str, document: Document) -> str:
    ending = ENDINGS.get(document.content_type, "bin")
    return f"evidence/{line.entitlement.dwelling.dwelling_no}/{what}-{document.pk}.{ending}"
