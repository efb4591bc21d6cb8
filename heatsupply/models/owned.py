"""Rows of a heating company: people of the place read them all, the company's own people only theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from accounts.records import ScopedModel

if TYPE_CHECKING:
    from accounts.models import User

VIEW, MANAGE, OWN = "heatsupply.view", "heatsupply.manage", "heatsupply.own"


class OwnedModel(ScopedModel):
    """`company_path` leads from the row to its company ("" for the company itself); see `heatsupply.owning`."""

    view_right = VIEW
    company_path: ClassVar[str] = "company"

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
        return company is not None and company.pk in user.works_for("heating") and user.has_right(OWN, company.area_id)


def words(label: Any, limit: int, **more: Any) -> models.CharField[str, str]:
    """A text that may stay empty."""
    return models.CharField(label, max_length=limit, blank=True, **more)
