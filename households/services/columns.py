"""What the columns of a file mean, said by a person; remembered for the town's next file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.areas import CODE_LENGTHS, TOWN
from core.refusals import Refused
from households.issue_wording import FIELD_TITLES
from households.models import ColumnWord, RosterImport
from households.roster.columns import FIELDS, heading_key, shipped_synonyms
from households.roster.doubts import MISPLACED, lowest
from households.services.imports import PARSE, living_twins, lock_import, refuse_twin
from jobs.models import Job
from jobs.services import enqueue

State = RosterImport.State
Choices = Mapping[str, Mapping[int, str]]
"""Sheet -> column -> field, '' for a column that is kept as a remark."""
_HEADING_MAX = 120
_OF_THE_HEADER = frozenset({"F_NO_HEADER", "F_NO_ROWS", "F_REQUIRED_COLUMN", "HEADER_ROW_UNKNOWN"})


@transaction.atomic
def confirm_columns(*, roster_import: RosterImport, choices: Choices, by: User) -> Job:
    """Take what a person said about columns, remember the words for the town, and read the file again.

    Raises Refused: NOT_IN_MAPPING, ROWS_TOUCHED (conflict), UNKNOWN_COLUMN, FIELD_TWICE.
    """
    locked = lock_import(roster_import.pk)
    _refuse_late(locked)
    sheets = {sheet["name"]: sheet for sheet in locked.mapping.get("sheets", [])}
    _refuse_nonsense(sheets, choices)
    _remember(locked, sheets, choices, by)
    locked.rows.all().delete()
    before: dict[str, dict[str, str]] = locked.mapping.get("assigned", {})
    said = {name: {str(column): field for column, field in columns.items()} for name, columns in choices.items()}
    assigned = {name: {**before.get(name, {}), **said.get(name, {})} for name in {*before, *said}}
    locked.mapping = {**locked.mapping, "assigned": assigned}
    locked.state = State.PARSING
    locked.version += 1
    locked.save(update_fields=["mapping", "state", "version"])
    return enqueue(kind=PARSE, args={"import_id": locked.pk}, by=by, area=locked.area)


@transaction.atomic
def choose_header(*, roster_import: RosterImport, sheet: str, row_no: int, by: User) -> Job:
    """Take the row a person picked as the header of a sheet, and read the file again.

    A file that was refused because no list was found in it may be read again so. What was said about the columns of
    that sheet is forgotten: it spoke of another row.
    Raises Refused: NOT_IN_MAPPING, ROWS_TOUCHED, SAME_FILE (conflicts).
    """
    locked = lock_import(roster_import.pk)
    if not may_choose_header(locked):
        _refuse_late(locked)
    if locked.state == State.REFUSED:
        refuse_twin(living_twins(locked.programme, locked.file_sha256).first())
    locked.rows.all().delete()
    kept = {name: said for name, said in locked.mapping.get("assigned", {}).items() if name != sheet}
    picked = {**locked.mapping.get("header_rows", {}), sheet: row_no}
    locked.mapping = {**locked.mapping, "assigned": kept, "header_rows": picked}
    locked.state, locked.refusal, locked.version = State.PARSING, [], locked.version + 1
    locked.save(update_fields=["mapping", "state", "refusal", "version"])
    return enqueue(kind=PARSE, args={"import_id": locked.pk}, by=by, area=locked.area)


def may_choose_header(roster_import: RosterImport) -> bool:
    """As `may_assign`, and also where the file was readable but no list was found in it."""
    if roster_import.state == State.REFUSED:
        return bool(roster_import.refusal) and all(one["code"] in _OF_THE_HEADER for one in roster_import.refusal)
    return may_assign(roster_import)


def may_assign(roster_import: RosterImport) -> bool:
    """Whether columns may still be assigned: the file waits for it, or nobody has worked on its rows yet."""
    return roster_import.state == State.MAPPING or (
        roster_import.state == State.REVIEW and not _touched(roster_import).exists()
    )


def _touched(roster_import: RosterImport) -> Any:
    return roster_import.rows.exclude(edited_by=None, outcome="")


def _refuse_late(roster_import: RosterImport) -> None:
    if roster_import.state not in (State.MAPPING, State.REVIEW):
        raise Refused("NOT_IN_MAPPING", _("The columns of this import can't be changed any more."), conflict=True)
    if _touched(roster_import).exists():
        raise Refused(
            "ROWS_TOUCHED",
            _("Rows were corrected or stored already. To change columns, void the import and upload the file again."),
            conflict=True,
        )


def _refuse_nonsense(sheets: Mapping[str, Any], choices: Choices) -> None:
    for name, columns in choices.items():
        known = sheets.get(name, {}).get("titles", {})
        if any(str(column) not in known for column in columns) or set(columns.values()) - {"", *FIELDS}:
            raise Refused("UNKNOWN_COLUMN", _("The page was out of date. Open it again and look once more."))
        given = [field for field in columns.values() if field]
        twice = next((field for field in given if given.count(field) > 1), "")
        if twice:
            raise Refused(
                "FIELD_TWICE",
                _("Two columns of “%(sheet)s” were given as %(field)s. Choose one of them."),
                sheet=name,
                field=FIELD_TITLES[twice],
            )


def _remember(roster_import: RosterImport, sheets: Mapping[str, Any], choices: Choices, by: User) -> None:
    """Words of the town; a heading with two meanings in one file, or over the wrong values, is not learned."""
    said: dict[str, set[tuple[str, str]]] = {}
    for name, columns in choices.items():
        misplaced = {one["column"] for one in sheets[name].get("doubts", []) if one["reason"] == MISPLACED}
        for column, field in columns.items():
            if column in misplaced:
                continue
            heading = lowest(sheets[name]["titles"][str(column)])[:_HEADING_MAX]
            said.setdefault(heading_key(heading), set()).add((heading, field))
    town = roster_import.area_id[: CODE_LENGTHS[TOWN]]
    for key, meanings in said.items():
        if key and len({field for _heading, field in meanings}) == 1:
            heading, field = min(meanings)
            _keep_word(town, key, heading, field, by)


def _keep_word(town: str, key: str, heading: str, field: str, by: User) -> None:
    shipped = shipped_synonyms().field_of(heading) or ""
    if field == shipped and field:
        ColumnWord.objects.filter(area_id=town, heading_key=key).delete()
    elif not (shipped and not field):  # a known word set aside once speaks of that file, not of the town
        values = {"heading": heading, "field": field, "confirmed_by": by}
        ColumnWord.objects.update_or_create(area_id=town, heading_key=key, defaults=values)
