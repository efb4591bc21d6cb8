"""Stored files, encrypted at rest."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models.registers import Dwelling


class Document(ScopedModel):
    """A stored file: encrypted at rest, found by its hash, handed out by an authorised view only."""

    view_right = "households.view"

    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, null=True, blank=True, related_name="documents")
    kind = models.CharField(max_length=30)
    file_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100, blank=True)
    stored_name = models.CharField(max_length=80, unique=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_reason = models.CharField(_("why it was withdrawn"), max_length=200, blank=True)
    data_labels: ClassVar = {
        "kind": "L0",
        "file_name": "L2",
        "content_type": "L0",
        "stored_name": "L0",
        "sha256": "L0",
        "withdrawn_reason": "L1",
    }
