"""Non-profit public venues (非营利性公益场所): schools, clinics, old people's homes, village offices (T-22, T-23)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from core.fields import EncryptedTextField
from programmes.models import Programme, Technology


class PublicVenue(ScopedModel):
    """A building for everybody. It counts toward the task by its heated area and is never a household."""

    view_right = "households.view"

    class Subtype(models.TextChoices):
        SCHOOL = "SCHOOL", _("school")
        KINDERGARTEN = "KINDERGARTEN", _("kindergarten")
        CLINIC = "CLINIC", _("clinic")
        CARE_HOME = "CARE_HOME", _("old people's home")
        VILLAGE_OFFICE = "VILLAGE_OFFICE", _("village office")
        OTHER = "OTHER", _("other public venue")

    venue_no = models.CharField(_("venue number"), max_length=24, unique=True)
    area = models.ForeignKey(Area, models.PROTECT)
    name = models.CharField(_("name of the venue"), max_length=80)
    subtype = models.CharField(_("kind of venue"), max_length=20, choices=Subtype.choices)
    heated_area_m2 = models.DecimalField(_("heated area"), max_digits=10, decimal_places=2)
    address = models.CharField(_("address"), max_length=120, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=40, blank=True)
    contact_phone = EncryptedTextField(_("contact's phone"), blank=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {
        "venue_no": "L1",
        "name": "L1",
        "address": "L1",
        "contact_name": "L2",
        "contact_phone": "L3",
        "remark": "L1",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["area", "name"], name="venue_name_once"),
            models.CheckConstraint(condition=Q(heated_area_m2__gt=0), name="venue_area_positive"),
        ]
        indexes = [models.Index(fields=["area", "venue_no"], name="venue_area_no")]

    def __str__(self) -> str:
        return f"{self.venue_no} {self.name}"


class VenueEnrolment(ScopedModel):
    """A venue put forward for a programme, with the route it is meant to take."""

    view_right = "households.view"

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="venue_enrolments")
    venue = models.ForeignKey(PublicVenue, models.PROTECT, related_name="enrolments")
    area = models.ForeignKey(Area, models.PROTECT)
    technology = models.ForeignKey(Technology, models.PROTECT)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta(ScopedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "venue"], name="venue_enrolled_once")]
