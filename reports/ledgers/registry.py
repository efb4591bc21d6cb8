"""All kinds of ledgers. How to add one: docs/ledgers.md."""

from __future__ import annotations

from reports.ledgers.base import Ledger
from reports.ledgers.household import HouseholdLedger
from reports.ledgers.payout import PayoutLedger
from reports.ledgers.works import CompletionLedger, InstallationLedger

LEDGERS: dict[str, Ledger] = {
    one.kind: one for one in (PayoutLedger(), CompletionLedger(), InstallationLedger(), HouseholdLedger())
}
