"""A roster file from upload to void: guard, keep, parse in the background. Rows are repaired in `repairs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.files import StoredFile, TooLarge, delete_file, store_file
from core.refusals import Refused
from households.models import Document, RosterImport
from jobs.models import Job
from jobs.services import enqueue
from programmes.models import Programme

PARSE, APPLY, UNDO = "households.parse_import", "households.apply_import", "households.undo_import"
State = RosterImport.State
_NAME_MAX = 200


def start_import(
    *,
    programme: Programme,
    area: Area,
    content: Iterable[bytes],
    file_name: str,
    by: User,
    header_rows: Mapping[str, int] | None = None,
) -> tuple[RosterImport, Job]:
    """Keep an uploaded roster and ask for its parsing; `header_rows` are rows picked as headers, by sheet.

    Raises Refused: PLACE_OUTSIDE, FILE_TOO_LARGE, SAME_FILE (conflict; `import_id` of the one that is alive).
    """
    if not is_inside(area.code, programme.area_id):
        raise Refused(
            "PLACE_OUTSIDE",
            _("%(area)s does not belong to the programme “%(programme)s”. Choose another programme or place."),
            area=area.name,
            programme=programme.name,
        )
    stored = _store(content)
    try:
        return _record(programme, area, stored, file_name, by, header_rows or {})
    except Refused:
        delete_file(stored.key)
        raise


def _store(content: Iterable[bytes]) -> StoredFile:
    limit = settings.UPLOAD_MAX_BYTES
    try:
        return store_file(content, max_bytes=limit)
    except TooLarge:
        raise Refused(
            "FILE_TOO_LARGE",
            _("The file is larger than %(limit)s MB. Split it by village, and remove pictures from it."),
            limit=limit // 2**20,
        ) from None


def _record(
    programme: Programme, area: Area, stored: StoredFile, file_name: str, by: User, header_rows: Mapping[str, int]
) -> tuple[RosterImport, Job]:
    alive = living_twins(programme, stored.sha256)
    try:
        with transaction.atomic():
            refuse_twin(alive.first())
            document = _document(area, stored, file_name, by)
            made = RosterImport.objects.create(
                programme=programme, area=area, file=document, file_sha256=stored.sha256, uploaded_by=by,
                mapping={"header_rows": dict(header_rows)} if header_rows else {},
            )  # fmt: skip
            return made, enqueue(kind=PARSE, args={"import_id": made.pk}, by=by, area=area)
    except IntegrityError:
        refuse_twin(alive.first())
        raise


def _document(area: Area, stored: StoredFile, file_name: str, by: User) -> Document:
    return Document.objects.create(
        area=area,
        kind="roster_import",
        file_name=file_name[-_NAME_MAX:],
        stored_name=stored.key,
        sha256=stored.sha256,
        size_bytes=stored.size,
        uploaded_by=by,
    )


def living_twins(programme: Programme, sha256: str) -> QuerySet[RosterImport]:
    """Imports of exactly this file that are neither void nor refused."""
    found = RosterImport.objects.filter(programme=programme, file_sha256=sha256)
    return found.exclude(state__in=[State.VOID, State.REFUSED])


def refuse_twin(twin: RosterImport | None) -> None:
    """Raises Refused SAME_FILE when there is one."""
    if twin is not None:
        raise Refused(
            "SAME_FILE",
            _("Exactly this file was already uploaded (import %(import_id)s). Go on there, or void it first."),
            conflict=True,
            import_id=twin.pk,
        )


def request_apply(*, roster_import: RosterImport, by: User, leave_faulty: bool = False) -> Job:
    """Ask for the ready rows to be stored. Asking twice is harmless: a row is stored once.

    Raises Refused: NOT_IN_REVIEW, NOTHING_READY, and FAULTY_LEFT while a row waits for a correction, unless
    `leave_faulty` says that those shall stay on the page.
    """
    if roster_import.state != State.REVIEW:
        raise _not_in_review(roster_import)
    faulty = roster_import.rows.filter(state="faulty").count()
    if faulty and not leave_faulty:
        raise Refused(
            "FAULTY_LEFT",
            _("%(faulty)s rows still need a correction. Correct them, or say that they stay on the page for later."),
            faulty=faulty,
        )
    if not roster_import.rows.filter(state="ready").exists():
        raise Refused("NOTHING_READY", _("No row is ready to be stored. Correct the faulty rows first."))
    return enqueue(kind=APPLY, args={"import_id": roster_import.pk}, by=by, area=roster_import.area)


@transaction.atomic
def void_import(*, roster_import: RosterImport, by: User, reason: str) -> RosterImport:
    """Give an import up, while nothing of it is in the register: what is stored is corrected there, with a reason."""
    locked = lock_import(roster_import.pk)
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why the import is given up."))
    if locked.rows.filter(state="applied").exists():
        raise Refused(
            "ALREADY_STORED",
            _("Rows of this import are in the register already, so it can't be voided. Correct the households there."),
            conflict=True,
        )
    if locked.state == State.VOID:
        raise Refused("ALREADY_VOID", _("This import is void already."), conflict=True)
    _set_state(locked, State.VOID)
    return locked


def lock_import(import_id: int) -> RosterImport:
    """The import under a row lock: whoever changes its rows holds it."""
    return RosterImport.objects.select_for_update(of=("self",)).select_related("programme", "area").get(pk=import_id)


def lock_for_review(import_id: int) -> RosterImport:
    """As `lock_import`, refused unless its rows may still be changed."""
    locked = lock_import(import_id)
    if locked.state != State.REVIEW:
        raise _not_in_review(locked)
    return locked


def _not_in_review(roster_import: RosterImport) -> Refused:
    return Refused(
        "NOT_IN_REVIEW",
        _("The import is “%(state)s”; its rows can't be changed now."),
        conflict=True,
        state=roster_import.get_state_display(),
    )


def _set_state(roster_import: RosterImport, state: str, **fields: Any) -> None:
    for name, value in {"state": state, "version": roster_import.version + 1, **fields}.items():
        setattr(roster_import, name, value)
    roster_import.save(update_fields=["state", "version", *fields])


def close_when_done(roster_import: RosterImport) -> None:
    """Applied once nothing ready or faulty is left; otherwise it stays open for the rest."""
    if roster_import.state != State.REVIEW:
        return
    left = roster_import.rows.filter(state__in=["ready", "faulty"]).exists()
    _set_state(roster_import, State.REVIEW if left else State.APPLIED, applied_at=clock.now())
