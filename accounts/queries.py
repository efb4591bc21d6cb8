"""Reads of accounts with more than one caller."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest

from accounts.models import Grant, Membership, SavedView, User
from accounts.rights import ROLES
from core.areas import code_range
from core.table_layouts import Kept


def administered_by(admin: User) -> QuerySet[User]:
    """The accounts an administrator has to do with: all of whose grants lie in his area, and those without any.

    An account that reaches beyond his area belongs to a higher administrator; for him it does not exist.
    """
    inside = Q(pk__in=[])
    for code in admin.area_codes_for("users.view"):
        low, high = code_range(code)
        inside |= Q(area_id__gte=low, area_id__lt=high)
    beyond = Grant.objects.active().filter(~inside, user=OuterRef("pk"))
    return User.objects.filter(~Exists(beyond)) if admin.has_right("users.view") else User.objects.none()


def with_roles(users: QuerySet[User]) -> QuerySet[User]:
    """The same accounts with their live grants fetched at once, under the name `User.active_grants` reads."""
    grants = Grant.objects.active().select_related("area").order_by("role", "area_id")
    return users.prefetch_related(Prefetch("grants", grants, to_attr="active_grants"))


def kept_for(request: HttpRequest, page: str) -> Kept:
    """What the person at work keeps of one list, in one query: named views, and under no name the last layout."""
    if not getattr(getattr(request, "user", None), "is_authenticated", False):
        return Kept()
    user = cast(User, request.user)
    found = list(saved_views_of(user, page))
    layout = next((one.query for one in found if not one.name and one.owner_id == user.pk), "")
    return Kept(layout, [one for one in found if one.name])


def colleagues_of(user: User) -> QuerySet[Membership, Any]:
    """People of the same organisations, and of no other: a twin's people bear the same unit."""
    inside, beyond = Q(pk__in=[]), Q()
    for kind, keys in user.bonds.items():
        inside |= Q(kind=kind, organisation_id__in=keys)
        beyond &= ~Q(kind=kind, organisation_id__in=keys)
    others = Membership.objects.filter(beyond).values("user")
    return Membership.objects.active().filter(inside).exclude(user__in=others).values("user")


def saved_views_of(user: User, page: str) -> QuerySet[SavedView]:
    """The named lists of one page: one's own, and those colleagues of the same unit share."""
    mine: Any = Q(owner=user)
    if any(ROLES[role].own_only for role in user.role_codes):
        mine |= Q(shared="unit", owner__in=colleagues_of(user))
    elif user.unit:
        mine |= Q(shared="unit", owner__unit=user.unit) & ~Q(owner__memberships__isnull=False)
    return SavedView.objects.filter(mine, page=page).select_related("owner").order_by("name", "pk")
