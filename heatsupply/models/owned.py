"""Rows of a heating company: people of the place read them all, the company's own people only theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from accounts.records import ScopedModel, ScopedQuerySet
from core.areas import code_range

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

VIEW, MANAGE, OWN = "heatsupply.view", "heatsupply.manage", "heatsupply.own"


class OwnedQuerySet(ScopedQuerySet):
    """`visible_to` adds to the places of a right what belongs to the person's company (`heatsupply.own`)."""

    def visible_to(self, user: User | AnonymousUser, right: str = "") -> OwnedQuerySet:
        """Rows of the places where the person holds `right` (default: the model's `view_right`), and the company's own.

        With a right other than the model's own, only where that is held; `heatsupply.own` asks for own rows alone.
        """
        if not user.is_authenticated:
            return self.none()
        wanted = right or self.model.view_right
        condition = Q(pk__in=[])
        if wanted != OWN:
            condition |= self._inside(user.area_codes_for(wanted))  # type: ignore[union-attr]
        if wanted in (OWN, self.model.view_right):
            condition |= self._own(user)  # type: ignore[arg-type]
        return self.filter(condition)

    def _inside(self, codes: list[str]) -> Q:
        condition, field = Q(pk__in=[]), self.model.area_field
        for code in codes:
            low, high = code_range(code)
            condition |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
        return condition

    def _own(self, user: User) -> Q:
        """Found by the name of the unit, as supervision finds a firm's cases (decision 0261)."""
        codes, unit = user.area_codes_for(OWN), user.unit.strip()
        if not codes or not unit:
            return Q(pk__in=[])
        path = self.model.company_path
        return self._inside(codes) & Q(**{f"{path}__name" if path else "name": unit})


class OwnedModel(ScopedModel):
    """`company_path` leads from the row to its company ("" for the company itself)."""

    view_right = VIEW
    company_path: ClassVar[str] = "company"
    objects = OwnedQuerySet.as_manager()

    class Meta(ScopedModel.Meta):
        abstract = True

    @property
    def its_company(self) -> Any:
        found: Any = self
        for name in self.company_path.split("__") if self.company_path else ():
            found = getattr(found, name, None)
        return found

    def is_owned_by(self, user: User) -> bool:
        """Whether the row is of the person's company, and the person may keep what belongs to it."""
        company = self.its_company
        unit = user.unit.strip()
        return bool(unit) and company is not None and company.name == unit and user.has_right(OWN, company.area_id)


def words(label: Any, limit: int, **more: Any) -> models.CharField[str, str]:
    """A text that may stay empty."""
    return models.CharField(label, max_length=limit, blank=True, **more)
