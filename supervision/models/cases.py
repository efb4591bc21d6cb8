"""One case of any kind, its steps, and the clocks a programme sets for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area, User
from accounts.records import ScopedModel, ScopedQuerySet, TrackedModel
from core.areas import code_range
from core.fields import EncryptedTextField
from devices.models import Heater, Supplier
from households.models import Document, Dwelling
from programmes.models import Programme
from supervision.kinds import GROUP_OF, GROUPS, OWN, SENSITIVE, Category, Group, Kind, Source
from supervision.models.service import ServiceOutlet
from telemetry.models import Alert

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

WAITS = {
    "complaints": _("to be taken up"), "tickets": _("to be taken up"), "hazards": _("to be put right"),
    "coal": _("to be looked into"), "measures": _("to be dealt with"),
}  # fmt: skip
"""What an open case of each group waits for, in the words people see."""


class CaseQuerySet(ScopedQuerySet):
    """Narrowed group by group: each group of cases has its own right, sensitive ones ask for one more."""

    def visible_to(self, user: User | AnonymousUser, right: str = "") -> CaseQuerySet:
        """Cases of the groups the person reads, in the places where; organisations read their own (`cases.own`).

        With `right`, only those in the places where the person holds it as well.
        """
        if not user.is_authenticated:
            return self.none()
        seen = self.filter(_readable(user) | _own(user))  # type: ignore[arg-type]
        return seen.filter(_inside(user.area_codes_for(right))) if right else seen  # type: ignore[union-attr]


def _inside(codes: list[str]) -> Q:
    condition = Q(pk__in=[])
    for code in codes:
        low, high = code_range(code)
        condition |= Q(area_id__gte=low, area_id__lt=high)
    return condition


def _readable(user: User) -> Q:
    condition = Q(pk__in=[])
    for group in GROUPS.values():
        condition |= Q(kind__in=group.kinds) & _inside(user.area_codes_for(group.view))
    drafts = ~Q(state=Case.State.DRAFT) | _inside(user.area_codes_for("supervision.act"))
    return condition & drafts & (Q(is_sensitive=False) | _inside(user.area_codes_for(SENSITIVE)))


def _own(user: User) -> Q:
    """The firm's, what an organisation answers for, what its people gave or were given. Sensitive ones never."""
    codes = user.area_codes_for(OWN)
    if not codes:
        return Q(pk__in=[])
    mine = Q(handler=user) | Q(opened_by=user)
    mine |= Q(supplier__in=user.works_for("firm"))
    mine |= Q(company__heating_company__in=user.works_for("heating"))
    mine |= Q(company__energy_company__in=user.works_for("energy"))
    kinds = [kind for group in GROUPS.values() if group.own for kind in group.kinds]
    return _inside(codes) & mine & Q(kind__in=kinds, is_sensitive=False)


class Case(ScopedModel):
    """A complaint, ticket, hazard, finding or measure from the first word to its close.

    Names, phones and the words of people are encrypted. `respond_by` and `due_at` are its two clocks; `version` counts
    the steps so that two people never take the same one.
    """

    view_right = "supervision.view"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", pgettext_lazy("case", "open")
        HANDLED = "handled", _("being handled")
        ANSWERED = "answered", _("answered")
        FIXED = "fixed", _("reported as put right")
        CONFIRMED = "confirmed", _("confirmed")
        CLEARED = "cleared", _("not confirmed")
        CLOSED = "closed", pgettext_lazy("case", "closed")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="cases")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("place"))
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices)
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    number = models.CharField(_("number"), max_length=20, unique=True)
    is_sensitive = models.BooleanField(_("sensitive"), default=False)
    title = models.CharField(_("in short"), max_length=80)
    words = EncryptedTextField(_("what it is about"), max_length=2000, blank=True)
    place_words = EncryptedTextField(_("where exactly"), max_length=200, blank=True)
    reporter_name = EncryptedTextField(_("reported by"), max_length=40, blank=True)
    reporter_phone = EncryptedTextField(_("phone"), max_length=30, blank=True)
    receipt_index = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    dwelling = models.ForeignKey(Dwelling, models.PROTECT, null=True, blank=True, related_name="cases")
    heater = models.ForeignKey(Heater, models.PROTECT, null=True, blank=True, related_name="cases")
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="cases")
    outlet = models.ForeignKey(ServiceOutlet, models.PROTECT, null=True, blank=True, related_name="cases")
    responsible = models.CharField(_("responsible unit"), max_length=80, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="follow_ups")
    handler = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    respond_by = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    reply = EncryptedTextField(_("reply"), max_length=2000, blank=True)
    satisfaction = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    in_warranty = models.BooleanField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)

    objects = CaseQuerySet.as_manager()
    status_looks: ClassVar = {
        "draft": "void", "open": "warn", "handled": "busy", "answered": "busy", "fixed": "busy",
        "confirmed": "bad", "cleared": "void", "closed": "done",
    }  # fmt: skip
    data_labels: ClassVar = {
        "number": "L0", "title": "L1", "words": "L3", "place_words": "L3", "reporter_name": "L3",
        "reporter_phone": "L3", "receipt_index": "L1", "responsible": "L0", "reply": "L3",
    }  # fmt: skip

    class Meta(ScopedModel.Meta):
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["programme", "kind", "state"], name="case_kind_state"),
            models.Index(fields=["area", "kind"], name="case_area_kind"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "dwelling", "kind"], name="case_followed_once",
                condition=Q(kind__in=["relapse", "non_use"]) & ~Q(state__in=["cleared", "closed"]),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def group(self) -> Group:
        return GROUP_OF[self.kind]

    def get_state_display(self) -> str:
        """The state in words; an open case says what it waits for."""
        if self.state == self.State.OPEN:
            return str(WAITS[GROUP_OF[self.kind].code])
        return str(self.State(self.state).label)

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def waits_until(self) -> datetime | None:
        """The clock that runs now: the answer's until it is taken up, then the end's. None when it is over, and while
        an answer given in time waits to be accepted: whoever had to answer has done so."""
        if self.is_over or self.state == self.State.DRAFT or self.answered_in_time:
            return None
        return self.respond_by if self.respond_by and self.responded_at is None else self.due_at

    @property
    def answered_in_time(self) -> bool:
        """Of what is put right the re-check still belongs to it; an answer ends the clock."""
        if self.state != self.State.ANSWERED or self.answered_at is None:
            return False
        return self.due_at is None or self.answered_at <= self.due_at

    def is_late(self, now: datetime) -> bool:
        return self.waits_until is not None and self.waits_until < now


OVER = (Case.State.CLEARED, Case.State.CLOSED)


class CaseStep(TrackedModel):
    """One deed on a case: who, when, from which state to which, with words and at most one photo."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps")
    deed = models.CharField(max_length=20)
    source = models.CharField(max_length=10, blank=True)
    target = models.CharField(max_length=10, choices=Case.State.choices)
    words = EncryptedTextField(max_length=2000, blank=True)
    photo = models.OneToOneField(Document, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    data_labels: ClassVar[dict[str, str]] = {"deed": "L0", "source": "L0", "words": "L3"}

    class Meta(TrackedModel.Meta):
        ordering = ["at", "id"]


class AlertCase(TrackedModel):
    """The case that an alert of a heater was turned into; one alert makes one case."""

    alert = models.OneToOneField(Alert, models.PROTECT, related_name="made_case")
    case = models.OneToOneField(Case, models.CASCADE, related_name="from_alert")
    data_labels: ClassVar[dict[str, str]] = {}


class ClockRule(TrackedModel):
    """Hours until an answer and until the end, of a kind and a category; the programme's own, or our proposal."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="case_clocks")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    category = models.CharField(max_length=16, choices=Category.choices, blank=True)
    respond_hours = models.PositiveIntegerField(null=True, blank=True)
    close_hours = models.PositiveIntegerField()
    clause = models.CharField(max_length=40, blank=True)
    data_labels: ClassVar[dict[str, Any]] = {"clause": "L0"}

    class Meta(TrackedModel.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "kind", "category"], name="case_clock_once")]
