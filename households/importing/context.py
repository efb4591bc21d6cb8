"""What the roster checks need to know about a programme and a place, read from the database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

from accounts.models import Area
from core.areas import CODE_LENGTHS, TOWN
from households.indexes import key_of
from households.models import ColumnWord
from households.roster.columns import Synonyms, shipped_synonyms, word_key
from households.roster.rows import REQUIRED, RosterContext, Village
from programmes.models import Programme, Target, Technology


def roster_context(programme: Programme, area: Area, *, on: date) -> RosterContext:
    """Villages of the programme's place (those inside `area` allowed), its routes and its soft limits."""
    settings = programme.settings
    context = RosterContext(
        villages=tuple(_villages(programme, area)),
        technologies={t.code: t.name for t in programme.technologies.all()},
        today=on,
        key_of=key_of,
    )
    low, high = settings.get("roster_area_m2", (context.area_low_m2, context.area_high_m2))
    return replace(
        context,
        required=needed_fields(programme),
        exclusions=frozenset(settings.get("exclusions", context.exclusions)),
        demolition_years=int(settings.get("demolition_window_years", context.demolition_years)),
        area_low_m2=int(low),
        area_high_m2=int(high),
    )


def needed_fields(programme: Programme) -> tuple[str, ...]:
    """Fields every household of the programme must have, by a file or by hand."""
    return tuple(programme.settings.get("roster_required", REQUIRED))


def synonyms_for(programme: Programme, area: Area | None = None) -> Synonyms:
    """Shipped words plus the programme's own and what staff of `area` confirmed about headings.

    A technology family's words mean the programme's only technology of it, where it has just one.
    """
    shipped = shipped_synonyms()
    technologies = list(programme.technologies.all())
    words = {word: code for word, family in shipped.technologies.items() if (code := _only(technologies, family))}
    for technology in technologies:
        words |= {word_key(word): technology.code for word in (technology.code, technology.name, *technology.synonyms)}
    known = replace(shipped, technologies={**shipped.technologies, **words})
    return known.learned(_confirmed(area)) if area else known


def _confirmed(area: Area) -> dict[str, str]:
    """Heading -> field as confirmed for the town of `area` or a place above it; the nearest place wins."""
    above = [
        area.code[:length] for length in CODE_LENGTHS.values() if length <= min(len(area.code), CODE_LENGTHS[TOWN])
    ]
    found = ColumnWord.objects.filter(area_id__in=above).order_by("area_id")
    return dict(found.values_list("heading", "field"))


def _only(technologies: list[Technology], family: str) -> str:
    codes = [technology.code for technology in technologies if technology.family == family]
    return codes[0] if len(codes) == 1 else ""


def _villages(programme: Programme, area: Area) -> list[Village]:
    places = Area.objects.within(programme.area_id).filter(level=Area.Level.VILLAGE)
    towns = dict(Area.objects.within(programme.area_id).filter(level=Area.Level.TOWN).values_list("code", "name"))
    routes = _routes(programme)
    return [_village(place, towns, routes, inside=place.code.startswith(area.code)) for place in places]


def _village(place: Any, towns: dict[str, str], routes: dict[str, list[str]], *, inside: bool) -> Village:
    town = towns.get(place.code[: CODE_LENGTHS[TOWN]], "")
    return Village(place.code, place.name, tuple(place.aliases), town, tuple(routes.get(place.code, ())), inside)


def _routes(programme: Programme) -> dict[str, list[str]]:
    """Village code -> codes of the technologies its targets name."""
    routes: dict[str, list[str]] = defaultdict(list)
    named = Target.objects.filter(programme=programme, technology__isnull=False)
    for code, technology in named.values_list("area_id", "technology__code"):
        routes[code].append(technology)
    return routes
