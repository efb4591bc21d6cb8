"""To the bank and back: one live payment file per batch, and the bank's answer matched line by line."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
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
from subsidies.layouts import LayoutError
from subsidies.models import BankFile, BankFileIssue, BankReturn, Entitlement, PayoutBatch, PayoutLine
from subsidies.sealing import SHORTEST_PASSWORD, sealed_zip
from subsidies.services import funds
from subsidies.services.batches import content_hash, lock_batch, save_batch
from subsidies.services.locking import hold

State, LineState = PayoutBatch.State, PayoutLine.State
FILE_KIND, RETURN_KIND = "bank_file", "bank_return"
KEPT_UNKNOWN = 200


@transaction.atomic
def make_bank_file(*, batch: PayoutBatch, by: User, now: dt.datetime | None = None) -> BankFile:
    """The payment file of a released batch; asked again, the same file. Its lines are then with the bank.

    Raises Refused BATCH_STATE (conflict), TAMPERED, LAYOUT, TEXT_UNFIT.
    """
    batch = lock_batch(batch, by, "payouts.release", State.RELEASED, State.SETTLED)
    made = BankFile.objects.filter(batch=batch).select_related("document").first()
    if made is not None:
        return made
    found = batch.lines.filter(state=LineState.PLANNED).select_related("area", "entitlement__household")
    lines = list(found.order_by("line_no"))
    if content_hash(batch) != batch.content_hash:
        words = _("The lines of batch %(number)s do not match their seal. Nothing is sent; tell the auditor.")
        raise Refused("TAMPERED", words, number=batch.number)
    written = _written(batch, lines)
    document = _keep(batch, written.content, written.name, written.content_type, FILE_KIND, by)
    PayoutLine.objects.filter(pk__in=[line.pk for line in lines]).update(state=LineState.SENT)
    return BankFile.objects.create(
        batch=batch, area_id=batch.area_id, document=document, total_fen=written.total_fen,
        line_count=written.line_count, sha256=document.sha256, made_by=by, made_at=now or clock.now(),
    )  # fmt: skip


@transaction.atomic
def hand_out_bank_file(
    *, bank_file: BankFile, by: User, address: str | None = None, password: str = "", reason: str = "",
    now: dt.datetime | None = None,
) -> bytes:  # fmt: skip
    """The file's bytes, after the handing out is written down; with a password in an encrypted archive.

    From the second time on it is written down why it is handed out again. Raises Refused FILE_DAMAGED, PASSWORD_SHORT,
    PASSWORD_NEEDED, REASON_NEEDED.
    """
    hold(f"bank-file:{bank_file.pk}")  # of several people pressing at once one is the first
    _check_handing_out(bank_file, password, reason)
    with open_file(bank_file.document.stored_name) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != bank_file.sha256:
        raise Refused("FILE_DAMAGED", _("The stored file does not match its hash. Tell the system administrator."))
    AccessLog.objects.create(
        user=by, kind="download", object_table=BankFile._meta.db_table, object_pk=str(bank_file.pk),
        reason="bank_file", area_id=bank_file.area_id, request_id=actor().get("request_id", ""), address=address,
        row_count=bank_file.line_count, content_sha256=bank_file.sha256,
    )  # fmt: skip
    at = now or clock.now()
    BankFileIssue.objects.create(
        bank_file=bank_file, issued_by=by, issued_at=at, reason=reason.strip()[:200], is_sealed=bool(password)
    )
    name = bank_file.document.file_name
    return sealed_zip(name, content, password, at=timezone.localtime(at)) if password else content


def _check_handing_out(bank_file: BankFile, password: str, reason: str) -> None:
    if password and len(password) < SHORTEST_PASSWORD:
        words = _("The archive's password has at least %(n)d characters.")
        raise Refused("PASSWORD_SHORT", words, n=SHORTEST_PASSWORD)
    if not password and bank_file.batch.programme.settings.get("bank_file_sealed"):
        raise Refused("PASSWORD_NEEDED", _("In this programme the file leaves only in an archive with a password."))
    if not reason.strip() and BankFileIssue.objects.filter(bank_file=bank_file).exists():
        raise Refused("REASON_NEEDED", _("The file was handed out before. Say why it is needed again."))


def _written(batch: PayoutBatch, lines: list[PayoutLine]) -> exporting.PaymentFile:
    try:
        return exporting.payment_file(batch, lines)
    except LayoutError as error:
        raise Refused("LAYOUT", _("The programme's bank layout can't be used: %(why)s"), why=str(error)) from None
    except exporting.RowsUnfit as error:
        listed = "、".join(f"{number}: {text}" for number, text in error.rows[:10])
        words = _(
            "These texts can't stand in the bank's file (letters it does not know, or its separator): %(listed)s."
        )
        raise Refused("TEXT_UNFIT", words, listed=listed) from None


def read_return(
    *, batch: PayoutBatch, content: bytes, file_name: str, by: User, now: dt.datetime | None = None
) -> BankReturn:
    """Keep the bank's answer and match it; nothing is booked yet (`reconcile`). The same file again for the same batch
    returns what was read the first time.

    Of a settled batch an answer may only send paid money back (`bounces`). Raises Refused BATCH_STATE, SAME_FILE
    (conflicts), FILE_UNREADABLE, NOTHING_MATCHES, FILE_TOTAL.
    """
    rows = _rows(content, file_name)
    with transaction.atomic():
        batch = lock_batch(batch, by, "payouts.reconcile", State.RELEASED, State.SETTLED)
        sha256 = hashlib.sha256(content).hexdigest()
        earlier = _known_file(batch, sha256)
        if earlier is not None:
            return earlier
        sent = batch.lines.exclude(state__in=[LineState.PLANNED, LineState.DROPPED]).order_by("line_no")
        matched = importing.match_rows(batch, sent, rows, _booked_parts(batch))
        if not matched.results:
            words = _("No row of this file belongs to an open payment of %(number)s or sends a paid one back.")
            raise Refused("NOTHING_MATCHES", words, number=batch.number)
        counts = _counts(batch, matched)
        if batch.state == State.SETTLED:
            _refuse_wrong_sums(counts)  # no later answer would do away with this one
        document = _keep(batch, content, file_name, "", RETURN_KIND, by)
        return BankReturn.objects.create(
            batch=batch, area_id=batch.area_id, document=document, file_sha256=sha256, entered_by=by,
            entered_at=now or clock.now(), counts=counts, results=matched.results,
            unknown=matched.unknown[:KEPT_UNKNOWN],
        )  # fmt: skip


@transaction.atomic
def reconcile(*, bank_return: BankReturn, by: User, now: dt.datetime | None = None) -> BankReturn:
    """Book the matched rows: paid lines leave the funds, failed ones become payable again, of partial ones the part is
    kept and the line stays open. Once; asked again, nothing. The batch is settled when no line is with the bank.
    Payments that came back are left to `bounces`, and a file that only sends back stays unbooked until then.

    Raises Refused FILE_TOTAL where the file contradicts its own sums: then a part of it may be missing.
    """
    batch = lock_batch(bank_return.batch, by, "payouts.reconcile", State.RELEASED, State.SETTLED)
    found = BankReturn.objects.select_for_update().get(pk=bank_return.pk)
    if found.applied_at is not None or not has_to_book(found):
        return found
    _refuse_wrong_sums(found.counts)
    at = now or clock.now()
    paid, failed = _book_lines(batch, found, at)
    funds.settle(batch=batch, paid=paid, failed=failed, by=by, at=at)
    _move(paid, Entitlement.State.PAID)
    _move(failed, Entitlement.State.PAYABLE)
    settle_when_answered(batch, at)
    found.applied_at = at
    found.save(update_fields=["applied_at"])
    return found


def settle_when_answered(batch: PayoutBatch, at: dt.datetime) -> None:
    """Settled when no line is with the bank any more."""
    is_open = batch.lines.filter(state__in=[LineState.SENT, LineState.PLANNED]).exists()
    if batch.state == State.RELEASED and not is_open:
        batch.state, batch.settled_at = State.SETTLED, at
        save_batch(batch, "state", "settled_at")


def _book_lines(batch: PayoutBatch, found: BankReturn, at: dt.datetime) -> tuple[list[PayoutLine], list[PayoutLine]]:
    results: dict[int, list[Sequence[Any]]] = {}
    for pk, *result in found.results:
        results.setdefault(pk, []).append(result)
    lines = list(batch.lines.select_for_update().filter(pk__in=results, state=LineState.SENT).order_by("pk"))
    parts = _booked_parts(batch)
    for line in lines:
        for result in results[line.pk]:
            if line.state == LineState.SENT:
                _book_line(line, result, parts.get(line.pk, ()), at)
    columns = ["state", "bank_reference", "bank_message", "settled_at", "partial_fen"]
    PayoutLine.objects.bulk_update(lines, columns, batch_size=500)
    return [one for one in lines if one.state == LineState.PAID], [
        one for one in lines if one.state == LineState.FAILED
    ]


def _booked_parts(batch: PayoutBatch) -> importing.Parts:
    """The parts of payments that are not whole yet, from every answer booked so far: a bank that lists all parts again
    must not pay the first of them twice."""
    found: dict[int, list[tuple[str, int]]] = {pk: [] for pk in _lines_in_parts(batch)}
    answers = BankReturn.objects.filter(batch=batch, applied_at__isnull=False) if found else BankReturn.objects.none()
    for results in answers.values_list("results", flat=True):
        for pk, outcome, reference, _words, *fen in results:
            if pk in found and fen and outcome in (importing.PAID, importing.PARTIAL):
                found[pk].append((reference, fen[0]))
    return found


def _lines_in_parts(batch: PayoutBatch) -> Iterable[int]:
    return batch.lines.filter(state=LineState.SENT, partial_fen__gt=0).values_list("pk", flat=True)


def _book_line(line: PayoutLine, result: Sequence[Any], parts: Sequence[tuple[str, int]], at: dt.datetime) -> None:
    """A part that with earlier parts makes the whole is the whole. What another file has booked meanwhile is not booked
    again, and what would be more than is open stays open."""
    outcome, reference, words = result[:3]
    open_fen = line.amount_fen - line.partial_fen
    fen = result[3] if len(result) > 3 else line.amount_fen
    is_known = bool(line.partial_fen) and importing.is_known_part(parts, reference, fen)
    if is_known or fen > open_fen or outcome == importing.BOUNCED or (outcome == importing.FAILED and line.partial_fen):
        return
    line.bank_reference, line.bank_message = reference, words
    if outcome != importing.FAILED and fen < open_fen:
        line.partial_fen += fen
        return
    line.state = LineState.FAILED if outcome == importing.FAILED else LineState.PAID
    line.partial_fen, line.settled_at = 0, at


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


def _known_file(batch: PayoutBatch, sha256: str) -> BankReturn | None:
    twin = BankReturn.objects.filter(file_sha256=sha256).select_related("batch").first()
    if twin is not None and twin.batch_id != batch.pk:
        words = _("Exactly this file was entered already, for batch %(number)s.")
        raise Refused("SAME_FILE", words, conflict=True, number=twin.batch.number)
    return twin


def _counts(batch: PayoutBatch, matched: importing.Matched) -> dict[str, int | None]:
    """Rows of the file = paid + partial + failed + unknown; lines that the file does not mention stay open."""
    taken = [one[0] for one in matched.results]
    still_open = batch.lines.filter(state=LineState.SENT)
    return {
        "rows": len(matched.results) + len(matched.unknown),
        "stated_rows": matched.stated_rows,
        "stated_fen": matched.stated_fen,
        "partial": matched.count(importing.PARTIAL),
        "paid": matched.count(importing.PAID),
        "failed": matched.count(importing.FAILED),
        "bounced": matched.count(importing.BOUNCED),
        "unknown": len(matched.unknown),
        "sum_fen": matched.sum_fen,
        "batch_sum_fen": batch.total_fen,
        "missing": still_open.exclude(pk__in=taken).exclude(line_no__in=matched.named).count(),
    }


def _refuse_wrong_sums(counts: Mapping[str, int | None]) -> None:
    if why := own_sums_wrong(counts):
        raise Refused("FILE_TOTAL", _("%(why)s Ask the bank for a whole file; nothing of this one is booked."), why=why)


def own_sums_wrong(counts: Mapping[str, Any]) -> str:
    """A sentence where the rows do not add up to what the file itself says they do, "" where they do."""
    stated_fen, stated_rows = counts.get("stated_fen"), counts.get("stated_rows")
    if stated_fen is not None and stated_fen != counts["sum_fen"]:
        words = _("The file says its rows add up to %(stated)s yuan; they add up to %(found)s yuan.")
        return str(words) % {"stated": format_yuan(stated_fen), "found": format_yuan(counts["sum_fen"])}
    if stated_rows is not None and stated_rows != counts["rows"]:
        return str(_("The file says it has %(stated)d rows; there are %(found)d.")) % {
            "stated": stated_rows, "found": counts["rows"],
        }  # fmt: skip
    return ""


def has_to_book(bank_return: BankReturn) -> bool:
    """Whether the file answers for payments that were open."""
    return any(outcome != importing.BOUNCED for _pk, outcome, *_said in bank_return.results)


def sum_words(bank_return: BankReturn) -> str:
    """A sentence when the file's sum is not the batch's, "" when it is, or where the file only sends money back."""
    counts = bank_return.counts
    if counts["sum_fen"] == counts["batch_sum_fen"] or (counts.get("bounced") and not has_to_book(bank_return)):
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
