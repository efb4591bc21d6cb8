"""That a notice hung on the wall: photos of the board, re-encoded, with their own time and place."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Document
from subsidies import guards
from subsidies.models.entitlements import Notice


class NoticePhoto(ScopedModel):
    """A photo of the notice on its board; `taken_at` and place are the camera's own, empty where it wrote none."""

    view_right = "entitlements.view"

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="photos")
    area = models.ForeignKey(Area, models.PROTECT)
    document = models.OneToOneField(Document, models.PROTECT)
    sha256 = models.CharField(max_length=64, help_text="Of the kept picture")
    taken_at = models.DateTimeField(null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT)
    added_at = models.DateTimeField()
    data_labels: ClassVar = {"sha256": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["notice", "sha256"], name="notice_photo_once")]
        triggers = [*ScopedModel.Meta.triggers, *guards.LEDGER]
