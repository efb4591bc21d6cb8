"""Kinds of cost positions. A policy's cost scope names them; a kind it does not know is simply not eligible."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

COST_KINDS = {
    "DEVICE": _("device"),
    "INSTALLATION": _("installation"),
    "WIRING_BEHIND_METER": _("wiring behind the meter"),
    "VILLAGE_GAS_NETWORK": _("gas network in the village"),
    "INDOOR_RADIATOR": _("radiators indoors"),
    "SECONDARY_NETWORK": _("secondary network"),
    "HEAT_EXCHANGE_STATION": _("heat exchange station"),
    "HEAT_SOURCE": _("heat source"),
    "GAS_ALARM": _("gas alarm"),
    "COOKER": _("cooker"),
    "MAINTENANCE": _("maintenance"),
    "OTHER": _("other costs"),
}
KIND_SHAPE = re.compile(r"[A-Z][A-Z0-9_]{1,29}")
