"""Meter readings: the list, one line with what is needed, entering for one household and for a village, deciding."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import get_visible_or_404, requires
from accounts.models import Area
from accounts.records import ScopedQuerySet
from core import clock
from core.areas import code_range
from core.refusals import Refused
from core.seasons import Span
from core.tables import Column, View, build_table, render_table
from households.models import Dwelling, Meter, MeterReading
from programmes.chosen import chosen_area_code, chosen_programme
from programmes.models import Programme
from retrofits.models import Task
from subsidies.reading_filters import ReadingFilter
from subsidies.reading_forms import GridForm, HeldForm, ReadingForm, SplitForm
from subsidies.reading_reach import RECORD, carriers_for, homes_for, is_company, source_of
from subsidies.reading_words import findings_of, first_finding
from subsidies.services import reading_decisions, readings
from subsidies.services.operation import CARRIERS
from subsidies.services.reading_decisions import DECIDE
from subsidies.services.readings import Entry, Recorded

VIEW = "entitlements.view"
GRID_ROWS = 300
FIGURE = "subsidies/cell_figure.html"
State = MeterReading.State


def plain(value: Any) -> str:
    """A figure without trailing noughts, "—" where there is none."""
    if value is None:
        return "—"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


COLUMNS = (
    Column("dwelling.dwelling_no", gettext_lazy("Dwelling"), kind="id", order_by="dwelling__dwelling_no", link=True),
    Column("dwelling.household.head_name", gettext_lazy("Head of household")),
    Column("area.name", gettext_lazy("Village"), order_by="area_id", priority=3),
    Column("carrier", gettext_lazy("Energy"), value=lambda row: row.get_carrier_display(), priority=2),
    Column("starts_on", gettext_lazy("From"), order_by="starts_on", value=lambda row: row.starts_on.isoformat()),
    Column("ends_on", gettext_lazy("To"), order_by="ends_on", value=lambda row: row.ends_on.isoformat()),
    Column("start_reading", gettext_lazy("Reading before"), kind="number", priority=3,
           value=lambda row: plain(row.start_reading), template=FIGURE),
    Column("end_reading", gettext_lazy("Reading after"), kind="number", priority=3,
           value=lambda row: plain(row.end_reading), template=FIGURE),
    Column("quantity", gettext_lazy("Quantity"), kind="number", order_by="quantity",
           value=lambda row: plain(row.quantity), template=FIGURE),
    Column("source", gettext_lazy("Stated by"), value=lambda row: row.get_source_display(), priority=2),
    Column("why", gettext_lazy("Why"), kind="soft", value=first_finding, priority=2),
    Column("state", gettext_lazy("State"), template="subsidies/cell_state.html", order_by="state"),
)  # fmt: skip

OWN_COLUMNS = tuple(column for column in COLUMNS if column.key != "dwelling.household.head_name")


@requires(VIEW, RECORD)
@require_GET
def reading_list(request: HttpRequest) -> HttpResponse:
    """Every stated line of the chosen place; what waits for a person is a view of its own. An energy company sees what
    its own people stated, without the names of its customers."""
    whole = VIEW in request.user.rights  # type: ignore[union-attr]
    rows = MeterReading.objects.visible_to(request.user, VIEW if whole else RECORD).within(chosen_area_code(request))
    table = build_table(
        request, rows.select_related("area", "dwelling__household"), COLUMNS if whole else OWN_COLUMNS,
        filterset=ReadingFilter, unit=_("lines"), row_url=_line_url if whole else None, views=_views(rows),
        default_sort="-ends_on",
        empty=(_("No reading yet"), _("Import the company's file, or enter a household's or a village's readings.")),
    )  # fmt: skip
    programme = chosen_programme(request)
    rights = request.user.rights  # type: ignore[union-attr]
    context = {
        "may_record": RECORD in rights and programme is not None,
        "may_take": programme is not None and bool(request.user.whole_codes_for(RECORD)),  # type: ignore[union-attr]
        "may_settle": programme is not None and request.user.has_right("entitlements.assess", programme.area_id),  # type: ignore[union-attr]
        "years": years(clock.today()),
    }
    return render_table(request, "subsidies/reading_list.html", table, context)


@requires(VIEW)
@require_GET
def reading_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One line: what it states, why it is held, what is needed, its neighbours, and the decision."""
    return _detail(request, _one(request, pk, VIEW))


@requires(DECIDE)
@require_POST
def reading_decide(request: HttpRequest, pk: int) -> HttpResponse:
    row = _one(request, pk, DECIDE)
    form = HeldForm(request.POST)
    if not form.is_valid():
        return _detail(request, row, form, 422)
    try:
        reading_decisions.decide_reading(reading=row, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
    except Refused as refusal:
        form.add_error(None, refusal.sentence)
        return _detail(request, row, form, refusal.status)
    messages.success(request, _("Decided; amounts that waited for this line are computed again."))
    return redirect("subsidies:reading-detail", row.pk)


@requires(RECORD)
@require_http_methods(["GET", "POST"])
def reading_new(request: HttpRequest) -> HttpResponse:
    """One household's line, typed."""
    given = {name: request.GET[name] for name in ("dwelling_no", "carrier", "first", "start") if name in request.GET}
    form = ReadingForm(request.POST or None, initial=given, carriers=carriers_for(request.user))  # type: ignore[arg-type]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = _typed(request, form.cleaned_data)
                _say(request, done)
                held = next((row for row in done.rows if row.state == State.HELD), None)
                return redirect(_after(done, held))
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
    return render(request, "subsidies/reading_new.html", {"form": form}, status=status)


@requires(RECORD)
@require_http_methods(["GET", "POST"])
def reading_grid(request: HttpRequest) -> HttpResponse:
    """A village on one day: the last reading of each meter beside the cell for the new one."""
    programme = _programme(request)
    village = _village(request)
    if village is None:
        return render(request, "subsidies/reading_grid.html", {"places": _villages(request)})
    offered = carriers_for(request.user)  # type: ignore[arg-type]
    carrier = request.POST.get("carrier") or request.GET.get("carrier") or next(iter(offered), "")
    homes = _homes(request, programme, village, carrier)
    last = _last_readings(homes, carrier)
    initial = {"carrier": carrier, "day": clock.today().isoformat()}
    form = GridForm(homes, request.POST or None, initial=initial, carriers=offered)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _say(request, _read_village(request, programme, form, homes, last))
                return redirect(f"{reverse('subsidies:reading-list')}?search=&until={form.cleaned_data['day']}")
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
    rows = [_grid_row(home, last.get(home.pk), form) for home in homes]
    context = {"form": form, "rows": rows, "village": village, "carrier": carrier, "named": VIEW in request.user.rights}  # type: ignore[union-attr]
    return render(request, "subsidies/reading_grid.html", context, status=status)


@requires(DECIDE)
@require_http_methods(["GET", "POST"])
def meter_split(request: HttpRequest, pk: int) -> HttpResponse:
    """By which parts a shared meter's use belongs to its dwellings."""
    meter = get_visible_or_404(Meter.objects.select_related("area"), request.user, DECIDE, pk=pk)
    homes = list(
        Dwelling.objects.filter(meter_supplies__meter=meter).select_related("household", "area").order_by("pk")
    )
    known = {f"parts_{one.dwelling_id}": one.parts for one in meter.supplies.all()}
    form = SplitForm(homes, request.POST or None, initial=known)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = reading_decisions.split_meter(
                    meter=meter, parts=form.parts(), reason=form.cleaned_data["reason"], by=request.user,  # type: ignore[arg-type]
                )  # fmt: skip
                messages.success(
                    request, ngettext("%(n)d line counts now", "%(n)d lines count now", done) % {"n": done}
                )
                return redirect("households:meter-detail", meter.pk)
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
    return render(request, "subsidies/meter_split.html", {"meter": meter, "form": form}, status=status)


def _views(rows: ScopedQuerySet) -> list[View]:
    counts = rows.aggregate(
        all=Count("pk"), held=Count("pk", filter=Q(state=State.HELD)),
        counted=Count("pk", filter=Q(state=State.COUNTED)), confirms=Count("pk", filter=Q(state=State.CONFIRMS)),
        gone=Count("pk", filter=Q(state=State.ASIDE)),
    )  # fmt: skip
    return [
        View(_("All"), "", counts["all"]),
        View(_("Held for a person"), "state=held", counts["held"]),
        View(_("Counted"), "state=counted", counts["counted"]),
        View(_("Agreeing"), "state=confirms", counts["confirms"]),
        View(_("Set aside"), "state=aside", counts["gone"]),
    ]


def years(today: dt.date) -> list[int]:
    """Beginnings of the seasons a person may want settled, the newest first."""
    newest = today.year if today.month >= 9 else today.year - 1
    return [newest - back for back in range(4)]


def _line_url(row: MeterReading) -> str:
    return reverse("subsidies:reading-detail", args=[row.pk])


def _one(request: HttpRequest, pk: int, right: str) -> MeterReading:
    rows = MeterReading.objects.select_related("dwelling__household", "area", "document", "entered_by", "decided_by")
    return get_visible_or_404(rows, request.user, right, pk=pk)  # type: ignore[no-any-return]


def _detail(request: HttpRequest, row: MeterReading, form: HeldForm | None = None, status: int = 200) -> HttpResponse:
    near = MeterReading.objects.filter(dwelling=row.dwelling_id, carrier=row.carrier).exclude(pk=row.pk)
    proposed = next((one["proposed"] for one in row.findings if one.get("proposed")), None)
    meter = Meter.objects.filter(supplies__dwelling=row.dwelling_id, carrier=row.carrier, is_shared=True).first()
    context = {
        "one": row,
        "quantity": plain(row.quantity),
        "readings": (plain(row.start_reading), plain(row.end_reading), plain(row.factor)),
        "findings": findings_of(row),
        "near": [
            (line, plain(line.quantity)) for line in near.exclude(state=State.WITHDRAWN).order_by("starts_on")[:24]
        ],
        "meter": meter,
        "may_decide": row.state != State.WITHDRAWN and request.user.has_right(DECIDE, row.area_id),  # type: ignore[union-attr]
        "form": form or HeldForm(initial={"quantity": proposed or (row.quantity if row.quantity is not None else "")}),
    }
    return render(request, "subsidies/reading_detail.html", context, status=status)


def _programme(request: HttpRequest) -> Programme:
    programme = chosen_programme(request)
    if programme is None:
        raise Http404
    return programme


def _typed(request: HttpRequest, data: dict[str, Any]) -> Recorded:
    user: Any = request.user
    home = homes_for(user, data["carrier"]).filter(dwelling_no=data["dwelling_no"].strip()).first()
    if home is None:
        raise Refused("DWELLING_UNKNOWN", _("No dwelling “%(number)s” in your area."), number=data["dwelling_no"])
    entry = Entry(
        home, data["carrier"], Span(data["first"], data["last"]), source_of(user, data["carrier"]), data["start"],
        data["end"], data["quantity"], meter=data["meter"].strip(),
    )  # fmt: skip
    return readings.record_readings(programme=_programme(request), entries=[entry], by=user)


def _say(request: HttpRequest, done: Recorded) -> None:
    counts = {"counted": done.count(State.COUNTED), "held": done.count(State.HELD), "known": done.known}
    words = _("%(counted)d counted, %(held)d held for a person, %(known)d known already.") % counts
    (messages.warning if counts["held"] else messages.success)(request, words)


def _after(done: Recorded, held: MeterReading | None) -> str:
    if held is not None and held.pk and not is_company(held.entered_by):
        return reverse("subsidies:reading-detail", args=[held.pk])
    return reverse("subsidies:reading-list")


def _village(request: HttpRequest) -> Area | None:
    """The village of the grid: from the address, else the chosen place if it is one."""
    code = request.GET.get("village", "") or chosen_area_code(request)
    rows = Area.objects.filter(code=code, level="village")
    village = rows.first()
    if village is None or not request.user.has_right(RECORD, village.code):  # type: ignore[union-attr]
        if request.GET.get("village"):
            raise Http404
        return None
    return village


def _villages(request: HttpRequest) -> list[Area]:
    code = chosen_area_code(request)
    if not code:
        return []
    low, high = code_range(code)
    found = Area.objects.filter(code__gte=low, code__lt=high, level="village").order_by("code")[:500]
    user: Any = request.user
    if is_company(user):
        served = {home for carrier in carriers_for(user) for home in _codes(user, carrier)}
        return [one for one in found if one.code in served]
    return [one for one in found if user.has_right(RECORD, one.code)]


def _codes(user: Any, carrier: str) -> set[str]:
    """Villages where the company has customers."""
    return {code[:12] for code in homes_for(user, carrier).order_by().values_list("area_id", flat=True).distinct()}


def _homes(request: HttpRequest, programme: Programme, village: Area, carrier: str) -> list[Dwelling]:
    """Accepted dwellings of the village that heat with this energy."""
    families = [family for family, what in CARRIERS.items() if what == carrier]
    tasks = Task.objects.within(village.code).filter(
        programme=programme, state__in=Task.PASSED, technology__family__in=families
    )
    rows = homes_for(request.user, carrier).filter(pk__in=tasks.values("dwelling"))  # type: ignore[arg-type]
    return list(rows.select_related("household").order_by("dwelling_no")[:GRID_ROWS])


def _last_readings(homes: list[Dwelling], carrier: str) -> dict[int, MeterReading]:
    """The last living line of each home that states where its counter stood."""
    rows = MeterReading.objects.filter(
        dwelling__in=homes, carrier=carrier, state__in=(State.COUNTED, State.CONFIRMS), end_reading__isnull=False
    ).exclude(source=MeterReading.Source.TELEMETRY)
    return {row.dwelling_id: row for row in rows.order_by("ends_on", "pk")}


def _grid_row(home: Dwelling, last: MeterReading | None, form: GridForm) -> dict[str, Any]:
    stood = plain(last.end_reading) if last else ""
    return {"home": home, "last": last, "stood": stood, "field": form[f"end_{home.pk}"]}


def _read_village(
    request: HttpRequest, programme: Programme, form: GridForm, homes: list[Dwelling], last: dict[int, MeterReading]
) -> Recorded:
    day, figures = form.cleaned_data["day"], form.figures()
    if not figures:
        raise Refused("NOTHING_STATED", _("No figure was typed."))
    carrier = form.cleaned_data["carrier"]
    source = source_of(request.user, carrier)  # type: ignore[arg-type]
    entries = [
        _counter_line(home, carrier, last.get(home.pk), day, figures[home.pk], source)
        for home in homes
        if home.pk in figures
    ]
    return readings.record_readings(programme=programme, entries=entries, by=request.user)  # type: ignore[arg-type]


def _counter_line(
    home: Dwelling, carrier: str, before: MeterReading | None, day: dt.date, end: Any, source: str
) -> Entry:
    """From the last reading to this one; the first reading of a meter states where it stood and no use."""
    if before is None:
        return Entry(home, carrier, Span(day, day), source, end, end)
    if before.ends_on >= day:
        words = _("%(home)s was read on %(day)s already; choose a later day.")
        raise Refused("DAY_PASSED", words, home=home.dwelling_no, day=before.ends_on.isoformat())
    span = Span(before.ends_on + dt.timedelta(days=1), day)
    return Entry(
        home,
        carrier,
        span,
        source,
        before.end_reading,
        end,
        factor=before.factor,
        meter=before.meter_no,
    )
