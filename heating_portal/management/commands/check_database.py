"""Start-up check: refuses a database on which the portal would work wrongly without anybody noticing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
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
    if strange := unknown_steps():
        found.append(
            _(
                "This database was made by another version of the portal: its step %(step)s is not in this one."
                " Use that version, or begin with an empty database."
            )
            % {"step": strange[0]}
        )
    return found


def unknown_steps() -> list[str]:
    """Steps of the schema that this database has gone and this code doesn't have, as "app.name", in order."""
    loader = MigrationLoader(connection)
    ours = {step for step in loader.applied_migrations if step[0] in loader.migrated_apps}
    return sorted(f"{app}.{name}" for app, name in ours - set(loader.disk_migrations))


class Command(BaseCommand):
    help = "Refuse a database that is too old, not UTF-8, blind to Chinese trigrams, or of another version."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = problems()
        if found:
            raise CommandError("\n".join(found))
