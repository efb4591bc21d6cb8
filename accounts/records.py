"""The two kinds of rows every business table is made of: tracked, and tracked within an area."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.history.triggers import history_trigger
from accounts.owning import own_rows
from core.areas import code_range

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class TrackedModel(models.Model):
    """A row whose every change is written to `accounts.AuditEntry` by the database itself."""

    data_labels: ClassVar[dict[str, str]] = {}

    class Meta:
        abstract = True
        triggers = [history_trigger()]


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows bound to an area; `visible_to(user)` is the only road to them."""

    def visible_to(self, user: User | AnonymousUser, right: str = "") -> ScopedQuerySet:
        """Rows inside the areas where `user` holds `right` (default: the model's `view_right`); of these only those of
        one's own organisation where the role is an organisation's (accounts.owning).

        Fails closed: nothing for strangers, for people without grants and for models without a right.
        """
        right = right or getattr(self.model, "view_right", "")
        if not right or not user.is_authenticated:
            return self.none()
        seen = self.inside(user.whole_codes_for(right))  # type: ignore[union-attr]
        for kind, codes in user.own_codes_for(right).items():  # type: ignore[union-attr]
            seen |= self.inside(codes) & own_rows(self.model, user, kind)
        return self.filter(seen) if seen else self.none()

    def within(self, *codes: str) -> ScopedQuerySet:
        """Rows whose area is one of `codes` or lies below it; nothing when there is no code."""
        return self.filter(self.inside(codes)) if codes else self.none()

    def inside(self, codes: Iterable[str]) -> Q:
        """The condition behind `within`; an empty one for no code."""
        field, condition = self.model.area_field, Q()
        for code in codes:
            low, high = code_range(code)
            condition |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
        return condition


class ScopedModel(TrackedModel):
    """A tracked row that belongs to an area. Subclasses name the right that lets a person see it."""

    view_right: ClassVar[str] = ""
    area_field: ClassVar[str] = "area_id"

    objects = ScopedQuerySet.as_manager()

    class Meta(TrackedModel.Meta):
        abstract = True
