"""A photo on its way from the phone: what has arrived so far, so that a cut line goes on where it stopped."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Area, User
from accounts.records import ScopedModel
from retrofits.models.photos import Photo
from retrofits.models.tasks import Task


class PhotoTransfer(ScopedModel):
    """One photo sent in pieces. `key` was made on the phone; `partial` opens what has arrived (encrypted)."""

    view_right = "acceptances.record"

    key = models.UUIDField(unique=True)
    task = models.ForeignKey(Task, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT)
    stage = models.CharField(max_length=8, choices=Photo.Stage.choices)
    size = models.PositiveIntegerField(help_text="Bytes of the whole photo")
    received = models.PositiveIntegerField(default=0)
    partial = models.CharField(max_length=32, blank=True)
    photo = models.ForeignKey(Photo, models.PROTECT, null=True, blank=True, related_name="+")
    sent_by = models.ForeignKey(User, models.PROTECT)
    begun_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"partial": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="photo_transfer_not_over"),
        ]
        indexes = [models.Index(fields=["begun_at"], name="photo_transfer_begun")]
