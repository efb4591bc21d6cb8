"""Readings over the API, read only: what is stated, whether it counts, and why it is held."""

from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from households.models import MeterReading


class ReadingSerializer(serializers.ModelSerializer[MeterReading]):
    """`quantity` is null while it is not known: never 0. `findings` say why a line waits for a person."""

    dwelling_no = serializers.CharField(source="dwelling.dwelling_no")

    class Meta:
        model = MeterReading
        fields = [
            "id", "dwelling_no", "area", "carrier", "tariff", "starts_on", "ends_on", "start_reading", "end_reading",
            "factor", "quantity", "source", "state", "findings",
        ]  # fmt: skip


class ReadingRows(VisibleRows):
    """Meter readings with their state."""

    model, serializer_class, required_right = MeterReading, ReadingSerializer, MeterReading.view_right
    related = ("dwelling",)
    filterset_fields = ["area", "carrier", "source", "state"]
