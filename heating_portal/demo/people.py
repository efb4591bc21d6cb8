"""The demonstration's people: accounts with grants, made from `accounts.yaml` through the account services."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from accounts import demonstration
from accounts.acting import acting
from accounts.models import Area, Grant, User
from accounts.organisations import bond_of
from accounts.rights import ROLES
from accounts.services import bind_organisation, create_user, grant_role

BY = "demonstration"


def make_people(entries: list[dict[str, Any]]) -> int:
    """Every account with its grants and its ready second factor; what is there stays. Returns how many are new."""
    with acting(BY, "demonstration accounts"):
        return sum(_make(entry) for entry in entries)


def _make(entry: dict[str, Any]) -> bool:
    user = User.objects.filter(username=entry["username"]).first()
    is_new = user is None
    if user is None:
        fields = {name: entry.get(name, "") for name in ("username", "person_name", "person_no", "unit")}
        user = create_user(**fields, by=BY)
    for grant in entry["grants"]:
        _grant(user, grant["role"], str(grant["area"]))
    demonstration.give_device(user)
    return is_new


def _grant(user: User, role: str, area_code: str) -> None:
    if not Grant.objects.filter(user=user, role=role, area_id=area_code).exists():
        grant_role(user=user, role=role, area=Area.objects.get(code=area_code), by=BY)


def bind_accounts(kind: str, organisations: Iterable[Any]) -> None:
    """The demonstration's accounts of that kind work for the organisation their entry names. Safe to run again."""
    roles = [role for role in ROLES if bond_of(role) == kind]
    for row in organisations:
        people = User.objects.filter(unit=row.name, grants__role__in=roles, totpdevice__name=demonstration.MARK)
        for user in people.exclude(memberships__kind=kind, memberships__organisation_id=row.pk).distinct():
            bind_organisation(user=user, organisation=(kind, row.pk), by=BY, reason="demonstration accounts")
    person.cache_clear()  # whom it remembered knew of no bond yet


@lru_cache(maxsize=500)
def person(role: str, area_code: str) -> User:
    """The demonstration's person who holds `role` over that area, the nearest grant first. Remembered during a load."""
    grants = Grant.objects.filter(role=role, user__totpdevice__name=demonstration.MARK).select_related("user")
    holding = [grant for grant in grants.order_by("id") if area_code.startswith(grant.area_id)]
    if not holding:
        raise LookupError(f"No demonstration account holds {role} over {area_code}.")
    return max(holding, key=lambda grant: len(grant.area_id)).user
