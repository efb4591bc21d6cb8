"""Papers of a household's file: cleaned, encrypted at rest, opened for a reason only, withdrawn with words."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.files import delete_file, store_bytes
from core.papers import NotAPaper, clean_paper
from core.refusals import Refused
from households.models import Document, Dwelling
from households.services.scans import PAPER_FAULTS
from programmes.papers import UPLOADABLE, Paper

RIGHT = "households.edit"
MAX_OF_A_KIND = 20
KINDS = tuple(paper.value for paper in UPLOADABLE)


def add_paper(*, dwelling: Dwelling, paper: str, content: bytes, file_name: str, by: User) -> Document:
    """Keep a scan or photo (JPEG, PNG, WebP, PDF) as one item of the file. The same pages are kept once.

    Raises Refused: NO_RIGHT, PAPER_UNKNOWN, PAPER_UNUSABLE, TOO_MANY_PAPERS.
    """
    if not by.has_right(RIGHT, dwelling.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this."))
    if paper not in KINDS:
        raise Refused("PAPER_UNKNOWN", _("Choose which item of the file this is."))
    try:
        clean = clean_paper(content)
    except NotAPaper as error:
        raise Refused("PAPER_UNUSABLE", PAPER_FAULTS[error.code]) from error
    return _keep(dwelling, paper, clean.content, clean.content_type, file_name, by)


def _keep(dwelling: Dwelling, paper: str, content: bytes, content_type: str, name: str, by: User) -> Document:
    stored = store_bytes(content)
    try:
        with transaction.atomic():
            Dwelling.objects.select_for_update().get(pk=dwelling.pk)
            known = papers_of(dwelling).filter(kind=paper)
            twin = known.filter(sha256=stored.sha256).first()
            if twin is None and known.count() >= MAX_OF_A_KIND:
                words = _("There are already %(limit)d files of this item. Withdraw one first.")
                raise Refused("TOO_MANY_PAPERS", words, limit=MAX_OF_A_KIND)
            if twin is None:
                return Document.objects.create(
                    area_id=dwelling.area_id, dwelling=dwelling, kind=paper, file_name=name[:200],
                    content_type=content_type, stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size,
                    uploaded_by=by,
                )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise
    delete_file(stored.key)
    return twin


@transaction.atomic
def withdraw_paper(*, document: Document, reason: str, by: User) -> Document:
    """Take a paper out of the file; it stays kept with the reason. Raises Refused: NO_RIGHT, REASON_NEEDED."""
    locked = Document.objects.select_for_update().get(pk=document.pk)
    if locked.kind not in KINDS or not by.has_right(RIGHT, locked.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this."))
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why it is changed."))
    locked.withdrawn_reason = reason.strip()[:200]
    locked.save(update_fields=["withdrawn_reason"])
    return locked


def papers_of(dwelling: Dwelling) -> Any:
    """Papers in the file, the withdrawn ones left out."""
    return Document.objects.filter(dwelling=dwelling, kind__in=KINDS, withdrawn_reason="")


def label_of(kind: str) -> str:
    """The item a stored paper is, in words."""
    return str(Paper(kind).label)
