"""A home's line in the summaries belongs to whoever sees the home; sums of whole places belong to no organisation."""

from __future__ import annotations

from accounts.owning import belongs
from reports.models import DwellingSummary


def declare() -> None:
    belongs(DwellingSummary, through="dwelling")
