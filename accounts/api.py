"""What every API view shares: the same rights table and the same `visible_to` as the pages."""

from __future__ import annotations

from typing import Any

from rest_framework.filters import BaseFilterBackend
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class HasRight(BasePermission):
    """Deny by default: a view without `required_right` answers nobody; of several ("a or b") one is enough."""

    def has_permission(self, request: Request, view: Any) -> bool:
        right = getattr(view, "required_right", "")
        user = request.user
        if not right or not user.is_authenticated or not user.is_active:
            return False
        if user.needs_second_factor and request.auth is None and not user.is_verified():
            return False
        return bool(user.has_right("api.read") and any(user.has_right(one) for one in right.split(" or ")))


class VisibleToUser(BaseFilterBackend):
    """Narrows every queryset to the caller's areas, on lists and on single rows alike."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        return queryset.visible_to(request.user)
