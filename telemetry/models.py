"""What the heaters said. Temperatures are stored in tenths of a degree; a missing value is NULL, never the last one."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from core.fields import EncryptedTextField
from devices.models import Bus, Heater, RegisterProfile


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
    changed_at = models.DateTimeField(null=True, help_text="Since when none of its temperatures has changed")


class HourlyRollup(models.Model):
    """A closed hour of a heater, kept for ever. `wanted`: polls that were due; `energy_dkwh`: what its counter added
    since the last reading before, resets and leaps left out (`counter_breaks` counts those)."""

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
    supply_last_dc = models.SmallIntegerField(null=True)
    room_last_dc = models.SmallIntegerField(null=True)
    return_avg_dc = models.SmallIntegerField(null=True)
    energy_last_dkwh = models.BigIntegerField(null=True, help_text="Where the counter stood at the end of the hour")
    counter_breaks = models.SmallIntegerField(default=0)
    wanted = models.PositiveSmallIntegerField(null=True)
    flagged = models.PositiveSmallIntegerField(default=0)
    starts = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["heater", "hour"], name="rollup_once")]
        indexes = [BrinIndex(fields=["hour"], name="rollup_hour", pages_per_range=16)]


class Mark(models.Model):
    """How far a work that goes on for ever has come: hours rolled up, hours judged."""

    name = models.CharField(max_length=30, primary_key=True)
    at = models.DateTimeField()
    data_labels: ClassVar = {"name": "L0"}


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
    """Two bits: somebody has seen it, and it is over. One open alert per heater and kind.

    Some call for a visit: `assigned_to` goes there, `finding` is what was found at the door.
    """

    view_right = "devices.view"

    class Kind(models.TextChoices):
        UNIT_SILENT = "unit_silent", _("unit silent")
        LINE_SILENT = "line_silent", _("line silent")
        ERRORS_ONLY = "errors_only", _("answers only with errors")
        FAULT = "fault", _("fault reported")
        ROOM_COLD = "room_cold", _("room too cold")
        ROOM_COOL = "room_cool", _("room below comfort")
        SUPPLY_LOW = "supply_low", _("runs, but supply stays low")
        FREEZING = "freezing", _("water may freeze")
        SHORT_CYCLING = "short_cycling", _("starts too often")
        SECOND_MASTER = "second_master", _("somebody else asks on the line")
        DUPLICATE_ID = "duplicate_id", _("two gateways with one id")
        QUALITY = "quality", _("data of poor quality")
        COAL_RETURN = "coal_return", _("possible return to coal")
        WELFARE = "welfare", _("does not heat: look after the people")

    VISITS: ClassVar = (Kind.COAL_RETURN, Kind.WELFARE)

    class Finding(models.TextChoices):
        RELAPSED = "relapsed", _("coal is burnt again")
        OTHER_HEAT = "other_heat", _("heats cleanly in another way")
        CANNOT_PAY = "cannot_pay", _("saves on heating: cannot or will not pay")
        CANNOT_USE = "cannot_use", _("does not know how to use it")
        BROKEN = "broken", _("heater broken")
        NOBODY_LIVES = "nobody_lives", _("nobody lives there at present")
        NOBODY_HOME = "nobody_home", _("nobody at home, to be visited again")
        NOTHING = "nothing", _("nothing wrong")

    heater = models.ForeignKey(Heater, models.PROTECT, related_name="alerts")
    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    opened_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    assigned_to = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    assigned_at = models.DateTimeField(null=True, blank=True)
    finding = models.CharField(_("finding"), max_length=20, choices=Finding.choices, blank=True)
    found_at = models.DateTimeField(null=True, blank=True)
    found_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    data_labels: ClassVar = {"evidence": "L1", "finding": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["heater", "kind"], name="alert_open_once", condition=Q(cleared_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["area", "-opened_at"], name="alert_area_opened"),
            models.Index(fields=["-opened_at"], name="alert_open_newest", condition=Q(cleared_at__isnull=True)),
        ]


class AlertNote(ScopedModel):
    """What somebody wrote beside an alert."""

    view_right = "devices.view"

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notes")
    area = models.ForeignKey(Area, models.PROTECT)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    words = models.CharField(_("note"), max_length=300)
    data_labels: ClassVar = {"words": "L2"}

    class Meta(ScopedModel.Meta):
        ordering = ["at", "pk"]


class AlertWatch(models.Model):
    """A condition that is bad but has not been for long enough to be an alert; written by the judging only."""

    pk = models.CompositePrimaryKey("heater", "kind")
    heater = models.ForeignKey(Heater, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Alert.Kind.choices)
    since = models.DateTimeField()
    seen = models.DateTimeField()
    data_labels: ClassVar = {"kind": "L0"}


class FoundHole(models.Model):
    """Registers across which the boards of a profile refuse to be read (exception 2) while both sides answer: `first`
    to `last`, or with `last` = `first` - 1 a mere border between two points. Written by the poller, which reads around
    it from then on; shown to who keeps the profile, whose next version may name it."""

    profile = models.ForeignKey(RegisterProfile, models.CASCADE, related_name="found_holes")
    table = models.CharField(max_length=1)
    first = models.PositiveIntegerField()
    last = models.IntegerField()
    heater = models.ForeignKey(Heater, models.CASCADE, related_name="+")
    found_at = models.DateTimeField()
    data_labels: ClassVar = {"table": "L0"}

    class Meta:
        constraints = [models.UniqueConstraint(fields=["profile", "table", "first"], name="found_hole_once")]

    def __str__(self) -> str:
        return f"{self.table}{self.first}-{self.last}"


class LineCount(models.Model):
    """The hub's counter of foreign frames of a line as it was looked at last; a hub that starts anew counts from 0."""

    bus = models.OneToOneField(Bus, models.CASCADE, primary_key=True, related_name="+")
    foreign = models.BigIntegerField()
    at = models.DateTimeField()


class QuietTime(ScopedModel):
    """A time in which alerts of one heater, or of a whole place, mean something else: works, or nobody lives there."""

    view_right = "devices.view"

    class Reason(models.TextChoices):
        MAINTENANCE = "maintenance", _("under maintenance")
        VACANT = "vacant", _("nobody lives there")

    area = models.ForeignKey(Area, models.PROTECT)
    heater = models.ForeignKey(Heater, models.PROTECT, null=True, blank=True, related_name="quiet_times")
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    data_labels: ClassVar = {"note": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=models.F("starts_at")), name="quiet_ends_after_start"
            )
        ]
        indexes = [models.Index(fields=["area", "ends_at"], name="quiet_area_ends")]


class DoorCheck(ScopedModel):
    """Ten reads of one heater while somebody stood before it (J-31), and what each line of the sheet says.

    `good` of `asked` reads were answered with plausible values; `answered` of them at all. `values` holds the last
    ones by point (tenths), `frames` those of the same value written once more.
    """

    view_right = "devices.view"

    area = models.ForeignKey(Area, models.PROTECT)
    heater = models.ForeignKey(Heater, models.PROTECT, related_name="door_checks")
    at = models.DateTimeField(_("read at"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    passed = models.BooleanField()
    asked = models.PositiveSmallIntegerField()
    answered = models.PositiveSmallIntegerField()
    good = models.PositiveSmallIntegerField()
    lines = models.JSONField(default=list)
    values = models.JSONField(default=dict)
    frames = models.JSONField(default=list)
    data_labels: ClassVar = {"lines": "L1", "values": "L1", "frames": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(good__lte=models.F("answered"), answered__lte=models.F("asked")), name="door_good_of_asked"
            )
        ]
        indexes = [models.Index(fields=["heater", "-at"], name="door_heater_at")]


class Webhook(ScopedModel):
    """Where readings of an area are sent as they come (J-19). `cursor` is how far the receiver has said yes.

    What is between `cursor` and `batch_end` is on its way under `batch_id`, and stays that batch until it was taken.
    """

    view_right = "system.manage"

    class State(models.TextChoices):
        ACTIVE = "active", _("sends")
        STOPPED = "stopped", _("sending stopped")
        DISABLED = "disabled", _("disabled after long failure")

    area = models.ForeignKey(Area, models.PROTECT)
    name = models.CharField(_("receiver"), max_length=80)
    address = models.CharField(_("address"), max_length=300)
    secret = EncryptedTextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    because = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    cursor = models.CharField(max_length=80)
    batch_id = models.UUIDField(null=True)
    batch_end = models.CharField(max_length=80, blank=True)
    delivered = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=60, blank=True)
    data_labels: ClassVar = {
        "name": "L0", "address": "L1", "secret": "L4", "because": "L0", "cursor": "L0", "batch_end": "L0",
        "last_answer": "L0",
    }  # fmt: skip
    history_exclude: ClassVar = (
        "secret", "cursor", "batch_id", "batch_end", "delivered", "failures", "failing_since", "next_at", "last_at",
        "last_answer",
    )  # fmt: skip
    status_looks: ClassVar = {"active": "ok", "stopped": "note", "disabled": "bad"}

    class Meta(ScopedModel.Meta):
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name
