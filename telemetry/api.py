from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from devices.models import Heater
from telemetry.models import LatestReading


class LatestSerializer(serializers.ModelSerializer[LatestReading]):
    """Temperatures in tenths of a degree Celsius; null where the heater did not say."""

    class Meta:
        model = LatestReading
        fields = [
            "at",
            "supply_dc",
            "return_dc",
            "outdoor_dc",
            "room_dc",
            "set_room_dc",
            "running",
            "mode",
            "fault",
            "power_w",
            "energy_dkwh",
            "flags",
            "misses",
        ]


class HeaterSerializer(serializers.ModelSerializer[Heater]):
    line = serializers.CharField(source="bus.line")
    latest = LatestSerializer(read_only=True)

    class Meta:
        model = Heater
        fields = ["platform_no", "area", "line", "unit", "installed_on", "latest"]


class HeaterRows(VisibleRows):
    """Heaters with their address and newest reading."""

    model, serializer_class, required_right = Heater, HeaterSerializer, Heater.view_right
    related = ("bus", "latest")
    lookup_field = "platform_no"
    filterset_fields = ["area"]
