"""One session per person and kind of device, 15 minutes idle, 8 hours in all (C5).

The session carries a random mark, the account carries the mark of the session that counts: a request whose marks
differ is over. Both are loaded for every request anyway, so the rule costs no query.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts.addresses import device_of
from accounts.models import User

# Why a session ended, for the sign-in page.
IDLE, OLD, ELSEWHERE, CHANGED = "idle", "old", "elsewhere", "changed"


def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Signed in: this session replaces the one the person had on the same kind of device."""
    device, mark, now = device_of(request), secrets.token_hex(16), time.time()
    notes = {"opened_at": now, "seen_at": now, "access_version": user.access_version, "device": device}
    request.session.update(notes | {"session_mark": mark})
    User.objects.filter(pk=user.pk).update(**{f"{device}_session": mark})
    setattr(user, f"{device}_session", mark)


def connect() -> None:
    """Called once at start-up."""
    user_logged_in.connect(begin, dispatch_uid="accounts.sessions.begin")


def why_over(request: HttpRequest, now: float) -> str:
    """The reason for which this session has ended, "" while it is good. A session without its notes is not good."""
    session, user = request.session, request.user
    if session.get("access_version") != user.access_version:
        return CHANGED
    if not _is_the_one(session, user):
        return ELSEWHERE
    if now - session.get("opened_at", 0) > settings.SESSION_ABSOLUTE_S:
        return OLD
    return IDLE if now - session.get("seen_at", 0) > settings.SESSION_IDLE_S else ""


def touch(request: HttpRequest, now: float) -> None:
    """A person is at work. One write a minute is precise enough for a limit of 15 and spares a write per request.

    Fragments that open pages fetch by themselves say so (`X-Unattended: 1`) and keep nothing alive.
    """
    if request.headers.get("X-Unattended") != "1" and now - request.session["seen_at"] > 60:
        request.session["seen_at"] = now


def _is_the_one(session: Any, user: User) -> bool:
    mark = session.get("session_mark", "")
    return bool(mark) and mark == getattr(user, f"{session.get('device')}_session", "")
