"""The works: from a task on an approved roster, or a project, to what is accepted."""

from retrofits.models.acceptances import Acceptance, Rectification
from retrofits.models.contracts import Confirmation, Contract, InstalledDevice
from retrofits.models.enterprises import Admission, Qualification
from retrofits.models.gates import GateReason, GateRule, SupplyStep
from retrofits.models.installations import CostItem, Installation, InstallationImport
from retrofits.models.photos import Photo, PhotoBatch, PhotoUpload
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
from retrofits.models.tasks import Task
from retrofits.models.tenders import Bid, Criterion, TenderLot
from retrofits.models.transition import TransitionalHome

__all__ = [
    "Acceptance",
    "Admission",
    "Bid",
    "Bundle",
    "BundlePart",
    "Confirmation",
    "Contract",
    "CostItem",
    "CostShare",
    "Criterion",
    "GateReason",
    "GateRule",
    "Installation",
    "InstallationImport",
    "InstalledDevice",
    "Photo",
    "PhotoBatch",
    "PhotoUpload",
    "Product",
    "Project",
    "ProjectFunds",
    "ProjectMeasure",
    "ProjectPaper",
    "ProjectProgress",
    "Qualification",
    "Rectification",
    "SharedCost",
    "SupplyStep",
    "Task",
    "TenderLot",
    "TransitionalHome",
]
