"""Points of a heat network that are watched (B-20, B-21): temperature, pressure, flow, leak, enclosed space."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel


class NetworkPoint(ScopedModel):
    """One measuring point with the band in which its value is in order; a side left empty does not count."""

    view_right = "hazards.view"

    class Kind(models.TextChoices):
        WEATHER = "weather", _("outdoor temperature")
        ROOM = "room", _("room temperature")
        TEMPERATURE = "temperature", _("water temperature")
        PRESSURE = "pressure", _("water pressure")
        FLOW = "flow", _("flow")
        LEAK = "leak", _("leak")
        SPACE = "space", _("enclosed space")

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("place"))
    code = models.SlugField(_("point"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=11, choices=Kind.choices)
    unit = models.CharField(_("unit"), max_length=12)
    operator = models.CharField(_("operating company"), max_length=80, blank=True)
    low = models.DecimalField(_("at least"), max_digits=10, decimal_places=3, null=True, blank=True)
    high = models.DecimalField(_("at most"), max_digits=10, decimal_places=3, null=True, blank=True)
    last_value = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    history_exclude: ClassVar = ("last_value", "last_at")
    data_labels: ClassVar = {"code": "L0", "name": "L0", "unit": "L0", "operator": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["area_id", "code"]

    def __str__(self) -> str:
        return self.code

    @property
    def operated_by(self) -> str:
        """The company by its name of today, or what was once typed."""
        bond = getattr(self, "company", None)
        return bond.company.name if bond is not None else self.operator


class NetworkValue(models.Model):
    """What a point said at a moment. Measured data, no business record: no history, like the heaters' readings."""

    point = models.ForeignKey(NetworkPoint, models.CASCADE, related_name="values")
    at = models.DateTimeField()
    value = models.DecimalField(max_digits=12, decimal_places=3)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "at"], name="network_value_once")]


class NetworkAlarm(ScopedModel):
    """A value outside its band: somebody has seen it, what was done, and when it was over. One open per point."""

    view_right = "hazards.view"

    point = models.ForeignKey(NetworkPoint, models.PROTECT, related_name="alarms")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    value = models.DecimalField(max_digits=12, decimal_places=3)
    worst = models.DecimalField(max_digits=12, decimal_places=3)
    cleared_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    done_words = models.CharField(_("what was done"), max_length=300, blank=True, help_text="The last note")
    notes = models.JSONField(default=list, blank=True, help_text="[[moment, who, words], …], the first note first")
    data_labels: ClassVar = {"done_words": "L1", "notes": "L1"}

    class Meta(ScopedModel.Meta):
        verbose_name = _("network alarm")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["point"], name="network_alarm_once", condition=Q(cleared_at__isnull=True))
        ]

    @property
    def said(self) -> list[tuple[datetime, str, str]]:
        """The notes with their moments."""
        return [(datetime.fromisoformat(at), who, words) for at, who, words in self.notes]
