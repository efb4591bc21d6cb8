"""The works: from a task on an approved roster, or a project, to what is accepted."""

from retrofits.models.acceptances import Acceptance, Rectification, TransmissionCheck
from retrofits.models.buildings import Building, EmissionTest, ProjectSupport
from retrofits.models.contracts import Confirmation, Contract, InstalledDevice
from retrofits.models.enterprises import Admission, Qualification
from retrofits.models.gates import GateReason, GateRule, SupplyStep
from retrofits.models.homes import PvPlant, TariffChoice, UserFee
from retrofits.models.inspections import Agency, AgencyMember, LevelCheck, VisitOrder
from retrofits.models.installations import CostItem, Installation, InstallationImport
from retrofits.models.outcomes import HeatingBurden, PilotTest
from retrofits.models.panels import JointAcceptance, JointHome, PanelSeat
from retrofits.models.phone import PhotoTransfer
from retrofits.models.photos import Photo, PhotoBatch, PhotoUpload
from retrofits.models.prices import UnifiedPrice
from retrofits.models.products import Bundle, BundlePart, Product
from retrofits.models.projects import (
    CostShare,
    Project,
    ProjectFunds,
    ProjectMeasure,
    ProjectPaper,
    ProjectProgress,
    SharedCost,
)
from retrofits.models.reviews import Review, ReviewLine
from retrofits.models.tasks import Task
from retrofits.models.tenders import Bid, Criterion, TenderLot
from retrofits.models.transition import TransitionalHome
from retrofits.models.works_checks import WorksCheck

__all__ = [
    "Acceptance",
    "Admission",
    "Agency",
    "AgencyMember",
    "Bid",
    "Building",
    "Bundle",
    "BundlePart",
    "Confirmation",
    "Contract",
    "CostItem",
    "CostShare",
    "Criterion",
    "EmissionTest",
    "GateReason",
    "GateRule",
    "HeatingBurden",
    "Installation",
    "InstallationImport",
    "InstalledDevice",
    "JointAcceptance",
    "JointHome",
    "LevelCheck",
    "PanelSeat",
    "Photo",
    "PhotoBatch",
    "PhotoTransfer",
    "PhotoUpload",
    "PilotTest",
    "Product",
    "Project",
    "ProjectFunds",
    "ProjectMeasure",
    "ProjectPaper",
    "ProjectProgress",
    "ProjectSupport",
    "PvPlant",
    "Qualification",
    "Rectification",
    "Review",
    "ReviewLine",
    "SharedCost",
    "SupplyStep",
    "TariffChoice",
    "Task",
    "TenderLot",
    "TransitionalHome",
    "TransmissionCheck",
    "UnifiedPrice",
    "UserFee",
    "VisitOrder",
    "WorksCheck",
]
