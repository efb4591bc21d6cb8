"""The sentence that shows why an alert was raised: numbers as they were, never a verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from devices.protocol.profiles import Profile
from telemetry import registers
from telemetry.models import Alert

Found = Mapping[str, Any]


def words(alert: Alert, profile: Profile) -> str:
    """One sentence in the reader's language; "" where an alert carries no numbers."""
    if alert.kind == Alert.Kind.FAULT:
        return registers.fault_words(profile, int(alert.evidence.get("fault") or 0))
    say = _SAY.get(alert.kind)
    try:
        return say(alert.evidence) if say else ""
    except KeyError:  # raised before the evidence of this kind was kept in full
        return ""


def degrees(tenths: Any) -> str:
    return "—" if tenths is None else f"{int(tenths) / 10:.1f} ℃".replace("-", "−")


def moment(epoch: float) -> str:
    return f"{timezone.localtime(dt.datetime.fromtimestamp(epoch, dt.UTC)):%m-%d %H:%M}"


def _silence(found: Found) -> str:
    said = {"n": found["misses"], "why": registers.why(found["reason"])}
    return _("%(n)s polls in a row without an answer: %(why)s") % said


def _errors(found: Found) -> str:
    said = {"n": found["misses"], "line": found["line"], "unit": found["unit"]}
    return _("unit %(unit)s of %(line)s has refused every question %(n)s polls in a row; it is not silent") % said


def _supply(found: Found) -> str:
    return _("running since %(since)s and no more than %(c)s come out of it (limit %(limit)s)") % {
        "since": moment(found["since"]), "c": degrees(found["supply_dc"]), "limit": degrees(found["limit_dc"]),
    }  # fmt: skip


def _freezing(found: Found) -> str:
    return _("switched off with water at %(c)s (limit %(limit)s), outdoors %(outdoor)s") % {
        "c": degrees(found["water_dc"]), "limit": degrees(found["limit_dc"]), "outdoor": degrees(found["outdoor_dc"]),
    }  # fmt: skip


def _room(found: Found) -> str:
    state = {True: _("switched on"), False: _("switched off")}.get(found["running"], "—")
    words = _("room at %(c)s, below %(limit)s since %(since)s; set to %(set)s, outdoors %(outdoor)s, heater %(state)s")
    return words % {
        "c": degrees(found["room_dc"]), "limit": degrees(found["limit_dc"]), "since": moment(found["since"]),
        "set": degrees(found["set_room_dc"]), "outdoor": degrees(found["outdoor_dc"]), "state": state,
    }  # fmt: skip


def _starts(found: Found) -> str:
    return _("%(n)s starts in one hour, two hours running") % {"n": found["starts"]}


def _foreign(found: Found) -> str:
    return _("%(n)s frames on %(line)s that nobody of ours asked for") % {"n": found["foreign"], "line": found["line"]}


def _duplicate(found: Found) -> str:
    said = {"line": found["line"], "min": found["ago_s"] // 60}
    return _("another gateway says it is %(line)s; it was turned away, last %(min)s minutes before") % said


def _quality(found: Found) -> str:
    said = {"got": found["got"], "wanted": found["wanted"], "flagged": found["flagged"]}
    return _("%(got)s of %(wanted)s polls answered in the last hour, %(flagged)s readings not good") % said


def _coal(found: Found) -> str:
    curve = _("the house's own nights") if found["learnt"] else _("a usual house")
    return _(
        "no heat for %(h)s h at %(outdoor)s outdoors, yet %(room)s in the room; by %(curve)s %(expected)s"
    ) % {
        "h": found["off_h"], "outdoor": degrees(found["outdoor_dc"]), "room": degrees(found["room_dc"]),
        "curve": curve, "expected": degrees(found["expected_dc"]),
    }  # fmt: skip


def _welfare(found: Found) -> str:
    said = {"h": found["off_h"], "outdoor": degrees(found["outdoor_dc"])}
    if found["room_dc"] is None:
        return _("no heat for %(h)s h at %(outdoor)s outdoors; the room is not measured") % said
    said |= {"first": degrees(found["room_start_dc"]), "last": degrees(found["room_dc"])}
    return _("no heat for %(h)s h at %(outdoor)s outdoors; the room went from %(first)s to %(last)s") % said


_SAY: dict[str, Callable[[Found], str]] = {
    Alert.Kind.UNIT_SILENT: _silence,
    Alert.Kind.LINE_SILENT: _silence,
    Alert.Kind.ERRORS_ONLY: _errors,
    Alert.Kind.SUPPLY_LOW: _supply,
    Alert.Kind.FREEZING: _freezing,
    Alert.Kind.ROOM_COLD: _room,
    Alert.Kind.ROOM_COOL: _room,
    Alert.Kind.SHORT_CYCLING: _starts,
    Alert.Kind.SECOND_MASTER: _foreign,
    Alert.Kind.DUPLICATE_ID: _duplicate,
    Alert.Kind.QUALITY: _quality,
    Alert.Kind.COAL_RETURN: _coal,
    Alert.Kind.WELFARE: _welfare,
}
