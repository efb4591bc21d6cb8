"""All kinds of ledgers. How to add one: docs/ledgers.md."""

from __future__ import annotations

from reports.ledgers.base import Ledger
from reports.ledgers.household import HouseholdLedger
from reports.ledgers.lists import ListLedger, is_list
from reports.ledgers.payout import PayoutLedger
from reports.ledgers.works import CompletionLedger, InstallationLedger

LEDGERS: dict[str, Ledger] = {
    one.kind: one for one in (PayoutLedger(), CompletionLedger(), InstallationLedger(), HouseholdLedger())
}


def known_ledger(kind: str) -> Ledger | None:
    """The ledger of that kind; the name of a list's page (`app:model-list`) is the ledger of that list."""
    return ListLedger(kind) if is_list(kind) else LEDGERS.get(kind)
