"""What is changed after a list was approved: asked for with papers, decided one level up, then applied."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from core.fields import EncryptedJSONField
from households.models.documents import Document
from households.models.registers import Dwelling
from households.models.rosters import RosterRow


class ChangeRequest(ScopedModel):
    """One wish to change one dwelling of an approved list. The register changes only with the approval.

    `before` and `wanted` hold values by field as they were and as they shall be; `roster_row` is the row of the
    stamped list the change departs from.
    """

    view_right = "households.view"

    class Kind(models.TextChoices):
        CORRECT = "correct", _("correct a value")
        SPLIT = "split", _("split off a household")
        MERGE = "merge", _("merge two entries")
        HEAD = "head", _("change the head of household")
        EXCLUDE = "exclude", _("exclude from the list")
        GIVE_UP = "give_up", _("give up")
        COME_BACK = "come_back", _("return after giving up")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        APPROVED = "approved", _("approved and applied")
        RETURNED = "returned", _("returned")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Level(models.TextChoices):
        TOWN = "town", _("town")
        OFFICE = "office", _("programme office")

    number = models.CharField(max_length=30, unique=True)
    kind = models.CharField(_("kind of change"), max_length=12, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED)
    level = models.CharField(max_length=8, choices=Level.choices, help_text="Level that asks; the one above decides")
    area = models.ForeignKey(Area, models.PROTECT)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, related_name="change_requests")
    other = models.ForeignKey(Dwelling, models.PROTECT, null=True, blank=True, related_name="+")
    result = models.ForeignKey(Dwelling, models.PROTECT, null=True, blank=True, related_name="+")
    roster_row = models.ForeignKey(RosterRow, models.PROTECT, null=True, blank=True, related_name="+")
    before = EncryptedJSONField(default=dict)
    wanted = EncryptedJSONField(default=dict)
    seen_version = models.PositiveIntegerField(help_text="Version of household and dwelling when it was asked for")
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_person_no = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_person_no = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_words = models.CharField(_("words of the decision"), max_length=300, blank=True)
    status_looks: ClassVar = {"asked": "warn", "approved": "done", "returned": "bad", "withdrawn": "void"}
    data_labels: ClassVar = {
        "number": "L0",
        "before": "L4",
        "wanted": "L4",
        "reason": "L2",
        "asked_person_no": "L2",
        "decided_person_no": "L2",
        "decision_words": "L1",
    }

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["dwelling"], name="one_open_change", condition=Q(state="asked")),
            models.CheckConstraint(
                name="change_decided_by_another", condition=~Q(asked_person_no=F("decided_person_no"))
            ),
            models.CheckConstraint(
                name="change_decision_complete",
                condition=~Q(state__in=["approved", "returned"])
                | (Q(decided_by__isnull=False) & Q(decided_at__isnull=False) & ~Q(decided_person_no="")),
            ),
        ]
        indexes = [models.Index(fields=["area", "state"], name="change_area_state")]

    def __str__(self) -> str:
        return self.number


class ChangeDocument(TrackedModel):
    """A paper handed in with a request: the signed statement, a certificate, a page of the household book."""

    change = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="papers")
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["change", "document"], name="change_paper_once")]
