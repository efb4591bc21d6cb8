"""Files of the power and gas companies: upload, what a file would do, apply, take back; counters of the heaters."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from core.areas import code_range
from core.refusals import Refused
from core.tables import Column, build_table, render_table
from jobs.services import enqueue
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from subsidies.forms import ReasonForm
from subsidies.models import ReadingImport
from subsidies.reading_forms import ReadingFileForm
from subsidies.reading_reach import RECORD, carriers_for
from subsidies.reading_tasks import TAKE
from subsidies.reading_words import code_words, problem_words
from subsidies.services import reading_imports

COLUMNS = (
    Column("file.file_name", gettext_lazy("File"), link=True),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("carrier", gettext_lazy("Energy"), value=lambda row: row.get_carrier_display()),
    Column("lines", gettext_lazy("Lines understood"), kind="number", value=lambda row: row.counts.get("lines", 0)),
    Column("held", gettext_lazy("Held"), kind="number", value=lambda row: row.counts.get("held", 0)),
    Column("problems", gettext_lazy("Not taken"), kind="number", value=lambda row: row.counts.get("problems", 0)),
    Column("uploaded_at", gettext_lazy("Uploaded"), kind="when", order_by="uploaded_at"),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)


@requires(RECORD)
@require_http_methods(["GET", "POST"])
def reading_import_list(request: HttpRequest) -> HttpResponse:
    """Earlier files, and a new one: it is read on trial, nothing is stored before the next button."""
    programme = chosen_programme(request)
    form = ReadingFileForm(
        _places(request),
        request.POST or None,
        request.FILES or None,
        carriers=carriers_for(request.user),  # type: ignore[arg-type]
    )
    if request.method == "POST" and programme is None:
        raise Http404
    if request.method == "POST" and programme is not None and form.is_valid():
        made = _start(request, programme, form)
        if made is not None:
            return redirect("subsidies:reading-import-detail", made.pk)
    rows = ReadingImport.objects.visible_to(request.user, RECORD).within(chosen_area_code(request))
    table = build_table(
        request, rows.filter(programme=programme).select_related("file", "area"), COLUMNS, unit=_("files"),
        row_url=lambda row: reverse("subsidies:reading-import-detail", args=[row.pk]), default_sort="-uploaded_at",
        empty=(_("No file yet"), _("Upload what the power or gas company sent.")),
    )  # fmt: skip
    context = {"form": form, "may_upload": programme is not None}
    response = render_table(request, "subsidies/reading_import_list.html", table, context)
    response.status_code = 422 if request.method == "POST" else response.status_code
    return response


@requires(RECORD)
@require_GET
def reading_import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file would do, or did: counts, rows that are not taken, lines that would be held."""
    return _detail(request, _one(request, pk))


@requires(RECORD)
@require_POST
def reading_import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    made = _one(request, pk)
    reading_imports.ask_to_apply(made=made, digest=request.POST.get("digest", ""), by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The lines are being stored; the end shows in the tray above."))
    return redirect("subsidies:reading-import-detail", made.pk)


@requires(RECORD)
@require_POST
def reading_import_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Look again at what the file would do now."""
    made = _one(request, pk)
    enqueue(kind=reading_imports.CHECK, args={"import_id": made.pk}, by=request.user, area=made.area_id)  # type: ignore[arg-type]
    messages.success(request, _("The file is read again; load this page in a moment."))
    return redirect("subsidies:reading-import-detail", made.pk)


@requires(RECORD)
@require_POST
def reading_import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    made = _one(request, pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _detail(request, made, form)
    reading_imports.ask_to_undo(made=made, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The lines are being taken back; they stay in the history."))
    return redirect("subsidies:reading-import-detail", made.pk)


@requires(RECORD)
@require_POST
def reading_take(request: HttpRequest) -> HttpResponse:
    """Take the heaters' own counters at the season's edges and months, in the background."""
    programme = chosen_programme(request)
    code = chosen_area_code(request)
    held = request.user.whole_codes_for(RECORD)  # type: ignore[union-attr]
    if programme is None or not any(code.startswith(one) for one in held):
        raise Http404
    args = {"programme_id": programme.pk, "area": code, "year": year_of(request)}
    enqueue(kind=TAKE, args=args, by=request.user, area=code)  # type: ignore[arg-type]
    messages.success(request, _("The counters are being read; the end shows in the tray above."))
    return redirect("subsidies:reading-list")


def year_of(request: HttpRequest) -> int:
    """The season a form names by the year in which it begins. Raises Refused SEASON_UNKNOWN."""
    text = request.POST.get("year", "")
    if not (text.isdecimal() and len(text) == 4):
        raise Refused("SEASON_UNKNOWN", gettext_lazy("Choose the season by the year in which it begins."))
    return int(text)


def _places(request: HttpRequest) -> object:
    """The chosen place and what lies in it down to the villages, where the person records readings."""
    code = chosen_area_code(request)
    if not code or not request.user.has_right(RECORD, code):  # type: ignore[union-attr]
        return Area.objects.none()
    low, high = code_range(code)
    return Area.objects.filter(code__gte=low, code__lt=high, level__in=["county", "town", "village"]).order_by("code")


def _start(request: HttpRequest, programme: Programme, form: ReadingFileForm) -> ReadingImport | None:
    file = form.cleaned_data["file"]
    try:
        made, fresh = reading_imports.start_import(
            programme=programme, area=form.cleaned_data["area"], carrier=form.cleaned_data["carrier"],
            content=file.chunks(), file_name=file.name, by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
    except Refused as refusal:
        form.add_error("file", refusal.sentence)
        return None
    if not fresh:
        messages.info(request, _("Exactly this file was uploaded already; here it is."))
    return made


def _one(request: HttpRequest, pk: int) -> ReadingImport:
    rows = ReadingImport.objects.select_related("file", "area", "programme", "uploaded_by", "applied_by")
    return get_visible_or_404(rows, request.user, RECORD, pk=pk)  # type: ignore[no-any-return]


def _detail(request: HttpRequest, made: ReadingImport, form: ReasonForm | None = None) -> HttpResponse:
    context = {
        "one": made,
        "problems": [{**row, "words": problem_words(row)} for row in made.problems],
        "held": [{**row, "words": code_words(row["codes"])} for row in made.held],
        "more": max(0, made.counts.get("problems", 0) - len(made.problems)),
        "undo": form or ReasonForm(),
    }
    return render(request, "subsidies/reading_import_detail.html", context, status=422 if form else 200)
