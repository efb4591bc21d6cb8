"""What the whole world may read: one notice while it is up, by its address; nothing leads from it to anything else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import public
from core import clock
from core.throttle import is_too_often
from subsidies.queries import notice_rows
from subsidies.services.postings import public_notice

LOOKS, MINUTE = 30, 60
"""Looks of one address in a minute, counted for all processes together; beyond that 429."""


@public
@require_GET
@never_cache
def notice_public(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """The masked list as it hangs on the board. A wrong address and a notice that is over look the same."""
    if is_too_often("notice", request.META.get("REMOTE_ADDR", ""), limit=LOOKS, seconds=MINUTE):
        return _plain(request, 429)
    notice = public_notice(number, key, clock.now())
    if notice is None:
        return _plain(request, 404)
    rows = notice_rows(notice)
    context = {"notice": notice, "rows": rows, "total": sum(row["fen"] for row in rows)}
    return _sealed_off(render(request, "subsidies/notice_public.html", context))


def _plain(request: HttpRequest, status: int) -> HttpResponse:
    return _sealed_off(render(request, "subsidies/notice_public.html", {"status": status}, status=status))


def _sealed_off(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
