"""Filters of the registers' lists, as they stand in the address."""

from __future__ import annotations

import django_filters as df
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from core.areas import code_range
from core.blind_index import normal_form
from households.change_queries import waiting_for
from households.models import ChangeRequest, DuplicatePair, Meter, PublicVenue
from households.services.places import AREA_CLASSES
from programmes.chosen import chosen_area_code

YES_NO = [("yes", _("yes")), ("no", _("no"))]


def places(request: object) -> QuerySet[Area]:
    """Towns and villages inside the area chosen in the top bar."""
    code = chosen_area_code(request)  # type: ignore[arg-type]
    rows = Area.objects.within(code) if code else Area.objects.none()
    return rows.filter(level__in=[Area.Level.TOWN, Area.Level.VILLAGE])


class VenueFilter(df.FilterSet):
    q = df.CharFilter(label=_("name or number of the venue"), method="search")
    subtype = df.ChoiceFilter(label=_("kind of venue"), choices=PublicVenue.Subtype.choices)
    area = df.ModelChoiceFilter(label=_("town or village"), queryset=places, method="in_place")

    class Meta:
        model = PublicVenue
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[PublicVenue], name: str, value: str) -> QuerySet[PublicVenue]:
        text = value.strip()[:40]
        return rows.filter(Q(name__contains=text) | Q(venue_no__startswith=text.upper()))

    def in_place(self, rows: QuerySet[PublicVenue], name: str, value: Area) -> QuerySet[PublicVenue]:
        return rows.within(value.code)  # type: ignore[no-any-return,attr-defined]


class MeterFilter(df.FilterSet):
    q = df.CharFilter(label=_("meter number"), method="search")
    carrier = df.ChoiceFilter(label=_("kind of energy"), choices=Meter.Carrier.choices)
    shared = df.ChoiceFilter(label=_("shared"), choices=YES_NO, method="is_it_shared")

    class Meta:
        model = Meter
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Meter], name: str, value: str) -> QuerySet[Meter]:
        return rows.filter(number__startswith=normal_form(value)[:30])

    def is_it_shared(self, rows: QuerySet[Meter], name: str, value: str) -> QuerySet[Meter]:
        return rows.filter(is_shared=value == "yes")


class PlaceFilter(df.FilterSet):
    q = df.CharFilter(label=_("name or code of the place"), method="search")
    area_class = df.ChoiceFilter(label=_("area class"), choices=AREA_CLASSES)
    level = df.ChoiceFilter(label=_("level"), choices=Area.Level.choices)
    no_coal = df.ChoiceFilter(label=_("no-coal zone"), choices=YES_NO, method="in_zone")

    class Meta:
        model = Area
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[Area], name: str, value: str) -> QuerySet[Area]:
        text = value.strip()[:40]
        return rows.filter(Q(name__contains=text) | Q(code__startswith=text) | Q(aliases__contains=[text]))

    def in_zone(self, rows: QuerySet[Area], name: str, value: str) -> QuerySet[Area]:
        return rows.filter(in_no_coal_zone=value == "yes")


class ChangeFilter(df.FilterSet):
    q = df.CharFilter(label=_("name or dwelling number"), method="search")
    kind = df.ChoiceFilter(label=_("kind of change"), choices=ChangeRequest.Kind.choices)
    state = df.ChoiceFilter(label=_("state"), choices=ChangeRequest.State.choices)
    mine = df.ChoiceFilter(label=_("waits for me"), choices=[("yes", _("yes"))], method="waits_for_me")
    area = df.ModelChoiceFilter(label=_("town or village"), queryset=places, method="in_place")

    class Meta:
        model = ChangeRequest
        fields: tuple[str, ...] = ()

    def search(self, rows: QuerySet[ChangeRequest], name: str, value: str) -> QuerySet[ChangeRequest]:
        text = value.strip()[:40]
        found = Q(dwelling__household__head_name__contains=text) | Q(dwelling__dwelling_no__startswith=text.upper())
        return rows.filter(found)

    def waits_for_me(self, rows: QuerySet[ChangeRequest], name: str, value: str) -> QuerySet[ChangeRequest]:
        return rows.filter(pk__in=waiting_for(self.request.user).values("pk"))

    def in_place(self, rows: QuerySet[ChangeRequest], name: str, value: Area) -> QuerySet[ChangeRequest]:
        return rows.within(value.code)  # type: ignore[no-any-return,attr-defined]


class PairFilter(df.FilterSet):
    state = df.ChoiceFilter(label=_("state"), choices=DuplicatePair.State.choices)
    reason = df.ChoiceFilter(label=_("reason"), choices=DuplicatePair.Reason.choices, method="with_reason")
    area = df.ModelChoiceFilter(label=_("town or village"), queryset=places, method="in_place")

    class Meta:
        model = DuplicatePair
        fields: tuple[str, ...] = ()

    def with_reason(self, rows: QuerySet[DuplicatePair], name: str, value: str) -> QuerySet[DuplicatePair]:
        return rows.filter(reasons__contains=[value])

    def in_place(self, rows: QuerySet[DuplicatePair], name: str, value: Area) -> QuerySet[DuplicatePair]:
        low, high = code_range(value.code)
        other = Q(other_area_id__gte=low, other_area_id__lt=high)
        return rows.filter(rows.inside([value.code]) | other)  # type: ignore[attr-defined]
