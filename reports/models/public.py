"""The household's own page: codes that open it, and the tries at its door."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel
from core.fields import EncryptedTextField
from households.models import Household


class HouseholdCode(ScopedModel):
    """A code that opens the page of one household once, for some minutes. The code itself is stored nowhere.

    `code_index` is the keyed fingerprint of number and code together, `visit_index` that of the visit it opened.
    """

    view_right = "households.slip"

    class Channel(models.TextChoices):
        SLIP = "slip", _("printed slip")
        MESSAGE = "message", _("text message")

    household = models.ForeignKey(Household, models.CASCADE, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    code_index = models.CharField(max_length=64, unique=True)
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    visit_index = models.CharField(max_length=64, blank=True)
    visit_ends_at = models.DateTimeField(null=True, blank=True)

    data_labels: ClassVar = {"code_index": "L3", "visit_index": "L3"}

    class Meta(ScopedModel.Meta):
        indexes = [
            models.Index(fields=["household", "-issued_at"], name="household_code_newest"),
            models.Index(fields=["visit_index"], name="household_visit", condition=~Q(visit_index="")),
        ]


class DoorTry(models.Model):
    """One knock at the page, for a household there is or none: both leave the same row. Thrown away after a month.

    `number` is kept, encrypted, only until a text message asked for has been handled.
    """

    class Kind(models.TextChoices):
        OPEN = "open", _("code entered at the door")
        MESSAGE = "message", _("message asked for")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    number_index = models.CharField(max_length=64, blank=True)
    number = EncryptedTextField(blank=True)
    at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    data_labels: ClassVar = {"number_index": "L3", "number": "L3"}

    class Meta:
        indexes = [
            models.Index(fields=["number_index", "at"], name="door_try_number"),
            models.Index(fields=["at"], name="door_try_waiting", condition=Q(kind="message", handled_at=None)),
        ]
