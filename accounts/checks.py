"""Start-up checks of accounts: the demonstration's open doors can't exist in production."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.security)
def production_is_not_a_demonstration(app_configs: Any, **kwargs: Any) -> list[Error]:
    if settings.PRODUCTION and settings.DEMONSTRATION:
        return [Error("Demonstration mode is on in production.", hint="Unset PORTAL_MODE=demo.", id="accounts.E001")]
    return []


@register(Tags.database)
def production_has_no_demonstration_people(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[Error]:
    """Refuses a production start on a database that holds one-click accounts."""
    if not settings.PRODUCTION or not databases:
        return []
    from django.db import DatabaseError

    from accounts import demonstration
    from accounts.models import User

    try:
        names = list(User.objects.filter(totpdevice__name=demonstration.MARK).values_list("username", flat=True)[:5])
    except DatabaseError:
        return []  # not migrated yet: nobody is in it
    if not names:
        return []
    return [
        Error(
            f"This database holds demonstration accounts: {', '.join(names)} …",
            hint="Use a fresh database for production.",
            id="accounts.E002",
        )
    ]
