"""Lines as the hub sees them: foreign frames, ids that are there twice, and gateways that nobody knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from devices.hub.client import HubUnavailable
from devices.hub_access import hub_client
from devices.models import Bus
from telemetry.alerting import judge_lines
from telemetry.models import LineCount

HUB_WAIT_S = 5.0


def look_at_lines(*, now: dt.datetime) -> int:
    """Judge every line by what the hub has counted since the last look; how many lines."""
    try:
        with hub_client(timeout_s=HUB_WAIT_S) as hub:
            seen = hub.lines(wait_s=HUB_WAIT_S)
    except HubUnavailable:
        return 0  # the list of heaters says so; nothing is known of the lines
    since = foreign_since({entry["line"]: int(entry.get("foreign", 0)) for entry in seen}, now)
    judge_lines(foreign=since, duplicates=duplicates_among(seen), now=now)
    return len(since)


def duplicates_among(seen: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """Bus → seconds since the hub last turned a second gateway with its id away."""
    ago = {str(entry["line"]): entry.get("duplicate_s") for entry in seen}
    twice = {line: float(found) for line, found in ago.items() if found is not None}
    return {pk: twice[line] for pk, line in Bus.objects.filter(line__in=twice).values_list("pk", "line")}


def foreign_since(found: dict[str, int], now: dt.datetime) -> dict[int, int]:
    """Bus → foreign frames since the last look. A smaller counter is that of a hub which started anew."""
    buses = dict(Bus.objects.filter(line__in=found).values_list("pk", "line"))
    before = dict(LineCount.objects.filter(bus__in=buses).values_list("bus_id", "foreign"))
    counts = {pk: found[line] for pk, line in buses.items()}
    LineCount.objects.bulk_create(
        [LineCount(bus_id=pk, foreign=count, at=now) for pk, count in counts.items()],
        update_conflicts=True, unique_fields=["bus"], update_fields=["foreign", "at"],
    )  # fmt: skip
    return {pk: _since(before.get(pk), count) for pk, count in counts.items()}


def _since(before: int | None, count: int) -> int:
    """A line looked at for the first time may carry what has long been known: it is not held against it."""
    return 0 if before is None else count - before if count >= before else count


def seen_by_hub() -> dict[str, dict[str, Any]] | None:
    """Line → what the hub counts of it, of all lines it holds; None when the hub is away."""
    try:
        with hub_client(timeout_s=HUB_WAIT_S) as hub:
            return {str(entry["line"]): entry for entry in hub.lines(wait_s=HUB_WAIT_S)}
    except HubUnavailable:
        return None


def unclaimed(found: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Of what the hub sees, the gateways that have dialled in and are no line of ours, by name."""
    dialled = [name for name, entry in found.items() if name.startswith("dtu:") and entry["connected"]]
    known = set(Bus.objects.filter(line__in=dialled).values_list("line", flat=True))
    return [found[name] for name in sorted(dialled) if name not in known]


def tell_hub(line: str) -> None:
    """The hub keeps claimed lines when it has to make room; a hub that is away learns it with the first poll."""
    with suppress(HubUnavailable), hub_client(timeout_s=HUB_WAIT_S) as hub:
        hub.claim([line])
