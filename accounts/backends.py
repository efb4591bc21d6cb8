from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from accounts.models import Grant, TOTPDevice, User
from core.together import StandingQuestion


class PersonBackend(ModelBackend):
    """Name and password. Rights come from `Grant` alone, so Django's permission questions are always answered no."""

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session with its live grants and one-time-code devices: one question for each request."""
        users, grants, devices = _about_person(timezone.localdate()).ask(user_id)
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


@lru_cache(maxsize=2)
def _about_person(_today: dt.date) -> StandingQuestion:
    """Which grants live is a question of the day, so the question is put anew every day."""
    return StandingQuestion(
        lambda key: [
            User.objects.filter(pk=key),
            Grant.objects.active().filter(user_id=key).select_related("area"),
            TOTPDevice.objects.filter(user_id=key),
        ]
    )
