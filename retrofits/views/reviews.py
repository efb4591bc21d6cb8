"""Review of acceptances (UX page 22): samples with their seed, findings, and what went too fast or looks alike."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.records import ScopedQuerySet
from core import clock
from core.refusals import Refused
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.found import whole
from retrofits.models import Acceptance, Review, ReviewLine, TransmissionCheck
from retrofits.outliers import alike_photos, quick_visits
from retrofits.services import reviews
from retrofits.views.pages import day_of, person_of, refused_page

SHOWN = 60


@requires("tasks.view")
@require_GET
def review_list(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    drawn = Review.objects.visible_to(request.user).within(area).filter(programme=programme)
    findings = Q(lines__verdict="finding")
    drawn = drawn.select_related("area", "drawn_by").annotate(
        looked=Count("lines", filter=~Q(lines__verdict="")), findings=Count("lines", filter=findings),
        unfixed=Count("lines", filter=findings & Q(lines__fixed_on__isnull=True)),
    )  # fmt: skip
    known = programme is not None and bool(area) and bool(request.user.has_right("tasks.view", area))
    context = {
        "programme": programme, "reviews": drawn[:SHOWN],
        "quick": quick_visits(programme, area) if known and programme else [],
        "alike": alike_photos(programme, area) if known and programme else [],
        "silent": _not_confirmed(area, programme)[:SHOWN] if known else [],
        "kinds": Review.Kind.choices, "may_draw": bool(area) and request.user.has_right(reviews.RIGHT, area),
    }  # fmt: skip
    return render(request, "retrofits/review_list.html", context)


@requires(reviews.RIGHT)
@require_POST
def review_draw(request: HttpRequest) -> HttpResponse:
    programme, area = chosen_programme(request), chosen_area_code(request)
    if programme is None or not area:
        return refused_page(request, Refused("NO_PROGRAMME", _("Choose a programme and a place of yours first.")))
    try:
        review = reviews.draw_review(
            programme=programme, area_code=area, kind=request.POST.get("kind", ""), by=person_of(request),
            size=whole(request.POST.get("size")) or 0, now=clock.now(), seed=request.POST.get("seed", ""),
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:review-detail", pk=review.pk)


@requires("tasks.view")
@require_GET
def review_detail(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Review.objects.select_related("programme", "area", "drawn_by")
    review = get_visible_or_404(rows, request.user, pk=pk)
    lines = review.lines.select_related(
        "acceptance__task__dwelling__household", "acceptance__area", "acceptance__inspector", "acceptance__agency",
        "decided_by",
    ).order_by("place")  # fmt: skip
    context = {
        "review": review, "lines": lines, "holds": reviews.holds(review), "today": clock.today(),
        "may_decide": request.user.has_right(reviews.RIGHT, review.area_id),
        "may_fix": request.user.has_right(reviews.FIX_RIGHT, review.area_id),
    }  # fmt: skip
    return render(request, "retrofits/review_detail.html", context)


@requires(reviews.RIGHT)
@require_POST
def review_decide(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    review = get_visible_or_404(Review, request.user, reviews.RIGHT, pk=pk)
    row = _line(review, line)
    try:
        due_on = day_of(request, "due_on") if request.POST.get("due_on", "").strip() else None
        reviews.decide_line(
            line=row, verdict=request.POST.get("verdict", ""), finding=request.POST.get("finding", ""),
            due_on=due_on, by=person_of(request), now=clock.now(), on=clock.today(),
        )  # fmt: skip
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:review-detail", pk=pk)


@requires(reviews.FIX_RIGHT)
@require_POST
def review_fix(request: HttpRequest, pk: int, line: int) -> HttpResponse:
    """Whoever installs in the home's place says what was done; the sample itself may cover more than that place."""
    row = ReviewLine.objects.filter(pk=line, review_id=pk).select_related("acceptance", "review").first()
    review = get_visible_or_404(Review, request.user, pk=pk)
    try:
        reviews.fix_finding(
            line=row or _line(review, line), note=request.POST.get("note", ""), by=person_of(request), on=clock.today()
        )
    except Refused as refusal:
        return refused_page(request, refusal)
    return redirect("retrofits:review-detail", pk=pk)


def _line(review: Review, key: int) -> ReviewLine:
    found: ReviewLine | None = review.lines.filter(pk=key).first()
    if found is None:
        raise Refused("LINE_UNKNOWN", _("This home is not part of the sample."))
    return found


def _not_confirmed(area: str, programme: object) -> ScopedQuerySet:
    """Homes whose data transmission was not confirmed when its window was full."""
    rows = TransmissionCheck.objects.filter(state=TransmissionCheck.State.NOT_CONFIRMED)
    inside = Acceptance.objects.within(area).filter(task__programme=programme)
    rows = rows.filter(acceptance__in=inside)
    return rows.select_related("acceptance__task__dwelling__household", "acceptance__area").order_by("-window_to")  # type: ignore[return-value]
