"""Before money moves or data leaves: the second factor once more, fresh, and bound to what was on the screen (C6)."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp import match_token

from core.refusals import Refused

_KEY = "step_up"


def confirm(request: HttpRequest, token: str, subject: str) -> bool:
    """Check a one-time code; on success remember for five minutes that it was given for `subject`."""
    if match_token(request.user, token.strip()) is None:
        return False
    request.session[_KEY] = {"subject": subject, "at": time.time()}
    return True


def is_fresh(request: HttpRequest, subject: str) -> bool:
    """Whether a code was given for exactly this subject within the last five minutes."""
    given: dict[str, Any] = request.session.get(_KEY) or {}
    return given.get("subject") == subject and time.time() - given.get("at", 0) <= settings.STEP_UP_S


def demand(request: HttpRequest, subject: str) -> None:
    """Accept the code sent along as `token`, or an earlier fresh one; otherwise refuse.

    `subject` names deed and content, e.g. "batch-sign:PB-2021-014:<content hash>": a code given for one
    content is worth nothing for another. Raises Refused(STEP_UP).
    """
    token = request.POST.get("token", "")
    if token and not confirm(request, token, subject):
        raise Refused(
            "STEP_UP",
            _("The one-time code is wrong or already used. Wait for the next code and type it again."),
        )
    if not is_fresh(request, subject):
        raise Refused("STEP_UP", _("Type the six-digit one-time code to confirm this step."))
    request.session.pop(_KEY, None)
