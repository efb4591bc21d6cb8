"""The first rows of an uploaded file as they stand, for a person to look at. Nothing is understood here."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from core.workbooks.guard import Limits, inspect_file
from core.workbooks.read import SheetRow, SheetStart, read_events
from core.workbooks.refusals import WorkbookRefused
from households.importing.reading import opened_copy
from households.problem_wording import sentence

ROWS = 40
#: Somebody waits for the page: a file that takes longer is read in the background only.
_LIMITS = Limits(allow_macros=True, cpu_s=20, wall_s=25)


@dataclass
class LookedSheet:
    """A sheet and its first filled rows."""

    name: str
    rows: list[SheetRow] = field(default_factory=list)


def first_rows(stored_name: str, *, limit: int = ROWS) -> list[LookedSheet]:
    """Up to `limit` filled rows of every sheet. Raises Refused FILE_GONE, or the file's own reason."""
    found: list[LookedSheet] = []
    try:
        with opened_copy(stored_name) as path:
            for event in read_events(inspect_file(path, limits=_LIMITS), limits=_LIMITS):
                if isinstance(event, SheetStart):
                    found.append(LookedSheet(event.name))
                elif len(found[-1].rows) < limit and any(event.texts):
                    found[-1].rows.append(event)
    except FileNotFoundError:
        raise Refused("FILE_GONE", _("The uploaded file is no longer there. Upload it again."), conflict=True) from None
    except WorkbookRefused as refusal:
        raise Refused(refusal.code, sentence(refusal.code, dict(refusal.values)), conflict=True) from None
    return found
