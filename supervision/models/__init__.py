"""Tables of the room."""

from supervision.models.cases import AlertCase, Case, CaseStep, ClockRule
from supervision.models.checks import SpotCheck, SpotCheckLine, TownScore
from supervision.models.companies import CaseCompany, EnergyCompany, PointCompany, ServedPlace
from supervision.models.duties import DutyBody, DutyTerm
from supervision.models.network import NetworkAlarm, NetworkPoint, NetworkValue
from supervision.models.safety import PublicityMark, SafetyAttendance, SafetyEvent, SafetyPost
from supervision.models.service import DeviceArrival, LocalSite, MaintenanceVisit, ServiceOutlet

__all__ = [
    "AlertCase",
    "Case",
    "CaseCompany",
    "CaseStep",
    "ClockRule",
    "DeviceArrival",
    "DutyBody",
    "DutyTerm",
    "EnergyCompany",
    "LocalSite",
    "MaintenanceVisit",
    "NetworkAlarm",
    "NetworkPoint",
    "NetworkValue",
    "PointCompany",
    "PublicityMark",
    "SafetyAttendance",
    "SafetyEvent",
    "SafetyPost",
    "ServedPlace",
    "ServiceOutlet",
    "SpotCheck",
    "SpotCheckLine",
    "TownScore",
]
