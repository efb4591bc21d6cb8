"""Damaged workbooks never crash the importer, never leave half a file, and give no household that was not there."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core import identity
from core.refusals import Refused
from core.workbooks.guard import Limits
from core.workbooks.read import Workbook, read_workbook
from core.workbooks.refusals import WorkbookRefused
from households.importing.marking import is_marked
from households.models import ImportRow, RosterImport
from households.roster.parse import ParsedRoster, parse_roster
from households.roster.rows import READY, RosterContext, Village
from tests.households.conftest import make_world, upload
from tests.plugins.proofs import Proof, Size
from tests.rosters.mutants import make_mutant
from tests.rosters.people import number

SEED = 20211208
TODAY = date(2021, 12, 8)
LIMITS = Limits(allow_macros=True, wall_s=30, memory_bytes=512 << 20, cpu_s=20)
CONTEXT = RosterContext((Village("370999001001", "甲一村"),), {"ELECTRIC": "煤改电"}, TODAY)
PEOPLE = {number(n) for n in range(1, 9)}


def read(path: Path) -> tuple[Workbook, ParsedRoster] | str:
    """What came of a file: a parsed roster, or the code of its refusal."""
    try:
        book = read_workbook(path, limits=LIMITS)
    except WorkbookRefused as refusal:
        return refusal.code
    return book, parse_roster(book, CONTEXT)


def nothing_is_lost_or_made_up(book: Workbook, roster: ParsedRoster) -> None:
    for sheet, mapped in zip((sheet for sheet in book.sheets if sheet.rows), roster.sheets, strict=True):
        told = {row.row_no for row in mapped.rows} | {row.row_no for row in mapped.skipped}
        assert told == {row.row_no for row in sheet.rows}
        places = [(row.row_no, row.table) for row in (*mapped.rows, *mapped.skipped)]
        assert len(places) == len(set(places)), "one line of one table twice"
    for row in roster.rows:
        if row.state == READY:
            value = str(row.values["id_number"])
            assert identity.id_problem(value, on=TODAY) is None
            assert value in PEOPLE, "a damaged number may not become somebody else's"


@pytest.mark.proof("roster-mutants")
def test_damaged_workbooks_are_read_or_refused_whole(tmp_path: Path, size: Size, proof: Proof) -> None:
    path, outcomes = tmp_path / "名单.xlsx", Counter[str]()
    for n in range(size(small=40, large=2_000)):
        done = make_mutant(path, random.Random(SEED + n))
        outcome = read(path)
        assert is_marked(path) is False, done
        if isinstance(outcome, str):
            outcomes[outcome] += 1
            continue
        try:
            nothing_is_lost_or_made_up(*outcome)
        except AssertionError as failure:
            raise AssertionError(f"mutant {SEED + n} ({done}): {failure}") from failure
        outcomes["read"] += 1
    assert outcomes["read"] and len(outcomes) > 2
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    told = ", ".join(f"{code} {count}" for code, count in outcomes.most_common())
    proof(f"{outcomes.total()} damaged workbooks, no crash, no half file: {told}", seed=SEED)


@pytest.mark.django_db
@pytest.mark.proof("roster-mutants-stored")
def test_a_damaged_file_is_stored_whole_or_not_at_all(tmp_path: Path, settings: Any, size: Size, proof: Proof) -> None:
    settings.FILES_DIR, settings.JOB_OPEN_LIMIT = tmp_path / "files", 100_000
    world, states = make_world(), Counter[str]()
    for n in range(size(small=8, large=2_000)):
        path = tmp_path / f"{n}.xlsx"
        make_mutant(path, random.Random(SEED + n + 5))
        try:
            found = upload(world, path)
        except Refused as refusal:
            assert refusal.code == "SAME_FILE"  # damage that came to the same bytes as an earlier one
            states["the same file again"] += 1
            continue
        rows = ImportRow.objects.filter(roster_import=found).count()
        assert rows == (found.counts["rows"] if found.state == RosterImport.State.REVIEW else 0)
        assert found.state != RosterImport.State.PARSING and (found.state != "refused" or found.refusal)
        states[found.state] += 1
    told = ", ".join(f"{state} {count}" for state, count in states.most_common())
    proof(f"{states.total()} damaged workbooks stored whole or refused: {told}", seed=SEED)
