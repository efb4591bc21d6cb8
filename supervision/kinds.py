"""Which documents this room keeps, in five groups, and who may read and handle each group.

A *case* is one document of any kind: it has a number, a place, words, a handler, deadlines and a life
(`supervision.states`). Complaints, repair tickets, hazards, coal relapse and measures of supervision have this shape in
common, so they are one table; what differs is here and in the table of moves.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise
OWN = "cases.own"
SENSITIVE = "complaints.sensitive"


class Kind(models.TextChoices):
    COMPLAINT = "complaint", _("complaint")
    QUESTION = "question", _("question")
    REPAIR = "repair", _("repair ticket")
    HAZARD = "hazard", _("hazard")
    RELAPSE = "relapse", _("coal relapse")
    NON_USE = "non_use", _("not used")
    ENFORCEMENT = "enforcement", _("enforcement case")
    ORDER = "order", _("supervision order")
    CIRCULAR = "circular", _("circular criticism")
    INTERVIEW = "interview", _("interview")
    EXPLANATION = "explanation", _("written explanation")
    FALSIFICATION = "falsification", _("falsification found")
    OPINION = "opinion", _("public opinion")
    ILLEGAL_USE = "illegal_use", _("illegal use of heat")
    EVALUATION = "evaluation", _("evaluation visit")
    WORK_PLAN = "work_plan", _("work plan of a county")


class Category(models.TextChoices):
    """What a case is about; which kind offers which stands in `CATEGORIES`."""

    FORCED_REMOVAL = "forced_removal", _("forced removal of the old heating")
    SUPPLY_FAULT = "supply_fault", _("heat, gas or power supply")
    SUBSIDY = "subsidy", _("subsidy has not arrived")
    QUALITY = "quality", _("quality of device or works")
    AFTER_SALES = "after_sales", _("after-sales service")
    CONDUCT = "conduct", _("conduct of staff")
    OTHER = "other", _("something else")
    NO_HEAT = "no_heat", _("does not heat")
    FAULT = "fault", _("fault shown")
    NOISE = "noise", _("noise or leak of water")
    METER = "meter", _("meter or line")
    CO = "co", _("carbon monoxide")
    GAS_LEAK = "gas_leak", _("gas leak")
    ELECTRICAL = "electrical", _("electrical fire")
    BURNS = "burns", _("hot surface, pressure")
    CHIMNEY = "chimney", _("flue and ventilation")
    SITE = "site", _("site safety")
    COAL_BURNT = "coal_burnt", _("loose coal is burnt")
    NOT_RUNNING = "not_running", _("heater has not run")
    LOW_USE = "low_use", _("hardly any consumption")
    COAL_OUTLET = "coal_outlet", _("illegal coal outlet")
    STOVE = "stove", _("coal stove for sale")
    COAL_TRUCK = "coal_truck", _("lorry or travelling seller")
    LATE_WORKS = "late_works", _("works behind the plan")
    POOR_WORKS = "poor_works", _("poor works")
    WEAK_SAFETY = "weak_safety", _("weak supervision of safety")
    FALSE_RECORDS = "false_records", _("false records")
    MEDIA = "media", _("report or post")
    FALSE_NEWS = "false_news", _("invented or false news")
    SHORT_SUPPLY = "short_supply", _("heat wilfully reduced or cut off")
    INDOOR_SYSTEM = "indoor_system", _("indoor system altered")
    PRIVATE_TAP = "private_tap", _("connected without leave")
    EXTRA_AREA = "extra_area", _("heated area enlarged")
    WATER_DUMPED = "water_dumped", _("water let out on purpose")
    WORK_PLAN = "plan", _("work plan and schedule")
    PROGRESS = "implementation", _("how the work is carried out")


class Source(models.TextChoices):
    PUBLIC = "public", _("public page")
    PHONE = "phone", _("telephone")
    VISIT = "visit", _("at the counter")
    HOUSEHOLD = "household", _("household")
    PATROL = "patrol", _("patrol")
    EXPERT = "expert", _("expert visit")
    TELEMETRY = "telemetry", _("heater's readings")
    CONSUMPTION = "consumption", _("consumption")
    OFFICE = "office", _("office")


@dataclass(frozen=True)
class Group:
    """Documents read and handled by the same people. `own`: organisations of `cases.own` may open such a document."""

    code: str
    title: Label
    kinds: tuple[str, ...]
    view: str
    handle: str
    sources: tuple[str, ...]
    own: bool = False


K, C, S = Kind, Category, Source
GROUPS: dict[str, Group] = {
    one.code: one
    for one in (
        Group("complaints", _("Complaints and questions"), (K.COMPLAINT, K.QUESTION), "complaints.view",
              "complaints.handle", (S.PHONE, S.VISIT, S.HOUSEHOLD, S.PUBLIC)),
        Group("tickets", _("Repair tickets"), (K.REPAIR,), "tickets.view", "tickets.handle",
              (S.PHONE, S.HOUSEHOLD, S.VISIT, S.TELEMETRY), own=True),
        Group("hazards", _("Hazards"), (K.HAZARD, K.ILLEGAL_USE), "hazards.view", "hazards.record",
              (S.PATROL, S.EXPERT, S.HOUSEHOLD, S.TELEMETRY), own=True),
        Group("coal", _("Coal relapse and non-use"), (K.RELAPSE, K.NON_USE, K.ENFORCEMENT), "hazards.view",
              "hazards.record", (S.PATROL, S.TELEMETRY, S.CONSUMPTION, S.HOUSEHOLD, S.OFFICE)),
        Group("measures", _("Supervision measures"),
              (K.ORDER, K.CIRCULAR, K.INTERVIEW, K.EXPLANATION, K.FALSIFICATION, K.OPINION, K.EVALUATION, K.WORK_PLAN),
              "supervision.view",
              "supervision.act", (S.OFFICE, S.VISIT, S.HOUSEHOLD)),
    )
}  # fmt: skip
GROUP_OF: dict[str, Group] = {kind: group for group in GROUPS.values() for kind in group.kinds}

_ASKED = (C.FORCED_REMOVAL, C.SUPPLY_FAULT, C.SHORT_SUPPLY, C.SUBSIDY, C.QUALITY, C.AFTER_SALES, C.CONDUCT, C.OTHER)
_WRONG = (C.LATE_WORKS, C.POOR_WORKS, C.WEAK_SAFETY, C.FALSE_RECORDS, C.OTHER)
CATEGORIES: dict[str, tuple[str, ...]] = {
    K.COMPLAINT: _ASKED,
    K.QUESTION: _ASKED,
    K.REPAIR: (C.NO_HEAT, C.FAULT, C.NOISE, C.METER, C.OTHER),
    K.HAZARD: (C.CO, C.GAS_LEAK, C.ELECTRICAL, C.BURNS, C.CHIMNEY, C.SITE, C.OTHER),
    K.RELAPSE: (C.COAL_BURNT,),
    K.NON_USE: (C.NOT_RUNNING, C.LOW_USE),
    K.ENFORCEMENT: (C.COAL_OUTLET, C.STOVE, C.COAL_TRUCK, C.OTHER),
    K.ORDER: _WRONG,
    K.CIRCULAR: _WRONG,
    K.INTERVIEW: _WRONG,
    K.EXPLANATION: _WRONG,
    K.FALSIFICATION: (C.FALSE_RECORDS,),
    K.OPINION: (C.MEDIA, C.FALSE_NEWS, C.OTHER),
    K.ILLEGAL_USE: (C.INDOOR_SYSTEM, C.PRIVATE_TAP, C.EXTRA_AREA, C.WATER_DUMPED),
    K.EVALUATION: (C.PROGRESS, C.OTHER),
    K.WORK_PLAN: (C.WORK_PLAN,),
}
SENSITIVE_CATEGORIES = frozenset({C.FORCED_REMOVAL, C.CONDUCT})
"""D-15 and complaints about people: read by few (`complaints.sensitive`) until somebody says otherwise."""
DANGEROUS = frozenset({C.CO, C.GAS_LEAK, C.ELECTRICAL})
"""T-68: what kills; its clock is the shortest."""
