"""The duplicate desk: pairs by weight, two entries side by side, the decision and its way back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, requires
from core import masks
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from households import duplicate_queries, elsewhere, register_queries
from households.models import DuplicatePair
from households.register_filters import PairFilter
from households.services.duplicates import deciding as duplicates
from programmes.chosen import chosen_area_code

VIEW = "households.view"


@requires(VIEW)
@require_GET
def duplicate_list(request: HttpRequest) -> HttpResponse:
    rows = register_queries.narrowed(duplicate_queries.pairs_for(request.user), chosen_area_code(request))  # type: ignore[arg-type]
    table = build_table(
        request, rows, _columns(request.user), filterset=PairFilter, unit=_("pairs"),
        row_url=lambda row: reverse("households:duplicate-detail", args=[row.pk]), default_sort="-weight",
        views=[View(_("To be decided"), "state=open"), View(_("All"), ""), View(_("Merged"), "state=merged")],
        empty=(_("No double entry was found"), _("The search compares numbers, houses, heaters and names.")),
    )  # fmt: skip
    return render_table(request, "households/duplicate_list.html", table)


@requires(duplicates.RIGHT)
@require_GET
def elsewhere_list(request: HttpRequest) -> HttpResponse:
    """Rows that rosters could not bring in because the person is registered in another place one decides over too."""
    user: Any = request.user
    rows = elsewhere.rows_for(user, duplicates.RIGHT, chosen_area_code(request))
    table = build_table(
        request, rows, ELSEWHERE, unit=_("rows"), default_sort="-sent",
        paginator=lambda found, size: _Claims(found, size, user),
        row_url=_file_of,
        empty=(_("No row of a roster claims a person of another place"), _("Such rows are refused for the clerk.")),
    )  # fmt: skip
    return render_table(request, "households/elsewhere_list.html", table)


def _file_of(one: elsewhere.Claim) -> str:
    home = next(iter(one.household.dwellings.all()), None)
    return reverse("reports:household-detail", args=[home.dwelling_no]) if home else ""


class _Claims(Paginator):  # type: ignore[type-arg]
    """Pages of refused rows, each with the household that has the person already."""

    def __init__(self, rows: Any, size: int, user: Any) -> None:
        super().__init__(rows, size)
        self.user = user

    def page(self, number: Any) -> Page[Any]:
        found = super().page(number)
        found.object_list = elsewhere.claims(found.object_list, self.user, duplicates.RIGHT)
        return found


def _sent_from(one: elsewhere.Claim) -> str:
    return (one.row.village or one.row.roster_import.area).name


ELSEWHERE = (
    Column("household.head_name", gettext_lazy("Registered head"), link=True),
    Column("household.household_no", gettext_lazy("Household"), kind="id"),
    Column("household.area.name", gettext_lazy("Registered in")),
    Column("claimed", gettext_lazy("Name in the roster"), value=lambda one: str(one.row.values.get("head_name") or "")),
    Column("number", gettext_lazy("Identity number"), kind="masked_id", value=lambda one: one.household.id_number),
    Column("from", gettext_lazy("Roster from"), value=_sent_from),
    Column("row", gettext_lazy("Row"), value=lambda one: f"{one.row.sheet} {one.row.row_no}", priority=2),
    Column("by", gettext_lazy("Sent by"), value=lambda one: one.row.roster_import.uploaded_by.person_name),
    Column("sent", gettext_lazy("Sent"), kind="when", order_by="roster_import__created_at",
           value=lambda one: one.row.roster_import.created_at),
)  # fmt: skip


def _columns(user: Any) -> tuple[Column, ...]:
    return (
        Column("names", gettext_lazy("Entries"), value=lambda row: _names(row, user), link=True),
        Column("reasons", gettext_lazy("Reasons"), value=lambda row: "，".join(map(str, row.reason_words))),
        Column("places", gettext_lazy("Places"), value=lambda row: f"{row.first.area.name} / {row.second.area.name}"),
        Column("weight", gettext_lazy("Weight"), kind="number", order_by="weight", priority=2),
        Column("found_at", gettext_lazy("Found"), kind="when", order_by="found_at", priority=2),
        Column("state", gettext_lazy("State"), template="households/change_state.html", order_by="state"),
    )


def _names(pair: DuplicatePair, user: Any) -> str:
    """Both heads; the one outside the reader's area masked."""
    return " / ".join(
        home.household.head_name if user.has_right(VIEW, home.area_id) else masks.mask_name(home.household.head_name)
        for home in (pair.first, pair.second)
    )


@requires(VIEW)
@require_GET
def duplicate_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, _pair(request, pk))


def _pair(request: HttpRequest, pk: int) -> DuplicatePair:
    rows = DuplicatePair.objects.select_related(*duplicate_queries.RELATED)
    found: DuplicatePair = get_visible_or_404(rows, request.user, pk=pk)
    return found


def _detail(request: HttpRequest, pair: DuplicatePair, refusal: str = "", status: int = 200) -> HttpResponse:
    user: Any = request.user
    context = {
        "pair": pair,
        "sides": duplicate_queries.side_by_side(pair, user),
        "may_decide": duplicates.may_decide(pair, user),
        "has_right": user.has_right(duplicates.RIGHT),
        "refusal": refusal,
        "words": request.POST.get("words", ""),
    }
    return render(request, "households/duplicate_detail.html", context, status=status)


@requires(duplicates.RIGHT)
@require_POST
def duplicate_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Different people, merged, or parted again: `decision` names the deed."""
    pair = _pair(request, pk)
    if not any(request.user.has_right(duplicates.RIGHT, code) for code in (pair.area_id, pair.other_area_id)):  # type: ignore[union-attr]
        raise PermissionDenied(duplicates.RIGHT)
    try:
        messages.success(request, _deed(request, pair))
    except Refused as refusal:
        return _detail(request, _pair(request, pk), refusal.sentence, refusal.status)
    return redirect("households:duplicate-detail", pk)


def _deed(request: HttpRequest, pair: DuplicatePair) -> str:
    given: dict[str, Any] = {"pair": pair, "words": request.POST.get("words", ""), "by": request.user}
    decision = request.POST.get("decision", "")
    if decision == "different":
        duplicates.call_different(**given)
        return _("Decided: different people.")
    if decision == "part":
        duplicates.part_pair(**given)
        return _("The merging is taken back.")
    kept = request.POST.get("kept", "")
    if decision != "merge" or not (kept.isascii() and kept.isdigit()):
        raise Refused("KEPT_NEEDED", gettext_lazy("Choose which entry stays."))
    duplicates.merge_pair(**given, kept_id=int(kept), same_house=request.POST.get("same_house") == "yes")
    return _("The two entries are merged.")


@requires(duplicates.RIGHT)
@require_POST
def duplicate_search(request: HttpRequest) -> HttpResponse:
    """Ask for a search over the register; the job's page tells how far it is."""
    job = duplicates.request_search(by=request.user)  # type: ignore[arg-type]
    return redirect("jobs:job-detail", job.pk)
