"""What an inspector found at the door, checked against the programme's checklist: every open item at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from retrofits.faults import Fault
from retrofits.measuring import TOO_HIGH, TOO_LOW, judge, limits, read_number
from retrofits.models import Photo
from retrofits.queries import TelemetryEvidence

OK, BAD, NOT_APPLICABLE = "ok", "bad", "na"
ANSWERS = frozenset({OK, BAD, NOT_APPLICABLE})
ROOM_TEMP = "ROOM_TEMP"
OPINION_MAX = DEFECT_MAX = 300


@dataclass(frozen=True)
class Visit:
    """Answers by item code (ok, bad, na, or a number as text); the signature as a PNG or a typed name."""

    answers: Mapping[str, str] = field(default_factory=dict)
    opinion: str = ""
    signature_png: bytes = b""
    signer_name: str = ""
    defect: str = ""
    due_on: date | None = None


def stage_of(item: Mapping[str, Any]) -> str:
    """The stage a photo item asks for: PHOTO_BEFORE → before."""
    wanted = str(item["code"]).rpartition("_")[2].lower()
    return wanted if wanted in Photo.Stage.values else str(Photo.Stage.AFTER)


def open_items(
    items: list[dict[str, Any]], visit: Visit, *, stages: set[str], evidence: TelemetryEvidence
) -> list[Fault]:
    """What still stands between this visit and "passed": unanswered items, failed ones, values out of range."""
    faults = []
    for item in items:
        fault = _CHECKS[item["kind"]](item, visit, stages, evidence)
        faults += [fault] if fault else []
    return faults


def refusal_faults(visit: Visit, *, stages: set[str], on: date) -> list[Fault]:
    """What is missing to turn the dwelling over to rectification: a sentence, a photo and a day."""
    faults = []
    if not visit.defect.strip():
        faults.append(Fault("defect", "MISSING", _("say in one sentence what has to be put right")))
    if Photo.Stage.DEFECT not in stages:
        faults.append(Fault("defect-photo", "MISSING", _("a photo of the defect")))
    if visit.due_on is None:
        faults.append(Fault("due_on", "MISSING", _("until when it has to be put right")))
    elif visit.due_on < on:
        faults.append(Fault("due_on", "PAST", _("the day for putting it right lies in the past")))
    return faults


def room_temperature(items: list[dict[str, Any]], visit: Visit) -> Decimal | None:
    """The measured room temperature in °C, None when it was not measured or is no number."""
    numbers = [item for item in items if item["kind"] == "number"]
    chosen = next((item for item in numbers if item["code"] == ROOM_TEMP), None)
    value = read_number(visit.answers.get(chosen["code"], "")) if chosen else None
    return value.quantize(Decimal("0.1")) if value is not None and abs(value) < 1000 else None


def _yes_no(item: dict[str, Any], visit: Visit, stages: set[str], evidence: TelemetryEvidence) -> Fault | None:
    answer = visit.answers.get(item["code"], "")
    if answer == BAD:
        return Fault(item["code"], "FAILED", _("“%(item)s” failed: turn it to rectification") % {"item": item["text"]})
    if answer in ANSWERS or not item.get("required"):
        return None
    return Fault(item["code"], "MISSING", _("“%(item)s”") % {"item": item["text"]})


def _measured(item: dict[str, Any], visit: Visit, stages: set[str], evidence: TelemetryEvidence) -> Fault | None:
    text = visit.answers.get(item["code"], "").strip()
    value = read_number(text)
    if not text:
        return Fault(item["code"], "MISSING", f"“{item['text']}”") if item.get("required") else None
    if value is None:
        return Fault(
            item["code"],
            "NUMBER",
            _("“%(item)s”: “%(text)s” is not a number") % {"item": item["text"], "text": text[:20]},
        )
    return _out_of_range(item, value)


def _out_of_range(item: dict[str, Any], value: Decimal) -> Fault | None:
    low, high = limits(item)
    code = judge(value, item)
    if code == TOO_LOW:
        words = _("“%(item)s”: %(value)s is below %(low)s: turn it to rectification")
        return Fault(item["code"], code, words % {"item": item["text"], "value": value, "low": low})
    if code == TOO_HIGH:
        words = _("“%(item)s”: %(value)s is above %(high)s; measure again")
        return Fault(item["code"], code, words % {"item": item["text"], "value": value, "high": high})
    return None


def _photographed(item: dict[str, Any], visit: Visit, stages: set[str], evidence: TelemetryEvidence) -> Fault | None:
    if stage_of(item) in stages or not item.get("required"):
        return None
    return Fault(item["code"], "MISSING", _("“%(item)s”") % {"item": item["text"]})


def _transmits(item: dict[str, Any], visit: Visit, stages: set[str], evidence: TelemetryEvidence) -> Fault | None:
    """Never the inspector's word: only the platform's own readings count (J-31)."""
    if evidence.state == "not_networked" or not item.get("required"):
        return None
    if evidence.suffices:
        return None
    if evidence.is_live:
        words = _("the platform has %(good)d good readings of this heater, %(needed)d are needed")
        return Fault(item["code"], "TOO_FEW", words % {"good": evidence.good_reads, "needed": evidence.needed_reads})
    if evidence.state == "never":
        return Fault(item["code"], "NEVER_HEARD", _("the platform has never heard of this heater"))
    words = _("the last reading is %(age)d seconds old, at most %(limit)d count")
    return Fault(item["code"], "STALE", words % {"age": evidence.age_s or 0, "limit": evidence.limit_s or 0})


def _signed(item: dict[str, Any], visit: Visit, stages: set[str], evidence: TelemetryEvidence) -> Fault | None:
    if visit.signature_png or visit.signer_name.strip() or not item.get("required"):
        return None
    return Fault(item["code"], "MISSING", _("“%(item)s”") % {"item": item["text"]})


_CHECKS = {
    "yes_no": _yes_no,
    "number": _measured,
    "photo": _photographed,
    "telemetry": _transmits,
    "signature": _signed,
}
