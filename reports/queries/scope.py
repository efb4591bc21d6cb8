"""Whose eyes look at what: the person, the chosen programme and the chosen place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts.models import Area, User
from core.areas import CODE_LENGTHS, TOWN, VILLAGE
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from reports.models import SummaryTotal, TownTotal


@dataclass(frozen=True)
class Scope:
    """Every query of a page goes through `rows`: what the person may see, inside the chosen place."""

    user: User
    programme: Programme | None
    area_code: str

    def rows(self, model: Any, right: str = "") -> Any:
        """Rows of `model` the person may see with `right` (default: the model's own), inside the place."""
        found = model.objects.visible_to(self.user, right)
        return found.within(self.area_code) if self.area_code else found.none()

    def of_programme(self, model: Any, right: str = "", path: str = "programme") -> Any:
        """The same, of the chosen programme only; nothing where no programme is chosen."""
        if self.programme is None:
            return model.objects.none()
        return self.rows(model, right).filter(**{path: self.programme})

    @property
    def routes(self) -> list[tuple[str, str]]:
        """(code, name) of the programme's technologies in their order; read with the programme where it was chosen."""
        if self.programme is None:
            return []
        known = getattr(self.programme, "routes", None)
        if known is None:
            return list(self.programme.technologies.order_by("pk").values_list("code", "name"))
        return [(one["code"], one["name"]) for one in known]

    @property
    def years(self) -> list[int]:
        """The programme's years where it has several, otherwise none: there is nothing to choose."""
        if self.programme is None or self.programme.year_from == self.programme.year_to:
            return []
        return list(range(self.programme.year_from, self.programme.year_to + 1))

    @property
    def below(self) -> int:
        """Length of the codes one looks down at: towns in a county and above, villages inside a town."""
        return CODE_LENGTHS[TOWN] if len(self.area_code) < CODE_LENGTHS[TOWN] else CODE_LENGTHS[VILLAGE]

    def totals(self, right: str) -> type[SummaryTotal | TownTotal]:
        """Where sums of what lies below are kept: of whole towns where `right` is held over them, else of villages."""
        over_towns = all(len(code) <= CODE_LENGTHS[TOWN] for code in self.user.area_codes_for(right))
        return TownTotal if over_towns and self.below == CODE_LENGTHS[TOWN] else SummaryTotal

    def places(self, level: str, within: str = "") -> list[Area]:
        """Towns or villages inside the place, in tree order."""
        found = Area.objects.visible_to(self.user).within(self.area_code) if self.area_code else Area.objects.none()
        return list((found.within(within) if within else found).filter(level=level))


def scope_of(request: HttpRequest) -> Scope:
    return Scope(request.user, chosen_programme(request), chosen_area_code(request))  # type: ignore[arg-type]
