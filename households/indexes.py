"""Keys by which the register recognises a person, card, door or meter without knowing the number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.blind_index import blind_index, indexer

KINDS = ("id_number", "bank_card", "door_no", "meter_no")


def door_index(village: str, door_no: str) -> str:
    """Index of a house: a door number means something only inside its village."""
    return blind_index(f"{village}/{door_no}", "door_no") if door_no else ""


def key_of(kind: str, value: str) -> str:
    """Opaque key of one value, e.g. "id_number:3f…"; "" for an empty one. Doors come as "village/door"."""
    index = blind_index(value, kind)
    return f"{kind}:{index}" if index else ""


def full_door(values: Mapping[str, Any]) -> str:
    """Door number as the register keeps it: the village group before it where the roster names one."""
    door = str(values.get("door_no") or "")
    return f"{values.get('group') or ''}{door}" if door else ""


def indexers() -> dict[str, Callable[[str], str]]:
    """What makes the index of each kind; looked up once for many rows."""
    return {kind: indexer(kind) for kind in KINDS}


def indexes_of(values: Mapping[str, Any], by_kind: Mapping[str, Callable[[str], str]] | None = None) -> dict[str, str]:
    """Index by kind of everything in a row that must be unique or belongs together; what a row lacks is missing."""
    found: dict[str, str] = {}
    for kind, index in (by_kind or indexers()).items():
        if text := house_of(values) if kind == "door_no" else values.get(kind):
            found[kind] = index(str(text))
    return found


def house_of(values: Mapping[str, Any]) -> str:
    """Village and door, by which a house is known; "" where one is missing."""
    village, door = values.get("village"), full_door(values)
    return f"{village}/{door}" if village and door else ""


def keys_of(values: Mapping[str, Any]) -> list[str]:
    """The same as opaque keys of one list, e.g. "id_number:3f…"."""
    return [f"{kind}:{index}" for kind, index in indexes_of(values).items() if index]
