"""Who lives where; rosters in, signed village → town → office; one file for every household (一户一档)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedJSONField, EncryptedTextField
from programmes.models import Programme, Technology


class Household(ScopedModel):
    """A family. Identity number, phone and card are ciphertext; equality is asked of the blind indexes."""

    view_right = "households.view"

    household_no = models.CharField(_("household number"), max_length=24, unique=True)
    area = models.ForeignKey(Area, models.PROTECT)
    head_name = models.CharField(_("head of household"), max_length=40)
    head_pinyin = models.CharField(max_length=120, blank=True)
    head_initials = models.CharField(max_length=12, blank=True)
    id_number = EncryptedTextField(_("identity number"), blank=True)
    id_number_index = models.CharField(max_length=64, blank=True)
    id_number_tail = models.CharField(max_length=4, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=64, blank=True)
    bank_card = EncryptedTextField(_("bank card"), blank=True)
    bank_card_index = models.CharField(max_length=64, blank=True)
    residents = models.PositiveSmallIntegerField(_("residents"), null=True, blank=True)
    income_class = models.CharField(_("income class"), max_length=20, blank=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    data_labels: ClassVar = {
        "household_no": "L1",
        "head_name": "L2",
        "head_pinyin": "L2",
        "head_initials": "L2",
        "id_number": "L4",
        "id_number_index": "L3",
        "id_number_tail": "L3",
        "phone": "L3",
        "phone_index": "L3",
        "bank_card": "L4",
        "bank_card_index": "L3",
        "income_class": "L3",
        "remark": "L2",
    }
    data_labels_plain: ClassVar = {
        "id_number_tail": "the four characters every mask shows",
        "income_class": "filtered by; shown by right",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_index"], name="household_identity_once", condition=~Q(id_number_index="")
            ),
            models.UniqueConstraint(
                fields=["bank_card_index"], name="household_card_once", condition=~Q(bank_card_index="")
            ),
        ]
        indexes = [
            models.Index(fields=["area", "household_no"], name="household_area_no"),
            GinIndex(fields=["head_name"], name="household_name_trgm", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["head_initials"], name="household_initials", opclasses=["text_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.household_no} {self.head_name}"


class Dwelling(ScopedModel):
    """A house or flat. What is converted, inspected and subsidised is a dwelling, never a person."""

    view_right = "households.view"

    class Exclusion(models.TextChoices):
        DEMOLITION_PLAN = "DEMOLITION_PLAN", _("listed for demolition")
        LONG_VACANT = "LONG_VACANT", _("long-term unoccupied")
        VOLUNTARY_GIVE_UP = "VOLUNTARY_GIVE_UP", _("gave up voluntarily")

    dwelling_no = models.CharField(_("dwelling number"), max_length=26, unique=True)
    household = models.ForeignKey(Household, models.PROTECT, related_name="dwellings")
    area = models.ForeignKey(Area, models.PROTECT)
    door_no = EncryptedTextField(_("door number"), blank=True)
    door_no_index = models.CharField(max_length=64, blank=True)
    dwelling_type = models.CharField(_("dwelling type"), max_length=20, blank=True)
    heated_area_m2 = models.DecimalField(_("heated area"), max_digits=8, decimal_places=2, null=True, blank=True)
    meter_no = models.CharField(_("electricity meter"), max_length=30, blank=True)
    meter_is_individual = models.BooleanField(_("one household, one meter"), null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    is_second_home = models.BooleanField(_("further dwelling of the household"), default=False)
    exclusion = models.CharField(_("exclusion"), max_length=20, choices=Exclusion.choices, blank=True)
    exclusion_note = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    data_labels: ClassVar = {
        "dwelling_no": "L1",
        "door_no": "L3",
        "door_no_index": "L3",
        "dwelling_type": "L1",
        "meter_no": "L2",
        "exclusion_note": "L2",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["area", "door_no_index"], name="dwelling_door_once", condition=~Q(door_no_index="")
            ),
            models.UniqueConstraint(fields=["meter_no"], name="dwelling_meter_once", condition=~Q(meter_no="")),
            models.CheckConstraint(
                condition=Q(heated_area_m2__isnull=True) | Q(heated_area_m2__gt=0),
                name="dwelling_area_positive",
            ),
        ]
        indexes = [models.Index(fields=["area", "dwelling_no"], name="dwelling_area_no")]

    def __str__(self) -> str:
        return self.dwelling_no


class MeterReading(ScopedModel):
    """Quantity used by a dwelling between two days of a heating season."""

    view_right = "entitlements.view"

    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="meter_readings")
    area = models.ForeignKey(Area, models.PROTECT)
    carrier = models.CharField(max_length=12, choices=[("electricity", _("electricity, kWh")), ("gas", _("gas, m³"))])
    starts_on = models.DateField()
    ends_on = models.DateField()
    quantity = models.DecimalField(max_digits=12, decimal_places=2)
    source = models.CharField(max_length=20, default="power_company")
    data_labels: ClassVar = {"source": "L0"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["dwelling", "carrier", "starts_on"], name="meter_reading_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="meter_reading_not_negative"),
        ]


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
    data_labels: ClassVar = {
        "kind": "L0",
        "file_name": "L2",
        "content_type": "L0",
        "stored_name": "L0",
        "sha256": "L0",
    }


class RosterImport(ScopedModel):
    """One uploaded roster in its four stored stages: file, raw rows, mapped rows, applied changes."""

    view_right = "rosters.import"

    class State(models.TextChoices):
        PARSING = "parsing", _("being read")
        REFUSED = "refused", _("file refused")
        MAPPING = "mapping", _("columns to confirm")
        REVIEW = "review", _("to be checked")
        APPLYING = "applying", _("being stored")
        APPLIED = "applied", _("stored")
        VOID = "void", _("void")

    programme = models.ForeignKey(Programme, models.PROTECT)
    area = models.ForeignKey(Area, models.PROTECT)
    file = models.ForeignKey(Document, models.PROTECT)
    file_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PARSING)
    mapping = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    refusal = models.JSONField(default=list, blank=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"file_sha256": "L0", "mapping": "L0", "counts": "L0", "refusal": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "file_sha256"],
                name="same_file_once_alive",
                condition=~Q(state__in=["void", "refused"]),
            )
        ]


class ImportRow(TrackedModel):
    """One row of an uploaded sheet: what stood there, what it was read as, what is wrong with it."""

    class State(models.TextChoices):
        READY = "ready", _("can be stored")
        FAULTY = "faulty", _("to be corrected")
        MERGED = "merged", _("exact repeat, merged")
        SKIPPED = "skipped", _("not a household")
        APPLIED = "applied", _("stored")

    class Outcome(models.TextChoices):
        CREATED = "created", _("new household")
        SECOND_HOME = "second_home", _("further dwelling")
        UPDATED = "updated", _("changed")
        UNCHANGED = "unchanged", _("unchanged")

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="rows")
    sheet = models.CharField(max_length=60)
    row_no = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=10, choices=State.choices)
    raw = EncryptedJSONField(default=dict)
    values = EncryptedJSONField(default=dict)
    issues = EncryptedJSONField(default=list)
    issue_codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    village = models.ForeignKey(Area, models.PROTECT, null=True, blank=True)
    technology = models.CharField(max_length=30, blank=True)
    corrections = EncryptedJSONField(default=dict, blank=True)
    confirmed = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    keys_index = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    dwelling = models.ForeignKey(Dwelling, models.SET_NULL, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {
        "sheet": "L1",
        "kind": "L0",
        "raw": "L4",
        "values": "L4",
        "issues": "L4",
        "issue_codes": "L0",
        "technology": "L0",
        "corrections": "L4",
        "confirmed": "L0",
        "keys_index": "L3",
    }

    class Meta(TrackedModel.Meta):
        ordering = ["roster_import", "sheet", "row_no"]
        constraints = [models.UniqueConstraint(fields=["roster_import", "sheet", "row_no"], name="import_row_once")]
        indexes = [
            models.Index(fields=["roster_import", "state"], name="import_row_state"),
            GinIndex(fields=["keys_index"], name="import_row_keys"),
        ]


class Enrolment(ScopedModel):
    """A dwelling put forward for a programme, with the route it is meant to take. What a roster is drawn up from."""

    view_right = "households.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="enrolments")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="enrolments")
    area = models.ForeignKey(Area, models.PROTECT)
    technology = models.ForeignKey(Technology, models.PROTECT)
    source_import = models.ForeignKey(RosterImport, models.PROTECT, null=True, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "dwelling"], name="enrolment_once")]
        indexes = [models.Index(fields=["programme", "area"], name="enrolment_place")]


class NumberSeries(TrackedModel):
    """Household numbers of one village: prefix such as QJD-03 and the next number, handed out under a row lock."""

    area = models.OneToOneField(Area, models.PROTECT, primary_key=True)
    prefix = models.CharField(max_length=16, unique=True)
    next_no = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"prefix": "L0"}


class Roster(ScopedModel):
    """确村确户名单 of one village in one version; binding once the office has approved it."""

    view_right = "households.view"

    class State(models.TextChoices):
        DRAFT = "draft", _("being drawn up")
        VILLAGE_SEALED = "village_sealed", _("sealed by the village")
        TOWN_SEALED = "town_sealed", _("sealed by the town")
        APPROVED = "approved", _("approved by the office")
        RETURNED = "returned", _("returned")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="rosters")
    area = models.ForeignKey(Area, models.PROTECT)
    version_no = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    content_hash = models.CharField(max_length=64, blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    return_reason = models.CharField(max_length=300, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"content_hash": "L0", "return_reason": "L1"}

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "area", "version_no"], name="roster_version_once")]


class RosterRow(TrackedModel):
    class FundsState(models.TextChoices):
        UNASKED = "unasked", _("not yet reserved")
        RESERVED = "reserved", _("reserved")
        SHORT = "short", _("funds short")

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="rows")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="roster_rows")
    technology = models.ForeignKey(Technology, models.PROTECT)
    exclusion = models.CharField(max_length=20, blank=True)
    funds_state = models.CharField(max_length=10, choices=FundsState.choices, default=FundsState.UNASKED)
    data_labels: ClassVar = {"exclusion": "L1"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["roster", "dwelling"], name="roster_row_once")]


class RosterSeal(TrackedModel):
    """One level's seal and signature over exactly the list whose hash it names. Nobody seals two levels."""

    class Level(models.TextChoices):
        VILLAGE = "village", _("village")
        TOWN = "town", _("town")
        OFFICE = "office", _("programme office")

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="seals")
    level = models.CharField(max_length=10, choices=Level.choices)
    signer = models.ForeignKey(User, models.PROTECT)
    person_no = models.CharField(max_length=40)
    content_hash = models.CharField(max_length=64)
    scan = models.ForeignKey(Document, models.PROTECT, null=True, blank=True)
    at = models.DateTimeField()
    data_labels: ClassVar = {"person_no": "L2", "content_hash": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["roster", "level"], name="roster_level_sealed_once"),
            models.UniqueConstraint(fields=["roster", "person_no"], name="roster_person_seals_once"),
        ]
