"""Joint acceptance: a village's accepted homes, signed once by each department of the programme's panel (L-41)."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, TrackedModel
from programmes.models import Programme
from retrofits.models.tasks import Task

# The database counts the seats itself, under a lock on the sheet: two people who fill the last one at once queue up.
_NO_SEAT_MORE = """
PERFORM 1 FROM retrofits_jointacceptance WHERE id = NEW.joint_id FOR UPDATE;
IF (SELECT count(*) FROM retrofits_panelseat WHERE joint_id = NEW.joint_id)
   >= (SELECT seat_count FROM retrofits_jointacceptance WHERE id = NEW.joint_id) THEN
  RAISE EXCEPTION 'panel: the sheet has no seat more' USING ERRCODE = '23514';
END IF;
RETURN NEW;
"""


class JointAcceptance(ScopedModel):
    """One sheet: homes of a village (or town) of one year, and who signed for which department."""

    view_right = "tasks.view"

    class State(models.TextChoices):
        OPEN = "open", _("being signed")
        PASSED = "passed", _("passed")
        RETURNED = "returned", _("returned")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="joint_acceptances")
    area = models.ForeignKey(Area, models.PROTECT)
    year = models.PositiveSmallIntegerField()
    departments = models.JSONField(help_text="Names of the departments that sign, as the programme lists them")
    seat_count = models.PositiveSmallIntegerField()
    clause = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=300, blank=True)
    status_looks: ClassVar = {"open": "busy", "passed": "done", "returned": "warn"}
    data_labels: ClassVar = {"departments": "L0", "clause": "L0", "return_reason": "L1"}

    class Meta(ScopedModel.Meta):
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(seat_count__gte=1), name="joint_has_seats")]


class JointHome(TrackedModel):
    """A home on a sheet; on one living sheet only."""

    joint = models.ForeignKey(JointAcceptance, models.CASCADE, related_name="homes")
    task = models.ForeignKey(Task, models.PROTECT, related_name="joint_homes")
    is_void = models.BooleanField(default=False, help_text="The sheet was returned; the home may stand on another")
    data_labels: ClassVar = {}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["task"], name="joint_home_once", condition=Q(is_void=False)),
        ]


class PanelSeat(TrackedModel):
    """A department's signature: each department once, each person once (also under a second account)."""

    joint = models.ForeignKey(JointAcceptance, models.CASCADE, related_name="seats")
    department = models.CharField(max_length=40)
    signer = models.ForeignKey(User, models.PROTECT, related_name="+")
    person_no = models.CharField(max_length=40)
    signed_at = models.DateTimeField(auto_now_add=True)
    data_labels: ClassVar = {"department": "L0", "person_no": "L2"}

    class Meta(TrackedModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["joint", "department"], name="panel_department_once"),
            models.UniqueConstraint(fields=["joint", "person_no"], name="panel_person_once"),
        ]
        triggers = [
            *TrackedModel.Meta.triggers,
            pgtrigger.Trigger(
                name="no_seat_more", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_NO_SEAT_MORE
            ),
        ]
