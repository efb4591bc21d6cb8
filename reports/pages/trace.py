"""资金穿透: from the ledger's total to the nine links of proof of one household; broken chains stand first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import requires
from core.templatetags.portal_figures import wan_words
from core.together import in_one_moment, in_step, read
from reports.links import address
from reports.queries import proof as proofs
from reports.queries import trace as queries
from reports.queries.scope import Scope, scope_of
from reports.queries.trace import Path, path_to
from reports.services.bench_log import note_query

KEYS = ("source", "town", "village", "dwelling", "after")
LONGEST = 30


@require_GET
@requires("audit.trace")
def audit_trace(request: HttpRequest) -> HttpResponse:
    """The path stands in the address; `?dwelling=` alone finds its own path."""
    scope = scope_of(request)
    path = Path(**{key: _clean(key, request.GET.get(key, "")) for key in KEYS})
    words = request.GET.get("q", "").strip()[:LONGEST]
    with in_one_moment():
        line = proofs.line_of(scope, path.dwelling, request.GET.get("line", "")) if path.dwelling else None
        if line is not None and not path.source:
            path = path_to(line)
        trace, broken, broken_count, named = read(
            in_step(
                queries.trace(scope, path),
                proofs.broken_chains(scope),
                proofs.broken_count(scope),
                queries.by_name(scope, words),
            )
        )
        proof = proofs.proof_of(line) if line else None
    if path.town or words:
        asked = {key: getattr(path, key) for key in KEYS} | {"q": words}
        note_query(scope, "trace", asked, wan_words(trace.columns[-1].parent_fen) if path.town else str(len(named)))
    context = {
        "words": words,
        "named": named,
        "trace": trace,
        "path": path,
        "proof": proof,
        "broken": broken,
        "broken_count": broken_count,
        "standing": trace.standing,
        "export_url": _export_url(scope, path, "payout", "payouts.view"),
        "bundle_url": _export_url(scope, path, "bundle", "ledgers.export_full") if path.village else "",
        "programme": scope.programme,
    }
    return render(request, "reports/trace.html", context)


def _clean(key: str, value: str) -> str:
    """Codes of places are digits of the right length; anything else counts as not chosen."""
    if key in ("town", "village"):
        wanted = {"town": 9, "village": 12}[key]
        return value if value.isascii() and value.isdigit() and len(value) == wanted else ""
    return value[:LONGEST]


def _export_url(scope: Scope, path: Path, kind: str, right: str) -> str:
    if not scope.user.has_right("ledgers.export") or not scope.user.has_right(right):
        return ""
    kept = {"source": path.source, "town": path.town, "village": path.village, "dwelling": path.dwelling}
    return address("reports:ledger-export", kind, **kept)
