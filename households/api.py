from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from core import masks
from households.models import Dwelling, Meter, PublicVenue


class DwellingSerializer(serializers.ModelSerializer[Dwelling]):
    """Personal numbers leave masked; full values exist only behind a reason on the page."""

    household_no = serializers.CharField(source="household.household_no")
    head_name = serializers.CharField(source="household.head_name")
    id_number = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()

    class Meta:
        model = Dwelling
        fields = [
            "dwelling_no",
            "household_no",
            "head_name",
            "id_number",
            "phone",
            "area",
            "dwelling_type",
            "heated_area_m2",
            "is_second_home",
            "exclusion",
        ]

    def get_id_number(self, dwelling: Dwelling) -> str:
        return masks.mask_id(dwelling.household.id_number)

    def get_phone(self, dwelling: Dwelling) -> str:
        return masks.mask_phone(dwelling.household.phone)


class DwellingRows(VisibleRows):
    """Dwellings with the household they belong to, masked."""

    model, serializer_class, required_right = Dwelling, DwellingSerializer, Dwelling.view_right
    related = ("household",)
    lookup_field = "dwelling_no"
    filterset_fields = ["area", "dwelling_type", "exclusion"]


class VenueSerializer(serializers.ModelSerializer[PublicVenue]):
    """A public venue; its contact's phone leaves masked."""

    contact_phone = serializers.SerializerMethodField()

    class Meta:
        model = PublicVenue
        fields = ["venue_no", "name", "subtype", "area", "heated_area_m2", "address", "contact_name", "contact_phone"]

    def get_contact_phone(self, venue: PublicVenue) -> str:
        return masks.mask_phone(venue.contact_phone)


class VenueRows(VisibleRows):
    """Public venues. What they count for follows from the programme: `venue_m2_per_household`."""

    model, serializer_class, required_right = PublicVenue, VenueSerializer, PublicVenue.view_right
    lookup_field = "venue_no"
    filterset_fields = ["area", "subtype"]


class MeterSerializer(serializers.ModelSerializer[Meter]):
    """A meter, alone or shared; which dwellings hang on it stands on the page."""

    class Meta:
        model = Meter
        fields = ["id", "number", "carrier", "is_shared", "area"]


class MeterRows(VisibleRows):
    """Meters that were looked at."""

    model, serializer_class, required_right = Meter, MeterSerializer, Meter.view_right
    filterset_fields = ["area", "carrier", "is_shared"]
