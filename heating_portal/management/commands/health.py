"""`./portal health`: is everything the portal leans on there, are heaters read, and is the history being sealed?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.history import anchors, sealing, watching
from core import clock
from heating_portal.health import redis_state
from telemetry.trouble import everywhere


class Command(BaseCommand):
    help = "Database, Redis, heaters, the history; the exit code is not zero when something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        found = watching.alarms()
        self.stdout.write(_("Database: answers"))
        self.stdout.write(_("Redis: %(state)s") % {"state": redis_state()})
        age = watching.oldest_unsealed_s() or 0
        self.stdout.write(
            _("History: %(links)d links, oldest waiting entry %(age)d s") % {"links": sealing.head().seq, "age": age}
        )
        written = anchors.last_written()
        self.stdout.write(
            _("Head last written down: %(at)s") % {"at": written.isoformat() if written else _("never on this machine")}
        )
        troubles = everywhere(clock.now())
        self.stdout.write(_("Heaters: not being read") if troubles else _("Heaters: nothing in the way of readings"))
        found += [f"{code}: {trouble.words}" for code, trouble in troubles.items()]
        if redis_state() != "ok":
            found.append(_("Redis is away: work waits in the database until it is back."))
        if found:
            raise CommandError("\n".join(found))
