"""公示: which villages wait, publishing, one notice with its clock, and its sheet for the board."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core import clock
from core.pictures import MAX_BYTES
from core.tables import Column, build_table, render_table
from programmes.chosen import chosen_area_code, chosen_programme
from subsidies import queries
from subsidies.models import Notice, NoticePhoto, Objection
from subsidies.services import notices, postings

COLUMNS = (
    Column("number", gettext_lazy("Number"), kind="id", order_by="number", link=True),
    Column("area.name", gettext_lazy("Village"), order_by="area_id"),
    Column("count", gettext_lazy("Amounts"), kind="number"),
    Column("fen", gettext_lazy("Sum/CNY"), kind="money"),
    Column("published_at", gettext_lazy("From"), kind="when", order_by="published_at"),
    Column("ends_at", gettext_lazy("Until"), kind="when", order_by="ends_at"),
    Column("objections", gettext_lazy("Objections"), kind="number", priority=2),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)


@requires("entitlements.view")
@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """Notices of the chosen programme, and the villages where one is still to be put up."""
    programme = chosen_programme(request)
    rows = Notice.objects.visible_to(request.user).within(chosen_area_code(request)).filter(programme=programme)
    rows = rows.select_related("area").annotate(
        count=Count("entitlements", distinct=True), fen=Sum("entitlements__amount_fen")
    )
    # In a subquery: joined, an amount with two objections would be summed twice.
    raised = Objection.objects.filter(entitlement__notice=OuterRef("pk")).order_by().values("entitlement__notice")
    rows = rows.annotate(objections=Coalesce(Subquery(raised.annotate(n=Count("pk")).values("n")), 0))
    waiting = queries.villages_to_notice(programme, request.user) if programme and programme.notice_required else []
    table = build_table(
        request, rows, COLUMNS, unit=_("notices"), default_sort="-number",
        row_url=lambda row: reverse("subsidies:notice-detail", args=[row.number]),
        empty=(_("No notice has been put up yet"), _("A village's amounts are put up before they can be paid.")),
    )  # fmt: skip
    return render_table(request, "subsidies/notice_list.html", table, {"waiting": waiting, "programme": programme})


@requires("notices.publish")
@require_POST
def notice_publish(request: HttpRequest) -> HttpResponse:
    """Put up everything of one village that is due and not yet noticed."""
    programme = chosen_programme(request)
    area = Area.objects.visible_to(request.user, "notices.publish").filter(pk=request.POST.get("area", "")).first()
    if programme is None or area is None:
        raise Http404
    notice = notices.publish_notice(programme=programme, area=area, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Notice %(number)s is put up.") % {"number": notice.number})
    return redirect("subsidies:notice-detail", notice.number)


@requires("entitlements.view")
@require_GET
def notice_detail(request: HttpRequest, number: str) -> HttpResponse:
    return render(request, "subsidies/notice_detail.html", _context(request, number))


@requires("entitlements.view")
@require_GET
def notice_print(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet for the village's board; after the end it also says what was objected, or that nobody did."""
    return render(request, "subsidies/notice_print.html", _context(request, number))


@requires("notices.publish")
@require_POST
def notice_photo_add(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a photo of the board."""
    notice = get_visible_or_404(Notice, request.user, "notices.publish", number=number)
    file = request.FILES.get("photo")
    content = file.read(MAX_BYTES + 1) if file else b""
    postings.add_notice_photo(notice=notice, content=content, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The photo is kept."))
    return redirect("subsidies:notice-detail", number)


@requires("entitlements.view")
@require_GET
def notice_photo(request: HttpRequest, pk: int) -> HttpResponse:
    """One photo of the board."""
    photo = get_visible_or_404(NoticePhoto.objects.select_related("document"), request.user, pk=pk)
    response = HttpResponse(postings.picture_of(photo), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _context(request: HttpRequest, number: str) -> dict[str, object]:
    notice = get_visible_or_404(
        Notice.objects.select_related("area__parent", "programme", "published_by"), request.user, number=number
    )
    objections = Objection.objects.filter(entitlement__notice=notice)
    counts = objections.aggregate(all=Count("pk"), open=Count("pk", filter=Q(decision="")))
    rows = queries.notice_rows(notice)
    photos = list(notice.photos.select_related("added_by").order_by("pk"))
    for photo in photos:
        photo.in_time = postings.is_in_time(photo, notice)
    address = reverse("subsidies:notice-public", args=[notice.number, postings.public_key(notice.number)])
    now = clock.now()
    return {
        "photos": photos,
        "public_url": request.build_absolute_uri(address) if notice.state == "open" and notice.ends_at > now else "",
        "may_add": request.user.has_right("notices.publish", notice.area_id),
        "needs_photo": notice.programme.settings.get("notice_photo") == "required" and not photos,
        "left": max(notice.ends_at - now, timedelta()),
        "notice": notice,
        "rows": rows,
        "total": sum(row["fen"] for row in rows),
        "objections": objections.select_related("entitlement__dwelling", "decided_by").order_by("-id"),
        "counts": counts,
        "is_over": notice.ends_at <= now,
    }
