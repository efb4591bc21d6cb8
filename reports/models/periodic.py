"""Reports that come every week, month, quarter or year; and workbooks of the county filled by the portal."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from households.models import Document
from programmes.models import Programme


class PeriodicReport(ScopedModel):
    """One report of one place and period: figures filled from data until it is frozen, the words are people's.

    `figures` is what `reports.periodic.figures` makes; frozen, neither figures nor words change again.
    """

    view_right = "overview.view"

    class Rhythm(models.TextChoices):
        WEEK = "week", _("weekly")
        MONTH = "month", _("monthly")
        QUARTER = "quarter", _("quarterly")
        YEAR = "year", _("annual")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="periodic_reports")
    area = models.ForeignKey(Area, models.PROTECT)
    rhythm = models.CharField(max_length=8, choices=Rhythm.choices)
    begins_on = models.DateField()
    ends_on = models.DateField()
    due_on = models.DateField()
    figures = models.JSONField(default=dict)
    filled_at = models.DateTimeField()
    words = models.TextField(_("text of the report"), blank=True, max_length=8000)
    reporter = models.ForeignKey(User, models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_on = models.DateField(null=True, blank=True, help_text="Business day on which it was handed in")
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    content_hash = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)
    data_labels: ClassVar = {"figures": "L0", "words": "L1", "content_hash": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["-begins_on", "area", "rhythm"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "area", "rhythm", "begins_on"], name="periodic_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_rhythm_display()} {self.begins_on}"

    def late_days(self, today: dt.date) -> int:
        """Days after the deadline: fixed once it was frozen, running while it wasn't."""
        return max(0, ((self.frozen_on or today) - self.due_on).days)


class MeetingMinutes(ScopedModel):
    """What was said at the meeting a report belongs to (周例会, J-71); part of the report and frozen with it."""

    view_right = "overview.view"

    report = models.OneToOneField(PeriodicReport, models.CASCADE, related_name="minutes")
    area = models.ForeignKey(Area, models.PROTECT)
    held_on = models.DateField(_("day of the meeting"))
    chaired_by = models.CharField(_("chaired by"), max_length=40)
    present = models.CharField(_("present"), max_length=500)
    words = models.TextField(_("minutes"), max_length=8000)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    data_labels: ClassVar = {"chaired_by": "L1", "present": "L1", "words": "L1"}

    def __str__(self) -> str:
        return f"{self.report_id} {self.held_on}"


class LedgerTemplate(ScopedModel):
    """A workbook of the county with its own title, columns and order, and the map by which a ledger fills it.

    `cells`: {"A2": "{place}"}; `columns`: {"B": "head_name"} from row `first_row` down.
    """

    view_right = "ledgers.export"

    area = models.ForeignKey(Area, models.PROTECT)
    kind = models.CharField(_("ledger"), max_length=30)
    name = models.CharField(_("name"), max_length=80)
    document = models.OneToOneField(Document, models.PROTECT, related_name="+")
    sheet = models.CharField(_("sheet"), max_length=31)
    first_row = models.PositiveIntegerField(_("first row of data"))
    cells = models.JSONField(default=dict, blank=True)
    columns = models.JSONField()
    in_use = models.BooleanField(default=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    data_labels: ClassVar = {"kind": "L0", "name": "L0", "sheet": "L0", "cells": "L0", "columns": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["area", "kind", "name"], name="ledger_template_once")]

    def __str__(self) -> str:
        return self.name
