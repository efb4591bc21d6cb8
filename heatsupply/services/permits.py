"""Who may change a row: the county that manages its place, and the company it belongs to."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from heatsupply.models.owned import MANAGE, OWN


def may_keep(by: User, row: Any) -> bool:
    """Whether the person manages the row's place, or the row is of the person's company."""
    company = row.its_company
    return by.has_right(MANAGE, _place(row)) or (company is not None and row.is_owned_by(by))


def demand_keeper(by: User, row: Any) -> None:
    """403 for those who neither manage the place nor are of the company."""
    if not may_keep(by, row):
        raise PermissionDenied(OWN)


def demand_manager(by: User, area_code: str) -> None:
    """403 for everybody but the county: a company is no judge in its own cause."""
    if not by.has_right(MANAGE, area_code):
        raise PermissionDenied(MANAGE)


def _place(row: Any) -> str:
    return str(getattr(row, "area_id", "") or row.its_company.area_id)


def inside(area_code: str, of: str) -> None:
    """Refused PLACE_ELSEWHERE unless the place lies inside the other one."""
    if not area_code.startswith(of):
        raise Refused("PLACE_ELSEWHERE", _("This place lies outside the county of the company."))
