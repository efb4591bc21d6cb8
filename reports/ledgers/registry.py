"""All kinds of ledgers. How to add one: docs/ledgers.md."""

from __future__ import annotations

from typing import cast

from django.utils.translation import gettext_lazy as _

from reports.ledgers import watch
from reports.ledgers.base import LEDGER, WATCH, Ledger
from reports.ledgers.bundle import BUNDLE
from reports.ledgers.coal import COAL
from reports.ledgers.enterprises import ENTERPRISES
from reports.ledgers.evaluation import EVALUATION
from reports.ledgers.funds import FUNDS, MOVEMENTS, RUNNING_LEDGER
from reports.ledgers.gaps import EXCLUDED, GAP
from reports.ledgers.household import HouseholdLedger
from reports.ledgers.lists import ListLedger, is_list
from reports.ledgers.payout import PayoutLedger
from reports.ledgers.places import DISTRICT, TOWNS, VILLAGES
from reports.ledgers.works import CompletionLedger, InstallationLedger

ALL: tuple[Ledger, ...] = (
    PayoutLedger(), CompletionLedger(), InstallationLedger(), HouseholdLedger(), VILLAGES, TOWNS, DISTRICT, FUNDS,
    MOVEMENTS, RUNNING_LEDGER, GAP, EXCLUDED, ENTERPRISES, COAL, *watch.ALL,
)  # fmt: skip
LEDGERS: dict[str, Ledger] = {one.kind: one for one in ALL}
SHELVES = {LEDGER: _("Ledgers"), WATCH: _("What stands out")}


def known_ledger(kind: str) -> Ledger | None:
    """The ledger of that kind; the name of a list's page (`app:model-list`) is the ledger of that list."""
    if kind in (BUNDLE.kind, EVALUATION.kind):
        return BUNDLE if kind == BUNDLE.kind else cast(Ledger, EVALUATION)
    return ListLedger(kind) if is_list(kind) else LEDGERS.get(kind)
