"""Pipes of a network from a workbook: new ones are entered, known ones brought up to what the file says (B-14, B-41).

What a row leaves empty stays as it is known, so the same file again changes nothing. A pipe that was laid anew under a
renewal plan never becomes older again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from core.workbooks.read import Workbook
from heatsupply.models import HeatImport, HeatNetwork, PipeSegment, RenewalSegment
from heatsupply.rules.pipe_rows import HEADS, PipeRow, PipeSheet, read_pipes
from heatsupply.services.files import Judged, kind_of_file

COPIED = ("level", "length_m", "diameter_mm", "year_laid", "conditions", "line")


@dataclass
class _Change:
    segment: PipeSegment
    is_new: bool


def judge_pipes(network: HeatNetwork, rows: Sequence[PipeRow]) -> Judged:
    """What the rows would do to the segments of the network, which are locked until the transaction ends."""
    found = network.segments.select_for_update().filter(code__in=[row.code for row in rows]).order_by("pk")
    known = {one.code: one for one in found}
    anew = RenewalSegment.objects.filter(segment__in=known.values(), done_on__isnull=False)
    renewed = set(anew.values_list("segment_id", flat=True))
    judged = Judged()
    for row in rows:
        segment = known.get(row.code)
        if segment and segment.pk in renewed and (row.year_laid or 9999) < (segment.year_laid or 0):
            judged.problems.append(row.problem("year_laid", "OLDER_THAN_RENEWAL", str(row.year_laid)))
            continue
        differs = _differs(row, segment)
        judged.counts["new" if segment is None else "changed" if differs else "same"] += 1
        judged.fates.append(f"{row.code} {segment is None} {differs}")
        if segment is None or differs:
            judged.changes.append(_change(network, row, segment, differs))
    return judged


def _values(row: PipeRow) -> dict[str, Any]:
    course = [list(point) for point in row.line]
    return {name: getattr(row, name) for name in COPIED} | {"conditions": list(row.conditions), "line": course}


def _differs(row: PipeRow, segment: PipeSegment | None) -> dict[str, Any]:
    """What the row says otherwise than the register; an empty cell says nothing."""
    if segment is None:
        return {}
    values = _values(row)
    return {name: values[name] for name in COPIED if name in row.given and getattr(segment, name) != values[name]}


def _change(network: HeatNetwork, row: PipeRow, segment: PipeSegment | None, differs: dict[str, Any]) -> _Change:
    if segment is None:
        made = PipeSegment(network=network, area_id=network.area_id, code=row.code, **_values(row))
        return _Change(made, is_new=True)
    for name, value in differs.items():
        setattr(segment, name, value)
    return _Change(segment, is_new=False)


class PipeFile:
    """Files of pipes, as `services.files` asks."""

    heads = HEADS

    def read(self, book: Workbook, today: date) -> PipeSheet:
        return read_pipes(book, today.year)

    def judge(self, made: HeatImport, rows: Sequence[PipeRow]) -> Judged:
        assert made.network is not None
        return judge_pipes(made.network, rows)

    def store(self, made: HeatImport, judged: Judged, by: User, now: datetime) -> None:
        PipeSegment.objects.bulk_create([one.segment for one in judged.changes if one.is_new], batch_size=1000)
        altered = [one.segment for one in judged.changes if not one.is_new]
        PipeSegment.objects.bulk_update(altered, COPIED, batch_size=500)


kind_of_file(HeatImport.Kind.PIPES, PipeFile())
