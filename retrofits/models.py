"""The works in one dwelling, from task to accepted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedJSONField, EncryptedTextField
from devices.models import DeviceModel, Heater, Supplier
from households.models import Document, Dwelling, RosterRow
from jobs.models import Job
from programmes.models import Checklist, Programme, Technology
from retrofits.costs import COST_KINDS


class Task(ScopedModel):
    """One dwelling to be converted to one technology, taken from an approved roster."""

    view_right = "tasks.view"

    class State(models.TextChoices):
        LISTED = "listed", _("to be installed")
        INSTALLED = "installed", _("installed")
        RECTIFY = "rectify", _("to be put right")
        ACCEPTED = "accepted", _("accepted")
        WITHDRAWN = "withdrawn", _("withdrawn")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="tasks")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="tasks")
    technology = models.ForeignKey(Technology, models.PROTECT)
    roster_row = models.OneToOneField(RosterRow, models.PROTECT)
    state = models.CharField(max_length=12, choices=State.choices, default=State.LISTED)
    self_funds_proven = models.BooleanField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField(auto_now_add=True)
    withdrawn_reason = models.CharField(_("why it was withdrawn"), max_length=300, blank=True)

    status_looks: ClassVar = {
        "listed": "",
        "installed": "busy",
        "rectify": "warn",
        "accepted": "done",
        "withdrawn": "void",
    }
    data_labels: ClassVar = {"withdrawn_reason": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "dwelling"], name="task_once_alive", condition=~Q(state="withdrawn")
            )
        ]
        indexes = [models.Index(fields=["programme", "area", "state"], name="task_area_state")]


class Installation(ScopedModel):
    """The installation record with exactly the twelve items of 附件2-5 (J-30), and what it cost."""

    view_right = "tasks.view"

    task = models.OneToOneField(Task, models.PROTECT, related_name="installation")
    area = models.ForeignKey(Area, models.PROTECT)
    town_name = models.CharField(_("town"), max_length=60)
    village_name = models.CharField(_("village"), max_length=60)
    door_no = EncryptedTextField(_("door number"))
    occupant_name = models.CharField(_("occupant"), max_length=40)
    occupant_phone = EncryptedTextField(_("occupant's phone"))
    heated_area_m2 = models.DecimalField(_("heated area"), max_digits=8, decimal_places=2)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6)
    manufacturer = models.CharField(_("manufacturer"), max_length=120)
    device_name = models.CharField(_("device"), max_length=80)
    model_no = models.CharField(_("model"), max_length=60)
    factory_address_code = models.CharField(_("factory address code"), max_length=60)
    wireless_address_code = models.CharField(_("wireless unit address code"), max_length=60)

    supplier = models.ForeignKey(Supplier, models.PROTECT)
    device_model = models.ForeignKey(DeviceModel, models.PROTECT, null=True, blank=True)
    heater = models.OneToOneField(Heater, models.PROTECT, null=True, blank=True, related_name="installation")
    installed_on = models.DateField()
    recorded_by = models.ForeignKey(User, models.PROTECT)
    recorded_at = models.DateTimeField(auto_now_add=True)

    data_labels: ClassVar = {
        "town_name": "L0",
        "village_name": "L0",
        "door_no": "L3",
        "occupant_name": "L2",
        "occupant_phone": "L3",
        "manufacturer": "L0",
        "device_name": "L0",
        "model_no": "L0",
        "factory_address_code": "L1",
        "wireless_address_code": "L1",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["factory_address_code"],
                name="installation_factory_code_once",
                condition=~Q(factory_address_code=""),
            ),
            models.CheckConstraint(
                condition=Q(longitude__gte=73, longitude__lte=136, latitude__gte=3, latitude__lte=54),
                name="installation_in_china",
            ),
        ]


class CostItem(TrackedModel):
    """What a part of the works cost; `kind` is matched against the cost scope of a benefit."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="costs")
    kind = models.CharField(max_length=30)
    amount_fen = models.BigIntegerField()
    invoice_no = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar = {"kind": "L0", "invoice_no": "L1"}

    @property
    def kind_label(self) -> str:
        """The kind in words; a kind of a later policy is shown as its code."""
        return str(COST_KINDS.get(self.kind, self.kind))

    class Meta(TrackedModel.Meta):
        constraints = [models.CheckConstraint(condition=Q(amount_fen__gte=0), name="cost_not_negative")]


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


class Acceptance(ScopedModel):
    """What an inspector found at the door. The latest one decides; earlier ones stay."""

    view_right = "tasks.view"

    class Result(models.TextChoices):
        PASSED = "passed", _("passed")
        FAILED = "failed", _("not passed")

    task = models.ForeignKey(Task, models.PROTECT, related_name="acceptances")
    area = models.ForeignKey(Area, models.PROTECT)
    request_id = models.UUIDField(unique=True, help_text="Made when the form was shown: a retry finds the first one")
    inspector = models.ForeignKey(User, models.PROTECT)
    checklist = models.ForeignKey(Checklist, models.PROTECT)
    answers = models.JSONField()
    telemetry_evidence = models.JSONField(default=dict, blank=True)
    room_temp_c = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    result = models.CharField(max_length=8, choices=Result.choices)
    opinion = models.CharField(max_length=300, blank=True)
    signature = models.OneToOneField(Document, models.PROTECT, null=True, blank=True, related_name="+")
    signer_name = models.CharField(_("signed by"), max_length=40, blank=True)
    accepted_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"answers": "L1", "telemetry_evidence": "L1", "opinion": "L1", "signer_name": "L2"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["task"], name="accepted_once", condition=Q(result="passed")),
        ]


class Rectification(ScopedModel):
    view_right = "tasks.view"

    acceptance = models.OneToOneField(Acceptance, models.PROTECT, related_name="rectification")
    area = models.ForeignKey(Area, models.PROTECT)
    defect = models.CharField(max_length=300)
    due_on = models.DateField()
    done_on = models.DateField(null=True, blank=True)
    done_note = models.CharField(max_length=300, blank=True)
    data_labels: ClassVar = {"defect": "L1", "done_note": "L1"}


class InstallationImport(ScopedModel):
    """One workbook of installation records: recorded as a whole, or kept with every fault and its cell."""

    view_right = "installations.record"

    class State(models.TextChoices):
        READING = "reading", _("being read")
        FAULTY = "faulty", _("has faults, nothing recorded")
        RECORDED = "recorded", _("recorded")

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    file = models.ForeignKey(Document, models.PROTECT)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    faults = EncryptedJSONField(default=dict)
    recorded_count = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    status_looks: ClassVar = {"reading": "busy", "faulty": "bad", "recorded": "done"}
    data_labels: ClassVar = {"faults": "L3"}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
