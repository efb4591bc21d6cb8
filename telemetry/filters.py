"""Filters of the lists, as they stand in the address."""

from __future__ import annotations

from typing import Any

import django_filters as df
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.areas import code_range
from devices.models import Heater, Supplier
from telemetry import queries, states
from telemetry.models import Alert


class PlaceFilter(df.ChoiceFilter):
    """A town or village by its code; the choices are where something of the list stands."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        low, high = code_range(value)
        return qs.filter(area_id__gte=low, area_id__lt=high)


class HeaterFilter(df.FilterSet):
    q = df.CharFilter(label=_("heater, household, factory code"), method="search")
    state = df.ChoiceFilter(label=_("state"), choices=states.STATE_FILTERS, method="in_state", empty_label=_("all"))
    place = PlaceFilter(label=_("town or village"), empty_label=_("all"))
    line = df.CharFilter(label=_("line"), field_name="bus__line", lookup_expr="icontains")

    class Meta:
        model = Heater
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["place"].extra["choices"] = queries.places_of(self.queryset)

    def search(self, rows: QuerySet[Heater], name: str, value: str) -> QuerySet[Heater]:
        text = value.strip()[:40]
        condition = Q(platform_no__icontains=text) | Q(factory_no__icontains=text)
        return rows.filter(condition | Q(dwelling__household__household_no__icontains=text))

    def in_state(self, rows: QuerySet[Heater], name: str, value: str) -> QuerySet[Heater]:
        return rows.filter(states.condition_of(value, clock.now(), queries.poll_periods()))


BITS = [
    ("open", _("open")),
    ("visit", _("open, to be visited")),
    ("mine", _("open, given to me")),
    ("new", _("open, not acknowledged")),
    ("seen", _("open, acknowledged")),
    ("over", _("over")),
]
_BITS = {
    "open": Q(cleared_at__isnull=True),
    "visit": Q(kind__in=Alert.VISITS, finding__in=["", Alert.Finding.NOBODY_HOME], cleared_at__isnull=True),
    "new": Q(cleared_at__isnull=True, acknowledged_at__isnull=True),
    "seen": Q(cleared_at__isnull=True, acknowledged_at__isnull=False),
    "over": Q(cleared_at__isnull=False),
}


class AlertFilter(df.FilterSet):
    bits = df.ChoiceFilter(label=_("state"), choices=BITS, method="by_bits", empty_label=_("all"))
    kind = df.ChoiceFilter(label=_("kind of alert"), choices=Alert.Kind.choices, empty_label=_("all"))
    line = df.CharFilter(label=_("line"), field_name="heater__bus__line", lookup_expr="icontains")
    heater = df.CharFilter(label=_("heater"), field_name="heater__platform_no", lookup_expr="iexact")
    place = PlaceFilter(label=_("town or village"), empty_label=_("all"))
    vendor = df.ModelChoiceFilter(
        label=_("Supplier"), field_name="heater__device_model__supplier", queryset=Supplier.objects.order_by("name"),
        empty_label=_("all"),
    )  # fmt: skip

    class Meta:
        model = Alert
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["place"].extra["choices"] = queries.places_of(self.queryset)

    def by_bits(self, rows: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        if value == "mine":
            return rows.filter(cleared_at__isnull=True, assigned_to=self.request.user)
        return rows.filter(_BITS[value])
