"""The binding list of a village (确村确户名单), its rows and seals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedJSONField
from households.models.documents import Document
from households.models.registers import Dwelling
from programmes.models import Programme, Technology


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
    """One household of a list. `printed` is the row as it was frozen (`households.sheets.Line`), on page `page_no`."""

    class FundsState(models.TextChoices):
        UNASKED = "unasked", _("not yet reserved")
        RESERVED = "reserved", _("reserved")
        SHORT = "short", _("funds short")

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="rows")
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="roster_rows")
    technology = models.ForeignKey(Technology, models.PROTECT)
    exclusion = models.CharField(max_length=20, blank=True)
    funds_state = models.CharField(max_length=10, choices=FundsState.choices, default=FundsState.UNASKED)
    row_no = models.PositiveSmallIntegerField(default=0, help_text="Number on the printed list")
    page_no = models.PositiveSmallIntegerField(default=0)
    printed = EncryptedJSONField(default=dict, blank=True)
    returned_words = models.CharField(_("what is wrong with this row"), max_length=200, blank=True)
    data_labels: ClassVar = {"exclusion": "L1", "printed": "L3", "returned_words": "L2"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["roster", "dwelling"], name="roster_row_once")]


class RosterPage(TrackedModel):
    """One printed page of a list, with the code that stands on it as QR code and letters."""

    roster = models.ForeignKey(Roster, models.CASCADE, related_name="pages")
    page_no = models.PositiveSmallIntegerField()
    first_row = models.PositiveSmallIntegerField()
    last_row = models.PositiveSmallIntegerField()
    content_hash = models.CharField(max_length=64)
    code = models.CharField(max_length=10, unique=True)
    data_labels: ClassVar = {"content_hash": "L0", "code": "L0"}

    class Meta(TrackedModel.Meta):
        ordering = ["roster", "page_no"]
        constraints = [models.UniqueConstraint(fields=["roster", "page_no"], name="roster_page_once")]


class RosterScan(ScopedModel):
    """A picture of a stamped page. `page` is empty until its code was read from the picture or typed."""

    view_right = "households.view"

    class How(models.TextChoices):
        READ = "read", _("code read from the picture")
        TYPED = "typed", _("code typed")

    roster = models.ForeignKey(Roster, models.PROTECT, related_name="scans")
    area = models.ForeignKey(Area, models.PROTECT)
    page = models.ForeignKey(RosterPage, models.PROTECT, null=True, blank=True, related_name="scans")
    level = models.CharField(max_length=10)
    how = models.CharField(max_length=5, choices=How.choices, blank=True)
    document = models.OneToOneField(Document, models.PROTECT, related_name="roster_scan")
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"level": "L0"}

    class Meta(ScopedModel.Meta):
        ordering = ["id"]


class RosterSeal(TrackedModel):
    """One level's seal and signature over exactly the list whose hash it names. Nobody seals two levels.

    On paper the hand that signed belongs to `signed_name`; `signer` is who entered the stamped pages.
    """

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
    on_paper = models.BooleanField(default=False)
    signed_name = models.CharField(_("signed by"), max_length=40, blank=True)
    at = models.DateTimeField()
    data_labels: ClassVar = {"person_no": "L2", "content_hash": "L0", "signed_name": "L2"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["roster", "level"], name="roster_level_sealed_once"),
            models.UniqueConstraint(fields=["roster", "person_no"], name="roster_person_seals_once"),
        ]
