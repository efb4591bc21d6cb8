"""Who lives where; rosters in, signed village → town → office; one file for every household (一户一档)."""

from households.models.documents import Document
from households.models.imports import Enrolment, ImportRow, NumberSeries, RosterImport
from households.models.registers import Dwelling, Household, MeterReading
from households.models.rosters import Roster, RosterPage, RosterRow, RosterScan, RosterSeal

__all__ = [
    "Document",
    "Dwelling",
    "Enrolment",
    "Household",
    "ImportRow",
    "MeterReading",
    "NumberSeries",
    "Roster",
    "RosterImport",
    "RosterPage",
    "RosterRow",
    "RosterScan",
    "RosterSeal",
]
