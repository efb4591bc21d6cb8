"""The works in one dwelling, from task to accepted."""

from retrofits.models.acceptances import Acceptance, Rectification
from retrofits.models.installations import CostItem, Installation, InstallationImport
from retrofits.models.photos import Photo, PhotoBatch, PhotoUpload
from retrofits.models.tasks import Task

__all__ = [
    "Acceptance",
    "CostItem",
    "Installation",
    "InstallationImport",
    "Photo",
    "PhotoBatch",
    "PhotoUpload",
    "Rectification",
    "Task",
]
