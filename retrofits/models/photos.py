"""Photos of the works: one at a task, or many at once that look for their home."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Document
from jobs.models import Job
from programmes.models import Programme
from retrofits.models.tasks import Task


class Photo(ScopedModel):
    view_right = "tasks.view"

    class Stage(models.TextChoices):
        BEFORE = "before", _("before")
        DURING = "during", _("during")
        AFTER = "after", _("after")
        DEFECT = "defect", _("defect found")
        REPAIRED = "repaired", _("put right")

    task = models.ForeignKey(Task, models.PROTECT, related_name="photos")
    area = models.ForeignKey(Area, models.PROTECT)
    stage = models.CharField(max_length=8, choices=Stage.choices)
    document = models.OneToOneField(Document, models.PROTECT)
    taken_at = models.DateTimeField(null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    from_gallery = models.BooleanField(default=False, db_default=False, help_text="Not taken at the door")
    likeness = models.CharField(max_length=16, blank=True, default="", db_default="", db_index=True,
                                help_text="Difference hash: the same picture sent anew looks the same")  # fmt: skip
    data_labels: ClassVar = {"likeness": "L0"}


class PhotoBatch(ScopedModel):
    """Many photos sent at once: each finds its home by its name, place or time, or waits for the clerk."""

    view_right = "installations.record"

    class State(models.TextChoices):
        READING = "reading", _("being read")
        READY = "ready", _("to be looked at")
        FILED = "filed", _("in the files")

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    stage = models.CharField(max_length=8, choices=Photo.Stage.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READING)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    status_looks: ClassVar = {"reading": "busy", "ready": "warn", "filed": "done"}
    data_labels: ClassVar = {}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]


class PhotoUpload(TrackedModel):
    """One photo of a batch. `raw_key` opens what was sent until it is cleaned; `document` is what is kept."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being read")
        MATCHED = "matched", _("home found")
        OPEN = "open", _("to be placed")
        FILED = "filed", _("in the file")
        REFUSED = "refused", _("not usable")
        LEFT_OUT = "left_out", _("left out")

    class How(models.TextChoices):
        NAME = "name", _("by file name")
        PLACE = "place", _("by position")
        TIME = "time", _("by time")
        HAND = "hand", _("placed by hand")

    batch = models.ForeignKey(PhotoBatch, models.CASCADE, related_name="uploads")
    file_name = models.CharField(max_length=200)
    raw_key = models.CharField(max_length=32, blank=True)
    document = models.OneToOneField(Document, models.PROTECT, null=True, blank=True, related_name="photo_upload")
    taken_at = models.DateTimeField(null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    stage = models.CharField(max_length=8, choices=Photo.Stage.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="+")
    how = models.CharField(max_length=5, choices=How.choices, blank=True)
    distance_m = models.PositiveIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=20, blank=True)
    twin = models.ForeignKey(Photo, models.SET_NULL, null=True, blank=True, related_name="+")
    data_labels: ClassVar = {"file_name": "L2", "raw_key": "L0", "problem": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["batch", "state"], name="photo_upload_state")]
