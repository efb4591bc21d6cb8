"""Start-up check: no business table without its history."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, register
from django.db import models

from accounts.history.triggers import is_tracked
from core.checks import own_models

# Machine rows: what the heaters said, what is rebuilt from other tables, and the history itself.
WITHOUT_HISTORY = {
    "accounts.AuditEntry": "is the history",
    "households.DuplicateKey": "rebuilt from the register",
    "households.RowAttention": "where a cursor stands, for a few seconds",
    "devices.HubLease": "renewed every few seconds; the hub's log tells who held it",
    "telemetry.Reading": "append-only measurements, partitioned by day",
    "telemetry.LatestReading": "rebuilt from readings",
    "telemetry.HourlyRollup": "rebuilt from readings",
    "telemetry.PollCycle": "a worker's own tally",
    "telemetry.AlertWatch": "a condition that has not been bad for long enough yet",
    "telemetry.FoundHole": "a hole in a register map, as a poll met it",
    "telemetry.LineCount": "a counter as it was looked at last",
    "telemetry.Mark": "how far work that goes on for ever has come",
    "subsidies.PolicyTrialRow": "what a trial run computed, written once; the trial itself is kept",
    "supervision.NetworkValue": "append-only measurements of a network",
    "reports.DoorTry": "knocks at a public page by anybody, thrown away after a month",
    "reports.BoardTotal": "rebuilt from the tables it sums up",
    "reports.ChainFault": "judged anew from the tables it is about",
    "reports.DwellingSummary": "rebuilt from the tables it summarises",
    "subsidies.OperationCheck": "rebuilt from readings and hourly rows",
    "reports.RefreshMark": "a bookmark of the summaries",
    "reports.SummaryTotal": "rebuilt from the tables it summarises",
    "reports.TownTotal": "rebuilt from the tables it sums up",
    "reports.TraceTotal": "rebuilt from the tables it sums up",
    "reports.TracedPayment": "rebuilt from the payments",
    "reports.TracedShare": "rebuilt from the payments",
}


def lacks_history(model: type[models.Model]) -> bool:
    return model._meta.label not in WITHOUT_HISTORY and not is_tracked(model)


@register("history")
def check_history(app_configs: Any = None, **_: Any) -> list[Error]:
    hint = "Inherit accounts.records.TrackedModel and write `class Meta(TrackedModel.Meta)`."
    return [
        Error(f"{model._meta.label} has no history trigger.", hint=hint, id="accounts.E010")
        for model in own_models()
        if lacks_history(model)
    ]
