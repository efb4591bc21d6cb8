from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from core import masks
from households.models import Dwelling


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
