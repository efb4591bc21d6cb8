"""Files of the power and gas companies on their way to meter readings, and what heaters and meters say together."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, ScopedQuerySet
from households.models import Document, Dwelling, MeterReading
from jobs.models import Job
from programmes.models import Programme
from subsidies.models.entitlements import Entitlement


class ReadingImport(ScopedModel):
    """One file: read on trial with everything that is wrong in it, then applied, and while unused taken back."""

    view_right = "readings.record"

    class State(models.TextChoices):
        READING = "reading", _("being read")
        CHECKED = "checked", _("checked, nothing stored yet")
        REFUSED = "refused", _("could not be taken")
        APPLIED = "applied", _("stored")
        UNDONE = "undone", _("taken back")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="reading_imports")
    area = models.ForeignKey(Area, models.PROTECT)
    carrier = models.CharField(_("energy"), max_length=12, choices=MeterReading.Carrier.choices)
    file = models.OneToOneField(Document, models.PROTECT)
    file_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    counts = models.JSONField(default=dict, blank=True)
    problems = models.JSONField(default=list, blank=True, help_text="[{where, code, value}] rows that are not taken")
    held = models.JSONField(default=list, blank=True, help_text="[{where, codes, dwelling}] rows that would be held")
    plan_digest = models.CharField(max_length=64, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    applied_at = models.DateTimeField(null=True, blank=True)
    undo_reason = models.CharField(max_length=300, blank=True)
    data_labels: ClassVar = {
        "file_sha256": "L0",
        "counts": "L0",
        "problems": "L2",
        "held": "L2",
        "plan_digest": "L0",
        "undo_reason": "L1",
    }
    status_looks: ClassVar = {"reading": "busy", "checked": "warn", "refused": "bad", "applied": "ok", "undone": "void"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "carrier", "file_sha256"],
                name="reading_file_once",
                condition=~Q(state__in=["refused", "undone"]),
            )
        ]
        indexes = [models.Index(fields=["programme", "-id"], name="reading_import_newest")]

    def __str__(self) -> str:
        return f"{self.carrier} {self.pk}"


class OperationCheck(models.Model):
    """Claim × running hours × temperature of one dwelling and season; rebuilt at will by `check_operation`."""

    view_right: ClassVar = "entitlements.view"
    area_field: ClassVar = "area_id"

    class Verdict(models.TextChoices):
        NEVER_RAN = "never_ran", _("claimed, never ran")
        NOT_CLAIMED = "not_claimed", _("ran, not claimed")
        DISAGREE = "disagree", _("meter and heater disagree")
        NO_DATA = "no_data", _("the heater said too little")
        AGREE = "agree", _("meter and heater agree")
        IDLE = "idle", _("neither claimed nor ran")

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="operation_checks")
    dwelling = models.ForeignKey(Dwelling, models.CASCADE, related_name="operation_checks")
    area = models.ForeignKey(Area, models.PROTECT)
    season = models.CharField(max_length=12, help_text="e.g. 2021-2022")
    carrier = models.CharField(max_length=12, choices=MeterReading.Carrier.choices)
    claimed = models.DecimalField(
        max_digits=14, decimal_places=3, null=True, help_text="Metered use; NULL: no line counts"
    )
    heater_kwh = models.DecimalField(max_digits=12, decimal_places=1, null=True)
    heater_no = models.CharField(max_length=12, blank=True)
    heater_id_no = models.BigIntegerField(null=True, help_text="The heater's key, for its page")
    hours_on = models.DecimalField(max_digits=7, decimal_places=1, null=True, help_text="NULL: the heater never said")
    hours_known = models.PositiveIntegerField(default=0, help_text="Hours of the season with readings")
    room_dc = models.SmallIntegerField(null=True)
    outdoor_dc = models.SmallIntegerField(null=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    entitlement = models.ForeignKey(Entitlement, models.SET_NULL, null=True, related_name="+")
    checked_at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()
    status_looks: ClassVar = {
        "never_ran": "bad", "not_claimed": "warn", "disagree": "bad", "no_data": "", "agree": "ok", "idle": "void",
    }  # fmt: skip
    data_labels: ClassVar = {"season": "L0", "heater_no": "L0"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "dwelling", "season"], name="operation_check_once")]
        indexes = [models.Index(fields=["programme", "season", "verdict", "area"], name="operation_check_list")]

    def __str__(self) -> str:
        return f"{self.dwelling_id} {self.season}"
