"""Which area and which programme (year) the person has chosen in the top bar; kept in the session.

Rooms narrow their lists with it: `Model.objects.visible_to(user).within(chosen_area_code(request))`. It only ever
narrows: what a person may see is decided by `visible_to`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest

from accounts.models import Area
from core.areas import ancestors, is_inside
from core.together import StandingQuestion
from programmes.models import Programme, Technology

AREA_KEY, PROGRAMME_KEY = "area_code", "programme_code"


def chosen_area_code(request: HttpRequest) -> str:
    """Code of the chosen area; without a choice the widest area the person holds, "" for strangers."""
    held = held_codes(request.user)
    code = str(_kept(request, AREA_KEY))
    if is_held(code, held):
        return code
    return min(held, key=len) if held else ""


def is_held(code: str, held: list[str]) -> bool:
    """Whether `code` is an area code inside one of `held`; anything that is no area code is not."""
    try:
        return any(is_inside(code, area) for area in held)
    except ValueError:
        return False


def held_codes(user: Any) -> list[str]:
    """Codes of the areas in the person's live grants, outermost only."""
    codes: list[str] = user.area_codes_for() if user.is_authenticated else []
    return [code for code in codes if not any(code != other and is_inside(code, other) for other in codes)]


def programmes_for(user: Any) -> list[Programme]:
    """Programmes of the person's areas and of the areas above them, newest first."""
    return list(_programmes(held_codes(user)))


def _programmes(held: list[str]) -> QuerySet[Programme]:
    condition = Q()
    for code in held:
        condition |= Q(area__code__startswith=code) | Q(area_id__in=ancestors(code))
    if not condition:
        return Programme.objects.none()
    return Programme.objects.filter(condition).annotate(routes=_routes()).order_by("-year_from", "code")


def _routes() -> ArraySubquery:
    """The programme's technologies as {"code", "name"} beside it: lists word their routes without asking again."""
    named = JSONObject(code="code", name="name")
    return ArraySubquery(Technology.objects.filter(programme=OuterRef("pk")).order_by("pk").values_list(named))


def offered_programmes(request: HttpRequest) -> list[Programme]:
    """`programmes_for` the person at work, asked once for a request."""
    return _offered(request)[0]


def offered_areas(request: HttpRequest) -> list[Area]:
    """What the area switch offers: the held areas and the level right below each, in tree order."""
    return _offered(request)[1]


def _offered(request: HttpRequest) -> tuple[list[Programme], list[Area]]:
    """Programmes and areas of the two switches in the top bar: one question for a request."""
    if not hasattr(request, "_offered_choices"):
        held = held_codes(request.user)
        programmes, areas = _choices(tuple(held)).ask(0) if held else ((), ())
        request._offered_choices = list(programmes), list(areas)  # type: ignore[attr-defined]
    return request._offered_choices  # type: ignore[attr-defined,no-any-return]


@lru_cache(maxsize=256)
def _choices(held: tuple[str, ...]) -> StandingQuestion:
    """The same question for everybody who holds these areas: composed once."""
    areas = Area.objects.filter(Q(code__in=held) | Q(parent_id__in=held)).order_by("code")
    return StandingQuestion(lambda _nothing_differs: [_programmes(list(held)), areas])


def chosen_programme(request: HttpRequest) -> Programme | None:
    """The chosen programme, otherwise the newest one that covers the chosen area, otherwise None."""
    if not hasattr(request, "_chosen_programme"):
        request._chosen_programme = _pick(request, offered_programmes(request))  # type: ignore[attr-defined]
    return request._chosen_programme  # type: ignore[attr-defined,no-any-return]


def _pick(request: HttpRequest, offered: list[Programme]) -> Programme | None:
    wanted = _kept(request, PROGRAMME_KEY)
    area = chosen_area_code(request)
    covering = [p for p in offered if area and (is_inside(area, p.area_id) or is_inside(p.area_id, area))]
    return next((p for p in covering if p.code == wanted), covering[0] if covering else None)


def _kept(request: HttpRequest, key: str) -> Any:
    return request.session.get(key) or "" if hasattr(request, "session") else ""
