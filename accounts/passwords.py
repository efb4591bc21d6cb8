"""Password profiles: 等保 (complexity, 90 days, no reuse) by default, OWASP ASVS on request."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core import clock

MAX_AGE = timedelta(days=90)
KEPT_OLD = 5
ROTATING = {"djcp"}  # profiles that ask for complexity and a change every 90 days
CONTEXT_WORDS = ("qingjie", "qunuan", "heating", "portal", "password", "admin")
_CLASSES = (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]")


class ProfileValidator:
    """Says everything that is missing at once."""

    def validate(self, password: str, user: Any = None) -> None:
        problems = list(self._problems(password, user))
        if problems:
            raise ValidationError(problems)

    def _problems(self, password: str, user: Any) -> Any:
        if any(word in password.lower() for word in CONTEXT_WORDS):
            yield _("The password contains a word everybody here would try first.")
        if settings.PASSWORD_PROFILE not in ROTATING:
            return
        if sum(bool(re.search(pattern, password)) for pattern in _CLASSES) < 3:
            yield _("Use at least three of: small letters, capital letters, digits, signs.")
        if user is not None and any(check_password(password, old) for old in user.old_passwords[-KEPT_OLD:]):
            yield _("This password was used before. Choose a new one.")

    def get_help_text(self) -> str:
        return _("At least 10 characters with three of: small letters, capital letters, digits, signs.")


def must_change(user: Any) -> bool:
    """Whether the 90 days of the 等保 profile are over (or the password was given out by an administrator)."""
    if settings.DEMONSTRATION:
        return False
    if user.password_changed_at is None:
        return True
    return settings.PASSWORD_PROFILE in ROTATING and clock.now() - user.password_changed_at > MAX_AGE
