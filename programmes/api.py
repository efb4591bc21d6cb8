from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from programmes.models import Programme, Target


class TargetSerializer(serializers.ModelSerializer[Target]):
    technology = serializers.CharField(source="technology.code", allow_null=True)

    class Meta:
        model = Target
        fields = ["area", "technology", "year", "quantity", "unit", "clause"]


class ProgrammeSerializer(serializers.ModelSerializer[Programme]):
    targets = TargetSerializer(many=True, read_only=True)

    class Meta:
        model = Programme
        fields = [
            "code",
            "name",
            "area",
            "year_from",
            "year_to",
            "season_start",
            "season_end",
            "room_temp_min_c",
            "targets",
        ]


class ProgrammeRows(VisibleRows):
    """Programmes with their targets, each in its own unit."""

    model, serializer_class, required_right = Programme, ProgrammeSerializer, Programme.view_right
    lookup_field = "code"

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return super().get_queryset().prefetch_related("targets__technology")
