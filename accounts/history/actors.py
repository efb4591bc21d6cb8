"""Who acted, in words: people by their name, the portal itself by what it was doing.

History stores the name of a machine as `accounts.acting` was given it ("poller", "job roster.import"). The titles of
background work are known to `jobs`, which tells them here (`name_jobs_with`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MACHINES: dict[str, Any] = {
    "acceptance sweep": gettext_lazy("the portal: check of acceptances"),
    "account keeper": gettext_lazy("the portal: keeping of accounts"),
    "assess_pending": gettext_lazy("the portal: working out what is due"),
    "close_notices": gettext_lazy("the portal: end of public notices"),
    "create_administrators": gettext_lazy("first set-up of the administrators"),
    "demonstration": gettext_lazy("demonstration data"),
    "docking": gettext_lazy("the portal: docking tests"),
    "expirer": gettext_lazy("the portal: closing of commands that waited too long"),
    "find_duplicates": gettext_lazy("the portal: search for double entries"),
    "heartbeat": gettext_lazy("the portal: progress of background work"),
    "history check": gettext_lazy("the portal: nightly check of the history"),
    "import_roster": gettext_lazy("the portal: import of rosters"),
    "job sweeper": gettext_lazy("the portal: restart of interrupted work"),
    "jobs": gettext_lazy("the portal: background work"),
    "load_policy": gettext_lazy("the portal: loading of a policy"),
    "migration": gettext_lazy("a new version of the portal"),
    "notice clock": gettext_lazy("the portal: end of public notices"),
    "one-time codes": gettext_lazy("the portal: one-time codes"),
    "poller": gettext_lazy("the portal: polling of heaters"),
    "pusher": gettext_lazy("the portal: sending of readings"),
    "reserve_pending": gettext_lazy("the portal: setting aside of funds"),
    "rotate_keys": gettext_lazy("the portal: change of keys"),
    "supervision sweep": gettext_lazy("the portal: passing on of overdue cases"),
    "take_counters": gettext_lazy("the portal: taking of meter readings"),
    "take_progress": gettext_lazy("the portal: weekly record of progress"),
    "visitor": gettext_lazy("a visitor who is not signed in"),
}
# Reasons that the portal gives where a person loads or changes many rows at once.
DEEDS: dict[str, Any] = {
    "change_milestone": gettext_lazy("change of a step of the works"),
    "change_targets": gettext_lazy("change of targets"),
    "import_targets": gettext_lazy("import of targets"),
    "key rotation": gettext_lazy("change of keys"),
    "load_areas": gettext_lazy("loading of places"),
    "load_duties": gettext_lazy("loading of duties"),
    "load_programme": gettext_lazy("loading of a programme"),
    "load_works": gettext_lazy("loading of the works"),
    "plan_milestone": gettext_lazy("planning of a step of the works"),
    "record_deadline_met": gettext_lazy("a deadline was met"),
    "set_lead": gettext_lazy("choice of the leading unit"),
    "weekly record": gettext_lazy("weekly record of progress"),
}
JOB, COMMAND = "job ", "command "
_titles: list[Callable[[str], Any]] = []


def name_jobs_with(titles: Callable[[str], Any]) -> None:
    """From now on `titles(kind)` says what a kind of background work is called."""
    _titles[:] = [titles]


def actor_words(name: str) -> str:
    """The actor of an entry; a person's name stays."""
    if name.startswith(JOB):
        return _("background work: %(title)s") % {"title": _job(name.removeprefix(JOB))}
    if name.startswith(COMMAND):
        return _command(name)
    return str(MACHINES.get(name, name))


def reason_words(reason: str) -> str:
    """Why, as it was typed; where the portal itself gave the reason, in words."""
    if reason.startswith(COMMAND):
        return _command(reason)
    return str(DEEDS.get(reason) or MACHINES.get(reason) or _job(reason))


def acted_by(text: str) -> Q:
    """Entries of people whose name begins so, and of the portal's own work whose words hold it."""
    machines = [name for name, words in MACHINES.items() if text in str(words)]
    return Q(actor_name__startswith=text) | Q(actor_name__in=machines)


def _command(name: str) -> str:
    return _("the command %(name)s") % {"name": name.removeprefix(COMMAND)}


def _job(kind: str) -> str:
    return str(_titles[0](kind)) if _titles else kind
