"""To the bank and back: one live payment file per batch, and the bank's answer matched line by line."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import actor
from accounts.models import AccessLog, User
from core import clock
from core.files import delete_file, open_file, store_bytes
from core.money import format_yuan
from core.refusals import Refused
from core.workbooks.refusals import WorkbookRefused
from households.models import Document
from households.problem_wording import reasons
from subsidies import exporting, importing
from subsidies.models import BankFile, BankReturn, Entitlement, PayoutBatch, PayoutLine
from subsidies.services import funds
from subsidies.services.batches import content_hash, lock_batch, save_batch

State, LineState = PayoutBatch.State, PayoutLine.State
FILE_KIND, RETURN_KIND = "bank_file", "bank_return"
KEPT_UNKNOWN = 200


@transaction.atomic
def make_bank_file(*, batch: PayoutBatch, by: User, now: dt.datetime | None = None) -> BankFile:
    """The payment file of a released batch; asked again, the same file. Its lines are then with the bank.

    Raises Refused BATCH_STATE (conflict), TAMPERED.
    """
    batch = lock_batch(batch, by, "payouts.release", State.RELEASED, State.SETTLED)
    made = BankFile.objects.filter(batch=batch).select_related("document").first()
    if made is not None:
        return made
    lines = list(batch.lines.filter(state=LineState.PLANNED).select_related("area").order_by("line_no"))
    if content_hash(batch) != batch.content_hash:
        words = _("The lines of batch %(number)s do not match their seal. Nothing is sent; tell the auditor.")
        raise Refused("TAMPERED", words, number=batch.number)
    written = exporting.payment_file(batch, lines)
    document = _keep(batch, written.content, written.name, written.content_type, FILE_KIND, by)
    PayoutLine.objects.filter(pk__in=[line.pk for line in lines]).update(state=LineState.SENT)
    return BankFile.objects.create(
        batch=batch, area_id=batch.area_id, document=document, total_fen=written.total_fen,
        line_count=written.line_count, sha256=document.sha256, made_by=by, made_at=now or clock.now(),
    )  # fmt: skip


@transaction.atomic
def hand_out_bank_file(*, bank_file: BankFile, by: User, address: str | None = None) -> bytes:
    """The file's bytes, after the handing out is written down. Raises Refused FILE_DAMAGED."""
    with open_file(bank_file.document.stored_name) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != bank_file.sha256:
        raise Refused("FILE_DAMAGED", _("The stored file does not match its hash. Tell the system administrator."))
    AccessLog.objects.create(
        user=by, kind="download", object_table=BankFile._meta.db_table, object_pk=str(bank_file.pk),
        reason="bank_file", area_id=bank_file.area_id, request_id=actor().get("request_id", ""), address=address,
        row_count=bank_file.line_count, content_sha256=bank_file.sha256,
    )  # fmt: skip
    return content


def read_return(
    *, batch: PayoutBatch, content: bytes, file_name: str, by: User, now: dt.datetime | None = None
) -> BankReturn:
    """Keep the bank's answer and match it; nothing is booked yet (`reconcile`).

    Raises Refused BATCH_STATE, SAME_FILE (conflicts), FILE_UNREADABLE, NOTHING_MATCHES.
    """
    rows = _rows(content, file_name)
    with transaction.atomic():
        batch = lock_batch(batch, by, "payouts.reconcile", State.RELEASED)
        sha256 = hashlib.sha256(content).hexdigest()
        _refuse_known_file(sha256)
        matched = importing.match_rows(batch, batch.lines.filter(state=LineState.SENT).order_by("line_no"), rows)
        if not matched.results:
            raise Refused("NOTHING_MATCHES", _("No row of this file belongs to an open payment of %(number)s."),
                          number=batch.number)  # fmt: skip
        document = _keep(batch, content, file_name, "", RETURN_KIND, by)
        return BankReturn.objects.create(
            batch=batch, area_id=batch.area_id, document=document, file_sha256=sha256, entered_by=by,
            entered_at=now or clock.now(), counts=_counts(batch, matched, len(rows)), results=matched.results,
            unknown=matched.unknown[:KEPT_UNKNOWN],
        )  # fmt: skip


@transaction.atomic
def reconcile(*, bank_return: BankReturn, by: User, now: dt.datetime | None = None) -> BankReturn:
    """Book the matched rows: paid lines leave the funds, failed ones become payable again. Once; asked again, nothing.

    The batch is settled when no line is with the bank any more.
    """
    batch = lock_batch(bank_return.batch, by, "payouts.reconcile", State.RELEASED, State.SETTLED)
    found = BankReturn.objects.select_for_update().get(pk=bank_return.pk)
    if found.applied_at is not None:
        return found
    at = now or clock.now()
    paid, failed = _book_lines(batch, found, at)
    funds.settle(batch=batch, paid=paid, failed=failed, by=by, at=at)
    _move(paid, Entitlement.State.PAID)
    _move(failed, Entitlement.State.PAYABLE)
    if not batch.lines.filter(state__in=[LineState.SENT, LineState.PLANNED]).exists():
        batch.state, batch.settled_at = State.SETTLED, at
        save_batch(batch, "state", "settled_at")
    found.applied_at = at
    found.save(update_fields=["applied_at"])
    return found


def _book_lines(batch: PayoutBatch, found: BankReturn, at: dt.datetime) -> tuple[list[PayoutLine], list[PayoutLine]]:
    results = {line_id: (outcome, reference, words) for line_id, outcome, reference, words in found.results}
    lines = list(batch.lines.select_for_update().filter(pk__in=results, state=LineState.SENT).order_by("pk"))
    for line in lines:
        line.state, line.bank_reference, line.bank_message = results[line.pk]
        line.settled_at = at
    PayoutLine.objects.bulk_update(lines, ["state", "bank_reference", "bank_message", "settled_at"], batch_size=500)
    return [one for one in lines if one.state == LineState.PAID], [
        one for one in lines if one.state == LineState.FAILED
    ]


def _move(lines: Iterable[PayoutLine], state: str) -> None:
    ids = [line.entitlement_id for line in lines]
    Entitlement.objects.filter(pk__in=ids, state=Entitlement.State.BATCHED).update(state=state)


def _rows(content: bytes, file_name: str) -> list[importing.BankRow]:
    try:
        return importing.read_rows(content)
    except WorkbookRefused as refusal:
        words = " ".join(reasons([{"code": refusal.code, "params": refusal.values, "sheet": ""}]))
        raise Refused("FILE_UNREADABLE", words) from None
    except importing.NoHeader as error:
        message = _("No header row was found in %(name)s; needed are: %(missing)s.")
        raise Refused("FILE_UNREADABLE", message, name=file_name[-80:], missing="、".join(error.missing)) from None


def _refuse_known_file(sha256: str) -> None:
    twin = BankReturn.objects.filter(file_sha256=sha256).select_related("batch").first()
    if twin is not None:
        words = _("Exactly this file was entered already, for batch %(number)s.")
        raise Refused("SAME_FILE", words, conflict=True, number=twin.batch.number)


def _counts(batch: PayoutBatch, matched: importing.Matched, rows: int) -> dict[str, int]:
    """Rows of the file = paid + failed + unknown; lines that the file does not mention stay open."""
    return {
        "rows": rows,
        "paid": matched.count(importing.PAID),
        "failed": matched.count(importing.FAILED),
        "unknown": len(matched.unknown),
        "sum_fen": matched.sum_fen,
        "batch_sum_fen": batch.total_fen,
        "missing": batch.lines.filter(state=LineState.SENT).count() - len(matched.results),
    }


def sum_words(bank_return: BankReturn) -> str:
    """A sentence when the file's sum is not the batch's, "" when it is."""
    counts = bank_return.counts
    if counts["sum_fen"] == counts["batch_sum_fen"]:
        return ""
    words = _("The file adds up to %(file)s yuan, the batch to %(batch)s yuan.")
    return str(words) % {"file": format_yuan(counts["sum_fen"]), "batch": format_yuan(counts["batch_sum_fen"])}


def _keep(batch: PayoutBatch, content: bytes, name: str, content_type: str, kind: str, by: User) -> Document:
    """Store the bytes encrypted; a refusal later in the transaction leaves only an unreferenced ciphertext behind."""
    stored = store_bytes(content)
    try:
        return Document.objects.create(
            area_id=batch.area_id, kind=kind, file_name=name[-200:], content_type=content_type,
            stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
        )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise
