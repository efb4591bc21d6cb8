"""Who lives where: households, their dwellings, what their meters counted."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.history.triggers import bulk_history_triggers
from accounts.models import Area
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedTextField


class Household(ScopedModel):
    """A family. Identity number, phone and card are ciphertext; equality is asked of the blind indexes."""

    view_right = "households.view"

    class Income(models.TextChoices):
        LOW = "low", _("low")
        MIDDLE = "middle", _("middle")
        HIGH = "high", _("high")

    class BeneficiaryClass(models.TextChoices):
        SUBSISTENCE = "SUBSISTENCE", _("subsistence allowance")
        DESTITUTE = "DESTITUTE", _("destitute")
        LOW_INCOME = "LOW_INCOME", _("low-income")
        DISABLED = "DISABLED", _("disabled member")
        POVERTY_WATCH = "POVERTY_WATCH", _("watched against a return to poverty")

    class HolderRelation(models.TextChoices):
        SPOUSE = "spouse", _("spouse")
        CHILD = "child", _("child")
        PARENT = "parent", _("parent")
        SIBLING = "sibling", _("brother or sister")
        GUARDIAN = "guardian", _("guardian or village agent")

    household_no = models.CharField(_("household number"), max_length=24)
    area = models.ForeignKey(Area, models.PROTECT, db_index=False)  # household_area_no begins with it
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
    bank_name = models.CharField(_("bank"), max_length=60, blank=True, default="", db_default="")
    account_holder = models.CharField(
        _("account holder"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Empty: the head of household",
    )
    holder_relation = models.CharField(
        _("holder's relation to the head"),
        max_length=10,
        choices=HolderRelation.choices,
        blank=True,
        default="",
        db_default="",
    )
    household_book_no = EncryptedTextField(_("household book number"), blank=True, default="", db_default="")
    residents = models.PositiveSmallIntegerField(_("residents"), null=True, blank=True)
    income_class = models.CharField(_("income class"), max_length=20, choices=Income.choices, blank=True)
    beneficiary_classes = ArrayField(
        models.CharField(max_length=20, choices=BeneficiaryClass.choices),
        verbose_name=_("beneficiary classes"), default=list, db_default=[], blank=True,
    )  # fmt: skip
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="absorbed", db_index=False
    )
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
        "bank_name": "L1",
        "account_holder": "L2",
        "household_book_no": "L3",
        "income_class": "L3",
        "remark": "L2",
    }
    data_labels_plain: ClassVar = {
        "id_number_tail": "the four characters every mask shows",
        "income_class": "filtered by; shown by right",
    }

    class Meta(ScopedModel.Meta):
        triggers = bulk_history_triggers()
        constraints = [
            models.UniqueConstraint(fields=["household_no"], name="household_no_once"),
            models.UniqueConstraint(
                fields=["id_number_index"], name="household_identity_once", condition=~Q(id_number_index="")
            ),
            models.UniqueConstraint(
                fields=["bank_card_index"], name="household_card_once", condition=~Q(bank_card_index="")
            ),
        ]
        indexes = [
            models.Index(fields=["area", "household_no"], name="household_area_no"),
            models.Index(fields=["merged_into"], name="household_merged", condition=Q(merged_into__isnull=False)),
            GinIndex(fields=["head_name"], name="household_name_trgm", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["head_initials"], name="household_initials", opclasses=["text_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return f"{self.household_no} {self.head_name}"

    @property
    def payee_name(self) -> str:
        """Who holds the account: the head of household unless somebody else is named."""
        return self.account_holder or self.head_name

    @property
    def class_words(self) -> list[str]:
        """The beneficiary classes as people read them."""
        return [str(self.BeneficiaryClass(code).label) for code in self.beneficiary_classes]


class ClassPeriod(TrackedModel):
    """From when to when a household belonged to a beneficiary class. Without a first day: since before records."""

    household = models.ForeignKey(Household, models.CASCADE, related_name="class_periods")
    code = models.CharField(max_length=20, choices=Household.BeneficiaryClass.choices)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True, help_text="Last day; empty while it lasts")
    data_labels: ClassVar = {"code": "L3"}
    data_labels_plain: ClassVar = {"code": "read by the rules; shown by right"}

    class Meta(TrackedModel.Meta):
        ordering = ["household", "code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["household", "code"], name="class_period_one_open", condition=Q(ends_on__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="class_period_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.starts_on or ''}/{self.ends_on or ''}"


class Dwelling(ScopedModel):
    """A house or flat. What is converted, inspected and subsidised is a dwelling, never a person."""

    view_right = "households.view"

    class Exclusion(models.TextChoices):
        DEMOLITION_PLAN = "DEMOLITION_PLAN", _("listed for demolition")
        LONG_VACANT = "LONG_VACANT", _("long-term unoccupied")
        VOLUNTARY_GIVE_UP = "VOLUNTARY_GIVE_UP", _("gave up voluntarily")

    class OldHeating(models.TextChoices):
        COAL_STOVE = "coal_stove", _("coal stove")
        COAL_BOILER = "coal_boiler", _("small coal boiler")
        COAL_KANG = "coal_kang", _("coal-heated kang")
        BIOMASS = "biomass", _("wood or straw")
        ELECTRIC = "electric", _("electric heating")
        GAS = "gas", _("gas heating")
        NONE = "none", _("no heating")

    dwelling_no = models.CharField(_("dwelling number"), max_length=26, unique=True)
    household = models.ForeignKey(Household, models.PROTECT, related_name="dwellings")
    area = models.ForeignKey(Area, models.PROTECT, db_index=False)  # dwelling_area_no begins with it
    door_no = EncryptedTextField(_("door number"), blank=True)
    door_no_index = models.CharField(max_length=64, blank=True)
    dwelling_type = models.CharField(_("dwelling type"), max_length=20, blank=True)
    heated_area_m2 = models.DecimalField(_("heated area"), max_digits=8, decimal_places=2, null=True, blank=True)
    floor_area_m2 = models.DecimalField(_("floor area"), max_digits=8, decimal_places=2, null=True, blank=True)
    old_heating = models.CharField(
        _("old heating"), max_length=12, choices=OldHeating.choices, blank=True, default="", db_default=""
    )
    meter_no = models.CharField(_("electricity meter"), max_length=30, blank=True)
    meter_is_individual = models.BooleanField(_("one household, one meter"), null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    is_second_home = models.BooleanField(_("further dwelling of the household"), default=False)
    exclusion = models.CharField(_("exclusion"), max_length=20, choices=Exclusion.choices, blank=True)
    exclusion_note = models.CharField(max_length=200, blank=True)
    folded_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="folded", db_index=False,
        help_text="The dwelling that stands for this one since two entries of one house were merged",
    )  # fmt: skip
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
        triggers = bulk_history_triggers()
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
        indexes = [
            models.Index(fields=["area", "dwelling_no"], name="dwelling_area_no"),
            models.Index(fields=["folded_into"], name="dwelling_folded", condition=Q(folded_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.dwelling_no
