"""Who lives where; rosters in, signed village → town → office; one file for every household (一户一档)."""

from households.models.changes import ChangeDocument, ChangeRequest
from households.models.documents import Document
from households.models.duplicates import DuplicateKey, DuplicatePair, Merge
from households.models.imports import Enrolment, ImportRow, NumberSeries, RosterImport
from households.models.meters import Meter, MeterSupply
from households.models.provenance import HandEdit, ValueConflict
from households.models.readings import MeterReading
from households.models.registers import ClassPeriod, Dwelling, Household
from households.models.repairs import RepairStep, RowAttention
from households.models.rosters import Roster, RosterPage, RosterRow, RosterScan, RosterSeal
from households.models.venues import PublicVenue, VenueEnrolment
from households.models.words import ColumnWord

__all__ = [
    "ChangeDocument",
    "ChangeRequest",
    "ClassPeriod",
    "ColumnWord",
    "Document",
    "DuplicateKey",
    "DuplicatePair",
    "Dwelling",
    "Enrolment",
    "HandEdit",
    "Household",
    "ImportRow",
    "Merge",
    "Meter",
    "MeterReading",
    "MeterSupply",
    "NumberSeries",
    "PublicVenue",
    "RepairStep",
    "Roster",
    "RosterImport",
    "RosterPage",
    "RosterRow",
    "RosterScan",
    "RosterSeal",
    "RowAttention",
    "ValueConflict",
    "VenueEnrolment",
]
