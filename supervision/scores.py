"""What a town's annual score is made of. The documents ask for a score and name no points: the weights are ours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Component(Enum):
    """(code, most in tenths of points, label). Together 100 points."""

    PROGRESS = ("progress", 400, _("progress of the works"))
    QUALITY = ("quality", 200, _("quality and acceptance"))
    SAFETY = ("safety", 200, _("safety"))
    COMPLAINTS = ("complaints", 100, _("complaints and service"))
    RECORDS = ("records", 100, _("ledgers and files"))

    @property
    def code(self) -> str:
        return self.value[0]

    @property
    def most_tenths(self) -> int:
        return self.value[1]

    @property
    def label(self) -> str | Promise:
        return self.value[2]


def total_tenths(points: Mapping[str, int]) -> int:
    """Sum of the components that are known, in tenths of points."""
    return sum(points.get(one.code, 0) for one in Component)
