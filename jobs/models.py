"""Background work as rows: PostgreSQL is the truth, the broker only carries the hint that something waits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.records import TrackedModel
from core.areas import code_range

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User | AnonymousUser, right: str = "") -> JobQuerySet:
        """One's own work; with `jobs.view_all` also everybody's in one's areas (and work of no area, for
        the system).
        """
        if not user.is_authenticated:
            return self.none()
        condition = Q(requested_by=user)
        for code in user.area_codes_for(right or Job.view_right):  # type: ignore[union-attr]
            low, high = code_range(code)
            condition |= Q(area_id__gte=low, area_id__lt=high)
        if user.has_right("system.manage"):  # type: ignore[union-attr]
            condition |= Q(area__isnull=True)
        return self.filter(condition)

    def open(self) -> JobQuerySet:
        return self.filter(state__in=Job.OPEN)


class Job(TrackedModel):
    """One piece of work that must happen. `lease_token` names the run that may commit; it lapses at
    `lease_until`.

    waiting → running → done | failed | cancelled; a lapsed lease brings running back to waiting.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OPEN: ClassVar = (State.WAITING, State.RUNNING)

    kind = models.CharField(_("kind of work"), max_length=80)
    args = models.JSONField(default=dict, blank=True, help_text="ids and short codes only, never personal data")
    queue = models.CharField(max_length=20, default="default")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    idempotency_key = models.CharField(max_length=120, null=True, blank=True, unique=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    area = models.ForeignKey("accounts.Area", models.PROTECT, null=True, blank=True, related_name="+")
    request_id = models.CharField(max_length=64, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(null=True, blank=True)
    message = models.CharField(max_length=200, blank=True)
    result = models.JSONField(null=True, blank=True, help_text='{"url": …, "message": …}')
    error_code = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=1000, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    hinted_at = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()
    view_right: ClassVar = "jobs.view_all"
    history_exclude: ClassVar = (
        "lease_token",
        "lease_until",
        "heartbeat_at",
        "hinted_at",
        "progress_done",
        "progress_total",
        "message",
    )
    data_labels: ClassVar = {
        "kind": "L0",
        "args": "L0",
        "queue": "L0",
        "idempotency_key": "L0",
        "request_id": "L0",
        "message": "L1",
        "result": "L1",
        "error_code": "L0",
        "error": "L1",
    }

    class Meta(TrackedModel.Meta):
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["state", "lease_until"], name="job_open", condition=Q(state__in=["waiting", "running"])
            ),
            models.Index(fields=["requested_by", "-id"], name="job_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_lease_while_running",
                condition=Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_token__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def percent(self) -> int | None:
        """0 to 100, or None while the total is unknown."""
        total = self.progress_total
        return min(100, self.progress_done * 100 // total) if total else None

    def rate_per_s(self, now: dt.datetime) -> float | None:
        """Steps per second since this run began; None when there is nothing to divide."""
        if not self.started_at or not self.progress_done:
            return None
        seconds = ((self.finished_at or now) - self.started_at).total_seconds()
        return self.progress_done / seconds if seconds > 0 else None

    def seconds_left(self, now: dt.datetime) -> int | None:
        """Time left at the rate so far; None when not running or unknown."""
        rate = self.rate_per_s(now)
        if self.state != self.State.RUNNING or not rate or not self.progress_total:
            return None
        return max(0, round((self.progress_total - self.progress_done) / rate))

    def title(self) -> Any:
        """What the work is called for people."""
        from jobs.registry import label_of  # registry knows every app's handlers; loaded when first shown

        return label_of(self.kind)
