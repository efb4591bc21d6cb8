"""Words of the policy desk for its templates."""

from __future__ import annotations

from typing import Any

from django.template import Library

from subsidies.figures import case_words, position_words
from subsidies.wording import name_of

register = Library()


@register.filter
def fact(code: str) -> str:
    """A fact or quantity in words."""
    return name_of(code)


@register.filter
def position(side: dict[str, Any], axis: str) -> str:
    """Where one side of a jump lies on its axis."""
    return position_words(axis, side["at"])


@register.filter
def case_in_words(case: dict[str, list[str]]) -> str:
    """What was held still while the boundary was looked at."""
    return case_words(case)
