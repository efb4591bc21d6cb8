"""What a heating company's credit is made of (B-26): the components and our weights, which add up to 100.

The document asks for a system of evaluation and names no components; the portal proposes these (decision 0271).
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WEIGHTS: dict[str, int] = {
    "collection": 15, "warmth": 25, "satisfaction": 15, "repairs": 15, "checks": 10, "fuel": 10, "backup": 10,
}  # fmt: skip
LABELS: dict[str, str | Promise] = {
    "collection": _("fees collected"),
    "warmth": _("room temperatures reached"),
    "satisfaction": _("content users"),
    "repairs": _("repairs in time"),
    "checks": _("stations and networks checked and in order"),
    "fuel": _("fuel under contract"),
    "backup": _("networks with a backup source"),
}
