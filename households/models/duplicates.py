"""The duplicate desk: keys under which one house or person shows twice, and the pairs a person decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.records import ScopedModel, ScopedQuerySet, TrackedModel
from core.areas import code_range
from core.fields import EncryptedJSONField
from households.models.registers import Dwelling, Household

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class DuplicateKey(models.Model):
    """What one dwelling is compared by: keyed fingerprints and the folded name. Rebuilt from the register at will.

    Keys of the person stand at the household's first dwelling only (`is_lead`), so that a household with two homes
    meets another household once.
    """

    dwelling = models.OneToOneField(Dwelling, models.CASCADE, primary_key=True, related_name="duplicate_key")
    household = models.ForeignKey(Household, models.CASCADE, related_name="+")
    place = models.ForeignKey(Area, models.PROTECT, related_name="+")
    is_lead = models.BooleanField(default=False)
    seen_version = models.PositiveIntegerField()
    compared_at = models.DateTimeField(null=True, blank=True, help_text="Empty: its keys changed since")
    person_index = models.CharField(max_length=32, blank=True)
    card_index = models.CharField(max_length=32, blank=True)
    phone_index = models.CharField(max_length=32, blank=True)
    birth_index = models.CharField(max_length=32, blank=True)
    meter_index = models.CharField(max_length=32, blank=True)
    house_index = models.CharField(max_length=32, blank=True)
    heater_index = models.CharField(max_length=32, blank=True)
    folded_name = models.CharField(max_length=40, blank=True)
    pinyin = models.CharField(max_length=120, blank=True)
    data_labels: ClassVar = {
        **dict.fromkeys(
            ("person_index", "card_index", "phone_index", "birth_index", "meter_index", "house_index", "heater_index"),
            "L3",
        ),
        "folded_name": "L2",
        "pinyin": "L2",
    }

    class Meta:
        indexes = [
            models.Index(fields=["person_index"], name="twin_person", condition=~Q(person_index="")),
            models.Index(fields=["card_index"], name="twin_card", condition=~Q(card_index="")),
            models.Index(fields=["phone_index"], name="twin_phone", condition=~Q(phone_index="")),
            models.Index(fields=["birth_index"], name="twin_birth", condition=~Q(birth_index="")),
            models.Index(fields=["meter_index"], name="twin_meter", condition=~Q(meter_index="")),
            models.Index(fields=["house_index"], name="twin_house", condition=~Q(house_index="")),
            models.Index(fields=["heater_index"], name="twin_heater", condition=~Q(heater_index="")),
            models.Index(fields=["place", "pinyin"], name="twin_name"),
            models.Index(fields=["compared_at"], name="twin_compared"),
        ]


class PairQuerySet(ScopedQuerySet):
    """Pairs with at least one side in an area."""

    def inside(self, codes: Iterable[str]) -> Q:
        condition = Q()
        for low, high in map(code_range, codes):
            condition |= Q(area_id__gte=low, area_id__lt=high) | Q(other_area_id__gte=low, other_area_id__lt=high)
        return condition


class DuplicatePair(ScopedModel):
    """Two dwellings that may be one, or belong to one household. `first` is the older entry, `second` the younger."""

    view_right = "households.view"

    class Reason(models.TextChoices):
        SAME_ID = "SAME_ID", _("same identity number")
        SAME_CARD = "SAME_CARD", _("same bank card")
        SAME_METER = "SAME_METER", _("same meter")
        SAME_HEATER = "SAME_HEATER", _("same heater")
        SAME_HOUSE = "SAME_HOUSE", _("same house under two heads")
        NEAR_NAME = "NEAR_NAME", _("near name and same phone or birthday")
        NAME_IN_VILLAGE = "NAME_IN_VILLAGE", _("near name in one village")

    class State(models.TextChoices):
        OPEN = "open", _("to be decided")
        DIFFERENT = "different", _("different people")
        MERGED = "merged", _("merged")

    first = models.ForeignKey(Dwelling, models.PROTECT, related_name="+")
    second = models.ForeignKey(Dwelling, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    other_area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    reasons = ArrayField(models.CharField(max_length=20, choices=Reason.choices))
    weight = models.PositiveSmallIntegerField(help_text="Sum of the reasons' weights: the surest pairs come first")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(_("words of the decision"), max_length=300, blank=True)
    status_looks: ClassVar = {"open": "warn", "different": "", "merged": "done"}
    data_labels: ClassVar = {"words": "L2"}

    objects: Any = PairQuerySet.as_manager()

    class Meta(ScopedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_in_order"),
        ]
        indexes = [
            models.Index(fields=["area", "state"], name="pair_area_state"),
            models.Index(fields=["other_area", "state"], name="pair_other_state"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id}/{self.second_id}"

    @property
    def reason_words(self) -> Sequence[Any]:
        """The reasons as people read them."""
        return [self.Reason(code).label for code in self.reasons]


class Merge(TrackedModel):
    """One merging and everything needed to take it back: `moved` lists what moved from where."""

    pair = models.ForeignKey(DuplicatePair, models.PROTECT, null=True, blank=True, related_name="merges")
    kept = models.ForeignKey(Household, models.PROTECT, related_name="+")
    dissolved = models.ForeignKey(Household, models.PROTECT, related_name="+")
    same_house = models.BooleanField(help_text="Whether the two dwellings were one as well")
    moved = EncryptedJSONField(default=dict)
    merged_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    merged_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    data_labels: ClassVar = {"moved": "L3", "reason": "L2"}

    class Meta(TrackedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["dissolved"], name="household_dissolved_once", condition=Q(undone_at__isnull=True)
            )
        ]
