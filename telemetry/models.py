"""What the heaters said. Temperatures are stored in tenths of a degree; a missing value is NULL, never the last one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from devices.models import Heater


class Measurement(models.Model):
    """The columns a poll yields; shared by the stream of readings and by the latest one."""

    at = models.DateTimeField()
    supply_dc = models.SmallIntegerField(null=True)
    return_dc = models.SmallIntegerField(null=True)
    outdoor_dc = models.SmallIntegerField(null=True)
    room_dc = models.SmallIntegerField(null=True)
    set_room_dc = models.SmallIntegerField(null=True)
    running = models.BooleanField(null=True)
    mode = models.SmallIntegerField(null=True)
    fault = models.IntegerField(null=True)
    power_w = models.IntegerField(null=True)
    energy_dkwh = models.BigIntegerField(null=True)
    flags = models.SmallIntegerField(default=0)

    class Meta:
        abstract = True


class Reading(Measurement):
    """One poll of one heater; table partitioned by day (Asia/Shanghai), primary key (heater, at)."""

    pk = models.CompositePrimaryKey("heater", "at")
    heater = models.ForeignKey(Heater, models.DO_NOTHING, db_constraint=False, related_name="readings")

    class Meta:
        managed = False
        db_table = "telemetry_reading"


class LatestReading(Measurement):
    """The newest reading of each heater, and how often it has missed since; written by the poll task only."""

    heater = models.OneToOneField(Heater, models.CASCADE, primary_key=True, related_name="latest")
    asked_at = models.DateTimeField(null=True)
    misses = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(null=True)


class HourlyRollup(models.Model):
    heater = models.ForeignKey(Heater, models.CASCADE, db_constraint=False, related_name="+")
    hour = models.DateTimeField()
    n = models.PositiveIntegerField()
    supply_min_dc = models.SmallIntegerField(null=True)
    supply_avg_dc = models.SmallIntegerField(null=True)
    supply_max_dc = models.SmallIntegerField(null=True)
    room_min_dc = models.SmallIntegerField(null=True)
    room_avg_dc = models.SmallIntegerField(null=True)
    room_max_dc = models.SmallIntegerField(null=True)
    outdoor_avg_dc = models.SmallIntegerField(null=True)
    minutes_on = models.SmallIntegerField(null=True)
    energy_dkwh = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["heater", "hour"], name="rollup_once")]


class PollCycle(models.Model):
    """One shard's turn: what was asked, answered and stored. An overrun is skipped and counted, never queued."""

    area = models.ForeignKey(Area, models.CASCADE, related_name="+")
    shard = models.PositiveSmallIntegerField()
    cycle = models.BigIntegerField(help_text="Unix time of the turn divided by the period")
    period_s = models.PositiveIntegerField()
    planned_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    asked = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=16, blank=True)
    data_labels: ClassVar = {"outcome": "L0"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["area", "shard", "cycle"], name="poll_cycle_once")]
        indexes = [models.Index(fields=["planned_at"], name="poll_cycle_planned")]


class Alert(ScopedModel):
    """Two bits: somebody has seen it, and it is over. One open alert per heater and kind."""

    view_right = "devices.view"

    class Kind(models.TextChoices):
        UNIT_SILENT = "unit_silent", _("unit silent")
        LINE_SILENT = "line_silent", _("line silent")
        FAULT = "fault", _("fault reported")
        ROOM_COLD = "room_cold", _("room too cold")

    heater = models.ForeignKey(Heater, models.PROTECT, related_name="alerts")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    opened_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    data_labels: ClassVar = {"evidence": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["heater", "kind"], name="alert_open_once", condition=Q(cleared_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["area", "-opened_at"], name="alert_area_opened")]
