"""Payout batches: the list, gathering a new one, the review page with its decision, and what its maker may do."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.postgres.aggregates import StringAgg
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import step_up
from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies import chains, evidence
from subsidies.differences import difference_rows
from subsidies.filters import BatchFilter, LineFilter
from subsidies.forms import RETURN, BatchForm, DropForm, ReasonForm, SignForm
from subsidies.models import BatchSignature, Entitlement, FundHold, PayoutBatch, PayoutLine
from subsidies.reviews import Review
from subsidies.services import batches, holds, signatures
from subsidies.views.chain import chain_steps, seat_title

COLUMNS = (
    Column("number", gettext_lazy("Number"), kind="id", order_by="number", link=True),
    Column("title", gettext_lazy("Title"), link=True),
    Column("area.name", gettext_lazy("Place"), order_by="area_id", priority=2),
    Column("line_count", gettext_lazy("Households"), kind="number", order_by="line_count"),
    Column("total_fen", gettext_lazy("Amount/CNY"), kind="money", order_by="total_fen", total=Sum("total_fen"),
           total_label=gettext_lazy("sum")),
    Column("round_no", gettext_lazy("Round"), kind="number", priority=3),
    Column("created_at", gettext_lazy("Made on"), kind="when", order_by="created_at", priority=3),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)  # fmt: skip
LINE_COLUMNS = (
    Column("line_no", gettext_lazy("No."), kind="number", order_by="line_no"),
    Column("entitlement.dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", link=True),
    Column("payee_name", gettext_lazy("Payee"), order_by="payee_name"),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("amount_fen", gettext_lazy("Amount/CNY"), kind="money", order_by="amount_fen", total=Sum("amount_fen"),
           total_label=gettext_lazy("sum")),
    Column("offset_fen", gettext_lazy("Kept back/CNY"), kind="money", priority=3),
    Column("bank_card", gettext_lazy("Card"), kind="masked_card", priority=2),
    Column("missing", gettext_lazy("Missing evidence"), kind="soft", priority=2,
           value=lambda row: "、".join(evidence.missing_of(row))),
    Column("drop_reason", gettext_lazy("Why taken out"), kind="soft", priority=3),
    Column("bank_message", gettext_lazy("The bank says"), kind="soft", priority=3),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)  # fmt: skip


@requires("payouts.view")
@require_GET
def batch_list(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    rows = PayoutBatch.objects.visible_to(request.user).within(chosen_area_code(request)).filter(programme=programme)
    counts = rows.aggregate(
        all=Count("pk"), signing=Count("pk", filter=Q(state__in=["locked", "reviewed", "approved"])),
        bank=Count("pk", filter=Q(state="released")), settled=Count("pk", filter=Q(state="settled")),
    )  # fmt: skip
    table = build_table(
        request, rows.select_related("area"), COLUMNS, filterset=BatchFilter, unit=_("batches"), default_sort="-number",
        row_url=lambda row: reverse("subsidies:batch-detail", args=[row.number]),
        views=[View(_("All"), "", counts["all"]), View(_("With the bank"), "state=released", counts["bank"]),
               View(_("Settled"), "state=settled", counts["settled"])],
        empty=(_("No batch yet"), _("A batch gathers amounts that may be paid.")),
    )  # fmt: skip
    may_prepare = programme is not None and request.user.has_right(batches.RIGHT, programme.area_id)
    return render_table(request, "subsidies/batch_list.html", table, {"may_prepare": may_prepare, "counts": counts})


@requires("payouts.prepare")
@require_http_methods(["GET", "POST"])
def batch_new(request: HttpRequest) -> HttpResponse:
    """Choose places; what may be paid there comes in."""
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    places, blocked = _places(request, programme)
    form = BatchForm(programme, Area.objects.filter(code__in=places), request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        batch = batches.create_batch(
            programme=programme, areas=list(data["areas"]), request_id=data["request_id"], title=data["title"],
            benefit=data["benefit"], by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        messages.success(request, _("Batch %(number)s is gathered.") % {"number": batch.number})
        return redirect("subsidies:batch-detail", batch.number)
    context = {"form": form, "programme": programme, "places": list(places.values()), "blocked": blocked}
    return render(request, "subsidies/batch_new.html", context, status=422 if form.errors else 200)


@requires("payouts.view")
@require_GET
def batch_detail(request: HttpRequest, number: str) -> HttpResponse:
    """Who has passed it, from which money, is the evidence there, what changed, does a sample hold."""
    return _detail(request, _one(request, number))


@requires("payouts.view")
@require_GET
def batch_lines(request: HttpRequest, number: str) -> HttpResponse:
    """Every payment of the batch."""
    batch = _one(request, number)
    rows = evidence.with_evidence(batch.lines.select_related("area", "entitlement__dwelling"), batch)
    table = build_table(
        request, rows, LINE_COLUMNS, filterset=LineFilter, unit=_("payments"), default_sort="line_no",
        row_url=lambda row: reverse("subsidies:entitlement-detail", args=[row.entitlement_id]),
    )  # fmt: skip
    may_drop = batch.state == "draft" and request.user.has_right(batches.RIGHT, batch.area_id)
    context = {"batch": batch, "may_drop": may_drop, "drop": ReasonForm()}
    return render_table(request, "subsidies/batch_lines.html", table, context)


@requires("payouts.view")
@require_GET
def batch_difference(request: HttpRequest, number: str) -> HttpResponse:
    """Household by household what this round has other than the round before, and why."""
    batch = _one(request, number)
    review = Review(batch, request.user)  # type: ignore[arg-type]
    rows = difference_rows(review)
    context = {"batch": batch, "review": review, "rows": rows, "diff": review.difference}
    return render(request, "subsidies/batch_difference_page.html", context)


@requires("payouts.view")
@require_GET
def batch_print(request: HttpRequest, number: str) -> HttpResponse:
    """The approval sheet: totals, sources, signatures."""
    batch = _one(request, number)
    review = Review(batch, request.user)  # type: ignore[arg-type]
    seats = [{"title": seat_title(seat), "seat": seat, "vote": vote} for seat, vote in _seats(review)]
    return render(request, "subsidies/batch_print.html", {"batch": batch, "review": review, "seats": seats})


def _seats(review: Review) -> list[tuple[chains.Seat, BatchSignature | None]]:
    """The seats of the chain with the votes given on them in this round."""
    votes = {one.step: one for one in review.votes}
    return [(seat, votes.get(seat.step)) for seat in chains.chain_of(review.batch)]


@requires("payouts.view")
@require_POST
def batch_sign(request: HttpRequest, number: str) -> HttpResponse:
    """Agree or return, over exactly the content shown, with a fresh one-time code bound to it."""
    batch = _one(request, number)
    form = SignForm(request.POST)
    sent = form.is_valid()
    data = form.cleaned_data
    repeated = BatchSignature.objects.filter(request_id=data.get("request_id"), signer=request.user).exists()
    if not repeated:
        _demand_right_of_step(request, batch)
    if not sent:
        return _detail(request, batch, sign=form)
    if not repeated:
        try:
            data["line_ids"] = _line_ids(batch, data.get("remarks", {}))
            step_up.demand(request, f"batch-sign:{batch.number}:{data['shown_hash']}")
        except Refused as refusal:  # what was written stays on the page
            form.add_error("lines" if refusal.code == "LINE_UNKNOWN" else None, refusal.sentence)
            return _detail(request, batch, sign=form)
        _sign(request, batch, data)
    words = _("Returned: %(number)s") if data["decision"] == RETURN else _("Signed: %(number)s")
    messages.success(request, words % {"number": batch.number})
    return redirect("subsidies:batch-detail", batch.number)


@requires("payouts.prepare")
@require_POST
def batch_lock(request: HttpRequest, number: str) -> HttpResponse:
    """Fix the content, set the money aside, open the chain."""
    batch = _one(request, number, batches.RIGHT)
    batches.lock_for_signing(batch=batch, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Batch %(number)s is locked and waits for its first signature.") % {"number": number})
    return redirect("subsidies:batch-detail", number)


@requires("payouts.prepare")
@require_POST
def batch_fill(request: HttpRequest, number: str) -> HttpResponse:
    """Take in what has become payable meanwhile."""
    added = batches.fill_batch(batch=_one(request, number, batches.RIGHT), by=request.user)  # type: ignore[arg-type]
    messages.success(request, ngettext("%(n)d payment came in", "%(n)d payments came in", added) % {"n": added})
    return redirect("subsidies:batch-detail", number)


@requires("payouts.prepare")
@require_POST
def batch_drop(request: HttpRequest, number: str) -> HttpResponse:
    """Take lines out of a draft."""
    batch = _one(request, number, batches.RIGHT)
    form = DropForm(batch.lines.filter(state=PayoutLine.State.PLANNED), request.POST)
    if not form.is_valid():
        messages.error(request, _("Tick the lines and say why."))
        return redirect("subsidies:batch-lines", number)
    ids = [line.pk for line in form.cleaned_data["lines"]]
    gone = batches.drop_lines(batch=batch, line_ids=ids, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
    messages.success(request, ngettext("%(n)d payment taken out", "%(n)d payments taken out", gone) % {"n": gone})
    return redirect("subsidies:batch-lines", number)


@requires("payouts.prepare")
@require_POST
def batch_reopen(request: HttpRequest, number: str) -> HttpResponse:
    """A returned batch becomes a draft of the next round."""
    batches.reopen_batch(batch=_one(request, number, batches.RIGHT), by=request.user)  # type: ignore[arg-type]
    return redirect("subsidies:batch-detail", number)


@requires("payouts.prepare")
@require_POST
def batch_give_up(request: HttpRequest, number: str) -> HttpResponse:
    batch = _one(request, number, batches.RIGHT)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _detail(request, batch, give_up=form)
    batches.give_up_batch(batch=batch, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The batch is given up; its amounts may be paid by another one."))
    return redirect("subsidies:batch-list")


def _one(request: HttpRequest, number: str, right: str = "") -> PayoutBatch:
    rows = PayoutBatch.objects.select_related("programme", "area", "created_by", "locked_by", "bank_file__made_by")
    return get_visible_or_404(rows, request.user, right, number=number)  # type: ignore[no-any-return]


def _detail(request: HttpRequest, batch: PayoutBatch, **forms: Any) -> HttpResponse:
    review = Review(batch, request.user)  # type: ignore[arg-type]
    step = review.step.step if review.step else ""
    user, place = request.user, batch.area_id
    releases = user.has_right("payouts.release", place)
    context = {
        "batch": batch,
        "review": review,
        "chain": chain_steps(review),
        "sign": SignForm(initial={"shown_hash": batch.content_hash, "step": step}),
        "give_up": ReasonForm(),
        "may_prepare": user.has_right(batches.RIGHT, place),
        "may_release": releases,
        "again": bool(review.issues) if releases else False,
        "ready": batches.ready_to_follow(batch) if batch.state == "settled" else 0,
        "request_id": uuid4(),
        "may_reconcile": user.has_right("payouts.reconcile", place),
        **forms,
    }
    return render(request, "subsidies/batch_detail.html", context, status=422 if forms else 200)


def _demand_right_of_step(request: HttpRequest, batch: PayoutBatch) -> None:
    """Before anything sent is looked at. Which right it is stands in the programme's chain, so not on the view."""
    seat = chains.next_seat(batch, len(signatures.votes_of(batch)))
    if seat is not None and not request.user.has_right(seat.right, batch.area_id):
        raise PermissionDenied(seat.right)


def _sign(request: HttpRequest, batch: PayoutBatch, data: dict[str, Any]) -> None:
    common: dict[str, Any] = {
        "batch": batch, "by": request.user,
        **{name: data[name] for name in ("shown_hash", "request_id", "step")},
    }  # fmt: skip
    if data["decision"] == RETURN:
        signatures.return_batch(**common, reason=data["comment"], lines=data["line_ids"])
    else:
        signatures.sign_batch(**common, comment=data["comment"])


def _line_ids(batch: PayoutBatch, remarks: dict[int, str]) -> dict[int, str]:
    """Line numbers as people write them to keys. Raises Refused LINE_UNKNOWN with all numbers that are not there."""
    rows = batch.lines.exclude(state=PayoutLine.State.DROPPED).filter(line_no__in=remarks)
    found = dict(rows.values_list("line_no", "pk"))
    lacking = sorted(set(remarks) - set(found))
    if lacking:
        words = _("There is no payment %(numbers)s in this batch.")
        raise Refused("LINE_UNKNOWN", words, numbers="、".join(map(str, lacking[:10])))
    return {found[number]: words for number, words in remarks.items()}


def _places(request: HttpRequest, programme: Any) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Villages where something may be paid, with how much and what of them can't be (in a batch, no card, an account
    refused, no money);
    and the villages where nothing can for these reasons."""
    mine = Entitlement.objects.visible_to(request.user, batches.RIGHT).filter(programme=programme)
    rows = mine.filter(pk__in=batches.payable(programme).values("pk"))
    rows = rows.values("area_id", "area__name", "area__parent__name")
    found = rows.annotate(count=Count("pk"), fen=Sum("amount_fen")).order_by("area_id")
    held_up = {row["area_id"]: row for row in _held_up(mine)}
    places = {row["area_id"]: {**row, **held_up.get(row["area_id"], {})} for row in found}
    return places, [row for code, row in held_up.items() if code not in places]


def _held_up(mine: Any) -> Any:
    """Per village what is due and not in reach of a new batch, by the reason, and the batches it stands in."""
    short = FundHold.objects.filter(dwelling=OuterRef("dwelling"), programme=OuterRef("programme"), state="short")
    due = (
        mine.filter(outcome="due", state__in=["payable", "batched"])
        .values("area_id", "area__name", "area__parent__name")
        .order_by("area_id")
    )
    elsewhere = Q(state="batched")
    return due.annotate(
        elsewhere=Count("pk", filter=elsewhere, distinct=True),
        numbers=StringAgg("payout_lines__batch__number", "、", distinct=True, filter=elsewhere
                          & ~Q(payout_lines__state__in=["failed", "dropped"])),
        refused=Count("pk", filter=Q(batches.still_refused(), state="payable"), distinct=True),
        no_card=Count("pk", filter=Q(state="payable", household__bank_card_index=""), distinct=True),
        no_money=Count("pk", filter=Q(Exists(short), state="payable", benefit_kind=holds.KIND), distinct=True),
    )  # fmt: skip
