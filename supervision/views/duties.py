"""Who has to do what by the document (ROLE rows), and whether it was done."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import may_open, signed_in
from core import clock
from programmes.chosen import chosen_area_code, chosen_programme
from supervision.queries import duties_at
from supervision.services import duties
from supervision.views.posting import done

ACT = "supervision.act"


@signed_in
@require_GET
def duty_list(request: HttpRequest) -> HttpResponse:
    """What the document asks of whom; the person's own first, open ones before done ones."""
    programme, code, user = chosen_programme(request), chosen_area_code(request), request.user
    rows = list(duties_at(programme, code).select_related("done_by", "body")) if programme and code else []
    today = clock.today()
    for row in rows:
        row.may, row.mine = duties.may_mark(row, user), duties.is_mine(row, user)  # type: ignore[arg-type]
        row.page = row.page if opens(user, row.page) else ""
        row.late = row.done_on is None and row.due_on is not None and row.due_on < today
    rows.sort(key=lambda row: (not row.mine, row.done_on is not None, row.due_on is None, row.due_on or today))
    open_count = sum(1 for row in rows if row.mine and row.done_on is None)
    context = {
        "rows": rows, "open_count": open_count, "programme": programme,
        "mine": [row for row in rows if row.mine], "others": [row for row in rows if not row.mine],
    }  # fmt: skip
    return render(request, "supervision/duties.html", context)


def opens(user: Any, name: str) -> bool:
    """Whether the page of that URL name lets the person in."""
    try:
        return may_open(user, reverse(name))
    except NoReverseMatch:
        return False


@signed_in
@require_POST
def duty_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a duty as done with words, or take the mark back."""
    programme, code = chosen_programme(request), chosen_area_code(request)
    duty = duties_at(programme, code).filter(pk=pk).first() if programme and code else None
    if duty is None:
        raise Http404
    if not duties.may_mark(duty, request.user):  # type: ignore[arg-type]
        raise PermissionDenied(ACT)
    on = None if request.POST.get("deed") == "reopen" else clock.today()
    words, back = request.POST.get("words", ""), reverse("supervision:duty-board")
    return done(request, partial(duties.mark_duty, duty=duty, words=words, on=on, by=request.user), back)
