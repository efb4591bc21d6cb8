"""Rows of the reports room. Summaries and totals can be rebuilt; exports, samples, findings and reports can not."""

from programmes.papers import Paper
from reports.models.audit import AuditFinding, AuditSample, AuditSampleLine, BenchQuery
from reports.models.boards import AnnualEvaluation, BoardTotal, NamedReporter
from reports.models.periodic import LedgerTemplate, MeetingMinutes, PeriodicReport
from reports.models.public import DoorTry, HouseholdCode
from reports.models.summaries import (
    BulkRun,
    DwellingSummary,
    LedgerExport,
    ProgressLine,
    ProgressWeek,
    RefreshMark,
    SummaryTotal,
    TownTotal,
)
from reports.models.tracing import ChainFault, TracedPayment, TracedShare, TraceTotal

__all__ = [
    "AnnualEvaluation",
    "AuditFinding",
    "AuditSample",
    "AuditSampleLine",
    "BenchQuery",
    "BoardTotal",
    "BulkRun",
    "ChainFault",
    "DoorTry",
    "DwellingSummary",
    "HouseholdCode",
    "LedgerExport",
    "LedgerTemplate",
    "MeetingMinutes",
    "NamedReporter",
    "Paper",
    "PeriodicReport",
    "ProgressLine",
    "ProgressWeek",
    "RefreshMark",
    "SummaryTotal",
    "TownTotal",
    "TraceTotal",
    "TracedPayment",
    "TracedShare",
]
