"""What is installed and how to talk with it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from households.models import Dwelling
from programmes.models import Programme


class Supplier(TrackedModel):
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    contact_phone = models.CharField(max_length=30, blank=True)
    admitted_on = models.DateField(null=True, blank=True)
    data_labels: ClassVar = {"code": "L0", "name": "L0", "contact_phone": "L1"}

    def __str__(self) -> str:
        return self.name


class RegisterProfile(TrackedModel):
    """A vendor model's register map as YAML text; a released version is never edited, only followed by the next."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RELEASED = "released", _("released")
        WITHDRAWN = "withdrawn", _("withdrawn")

    name = models.SlugField(max_length=60)
    version = models.PositiveSmallIntegerField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    note = models.CharField(max_length=200, blank=True, help_text="What changed against the version before")
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    released_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"name": "L0", "document": "L0", "sha256": "L0", "note": "L0"}
    status_looks: ClassVar = {"draft": "warn", "released": "ok", "withdrawn": "note"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="profile_version_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class DeviceModel(TrackedModel):
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="device_models")
    name = models.CharField(max_length=80)
    model_no = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    profile = models.ForeignKey(RegisterProfile, models.PROTECT, null=True, blank=True)
    rated_power_w = models.PositiveIntegerField(null=True, blank=True)
    efficiency_grade = models.PositiveSmallIntegerField(null=True, blank=True)
    docking_confirmed_on = models.DateField(null=True, blank=True, help_text="数据对接确认书")
    data_labels: ClassVar = {"name": "L0", "model_no": "L0", "kind": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["supplier", "model_no"], name="device_model_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.model_no}"


class ModelSample(ScopedModel):
    """What a laboratory found of one batch of a model (J-53). A failed result blocks the model until it is lifted."""

    view_right = "devices.view"

    class Result(models.TextChoices):
        PASSED = "passed", _("passed")
        FAILED = "failed", _("not passed")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="model_samples")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="samples", verbose_name=_("product"))
    batch_no = models.CharField(_("batch"), max_length=60)
    report_no = models.CharField(_("number of the report"), max_length=60)
    laboratory = models.CharField(_("laboratory"), max_length=120)
    sampled_on = models.DateField(_("sampled on"))
    result = models.CharField(_("result"), max_length=6, choices=Result.choices)
    findings = models.CharField(_("what was found"), max_length=300, blank=True)
    lifted_on = models.DateField(null=True, blank=True)
    lifted_reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    status_looks: ClassVar = {"passed": "done", "failed": "bad"}
    data_labels: ClassVar = {
        "batch_no": "L0", "report_no": "L0", "laboratory": "L0", "findings": "L0", "lifted_reason": "L1",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["-sampled_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["programme", "report_no"], name="model_sample_once")]

    def __str__(self) -> str:
        return self.report_no

    @property
    def blocks(self) -> bool:
        """Whether installs of the model stand still because of this result."""
        return self.result == self.Result.FAILED and self.lifted_on is None


class Gateway(ScopedModel):
    """A 4G DTU that dials in and says its id."""

    view_right = "devices.view"

    dtu_id = models.CharField(max_length=40, unique=True)
    area = models.ForeignKey(Area, models.PROTECT)
    dialect = models.CharField(max_length=30, default="imei15")
    sim_iccid = models.CharField(max_length=20, blank=True)
    data_labels: ClassVar = {"dtu_id": "L1", "dialect": "L0", "sim_iccid": "L2"}

    def __str__(self) -> str:
        return self.dtu_id


class Bus(ScopedModel):
    """A line on which one question at a time may be asked: dtu:<id>, tcp:<host>:<port> or serial:<port>."""

    view_right = "devices.view"

    line = models.CharField(max_length=120, unique=True)
    area = models.ForeignKey(Area, models.PROTECT)
    gateway = models.OneToOneField(Gateway, models.PROTECT, null=True, blank=True, related_name="bus")
    baud = models.PositiveIntegerField(default=9600)
    data_labels: ClassVar = {"line": "L1"}

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "buses"

    def __str__(self) -> str:
        return self.line


class Heater(ScopedModel):
    """One heater at a dwelling. Address = (bus, unit), unique while installed; `platform_no` never changes."""

    view_right = "devices.view"

    platform_no = models.CharField(max_length=12, unique=True)
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, null=True, blank=True, related_name="heaters")
    device_model = models.ForeignKey(DeviceModel, models.PROTECT)
    profile = models.ForeignKey(RegisterProfile, models.PROTECT)
    factory_no = models.CharField(_("factory address code"), max_length=60, unique=True)
    bus = models.ForeignKey(Bus, models.PROTECT, related_name="heaters")
    unit = models.PositiveIntegerField()
    installed_on = models.DateField()
    removed_on = models.DateField(null=True, blank=True)
    poll_enabled = models.BooleanField(default=True)
    data_labels: ClassVar = {"platform_no": "L0", "factory_no": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["bus", "unit"], name="heater_address_once", condition=Q(removed_on__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["area", "platform_no"], name="heater_area_no")]

    def __str__(self) -> str:
        return self.platform_no


class CommandOrder(ScopedModel):
    """A wish that a second person has to approve: for many heaters at once, or to switch off in the cold.

    `needs` names why (`many`, `cold`); `requested_roles` are the roles in which it was asked, because the cold takes
    somebody of another role. The commands hang below it and wait.
    """

    view_right = "devices.view"

    class State(models.TextChoices):
        HELD = "held", _("waits for a second person")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        LAPSED = "lapsed", _("not decided in time")

    area = models.ForeignKey(Area, models.PROTECT)
    request_id = models.UUIDField(unique=True)
    point = models.CharField(max_length=30)
    asked = models.DecimalField(max_digits=8, decimal_places=1)
    reason = models.CharField(max_length=200)
    needs = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_roles = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    requested_at = models.DateTimeField()
    decide_until = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=200, blank=True)
    data_labels: ClassVar = {
        "point": "L0", "reason": "L1", "needs": "L0", "requested_roles": "L0", "decision_note": "L1",
    }  # fmt: skip
    status_looks: ClassVar = {"held": "warn", "approved": "ok", "declined": "bad", "lapsed": "note"}


class Command(ScopedModel):
    """One write to one heater, from the wish to what was read back. A timeout is 'unknown', never sent twice."""

    view_right = "devices.view"

    class State(models.TextChoices):
        HELD = "held", _("waits for a second person")
        QUEUED = "queued", _("waiting")
        SENT = "sent", _("sent")
        ECHOED = "echoed", _("echoed by the device")
        VERIFIED = "verified", _("read back and equal")
        MISMATCH = "mismatch", _("read back and different")
        REFUSED = "refused", _("refused by the device")
        UNKNOWN = "unknown", _("no answer: unknown")
        EXPIRED = "expired", _("expired")
        DECLINED = "declined", _("declined")

    heater = models.ForeignKey(Heater, models.PROTECT, related_name="commands")
    order = models.ForeignKey(CommandOrder, models.PROTECT, null=True, blank=True, related_name="commands")
    area = models.ForeignKey(Area, models.PROTECT)
    request_id = models.UUIDField(unique=True)
    point = models.CharField(max_length=30)
    asked = models.DecimalField(max_digits=8, decimal_places=1)
    before = models.DecimalField(max_digits=8, decimal_places=1, null=True, blank=True)
    after = models.DecimalField(max_digits=8, decimal_places=1, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, models.PROTECT)
    requested_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    frames = ArrayField(models.CharField(max_length=600), default=list, blank=True)
    note = models.CharField(max_length=200, blank=True)
    data_labels: ClassVar = {"point": "L0", "reason": "L1", "frames": "L0", "note": "L0"}
    status_looks: ClassVar = {
        "held": "warn", "queued": "busy", "sent": "busy", "echoed": "busy", "verified": "ok", "mismatch": "bad",
        "refused": "bad", "unknown": "warn", "expired": "note", "declined": "note",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state__in=["held", "queued"]), name="command_waiting"),
            models.Index(
                fields=["area"], condition=Q(state__in=["held", "queued", "sent", "echoed"]), name="command_open"
            ),
        ]


class DockingTest(TrackedModel):
    """数据对接测试: one run of the ten steps against a sample board; `steps` holds one entry per step with evidence."""

    class State(models.TextChoices):
        OPEN = "open", _("under test")
        PASSED = "passed", _("passed")
        FAILED = "failed", _("not passed")

    number = models.CharField(max_length=20, unique=True)
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="docking_tests")
    profile = models.ForeignKey(RegisterProfile, models.PROTECT, related_name="+")
    line = models.CharField(max_length=120)
    unit = models.PositiveIntegerField()
    board_firmware = models.CharField(max_length=60)
    dtu_firmware = models.CharField(max_length=60)
    sample_received_on = models.DateField()
    protocol_name = models.CharField(max_length=120, blank=True)
    protocol_key = models.CharField(max_length=64, blank=True)
    protocol_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    steps = models.JSONField(default=list)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {
        "number": "L0", "line": "L1", "board_firmware": "L0", "dtu_firmware": "L0", "protocol_name": "L0",
        "protocol_key": "L1", "protocol_sha256": "L0", "steps": "L1",
    }  # fmt: skip
    history_exclude: ClassVar = ("steps",)
    status_looks: ClassVar = {"open": "busy", "passed": "ok", "failed": "bad"}

    def __str__(self) -> str:
        return self.number


class DockingCertificate(TrackedModel):
    """数据对接确认书. `document` is the whole certificate as it was issued, `sha256` of its canonical JSON."""

    class State(models.TextChoices):
        VALID = "valid", _("valid")
        SUSPENDED = "suspended", _("suspended")

    number = models.CharField(max_length=20, unique=True)
    code = models.CharField(max_length=20, unique=True)
    test = models.OneToOneField(DockingTest, models.PROTECT, related_name="certificate")
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="certificates")
    profile = models.ForeignKey(RegisterProfile, models.PROTECT, related_name="certificates")
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    issued_on = models.DateField()
    valid_until = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.VALID)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_because = models.CharField(max_length=200, blank=True)
    data_labels: ClassVar = {
        "number": "L0", "code": "L1", "document": "L0", "sha256": "L0", "suspended_because": "L0",
    }  # fmt: skip
    status_looks: ClassVar = {"valid": "ok", "suspended": "bad"}

    def __str__(self) -> str:
        return self.number


class HubLease(models.Model):
    """Which hub may speak on the lines of a shard (`devices.hub_leases`). The token only grows; its holder renews."""

    shard = models.PositiveSmallIntegerField(primary_key=True)
    holder = models.CharField(max_length=80)
    token = models.BigIntegerField()
    expires_at = models.DateTimeField()
    data_labels: ClassVar = {"holder": "L0"}

    def __str__(self) -> str:
        return f"{self.shard}: {self.holder}"
