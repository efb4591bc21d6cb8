"""Start-up check: refuses a database on which the portal would work wrongly without anybody noticing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils.translation import gettext as _

FLOOR = 150000  # PostgreSQL 15


def problems() -> list[str]:
    """Every reason why this database must not be used, as sentences; empty when it is fit."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
        version, encoding = cursor.fetchone()
        if version < FLOOR:
            found.append(
                _("PostgreSQL %(have)s is too old: the portal needs 15 or newer.") % {"have": version // 10000}
            )
        if encoding != "UTF8":
            found.append(_("The database's encoding is %(have)s: create it with encoding UTF8.") % {"have": encoding})
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("SELECT cardinality(show_trgm('王小明'))")
        if not cursor.fetchone()[0]:
            found.append(
                _(
                    "This database cannot search Chinese names: show_trgm('王小明') is empty because its LC_CTYPE is"
                    " not UTF-8. Create the cluster or database with --locale=C.UTF-8."
                )
            )
    return found


class Command(BaseCommand):
    help = "Refuse a database that is too old, not UTF-8, or blind to Chinese trigrams."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = problems()
        if found:
            raise CommandError("\n".join(found))
