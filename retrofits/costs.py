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
    "BUILDING_EFFICIENCY": _("building efficiency"),
    "OTHER": _("other costs"),
}
_WORDS = {  # beside the codes, which are the English words
    "设备": "DEVICE", "安装": "INSTALLATION", "表后": "WIRING_BEHIND_METER", "村内供气": "VILLAGE_GAS_NETWORK",
    "村（居）内供气": "VILLAGE_GAS_NETWORK", "户内": "INDOOR_RADIATOR", "暖气片": "INDOOR_RADIATOR",
    "散热器": "INDOOR_RADIATOR", "二次管网": "SECONDARY_NETWORK", "二次网": "SECONDARY_NETWORK",
    "换热站": "HEAT_EXCHANGE_STATION", "热源": "HEAT_SOURCE", "维护": "MAINTENANCE",
}  # fmt: skip
KIND_SHAPE = re.compile(r"[A-Z][A-Z0-9_]{1,29}")


def kind_of(name: str) -> str:
    """The kind a freely named cost begins with (“二次管网（甲村）”, SECONDARY_NETWORK …), else OTHER."""
    begins = _WORDS | {kind: kind for kind in COST_KINDS}
    plain = name.strip().upper().replace(" ", "_")
    found = [word for word in begins if plain.startswith(word)]
    return begins[max(found, key=len)] if found else "OTHER"
