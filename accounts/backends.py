from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from accounts.models import Grant, TOTPDevice, User
from core.together import read_together


class PersonBackend(ModelBackend):
    """Name and password. Rights come from `Grant` alone, so Django's permission questions are always answered no."""

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session with its live grants and one-time-code devices: one question for each request."""
        users = User.objects.filter(pk=user_id)
        grants = Grant.objects.active().filter(user_id=user_id).select_related("area")
        devices = TOTPDevice.objects.filter(user_id=user_id)
        read_together(users, grants, devices)
        user = next(iter(users), None)
        if user is None or not self.user_can_authenticate(user):
            return None
        user.active_grants, user.devices_at_hand = list(grants), list(devices)
        return user

    def has_perm(self, *args: object, **kwargs: object) -> bool:
        return False

    def has_module_perms(self, *args: object, **kwargs: object) -> bool:
        return False

    def get_all_permissions(self, *args: object, **kwargs: object) -> set[str]:
        return set()
