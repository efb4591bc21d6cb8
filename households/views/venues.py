"""Public venues: list with what they count for, one venue, entering and correcting."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from households import register_queries
from households.equivalents import DEFAULT_M2, equivalents_of
from households.models import PublicVenue
from households.register_filters import VenueFilter
from households.register_forms import VenueForm
from households.services import venues
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.counting import Counting, counting_of

VIEW, EDIT = "households.view", "households.edit"


@requires(VIEW)
@require_GET
def venue_list(request: HttpRequest) -> HttpResponse:
    """Venues of the chosen area; households, equivalents and their sum stand above, never mixed."""
    programme, chosen = chosen_programme(request), chosen_area_code(request)
    rule = counting_of(programme) if programme else Counting(DEFAULT_M2)
    rows = register_queries.narrowed(PublicVenue.objects.visible_to(request.user), chosen).select_related("area")
    table = build_table(
        request, rows, _columns(rule), filterset=VenueFilter, unit=_("venues"),
        row_url=lambda row: reverse("households:venue-detail", args=[row.venue_no]), default_sort="venue_no",
        empty=(_("No public venue yet"), _("Schools, clinics, old people's homes and village offices belong here.")),
    )  # fmt: skip
    count = register_queries.task_count(programme, *_codes(request, chosen), rule=rule) if programme else None
    more = {"programme": programme, "task_count": count, "rule": rule}
    return render_table(request, "households/venue_list.html", table, more)


def _codes(request: HttpRequest, chosen: str) -> list[str]:
    """The chosen area, as far as the person may read households in it."""
    held = request.user.area_codes_for(VIEW)  # type: ignore[union-attr]
    return [max(chosen, code, key=len) for code in held if code.startswith(chosen) or chosen.startswith(code)]


def _columns(rule: Counting) -> tuple[Column, ...]:
    return (
        Column("venue_no", gettext_lazy("Number"), kind="id", order_by="venue_no", link=True),
        Column("name", gettext_lazy("Venue"), order_by="name"),
        Column("get_subtype_display", gettext_lazy("Kind"), value=lambda row: row.get_subtype_display()),
        Column("area.name", gettext_lazy("Place"), order_by="area_id"),
        Column("heated_area_m2", gettext_lazy("Heated area/m²"), kind="number", order_by="heated_area_m2"),
        Column(
            "equivalents", gettext_lazy("Counts as households"), kind="number",
            value=lambda row: str(equivalents_of(row.heated_area_m2, rule.venue_m2, rule.decimals)),
        ),
    )  # fmt: skip


@requires(VIEW)
@require_GET
def venue_detail(request: HttpRequest, venue_no: str) -> HttpResponse:
    """One venue: what it is, what it counts for, in which programmes."""
    rows = PublicVenue.objects.select_related("area")
    venue = get_visible_or_404(rows, request.user, VIEW, venue_no=venue_no)
    enrolments = list(venue.enrolments.select_related("programme", "technology"))
    for one in enrolments:
        rule = counting_of(one.programme)
        one.equivalents = equivalents_of(venue.heated_area_m2, rule.venue_m2, rule.decimals)
        one.said_by = rule.said_by
    may_edit = request.user.has_right(EDIT, venue.area_id)  # type: ignore[union-attr]
    context = {"venue": venue, "enrolments": enrolments, "may_edit": may_edit}
    return render(request, "households/venue_detail.html", context)


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def venue_new(request: HttpRequest) -> HttpResponse:
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    inside = Area.objects.visible_to(request.user, EDIT).within(programme.area_id)
    places = register_queries.villages_and_towns(inside)
    form = VenueForm(places, programme.technologies.all(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        fixed = {"programme": programme, "area": data.pop("area"), "technology": data.pop("technology")}
        try:
            made = venues.register_venue(**fixed, values=data, by=request.user)  # type: ignore[arg-type]
        except Refused as refusal:
            form.add_error("name", refusal.sentence)
        else:
            messages.success(request, _("Venue %(number)s is registered.") % {"number": made.venue_no})
            return redirect("households:venue-detail", made.venue_no)
    context = {"form": form, "programme": programme, "title": _("Enter a public venue")}
    return render(request, "households/venue_form.html", context, status=422 if form.errors else 200)


@requires(EDIT)
@require_http_methods(["GET", "POST"])
def venue_edit(request: HttpRequest, venue_no: str) -> HttpResponse:
    rows = PublicVenue.objects.select_related("area")
    venue = get_visible_or_404(rows, request.user, EDIT, venue_no=venue_no)
    form = VenueForm(None, None, request.POST or None, venue=venue, initial=VenueForm.initial_of(venue))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(request, venue, form)
                return redirect("households:venue-detail", venue_no)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = refusal.status
    context: dict[str, Any] = {"form": form, "venue": venue, "title": _("Correct a public venue")}
    return render(request, "households/venue_form.html", context, status=status)


def _save(request: HttpRequest, venue: PublicVenue, form: VenueForm) -> None:
    data = form.cleaned_data
    venues.edit_venue(
        venue=venue, version=data["version"], changes=form.changes(), reason=data["reason"], by=request.user  # type: ignore[arg-type]
    )  # fmt: skip
    messages.success(request, _("Venue %(number)s is changed.") % {"number": venue.venue_no})
