"""The auditor's bench: what was asked, which samples were drawn and what they said, and findings with their answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.history.triggers import append_only
from accounts.models import Area, User
from accounts.records import ScopedModel
from programmes.models import Programme
from subsidies.models import PayoutLine


class BenchQuery(ScopedModel):
    """One question asked at the bench: who, when, which page, which path. Written once, never changed."""

    view_right = "audit.log"

    area = models.ForeignKey(Area, models.PROTECT)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    page = models.CharField(max_length=30)
    query = models.CharField(max_length=300, blank=True)
    answer = models.CharField(max_length=120, blank=True, help_text="What it found, in one line")
    data_labels: ClassVar = {"page": "L0", "query": "L2", "answer": "L1"}

    class Meta(ScopedModel.Meta):
        verbose_name_plural = "bench queries"
        indexes = [models.Index(fields=["area", "-id"], name="bench_query_newest")]
        triggers = [*ScopedModel.Meta.triggers, *append_only(truncate=False)]


class AuditSample(ScopedModel):
    """A sample of payments. Seed, strata, sizes and the population's hash are sealed before anything is drawn.

    `strata`: [{name, population, fen, size}, …]. `population_hash`: `core.sampling.population_hash` over all of them.
    """

    view_right = "audit.trace"

    class Stratify(models.TextChoices):
        TOWN = "town", _("by town")
        BENEFIT = "benefit", _("by benefit")
        AMOUNT = "amount", _("by amount")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="audit_samples")
    area = models.ForeignKey(Area, models.PROTECT)
    number = models.CharField(max_length=24, unique=True)
    title = models.CharField(_("what is examined"), max_length=120)
    stratify = models.CharField(_("strata"), max_length=8, choices=Stratify.choices, default=Stratify.TOWN)
    confidence = models.DecimalField(_("confidence, %"), max_digits=4, decimal_places=1)
    margin = models.DecimalField(_("margin, %"), max_digits=4, decimal_places=1)
    expected = models.DecimalField(_("expected error rate, %"), max_digits=4, decimal_places=1)
    substitutes = models.PositiveSmallIntegerField(_("substitutes per stratum"), default=2)
    seed = models.CharField(max_length=40)
    population = models.PositiveIntegerField()
    population_fen = models.BigIntegerField()
    population_hash = models.CharField(max_length=64)
    last_line_id = models.BigIntegerField(help_text="Payments up to this one were the population")
    strata = models.JSONField()
    size = models.PositiveIntegerField()
    sealed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField()
    drawn_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {
        "number": "L0", "title": "L1", "seed": "L0", "population_hash": "L0", "strata": "L1",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class AuditSampleLine(ScopedModel):
    """One payment of a sample and what was found at the door and in the file."""

    view_right = "audit.trace"

    class Verdict(models.TextChoices):
        RIGHT = "right", _("in order")
        WRONG = "wrong", _("not in order")
        UNSEEN = "unseen", _("could not be examined")

    sample = models.ForeignKey(AuditSample, models.PROTECT, related_name="lines")
    area = models.ForeignKey(Area, models.PROTECT)
    line = models.ForeignKey(PayoutLine, models.PROTECT, related_name="+")
    stratum = models.CharField(max_length=60)
    place = models.PositiveIntegerField(help_text="Place in the draw of its stratum, from 1; substitutes come after")
    is_substitute = models.BooleanField(default=False)
    verdict = models.CharField(max_length=8, choices=Verdict.choices, blank=True, default="")
    right_fen = models.BigIntegerField(null=True, blank=True, help_text="What should have been paid")
    words = models.CharField(_("what was found"), max_length=300, blank=True)
    judged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    judged_at = models.DateTimeField(null=True, blank=True)
    status_looks: ClassVar = {"": "", "right": "done", "wrong": "bad", "unseen": "void"}
    data_labels: ClassVar = {"stratum": "L1", "words": "L2"}

    class Meta(ScopedModel.Meta):
        ordering = ["sample", "stratum", "place"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "line"], name="audit_sample_line_once"),
            models.UniqueConstraint(fields=["sample", "stratum", "place"], name="audit_sample_place_once"),
        ]


class AuditFinding(ScopedModel):
    """Something that is not in order: who answers for it, until when, what was answered, and how it was closed."""

    view_right = "audit.trace"

    class State(models.TextChoices):
        OPEN = "open", _("waits for an answer")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed")

    class Weight(models.TextChoices):
        NOTE = "note", _("plain remark")
        FAULT = "fault", _("plain fault")
        GRAVE = "grave", _("grave fault")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="audit_findings")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    number = models.CharField(max_length=24, unique=True)
    title = models.CharField(_("in short"), max_length=120)
    words = models.CharField(_("what was found"), max_length=1000)
    clause = models.CharField(_("clause"), max_length=60, blank=True)
    weight = models.CharField(_("weight"), max_length=8, choices=Weight.choices, default=Weight.FAULT)
    amount_fen = models.BigIntegerField(null=True, blank=True)
    line = models.ForeignKey(PayoutLine, models.PROTECT, null=True, blank=True, related_name="+")
    sample = models.ForeignKey(AuditSample, models.PROTECT, null=True, blank=True, related_name="findings")
    owner = models.CharField(_("unit that answers"), max_length=80)
    due_on = models.DateField(_("answer until"))
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_person_no = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    answered_person_no = models.CharField(max_length=40, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_on = models.DateField(null=True, blank=True, help_text="Business day of the answer: what lateness counts")
    close_words = models.CharField(_("how it was closed"), max_length=500, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    status_looks: ClassVar = {"open": "warn", "answered": "busy", "closed": "done"}
    data_labels: ClassVar = {
        "number": "L0", "title": "L1", "words": "L2", "clause": "L0", "owner": "L0", "opened_person_no": "L2",
        "answer": "L2", "answered_person_no": "L2", "close_words": "L2",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="finding_answered_by_another",
                condition=Q(answered_person_no="") | ~Q(answered_person_no=models.F("opened_person_no")),
            )
        ]

    def __str__(self) -> str:
        return self.number

    def late_days(self, today: Any) -> int:
        """Days the answer is late: fixed once it was given, running while it wasn't."""
        return max(0, int(((self.answered_on or today) - self.due_on).days))
