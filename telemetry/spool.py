"""What a turn has read while the database was away: one file per shard, the newest turn wins, an hour at most.

Readings keep their own times, so what is stored late is stored as what it was; nothing is repeated or guessed.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telemetry import queries, services
from telemetry.models import PollCycle
from telemetry.poller import Outcome, Sample, Unit

log = logging.getLogger(__name__)
KEPT_S = 3600
LARGEST_BYTES = 64 * 1024 * 1024


class Spool:
    """The file of one shard. A damaged or an old one is thrown away."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.json"

    def keep(self, cycle: PollCycle, units: Sequence[Unit], outcome: Outcome) -> None:
        """Replace what is kept. A disk that is full as well must not hide why the turn failed."""
        samples = [[s.heater_id, s.at, s.values, s.flags] for s in outcome.samples]
        text = json.dumps({"cycle": cycle.pk, "samples": samples})
        if len(text) > LARGEST_BYTES:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(".new")
            fresh.write_text(text, "utf-8")
            fresh.replace(self.path)
        except OSError as exc:
            log.warning("The spool of %s can't be written: %s", self.path.stem, exc)

    def give_back(self, *, now: dt.datetime) -> int:
        """Store what is kept, if there is anything worth storing; returns the number of readings."""
        kept = self._read()
        cycle = PollCycle.objects.filter(pk=kept.get("cycle"), finished_at__isnull=True).first() if kept else None
        samples = [Sample(*row) for row in kept["samples"]] if cycle else []
        if cycle and samples and (now - cycle.planned_at).total_seconds() < KEPT_S:
            units = queries.units_in(sample.heater_id for sample in samples)
            installed = {unit.heater_id for unit in units}
            samples = [sample for sample in samples if sample.heater_id in installed]
            services.store_outcome(cycle=cycle, units=units, outcome=Outcome(samples), now=now)
        self.path.unlink(missing_ok=True)
        return len(samples)

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            return kept if isinstance(kept, dict) and isinstance(kept.get("samples"), list) else {}
        except (OSError, ValueError):
            return {}
