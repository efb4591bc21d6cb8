"""Clean coal: the register of supply points with one opened, what is done there, and the list for the whole world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_visible_or_404, public, requires
from accounts.models import Area
from core import clock
from core.refusals import Refused
from core.tables import Column, View, build_table, render_table
from core.together import read_together
from heatsupply.filters.coal import CoalFilter
from heatsupply.forms import coal as forms
from heatsupply.models import CoalBatch, CoalPoint, CoalSale
from heatsupply.queries.coal import (
    Shop,
    batches_of,
    is_low,
    is_test_due,
    public_points,
    sales_of,
    stock_days,
    with_stock,
)
from heatsupply.rules.points_map import sketch
from heatsupply.services import coal
from heatsupply.terms.coal import coal_limits, season_limit_kg
from programmes.chosen import chosen_area_code, chosen_programme
from retrofits.views.pages import refused_page
from retrofits.views.posting import done, posted

VIEW = "coal.view"
SHOWN = 30
LIST = "heat:coal-list"


def _put_up(point: CoalPoint) -> str:
    """Which of sign and rules hang there (J-47)."""
    if point.has_sign and point.has_rules:
        return _("sign and rules")
    if point.has_sign or point.has_rules:
        return _("sign only") if point.has_sign else _("rules only")
    return _("neither")


COLUMNS = (
    Column("name", gettext_lazy("Supply point"), kind="id", order_by="name", link=True),
    Column("area.name", gettext_lazy("Place"), order_by="area_id"),
    Column("up", gettext_lazy("Sign and rules"), value=_put_up, priority=2),
    Column("stock_kg", gettext_lazy("May be sold/kg"), kind="number", order_by="stock_kg"),
    Column("days", gettext_lazy("Lasts/days"), template="heatsupply/coal_days_cell.html", value=stock_days),
    Column("low", gettext_lazy("Stock"), template="heatsupply/coal_low_cell.html", value=is_low),
    Column("waiting_kg", gettext_lazy("Not tested/kg"), kind="number", order_by="waiting_kg", priority=2),
    Column("blocked_kg", gettext_lazy("Blocked/kg"), kind="number", order_by="blocked_kg", priority=2),
    Column("tested_on", gettext_lazy("Last sample"), kind="when", order_by="tested_on", priority=2),
    Column("due", gettext_lazy("Test"), template="heatsupply/coal_test_cell.html",
           value=lambda row: is_test_due(row, clock.today())),
)  # fmt: skip


@requires(VIEW)
@require_GET
def coal_list(request: HttpRequest) -> HttpResponse:
    """Supply points of the chosen place; `?point=` opens one with its batches, tests and sales."""
    user: Any = request.user
    rows = CoalPoint.objects.visible_to(user).within(chosen_area_code(request))
    rows = rows.filter(programme=chosen_programme(request)).select_related("area", "programme")
    table = build_table(
        request, with_stock(rows, clock.today()), COLUMNS, filterset=CoalFilter, unit=_("supply points"),
        default_sort="area_id", row_url=lambda row: f"{reverse(LIST)}?point={row.pk}",
        views=[View(_("All"), ""), View(_("selling now"), "open=true")],
        empty=(_("No supply point"), _("No clean coal is sold in this place under this programme.")),
    )  # fmt: skip
    opened = _opened(request)
    context = opened | {
        "new_form": _new_form(request) if user.has_right(coal.SELL) and not opened else None,
        "report": f"{reverse('supervision:case-new', args=['coal'])}?kind=enforcement&category=coal_outlet"
        if user.has_right("hazards.record") else "",
        "ledger": reverse("reports:ledger-detail", args=["coal"]) if user.has_right("ledgers.export") else "",
    }  # fmt: skip
    return render_table(request, "heatsupply/coal.html", table, context)


def _new_form(request: HttpRequest) -> forms.CoalPointForm:
    form = forms.CoalPointForm(auto_id="new_%s")
    form.fields["area"].queryset = _places(request).within(chosen_area_code(request))  # type: ignore[attr-defined]
    return form


def _places(request: HttpRequest) -> Any:
    places = Area.objects.visible_to(request.user, coal.SELL)
    return places.filter(level__in=(Area.Level.TOWN, Area.Level.VILLAGE)).order_by("code")


def _opened(request: HttpRequest) -> dict[str, Any]:
    """The point of the address with all that is shown of it; nothing without one."""
    if not request.GET.get("point"):
        return {}
    user: Any = request.user
    point = get_visible_or_404(
        with_stock(CoalPoint.objects.select_related("area__parent", "programme"), clock.today()), user,
        pk=_key(request.GET["point"]),
    )  # fmt: skip
    bought, sold = batches_of(point), sales_of(point)[:SHOWN]
    read_together(bought, sold)
    batches = list(bought)
    return {
        "point": point, "batches": batches, "days": stock_days(point), "is_low": is_low(point),
        "is_due": is_test_due(point, clock.today()), "sales": list(sold),
        "limit_kg": season_limit_kg(point.programme), "limits": coal_limits(point.programme),
        "forms": _forms(point, batches, user), "may_sell": user.has_right(coal.SELL, point.area_id),
    }  # fmt: skip


def _key(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Http404
    return int(text)


def _forms(point: CoalPoint, batches: list[CoalBatch], user: Any) -> list[tuple[str, Any, Any]]:
    """(deed, title, form) of what this person may do here."""
    offered: list[tuple[str, Any, Any]] = []
    if user.has_right(coal.SELL, point.area_id):
        sellable = [one for one in batches if one.state == CoalBatch.State.PASSED]
        offered += [
            ("sell", _("Record a sale"), _of_batches(forms.SaleForm, sellable, point)),
            ("batch", _("Record a delivery"), forms.BatchForm(auto_id="batch_%s")),
            ("check", _("Record a look at the point"), forms.CheckForm(
                auto_id="check_%s", initial={"has_sign": point.has_sign, "has_rules": point.has_rules})),
        ]  # fmt: skip
    if user.has_right(coal.TEST, point.area_id):
        offered.append(("test", _("Record a test of coal"), _of_batches(forms.CoalTestForm, batches, point)))
    return offered


def _of_batches(form_class: Any, batches: list[CoalBatch], point: CoalPoint) -> Any:
    """The form over batches already read."""
    form = form_class(auto_id=f"{form_class.__name__.lower()}_%s", batches=point.batches.none())
    form.fields["batch"].choices = [("", "---------"), *((one.pk, str(one)) for one in batches)]
    return form


@requires(coal.SELL, coal.TEST)
@require_POST
def coal_act(request: HttpRequest) -> HttpResponse:
    """A point, a look at it, a delivery, a test, a sale, a line taken back; `deed` says which."""
    deed = ACTS.get(request.POST.get("deed", ""))
    if deed is None:
        return refused_page(request, Refused("DEED_UNKNOWN", _("Choose what was done.")))
    return deed(request)


def _register(request: HttpRequest) -> HttpResponse:
    form, programme = forms.CoalPointForm(request.POST), chosen_programme(request)
    form.fields["area"].queryset = _places(request)  # type: ignore[attr-defined]
    if programme is None:
        raise Http404
    store = lambda data: coal.register_point(programme=programme, by=request.user, **data)  # type: ignore[arg-type]  # noqa: E731
    return posted(request, form, store, _("The supply point is registered."), LIST)


def _at_point(
    request: HttpRequest, right: str, form_of: Callable[[CoalPoint], Any], service: Callable[..., Any], said: str
) -> HttpResponse:
    """A form about a point where the person holds `right`; back to that point."""
    rows = CoalPoint.objects.select_related("programme")
    point = get_visible_or_404(rows, request.user, right, pk=_key(request.POST.get("point", "")))
    back = f"{reverse(LIST)}?point={point.pk}"
    return posted(request, form_of(point), lambda data: service(point, data), said, back)


def _check(request: HttpRequest) -> HttpResponse:
    store = lambda point, data: coal.check_point(point=point, by=request.user, today=clock.today(), **data)  # type: ignore[arg-type]  # noqa: E731
    return _at_point(request, coal.SELL, lambda point: forms.CheckForm(request.POST), store, _("It is recorded."))


def _batch(request: HttpRequest) -> HttpResponse:
    store = lambda point, data: coal.receive_batch(point=point, by=request.user, today=clock.today(), **data)  # type: ignore[arg-type]  # noqa: E731
    said = _("The delivery is recorded; it may be sold once its test has passed.")
    return _at_point(request, coal.SELL, lambda point: forms.BatchForm(request.POST), store, said)


def _test(request: HttpRequest) -> HttpResponse:
    def form(point: CoalPoint) -> Any:
        return forms.CoalTestForm(request.POST, batches=point.batches.all())

    def store(point: CoalPoint, data: dict[str, Any]) -> Any:
        return coal.record_test(by=request.user, now=clock.now(), today=clock.today(), **data)  # type: ignore[arg-type]

    return _at_point(request, coal.TEST, form, store, _("The test is recorded."))


def _sell(request: HttpRequest) -> HttpResponse:
    def form(point: CoalPoint) -> Any:
        return forms.SaleForm(request.POST, batches=point.batches.all())

    def store(point: CoalPoint, data: dict[str, Any]) -> Any:
        return coal.sell(by=request.user, now=clock.now(), today=clock.today(), **data)  # type: ignore[arg-type]

    return _at_point(request, coal.SELL, form, store, _("The sale stands in the ledger."))


def _cancel(request: HttpRequest) -> HttpResponse:
    rows = CoalSale.objects.select_related("batch")
    sale = get_visible_or_404(rows, request.user, coal.SELL, pk=_key(request.POST.get("sale", "")))

    def deed() -> Any:
        return coal.cancel_sale(sale=sale, reason=request.POST.get("reason", ""), by=request.user, now=clock.now())  # type: ignore[arg-type]

    return done(request, deed, _("The line is crossed out."), f"{reverse(LIST)}?point={sale.batch.point_id}")


ACTS = {"register": _register, "check": _check, "batch": _batch, "test": _test, "sell": _sell, "cancel": _cancel}


@public
@require_GET
def coal_public(request: HttpRequest) -> HttpResponse:
    """J-48: where clean coal is sold, for everybody, as a list and on a map; `?place=` names a county or town."""
    shops = public_points(clock.today())
    places = _places_of(shops)
    asked = request.GET.get("place", "")
    place = asked if asked in dict(places) else next((code for code, _name in places), "")
    chosen = [shop for shop in shops if shop.point.area_id.startswith(place)]
    spots = [
        (shop.number, float(shop.point.longitude), float(shop.point.latitude))
        for shop in chosen if shop.point.longitude is not None and shop.point.latitude is not None
    ]  # fmt: skip
    context = {"shops": chosen, "places": places, "place": place, "map": sketch(spots)}
    return render(request, "heatsupply/coal_public.html", context)


def _places_of(shops: list[Shop]) -> list[tuple[str, str]]:
    """The counties with points, each before its towns; a map covers one county at most."""
    found: dict[str, str] = {}
    for shop in shops:
        town = shop.point.area if shop.point.area.level == Area.Level.TOWN else shop.point.area.parent
        county = town.parent if town else None
        if town and county:
            found[county.code] = county.name
            found[town.code] = f"{county.name} · {town.name}"
    return sorted(found.items())
