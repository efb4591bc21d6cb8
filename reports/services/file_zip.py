"""All papers and photos of one household's file as a zip: for a reason, written down first, bounded."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import reveal
from accounts.acting import actor
from accounts.models import AccessLog, User
from core import masks
from core.files import open_file
from core.refusals import Refused
from core.workbooks.write import csv_text
from households.models import Document, Dwelling
from reports.queries.household_file import HouseholdFile, papers_of

MAX_FILES = 300
MAX_BYTES = 200 * 2**20
IN_MEMORY = 8 * 2**20
CHUNK = 1 << 16
ENDINGS = {"image/jpeg": "jpg", "application/pdf": "pdf", "image/png": "png"}
ONE_DAY = (1980, 1, 1, 0, 0, 0)


def zip_of(*, file: HouseholdFile, reason: str, by: User, address: str | None = None) -> BinaryIO:
    """The open zip, at its beginning. Papers show full numbers: the look is recorded before a byte is read.

    Raises Refused: NOTHING_THERE, TOO_LARGE, REASON_NEEDED, TOO_MANY_REVEALS.
    """
    entries = list(_entries(file))
    _refuse_unfit(entries)
    reveal.note_look(row=file.dwelling, field="file", reason=reason, by=by, address=address)
    AccessLog.objects.create(
        user=by, kind="download", object_table=Dwelling._meta.db_table, object_pk=str(file.dwelling.pk),
        reason=reason, area_id=file.dwelling.area_id, request_id=actor().get("request_id", ""), address=address,
        row_count=len(entries),
    )  # fmt: skip
    return _written(file, entries)


def _refuse_unfit(entries: list[tuple[str, Document]]) -> None:
    if not entries:
        raise Refused("NOTHING_THERE", gettext_lazy("No paper or photo is stored in this file yet."))
    if len(entries) > MAX_FILES or sum(one.size_bytes for _name, one in entries) > MAX_BYTES:
        words = gettext_lazy("The file holds more than %(files)d papers or %(mib)d MB; open them one by one.")
        raise Refused("TOO_LARGE", words, files=MAX_FILES, mib=MAX_BYTES >> 20)


def _entries(file: HouseholdFile) -> Iterator[tuple[str, Document]]:
    """(name in the zip, stored file): the fourteen items in their order, then the photos of the works by stage."""
    for number, line in enumerate(papers_of(file), 1):
        for n, document in enumerate(line.files, 1):
            yield f"{number:02d}-{line.title}-{n}.{_ending(document)}", document
    for n, photo in enumerate(file.photos, 1):
        yield f"photos/{n:02d}-{photo.get_stage_display()}.{_ending(photo.document)}", photo.document


def _ending(document: Document) -> str:
    return ENDINGS.get(document.content_type, "bin")


def _written(file: HouseholdFile, entries: list[tuple[str, Document]]) -> Any:
    """Stored, not squeezed: pictures don't get smaller. One file at a time passes through memory, in pieces."""
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed to the response, which closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        made.writestr(zipfile.ZipInfo(f"{_('Contents')}.csv", ONE_DAY), _contents(file))
        for name, document in entries:
            _add(made, name, document)
    out.seek(0)
    return out


def _add(made: zipfile.ZipFile, name: str, document: Document) -> None:
    """One stored file; one that is not in the store any more is named, never left out in silence."""
    try:
        source = open_file(document.stored_name)
    except FileNotFoundError:
        words = _("This file is missing from the store. Tell the system administrator.")
        made.writestr(zipfile.ZipInfo(f"{name}.txt", ONE_DAY), words)
        return
    with source, made.open(zipfile.ZipInfo(name, ONE_DAY), "w") as place:
        while piece := source.read(CHUNK):
            place.write(piece)


def _contents(file: HouseholdFile) -> bytes:
    """The facts, masked, and the fourteen items with what is missing: what the printed cover says."""
    home, family = file.dwelling, file.dwelling.household
    rows: list[list[Any]] = [
        [_("Number"), home.dwelling_no], [_("Head of household"), family.head_name],
        [_("Identity number"), masks.mask_id(str(family.id_number))], [_("Village"), home.area.name],
        [_("Heated area/m²"), home.heated_area_m2], [], [_("Item"), _("State"), _("Files"), _("Owed by")],
    ]  # fmt: skip
    for line in papers_of(file):
        state = _("there") if line.there else _("missing") if line.is_missing else "—"
        owes = line.asked.get_owed_by_display() if line.asked else ""
        rows.append([str(line.title), state, len(line.files), str(owes)])
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[csv_text(str(cell if cell is not None else "")) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")
