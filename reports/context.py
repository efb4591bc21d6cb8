"""What the shell around every page needs, worked out only when a template asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import demonstration
from accounts.models import Area
from accounts.rights import ROLES
from core import clock
from core.seasons import SeasonError, SeasonRule
from programmes import chosen
from programmes.models import Programme
from reports import menu, navigation
from reports.queries import waiting
from reports.queries.scope import Scope

DEPTH_BY_LENGTH = {2: 0, 4: 0, 6: 0, 9: 2, 12: 3, 15: 4}


@dataclass(frozen=True)
class SeasonThread:
    """Where in the heating season a day stands: `percent` of it passed, and the same in words."""

    percent: str
    words: str


@dataclass(frozen=True)
class AreaChoice:
    code: str
    name: str
    depth: int
    current: bool


def season_thread(programme: Programme | None, today: Any) -> SeasonThread | None:
    """Thread of the season `today` lies in; between seasons and without a programme there is none."""
    if programme is None:
        return None
    try:
        season = SeasonRule.parse(programme.season_start, programme.season_end).season_of(today)
    except SeasonError:
        return None
    if season is None:
        return None
    passed = season.days_passed(today)
    words = _("day %(n)d of %(all)d of the heating season") % {"n": passed, "all": season.days}
    return SeasonThread(f"{100 * passed / season.days:.1f}", words)


class Shell:
    """Read by `base.html` as `shell`. Queries: programmes with areas, what waits; no more."""

    idle_s = settings.SESSION_IDLE_S
    demonstration = settings.DEMONSTRATION

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._user: Any = getattr(request, "user", None)

    @property
    def _signed_in(self) -> bool:
        return bool(self._user and self._user.is_authenticated)

    @cached_property
    def area_code(self) -> str:
        return chosen.chosen_area_code(self._request) if self._signed_in else ""

    @cached_property
    def programme(self) -> Programme | None:
        return chosen.chosen_programme(self._request) if self._signed_in else None

    @cached_property
    def programmes(self) -> list[Programme]:
        return chosen.offered_programmes(self._request) if self._signed_in else []

    @cached_property
    def _offered(self) -> list[Area]:
        return chosen.offered_areas(self._request) if self._signed_in else []

    @cached_property
    def areas(self) -> list[AreaChoice]:
        return [
            AreaChoice(a.code, a.name, DEPTH_BY_LENGTH[len(a.code)], a.code == self.area_code) for a in self._offered
        ]

    @property
    def place(self) -> str:
        return next((a.name for a in self._offered if a.code == self.area_code), "")

    @property
    def year_words(self) -> str:
        if self.programme is None:
            return _("no programme")
        first, last = self.programme.year_from, self.programme.year_to
        return _("programme %(years)s") % {"years": first if first == last else f"{first}–{last}"}

    @cached_property
    def season(self) -> SeasonThread | None:
        return season_thread(self.programme, clock.today())

    @cached_property
    def navigation(self) -> list[navigation.Group]:
        if not self._signed_in:
            return []
        groups = navigation.groups_for(self._user, self._request.path)
        return navigation.with_numbers(groups, self.waiting)

    @property
    def menu(self) -> list[tuple[navigation.Label, SafeString]]:
        """Title and drawn entries of each group of the side bar."""
        return [(group.title, menu.entries(group.items)) for group in self.navigation]

    @cached_property
    def waiting(self) -> dict[str, int]:
        """URL name → how much waits there for this person, in the chosen place and programme."""
        if not self._signed_in:
            return {}
        groups = navigation.SETS[navigation.navigation_set(self._user)]
        entries = [item.url_name for group in groups for item in group.items]
        return waiting.numbers_for(Scope(self._user, self.programme, self.area_code), entries)

    @property
    def todo_count(self) -> int:
        """Kinds of work that wait: the number on the bell."""
        return sum(1 for number in self.waiting.values() if number)

    @property
    def tabs(self) -> tuple[navigation.Item, ...]:
        return navigation.tabs_for(self._user, self._request.path) if self._signed_in else ()

    @property
    def role_words(self) -> str:
        return " · ".join(str(ROLES[code].label) for code in self._user.role_codes)

    @property
    def own_pages(self) -> list[navigation.Item]:
        """Pages about the person: password, second factor. Only those that exist."""
        own = [
            navigation.Item(_("My password"), icon="key", url_name="accounts:change-password"),
            navigation.Item(_("Style guide"), icon="palette", url_name="styleguide"),
        ]
        return list(navigation.shown_items(own, self._user, self._request.path))

    @property
    def logout_url(self) -> str:
        return navigation.page_address("accounts:logout")

    @property
    def search_url(self) -> str:
        return navigation.page_address("reports:search") if self._signed_in else ""

    @property
    def demo_code(self) -> str:
        """The demonstration's one-time code, filled in where a step asks for one; empty everywhere else."""
        return demonstration.current_code(self._user) if self._signed_in else ""

    @property
    def tray_url(self) -> str:
        return navigation.page_address("jobs:tray") if self._signed_in else ""

    @property
    def jobs_url(self) -> str:
        return navigation.page_address("jobs:job-list")

    @property
    def messages_url(self) -> str:
        return navigation.page_address("home") if self._signed_in else ""


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: one lazy object; login and error pages that ignore it cost nothing."""
    return {"shell": Shell(request)}
