"""Payments on their way as to-dos: what may be paid, the file for the bank, its answer, and the accounts it refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.portal_figures import wan_words
from core.together import Reading, count_of, number_in, sums_in, sums_of
from reports.links import address
from reports.queries.scope import Scope
from subsidies.models import BankFileIssue, BankReturn, Entitlement, PayoutBatch, PayoutLine
from subsidies.services.batches import payable, still_refused

Days = Reading[list[dict[str, Any]]]
EDIT, PREPARE, RELEASE, RECONCILE = "households.edit", "payouts.prepare", "payouts.release", "payouts.reconcile"
EACH = 5
LineState = PayoutLine.State
OPEN = Q(lines__state__in=[LineState.PLANNED, LineState.SENT])


def to_hand_out(scope: Scope) -> QuerySet[Any]:
    """Released batches the bank knows nothing of yet: their file is not made, or nobody has fetched it."""
    return _released(scope, RELEASE).exclude(_with_bank())


def to_answer(scope: Scope) -> QuerySet[Any]:
    """Released batches the bank has to answer for."""
    return _released(scope, RECONCILE).filter(_with_bank())


def _released(scope: Scope, right: str) -> QuerySet[Any]:
    return scope.of_programme(PayoutBatch, right).filter(state=PayoutBatch.State.RELEASED)  # type: ignore[no-any-return]


def _with_bank() -> Q:
    """On batches: the file was handed out. What the bank has answered it must have got, whichever way."""
    handed = BankFileIssue.objects.filter(bank_file__batch=OuterRef("pk"))
    answered = BankReturn.objects.filter(batch=OuterRef("pk"))
    return Q(Exists(handed)) | Q(Exists(answered))


def payment_files(scope: Scope) -> Days:
    """Files to be made and to be fetched; nobody can wait for the bank before it has them."""
    rows = to_hand_out(scope).select_related("area").annotate(made=F("bank_file__pk")).order_by("id")[:EACH]
    yield [rows]
    return [_file_line(one) for one in rows]


def _file_line(one: Any) -> dict[str, Any]:
    title = _("Payment file to fetch") if one.made else _("Payment file to make")
    return _batch_line("building-bank", title, one, one.line_count, one.total_fen)


def answers(scope: Scope) -> Days:
    """Answers of the bank to enter: what is open of each batch, after a part has been answered the rest."""
    rows = to_answer(scope).select_related("area")
    still_open = F("lines__amount_fen") - F("lines__partial_fen")  # the bank may have paid a part of a line
    rows = rows.annotate(open_lines=Count("lines", filter=OPEN), open_fen=Sum(still_open, filter=OPEN))
    rows = rows.order_by("id")[:EACH]
    yield [rows]
    title = _("Bank return to enter")
    return [_batch_line("receipt", title, one, one.open_lines, one.open_fen or 0) for one in rows]


def _batch_line(icon: str, title: str, one: PayoutBatch, lines: int, fen: int) -> dict[str, Any]:
    words = ngettext("%(n)d payment", "%(n)d payments", lines) % {"n": lines}
    return {"icon": icon, "title": title, "detail": f"{one.number} · {one.area.name} {words} · {wan_words(fen)}",
            "url": address("subsidies:batch-detail", one.number)}  # fmt: skip


def in_no_batch(scope: Scope) -> Days:
    """Amounts a new batch would take in. A household may have several."""
    if scope.programme is None:
        return []
    counted = count_of(_inside(scope, payable(scope.programme), PREPARE))
    yield [counted]
    n = number_in(counted)
    words = ngettext("%(n)d amount", "%(n)d amounts", n) % {"n": n}
    url = address("subsidies:batch-new")
    return [_line("cash", _("May be paid, in no batch yet"), words, url, n)] if n else []


def to_correct(scope: Scope) -> Days:
    """Households whose account in the register is the one the bank refused: the register's people can end this."""
    rows = scope.of_programme(Entitlement, EDIT).filter(state=Entitlement.State.PAYABLE, outcome="due")
    counted = sums_of(rows.filter(still_refused()), n=Count("household", distinct=True))
    yield [counted]
    n = sums_in(counted)["n"]
    words = ngettext("%(n)d household", "%(n)d households", n or 0) % {"n": n}
    url = address("reports:household-list", returned="yes")
    return [_line("alert-circle", _("Account refused by the bank, to be corrected"), words, url, n)] if n else []


def to_pay_again(scope: Scope) -> Days:
    """Payments the bank sent back and whose accounts are corrected since; before that the maker can do nothing."""
    if scope.programme is None:
        return []
    later = PayoutLine.objects.filter(
        entitlement=OuterRef("entitlement"), state=LineState.FAILED, pk__gt=OuterRef("pk")
    )
    rows = scope.of_programme(PayoutLine, PREPARE, "batch__programme").filter(state=LineState.FAILED)
    rows = rows.filter(~Exists(later), entitlement__in=payable(scope.programme))
    number = "batch__number"
    counted = sums_of(rows, n=Count("pk"), first=Min(number), last=Max(number))
    yield [counted]
    found = sums_in(counted)
    if not found["n"]:
        return []
    words = ngettext("%(n)d payment", "%(n)d payments", found["n"]) % {"n": found["n"]}
    is_one = found["first"] == found["last"]
    url = address("subsidies:batch-detail", found["first"]) if is_one else address("subsidies:batch-list")
    return [_line("alert-circle", _("Sent back by the bank, to be paid again"), words, url, found["n"])]


def _inside(scope: Scope, rows: Any, right: str) -> Any:
    found = rows.visible_to(scope.user, right)
    return found.within(scope.area_code) if scope.area_code else found.none()


def _line(icon: str, title: str, detail: str, url: str, count: int) -> dict[str, Any]:
    return {"icon": icon, "title": title, "detail": detail, "url": url, "count": count}


SOURCES: tuple[tuple[str, Callable[[Scope], Days]], ...] = (
    (EDIT, to_correct),
    (PREPARE, in_no_batch),
    (PREPARE, to_pay_again),
    (RELEASE, payment_files),
    (RECONCILE, answers),
)
COUNTED: tuple[tuple[str, str, Callable[[Scope], QuerySet[Any]]], ...] = (
    ("subsidies:batch-list", RELEASE, to_hand_out),
    ("subsidies:return-list", RECONCILE, to_answer),
)
