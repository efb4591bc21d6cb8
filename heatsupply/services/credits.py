"""A company's credit of a season: figures read from what the portal keeps, overruled only with words (B-26)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from heatsupply.components import LABELS, WEIGHTS, Figure
from heatsupply.models import CreditScore, HeatingCompany
from heatsupply.rules.indicators import credit
from heatsupply.services.permits import demand_manager


@transaction.atomic
def score_company(
    *, company: HeatingCompany, year: int, read: Mapping[str, Figure], percents: Mapping[str, Decimal | None],
    reason: str = "", remark: str = "", on: date, by: User,
) -> CreditScore:  # fmt: skip
    """Credit of the season that begins in `year`: `read` figures, and `percents` (0 to 100) stated by hand over them.

    What is stated by hand, over a figure or where there is none, needs `reason`; what is unknown is named and takes its
    weight away. Scored again it replaces the year's score. Raises `Refused` SCORE_FAULTY, REASON_MISSING.
    """
    demand_manager(by, company.area_id)
    stated = {name: value for name, value in percents.items() if value is not None and value != _percent(read, name)}
    if stated and not reason.strip():
        said = _("Say in words where the figures typed by hand come from: %(names)s.")
        raise Refused("REASON_MISSING", said, names="、".join(str(LABELS[name]) for name in stated))
    reached = {name: stated.get(name, _percent(read, name)) for name in WEIGHTS}
    try:
        shares = {name: None if value is None else Fraction(value) / 100 for name, value in reached.items()}
        found = credit(WEIGHTS, shares)
    except ValueError as error:
        raise Refused("SCORE_FAULTY", _("Components are percentages from 0 to 100.")) from error
    if found.points is None:
        raise Refused("SCORE_FAULTY", _("State at least one component."))
    words = reason.strip()[:200]
    made, _new = CreditScore.objects.update_or_create(
        company=company, year=year,
        defaults={"components": [_component(name, reached[name], read, words if name in stated else "")
                                 for name in WEIGHTS],
                  "points_tenths": _tenths(found.points), "missing": list(found.missing),
                  "remark": remark.strip()[:300], "scored_by": by, "scored_on": on},
    )  # fmt: skip
    return made


def _percent(read: Mapping[str, Figure], name: str) -> Decimal | None:
    return read[name].percent if name in read else None


def _component(name: str, percent: Decimal | None, read: Mapping[str, Figure], reason: str) -> dict[str, Any]:
    """As it is kept: `read`, `part`, `whole` and `on` are the portal's own figure, `reason` why another one counts."""
    made: dict[str, Any] = {"code": name, "weight": WEIGHTS[name], "percent": None if percent is None else str(percent)}
    if name in read:
        figure = read[name]
        made |= {"read": str(figure.percent), "part": f"{figure.part:f}", "whole": f"{figure.whole:f}",
                 "on": figure.on.isoformat() if figure.on else ""}  # fmt: skip
    return made | ({"reason": reason} if reason else {})


def _tenths(points: Fraction) -> int:
    """Rounded half up once."""
    return int(points * 10 + Fraction(1, 2))
