"""What is due, from which source, and its payment; one module per subject."""

from subsidies.models.bank import BankFile, BankFileIssue, BankReturn
from subsidies.models.batches import BatchRound, BatchSignature, LineRemark, PayoutBatch, PayoutLine, SampleLook
from subsidies.models.clawbacks import Clawback, ClawbackEntry
from subsidies.models.desk import (
    CliffSignature,
    EntitlementDifference,
    OptionDecision,
    PolicyTrial,
    PolicyTrialRow,
)
from subsidies.models.entitlements import Entitlement, EntitlementLine, Notice, Objection
from subsidies.models.funds import Fund, FundEntry, FundHold
from subsidies.models.policies import Policy
from subsidies.models.postings import NoticePhoto
from subsidies.models.readings import OperationCheck, ReadingImport
from subsidies.models.registers import ProjectPayment, TownAward
from subsidies.models.settlements import DifferenceSettlement
from subsidies.models.stated import StatedFact

__all__ = [
    "BankFile",
    "BankFileIssue",
    "BankReturn",
    "BatchRound",
    "BatchSignature",
    "Clawback",
    "ClawbackEntry",
    "CliffSignature",
    "DifferenceSettlement",
    "Entitlement",
    "EntitlementDifference",
    "EntitlementLine",
    "Fund",
    "FundEntry",
    "FundHold",
    "LineRemark",
    "Notice",
    "NoticePhoto",
    "Objection",
    "OperationCheck",
    "OptionDecision",
    "PayoutBatch",
    "PayoutLine",
    "Policy",
    "PolicyTrial",
    "PolicyTrialRow",
    "ProjectPayment",
    "ReadingImport",
    "SampleLook",
    "StatedFact",
    "TownAward",
]
