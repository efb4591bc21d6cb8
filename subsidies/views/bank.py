"""The payment file out, the bank's answer in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies.forms import BounceForm, FollowUpForm, ReturnFileForm
from subsidies.models import BankReturn, PayoutBatch, PayoutLine
from subsidies.services import bank, batches, bounces

COLUMNS = (
    Column("batch.number", gettext_lazy("Batch"), kind="id", order_by="batch__number", link=True),
    Column("document.file_name", gettext_lazy("File"), link=True),
    Column("rows", gettext_lazy("Rows"), kind="number", value=lambda row: row.counts["rows"]),
    Column("paid", gettext_lazy("Paid"), kind="number", value=lambda row: row.counts["paid"]),
    Column("failed", gettext_lazy("Failed"), kind="number", value=lambda row: row.counts["failed"]),
    Column("unknown", gettext_lazy("Unclear"), kind="number", value=lambda row: row.counts["unknown"]),
    Column("entered_at", gettext_lazy("Entered"), kind="when", order_by="entered_at"),
    Column("applied_at", gettext_lazy("Booked"), kind="when", order_by="applied_at"),
)
WHY = {
    "AMOUNT_UNREADABLE": gettext_lazy("The amount can't be read."),
    "NO_LINE": gettext_lazy("No open payment of this batch has this reference, or this card with this amount."),
    "CARD_AS_NUMBER": gettext_lazy("The card was typed as a number and has lost digits; ask the bank for text."),
    "SECOND_ROW": gettext_lazy("Another row of the file answers for the same payment; it counts once."),
    "ROWS_CONTRADICT": gettext_lazy(
        "Rows of the file contradict each other: paid and not paid. Neither is booked; ask the bank which is true."
    ),
    "SETTLED_BEFORE": gettext_lazy("This payment was settled before; nothing is booked again."),
    "PART_KNOWN": gettext_lazy("This part was booked from an earlier file; nothing is booked again."),
    "OVERPAID": gettext_lazy(
        "The bank paid more than was ordered. Have the excess taken back; the payment stays open until its next file."
    ),
    "PART_FAILED": gettext_lazy(
        "A part was paid before and the rest failed; the payment stays open. Have the rest paid, or the part taken "
        "back: an answer by which the whole amount failed then closes it."
    ),
    "AMOUNT_DIFFERS": gettext_lazy("The amount is not the one of this payment."),
    "CARD_DIFFERS": gettext_lazy("The card is not the one of this payment."),
    "RESULT_UNREADABLE": gettext_lazy("The result says neither paid nor failed."),
}


@requires("payouts.release")
@require_POST
def bank_file_make(request: HttpRequest, number: str) -> HttpResponse:
    """Make the payment file; from now on it is this file and no other."""
    batch = get_visible_or_404(PayoutBatch, request.user, "payouts.release", number=number)
    bank.make_bank_file(batch=batch, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The payment file is made. Fetch it with a one-time code."))
    return redirect("subsidies:batch-detail", number)


@requires("payouts.release")
@require_POST
def bank_file_fetch(request: HttpRequest, number: str) -> HttpResponse:
    """The file with full card numbers: one-time code, written down, never cached."""
    batch = get_visible_or_404(
        PayoutBatch.objects.select_related("bank_file__document", "bank_file__batch__programme"),
        request.user,
        "payouts.release",
        number=number,
    )
    if not hasattr(batch, "bank_file"):
        raise Refused("NO_FILE", _("The payment file is not made yet."))
    step_up.demand(request, f"bank-file:{batch.number}:{batch.bank_file.sha256}")
    content = bank.hand_out_bank_file(
        bank_file=batch.bank_file, by=request.user, address=request.META.get("REMOTE_ADDR"),  # type: ignore[arg-type]
        password=request.POST.get("password", ""), reason=request.POST.get("reason", ""),
    )  # fmt: skip
    document = batch.bank_file.document
    is_sealed = bool(request.POST.get("password"))
    response = HttpResponse(content, content_type="application/zip" if is_sealed else document.content_type)
    name = f"{document.file_name}.zip" if is_sealed else document.file_name
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@requires("payouts.reconcile")
@require_GET
def return_list(request: HttpRequest) -> HttpResponse:
    """Answers of the bank, and the batches that wait for one."""
    programme = chosen_programme(request)
    code = chosen_area_code(request)
    rows = BankReturn.objects.visible_to(request.user, "payouts.reconcile").within(code)
    rows = rows.filter(batch__programme=programme).select_related("batch", "document")
    waiting = PayoutBatch.objects.visible_to(request.user).within(code).filter(programme=programme, state="released")
    table = build_table(
        request, rows, COLUMNS, unit=_("files"), default_sort="-entered_at",
        row_url=lambda row: reverse("subsidies:return-detail", args=[row.pk]),
        empty=(_("No answer of the bank yet"), _("Open a released batch and enter the bank's file.")),
    )  # fmt: skip
    return render_table(request, "subsidies/return_list.html", table, {"waiting": waiting.select_related("area")})


@requires("payouts.reconcile")
@require_http_methods(["GET", "POST"])
def return_new(request: HttpRequest, number: str) -> HttpResponse:
    """Enter the bank's file for one batch: it is matched and shown, nothing is booked yet."""
    batch = get_visible_or_404(PayoutBatch, request.user, "payouts.reconcile", number=number)
    form = ReturnFileForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = bank.read_return(batch=batch, content=file.read(), file_name=file.name, by=request.user)  # type: ignore[arg-type]
            return redirect("subsidies:return-detail", found.pk)
        except Refused as refusal:
            form.add_error("file", refusal.sentence)
            status = refusal.status
    status = 422 if form.errors and status == 200 else status
    return render(request, "subsidies/return_new.html", {"batch": batch, "form": form}, status=status)


@requires("payouts.reconcile")
@require_GET
def return_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Matched, failed, unclear; and whether the sums agree."""
    found = _return(request, pk)
    rows = _lines(found.results)
    may_prepare = request.user.has_right(batches.RIGHT, found.area_id)
    ready = [row for row in rows if row["line"].state == "failed" and row["is_corrected"]]
    to_bounce, has_to_book = bounces.standing(found), bank.has_to_book(found)
    bounced = [row for row in rows if row["outcome"] == "bounced" or _is_paid_by_another(row)]
    context = {
        "one": found, "sum_words": bank.sum_words(found), "own_words": bank.own_sums_wrong(found.counts),
        "failed": [row for row in rows if row["outcome"] == "failed" and row not in bounced],
        "partial": [row for row in rows if row["outcome"] == "partial"],
        "bounced": bounced, "has_to_book": has_to_book, "to_bounce": to_bounce,
        "is_booked": found.applied_at is not None or not (has_to_book or to_bounce),
        "unknown": [{**row, "words": WHY[row["why"]]} for row in found.unknown],
        "may_follow": may_prepare and found.applied_at is not None, "ready": len(ready), "request_id": uuid4(),
    }  # fmt: skip
    return render(request, "subsidies/return_detail.html", context)


def _is_paid_by_another(row: dict[str, Any]) -> bool:
    """Of a row that says failed: another answer was booked first, and that one said paid."""
    line = row["line"]
    return row["outcome"] == "failed" and (line.state == "paid" or line.partial_fen > 0)


def _lines(results: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Failed and partial rows of the file with their payments, in order; parts of one payment that make no whole in one
    row."""
    told, fen = {row[0]: row for row in results}, Counter[int]()
    for pk, _outcome, _reference, _words, *part in results:
        fen[pk] += part[0] if part else 0
    lines = PayoutLine.objects.filter(pk__in=[pk for pk, row in told.items() if row[1] != "paid"]).select_related(
        "area", "entitlement__household", "entitlement__dwelling"
    )
    return [
        {"line": line, "outcome": told[line.pk][1], "words": told[line.pk][3], "fen": fen[line.pk],
         "is_corrected": batches.is_corrected(line)}
        for line in lines.order_by("line_no")
    ]  # fmt: skip


@requires("payouts.prepare")
@require_POST
def batch_follow_up(request: HttpRequest, number: str) -> HttpResponse:
    """A draft of what the bank refused and whose accounts are corrected since."""
    batch = get_visible_or_404(
        PayoutBatch.objects.select_related("programme"), request.user, batches.RIGHT, number=number
    )
    form = FollowUpForm(request.POST)
    if not form.is_valid():
        return redirect("subsidies:batch-detail", number)
    made = batches.follow_up_batch(
        batch=batch, request_id=form.cleaned_data["request_id"], by=request.user,  # type: ignore[arg-type]
        unchanged_too=form.cleaned_data["unchanged_too"],
    )  # fmt: skip
    messages.success(request, _("Batch %(number)s is gathered.") % {"number": made.number})
    return redirect("subsidies:batch-detail", made.number)


@requires("payouts.reconcile")
@require_POST
def return_book(request: HttpRequest, pk: int) -> HttpResponse:
    found = bank.reconcile(bank_return=_return(request, pk), by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Booked: %(paid)d paid, %(failed)d failed.") % found.counts)
    return redirect("subsidies:return-detail", found.pk)


@requires("payouts.reconcile")
@require_POST
def return_bounce(request: HttpRequest, pk: int) -> HttpResponse:
    """Payments confirmed before that this answer sends back."""
    found = _return(request, pk)
    n = bounces.book_bounces(bank_return=found, by=request.user)  # type: ignore[arg-type]
    said = ngettext(
        "%(n)d payment came back: its money is free again. Next: have the account corrected.",
        "%(n)d payments came back: their money is free again. Next: have the accounts corrected.",
        n,
    )
    messages.success(request, said % {"n": n})
    return redirect("subsidies:return-detail", found.pk)


@requires("payouts.reconcile")
@require_http_methods(["GET", "POST"])
def payment_bounce(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """One payment that came back after the bank had confirmed it."""
    rows = PayoutLine.objects.select_related("batch", "entitlement__dwelling", "area")
    line = get_visible_or_404(rows, request.user, "payouts.reconcile", batch__number=number, pk=pk)
    form = BounceForm(request.POST or None)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            bounces.record_bounce(line=line, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            messages.success(request, _("Written down: the money is free again. Next: have the account corrected."))
            return redirect("subsidies:entitlement-detail", line.entitlement_id)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            status = refusal.status
    return render(request, "subsidies/payment_bounce.html", {"form": form, "line": line}, status=status)


def _return(request: HttpRequest, pk: int) -> BankReturn:
    rows = BankReturn.objects.select_related("batch", "document", "entered_by")
    return get_visible_or_404(rows, request.user, "payouts.reconcile", pk=pk)  # type: ignore[no-any-return]
