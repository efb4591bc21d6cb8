"""What is due, from which source, and its payment; one module per subject."""

from subsidies.models.bank import BankFile, BankReturn
from subsidies.models.batches import BatchRound, BatchSignature, PayoutBatch, PayoutLine
from subsidies.models.entitlements import Entitlement, EntitlementLine, Notice, Objection
from subsidies.models.funds import Fund, FundEntry
from subsidies.models.policies import Policy

__all__ = [
    "BankFile",
    "BankReturn",
    "BatchRound",
    "BatchSignature",
    "Entitlement",
    "EntitlementLine",
    "Fund",
    "FundEntry",
    "Notice",
    "Objection",
    "PayoutBatch",
    "PayoutLine",
    "Policy",
]
