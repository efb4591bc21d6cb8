"""What an export was narrowed by, in the words of its list's filters: on its pages and on the workbook's own sheet."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import QueryDict

from core.tables import OWN_KEYS, Chip, chips_of
from reports.ledgers.base import Extent, Ledger
from reports.ledgers.filters import LedgerFilter
from reports.ledgers.lists import ListLedger
from reports.models import DwellingSummary
from reports.queries.scope import Scope


def conditions(ledger: Ledger, extent: Extent) -> list[str]:
    """One "filter: value" for each; what no filter took is told as it stands in the address."""
    if not extent.query:
        return []
    chips, form = _drawn(ledger, extent)
    said = [f"{chip.label}: {chip.words}" for chip in chips]
    return said + _untold(extent.query, getattr(form, "cleaned_data", {}))


def _drawn(ledger: Ledger, extent: Extent) -> tuple[list[Chip], Any]:
    if isinstance(ledger, ListLedger):
        try:
            table = ledger.first_page(extent)
        except PermissionDenied:  # who took it out may no longer open the list
            return [], None
        return table.chips, table.form
    if extent.by is None:
        return [], None
    scope = Scope(extent.by, extent.programme, extent.area_code)
    filters = LedgerFilter(extent.query, DwellingSummary.objects.none(), scope=scope, ledger=ledger)
    filters.is_valid()
    return chips_of(filters, extent.query), filters.form


def _untold(query: QueryDict, told: dict[str, Any]) -> list[str]:
    rest = (key for key in query if key not in OWN_KEYS and key not in told)
    return [f"{key} = {'、'.join(filter(None, query.getlist(key)))}" for key in rest if any(query.getlist(key))]
