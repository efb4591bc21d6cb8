"""Heat fees of a season: one account per user unit, its money as lines that are never changed, what was applied for.

An account's three sums (`charged_fen`, `reduced_fen`, `received_fen`) are those of its lines; services write both in
one transaction. What is wrong is set right by a counter line, never by a change (Baiyin 2023, B-01, B-30 … B-34).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.history.triggers import append_only
from accounts.models import Area, User
from core.fields import EncryptedTextField
from heatsupply.models.networks import HeatingCompany
from heatsupply.models.owned import OwnedModel
from households.models import Dwelling
from programmes.models import Programme


class FeeImport(OwnedModel):
    """A company's workbook as it was taken in: which file, how many rows, what it changed."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="fee_imports")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    season = models.CharField(_("season"), max_length=9)
    file_name = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    imported_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    data_labels: ClassVar = {"season": "L0", "file_name": "L1", "sha256": "L0", "counts": "L0"}

    class Meta(OwnedModel.Meta):
        ordering = ["-imported_at", "-id"]


class FeeAccount(OwnedModel):
    """What one user unit has to pay for one season. Receivable is charged less reduced; owing is that less received."""

    class Kind(models.TextChoices):
        RESIDENT = "resident", _("resident")
        PUBLIC_BODY = "public_body", _("public body")
        BUSINESS = "business", _("business and other")

    class Arrears(models.TextChoices):
        """Classes of long arrears (B-34: 分类施策); the document names none."""

        HARDSHIP = "hardship", _("in hardship")
        DISPUTE = "dispute", _("disputes the heat supplied")
        ABSENT = "absent", _("vacant or not to be found")
        UNWILLING = "unwilling", _("able to pay, does not")
        BUDGET = "budget", _("public body without budget")
        OTHER = "other", _("other reason")

    class Measure(models.TextChoices):
        REMIND = "remind", _("reminder")
        INSTALMENTS = "instalments", _("payment by instalments")
        RELIEF = "relief", _("relief applied for")
        REPAIR = "repair", _("heat set right first")
        CLEAR = "clear", _("clearing plan with the finance office")
        LIMIT = "limit", _("supply limited as the rules allow")
        COURT = "court", _("court or arbitration")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="fee_accounts")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="fee_accounts")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    season = models.CharField(_("season"), max_length=9)
    kind = models.CharField(_("class of user"), max_length=12, choices=Kind.choices, default=Kind.RESIDENT)
    account_no = EncryptedTextField(_("account number"), max_length=80)
    account_index = models.CharField(max_length=64, editable=False)
    payer_name = EncryptedTextField(_("payer"), max_length=80, blank=True)
    phone = EncryptedTextField(_("phone"), max_length=80, blank=True)
    address = EncryptedTextField(_("address"), max_length=80, blank=True)
    compound_name = models.CharField(_("compound"), max_length=80, blank=True)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, null=True, blank=True, related_name="+")
    heated_m2 = models.DecimalField(_("heated area/m²"), max_digits=9, decimal_places=2, null=True, blank=True)
    charged_fen = models.BigIntegerField(_("fee of the season/CNY"), default=0)
    reduced_fen = models.BigIntegerField(_("reduced/CNY"), default=0)
    received_fen = models.BigIntegerField(_("received/CNY"), default=0)
    owing_fen = models.GeneratedField(
        expression=F("charged_fen") - F("reduced_fen") - F("received_fen"),
        output_field=models.BigIntegerField(), db_persist=True,
    )  # fmt: skip
    arrears = models.CharField(_("class of arrears"), max_length=10, choices=Arrears.choices, blank=True)
    measure = models.CharField(_("measure"), max_length=12, choices=Measure.choices, blank=True)
    measure_words = EncryptedTextField(_("what is agreed"), max_length=300, blank=True)
    measured_on = models.DateField(null=True, blank=True)
    data_labels: ClassVar = {
        "season": "L0", "account_no": "L3", "account_index": "L3", "payer_name": "L3", "phone": "L3", "address": "L3",
        "compound_name": "L1", "measure_words": "L3",
    }  # fmt: skip

    class Meta(OwnedModel.Meta):
        ordering = ["-season", "id"]
        indexes = [
            models.Index(fields=["programme", "season", "company"], name="fee_account_season"),
            models.Index(fields=["area", "season"], name="fee_account_area"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["company", "season", "account_index"], name="fee_account_once"),
            models.CheckConstraint(condition=Q(charged_fen__gte=0), name="fee_account_charge_positive"),
            models.CheckConstraint(
                condition=Q(reduced_fen__gte=0, reduced_fen__lte=F("charged_fen")), name="fee_account_reduced_in_charge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.season} #{self.pk}"

    @property
    def receivable_fen(self) -> int:
        return self.charged_fen - self.reduced_fen


class Suspension(OwnedModel):
    """An application not to be heated for a season (停暖, B-31); staff match it to an account."""

    class State(models.TextChoices):
        APPLIED = "applied", _("applied for")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        REVOKED = "revoked", _("revoked")

    class Source(models.TextChoices):
        PUBLIC = "public", _("public page")
        HOUSEHOLD = "household", _("household's own page")
        COUNTER = "counter", _("at the counter")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    company = models.ForeignKey(HeatingCompany, models.PROTECT, null=True, blank=True, related_name="suspensions")
    account = models.ForeignKey(FeeAccount, models.PROTECT, null=True, blank=True, related_name="suspensions")
    season = models.CharField(_("season"), max_length=9)
    number = models.CharField(_("number"), max_length=20, unique=True)
    source = models.CharField(_("applied through"), max_length=10, choices=Source.choices)
    account_no = EncryptedTextField(_("account number"), max_length=80)
    applicant_name = EncryptedTextField(_("applicant"), max_length=40)
    phone = EncryptedTextField(_("phone"), max_length=30, blank=True)
    address = EncryptedTextField(_("address"), max_length=200, blank=True)
    words = EncryptedTextField(_("reason"), max_length=500, blank=True)
    receipt_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    applied_at = models.DateTimeField()
    after_start = models.BooleanField(default=False, help_text="Applied for when the season had begun")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.APPLIED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_words = EncryptedTextField(_("words of the decision"), max_length=500, blank=True)
    status_looks: ClassVar = {"applied": "warn", "approved": "done", "refused": "bad", "revoked": "void"}
    data_labels: ClassVar = {
        "season": "L0", "number": "L0", "account_no": "L3", "applicant_name": "L3", "phone": "L3", "address": "L3",
        "words": "L3", "decision_words": "L3", "receipt_index": "L1",
    }  # fmt: skip

    class Meta(OwnedModel.Meta):
        ordering = ["-applied_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["account"], name="suspension_approved_once", condition=Q(state="approved"))
        ]

    def __str__(self) -> str:
        return self.number


class SupplyFault(OwnedModel):
    """Heat that came late, too little or not at all (B-32). Money moves only after somebody has attributed the cause.

    It concerns one account, one compound of the company, or all of the company in the place.
    """

    class Fault(models.TextChoices):
        LATE = "late", _("supply began late")
        STOPPED = "stopped", _("supply interrupted")
        INSUFFICIENT = "insufficient", _("too little heat")

    class Cause(models.TextChoices):
        COMPANY = "company", _("the heating company")
        USER = "user", _("the user")
        PUBLIC_WORKS = "public_works", _("public works, power or water cut")
        FORCE_MAJEURE = "force_majeure", _("force majeure")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="supply_faults")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    season = models.CharField(_("season"), max_length=9)
    fault = models.CharField(_("fault"), max_length=12, choices=Fault.choices)
    account = models.ForeignKey(FeeAccount, models.PROTECT, null=True, blank=True, related_name="faults")
    compound_name = models.CharField(_("compound"), max_length=80, blank=True)
    starts_at = models.DateTimeField(_("start of the fault"))
    ends_at = models.DateTimeField(_("end of the fault"))
    words = models.CharField(_("what happened"), max_length=300)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    cause = models.CharField(_("cause"), max_length=14, choices=Cause.choices, blank=True)
    cause_words = models.CharField(_("grounds"), max_length=300, blank=True)
    attributed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    attributed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True, help_text="Codes, number of accounts and fen of the settlement")
    data_labels: ClassVar = {
        "season": "L0", "compound_name": "L1", "words": "L1", "cause_words": "L1", "result": "L0",
    }  # fmt: skip

    class Meta(OwnedModel.Meta):
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="supply_fault_ends_after_start")
        ]


class FeeLine(OwnedModel):
    """One movement of an account, in fen; never changed, never deleted. `counters` names the line it takes back."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("fee of the season")
        RECEIPT = "receipt", _("payment received")
        SUSPENSION = "suspension", _("reduced for suspension")
        REFUND = "refund", _("to be refunded")
        DEDUCTION = "deduction", _("deducted from the fee")
        PAYBACK = "payback", _("paid back to the user")

    class Channel(models.TextChoices):
        WECHAT = "wechat", _("WeChat")
        ALIPAY = "alipay", _("Alipay")
        GOV_APP = "gov_app", _("government app")
        ONLINE = "online", _("company's own online channel")
        BANK = "bank", _("bank transfer or debit")
        COUNTER = "counter", _("business hall")
        OTHER = "other", _("other channel")

    account = models.ForeignKey(FeeAccount, models.PROTECT, related_name="lines")
    company = models.ForeignKey(HeatingCompany, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    fen = models.BigIntegerField(_("amount/CNY"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices, blank=True)
    on = models.DateField(_("day"))
    reason = models.CharField(max_length=30, blank=True, help_text="Stable code of the rule's answer")
    clause = models.CharField(max_length=10, blank=True)
    steps = models.JSONField(default=list, blank=True, help_text="How the amount came about, as [code, value]")
    words = models.CharField(_("words"), max_length=200, blank=True)
    fault = models.ForeignKey(SupplyFault, models.PROTECT, null=True, blank=True, related_name="lines")
    suspension = models.ForeignKey(Suspension, models.PROTECT, null=True, blank=True, related_name="lines")
    counters = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="countered_by")
    source = models.ForeignKey(FeeImport, models.PROTECT, null=True, blank=True, related_name="lines")
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    data_labels: ClassVar = {"reason": "L0", "clause": "L0", "steps": "L0", "words": "L1"}

    class Meta(OwnedModel.Meta):
        ordering = ["id"]
        triggers = [*OwnedModel.Meta.triggers, *append_only(truncate=False)]  # type: ignore[list-item]
        constraints = [
            models.CheckConstraint(condition=~Q(fen=0), name="fee_line_moves_something"),
            models.UniqueConstraint(
                fields=["account", "fault"], name="fee_line_fault_once",
                condition=Q(fault__isnull=False, counters__isnull=True),
            ),
        ]  # fmt: skip
