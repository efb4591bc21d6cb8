"""Password profiles: 等保 (complexity, 90 days, no reuse) by default, OWASP ASVS on request."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.context_words import context_words
from core import clock

MAX_AGE = timedelta(days=90)
KEPT_OLD = 5
ROTATING = {"djcp"}  # profiles that ask for complexity and a change every 90 days
_CLASSES = (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]")


class ProfileValidator:
    """Says everything that is missing at once."""

    def validate(self, password: str, user: Any = None) -> None:
        problems = list(self._problems(password, user))
        if problems:
            raise ValidationError(problems)

    def _problems(self, password: str, user: Any) -> Iterator[str]:
        if any(word in password.lower() for word in context_words(user)):
            yield _("The password contains a word everybody here would try first.")
        if user is not None and user.password and check_password(password, user.password):
            yield _("This is the present password. Choose a new one.")
        if settings.PASSWORD_PROFILE not in ROTATING:
            return
        if sum(bool(re.search(pattern, password)) for pattern in _CLASSES) < 3:
            yield _("Use at least three of: small letters, capital letters, digits, signs.")
        if user is not None and any(check_password(password, old) for old in user.old_passwords[-KEPT_OLD:]):
            yield _("This password was used before. Choose a new one.")

    def get_help_text(self) -> str:
        return _("At least 10 characters with three of: small letters, capital letters, digits, signs.")


def must_change(user: Any, now: datetime | None = None) -> bool:
    """Whether the password was given out by an administrator or, in the 等保 profile, is older than 90 days.

    Nobody has to in the demonstration: its doors open without a password, and a visitor must not shut one.
    """
    if settings.DEMONSTRATION:
        return False
    if user.must_change_password:
        return True
    if settings.PASSWORD_PROFILE not in ROTATING or not user.has_usable_password():
        return False
    return (now or clock.now()) - (user.password_changed_at or user.created_at) > MAX_AGE


def temporary_password(length: int = 16) -> str:
    """Random, with a letter of each case, a digit and a sign; told once and changed at the first sign-in."""
    sets = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-+=_")
    letters = [secrets.choice(one) for one in sets]
    letters += [secrets.choice("".join(sets)) for _n in range(length - len(sets))]
    return "".join(secrets.SystemRandom().sample(letters, len(letters)))
