"""Who may work: firms with their qualifications, and their admission to a programme after an expert review."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from devices.models import Supplier
from programmes.models import Programme


class Qualification(TrackedModel):
    """A firm's certificate for one kind of work, with the days between which it holds (J-72)."""

    class Work(models.TextChoices):
        DESIGN = "design", _("design")
        CONSTRUCTION = "construction", _("construction and installation")
        SUPERVISION = "supervision", _("supervision of works")
        MANUFACTURE = "manufacture", _("manufacture")

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="qualifications")
    work = models.CharField(_("kind of work"), max_length=14, choices=Work.choices)
    name = models.CharField(_("certificate"), max_length=120)
    number = models.CharField(_("number of the certificate"), max_length=60)
    issuer = models.CharField(_("issuer"), max_length=120, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    data_labels: ClassVar = {"name": "L0", "number": "L0", "issuer": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["supplier", "work", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "number"], name="qualification_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="qualification_days_in_order",
            ),
        ]

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class Admission(ScopedModel):
    """A firm's way into a programme: put forward, reviewed by experts, admitted or not, ended (L-24)."""

    view_right = "tasks.view"

    class State(models.TextChoices):
        APPLIED = "applied", _("put forward")
        REVIEWED = "reviewed", _("reviewed by experts")
        ADMITTED = "admitted", _("admitted")
        REFUSED = "refused", _("not admitted")
        ENDED = "ended", _("admission ended")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="admissions")
    area = models.ForeignKey(Area, models.PROTECT)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="admissions")
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    is_pilot = models.BooleanField(default=False, help_text="Demonstration site only; the firm bears the cost (L-25)")
    applied_on = models.DateField()
    experts = models.CharField(_("experts"), max_length=200, blank=True)
    review_words = models.CharField(_("what the experts found"), max_length=300, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    admitted_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(_("reason"), max_length=300, blank=True)
    warranty_months = models.PositiveSmallIntegerField(_("warranty, months"), null=True, blank=True)
    service_point = models.CharField(_("service point"), max_length=200, blank=True)
    service_phone = models.CharField(_("service phone"), max_length=30, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    status_looks: ClassVar = {
        "applied": "", "reviewed": "busy", "admitted": "done", "refused": "bad", "ended": "void",
    }  # fmt: skip
    data_labels: ClassVar = {
        "experts": "L1", "review_words": "L1", "end_reason": "L1", "service_point": "L0", "service_phone": "L1",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["supplier__name", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "supplier"],
                name="admission_once_alive",
                condition=~Q(state__in=["refused", "ended"]),
            )
        ]

    def holds_on(self, day: date) -> bool:
        """Admitted by that day and not ended before it."""
        admitted = self.admitted_on is not None and self.admitted_on <= day
        return admitted and (self.ended_on is None or day <= self.ended_on)
