"""The two kinds of rows every business table is made of: tracked, and tracked within an area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.history.triggers import history_trigger
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
        """Rows inside the areas where `user` holds `right` (default: the model's `view_right`).

        Fails closed: nothing for strangers, for people without grants and for models without a right.
        """
        right = right or getattr(self.model, "view_right", "")
        codes = user.area_codes_for(right) if right and user.is_authenticated else []  # type: ignore[union-attr]
        return self.within(*codes)

    def within(self, *codes: str) -> ScopedQuerySet:
        """Rows whose area is one of `codes` or lies below it; nothing when there is no code."""
        if not codes:
            return self.none()
        field = self.model.area_field
        condition = Q()
        for code in codes:
            low, high = code_range(code)
            condition |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
        return self.filter(condition)


class ScopedModel(TrackedModel):
    """A tracked row that belongs to an area. Subclasses name the right that lets a person see it."""

    view_right: ClassVar[str] = ""
    area_field: ClassVar[str] = "area_id"

    objects = ScopedQuerySet.as_manager()

    class Meta(TrackedModel.Meta):
        abstract = True
