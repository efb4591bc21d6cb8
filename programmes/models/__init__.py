"""A programme is place × years; everything that differs between programmes is a row here."""

from programmes.models.departments import Department
from programmes.models.documents import Checklist, Clause, PolicyDocument, RequiredPaper
from programmes.models.plan import (
    Deadline,
    DeadlineMet,
    Duty,
    Figure,
    Indicator,
    LeadUnit,
    Milestone,
    Panel,
    PlanDecision,
    Principle,
    Threshold,
)
from programmes.models.programme import Phase, Programme, Technology
from programmes.models.targets import Measure, PlannedFunds, StatedSum, SubProgramme, Target, Unit

__all__ = [
    "Checklist",
    "Clause",
    "Deadline",
    "DeadlineMet",
    "Department",
    "Duty",
    "Figure",
    "Indicator",
    "LeadUnit",
    "Measure",
    "Milestone",
    "Panel",
    "Phase",
    "PlanDecision",
    "PlannedFunds",
    "PolicyDocument",
    "Principle",
    "Programme",
    "RequiredPaper",
    "StatedSum",
    "SubProgramme",
    "Target",
    "Technology",
    "Threshold",
    "Unit",
]
