from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from subsidies.models import Entitlement, EntitlementLine


class LineSerializer(serializers.ModelSerializer[EntitlementLine]):
    class Meta:
        model = EntitlementLine
        fields = ["source", "budget_year", "amount_fen"]


class EntitlementSerializer(serializers.ModelSerializer[Entitlement]):
    """`amount_fen` is null when the policy defines no amount: undefined is not zero."""

    dwelling_no = serializers.CharField(source="dwelling.dwelling_no")
    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Entitlement
        fields = [
            "id",
            "dwelling_no",
            "area",
            "benefit",
            "benefit_kind",
            "period",
            "outcome",
            "reason",
            "amount_fen",
            "clause",
            "state",
            "lines",
            "steps",
        ]


class EntitlementRows(VisibleRows):
    """What is due, from which source, by which steps."""

    model, serializer_class, required_right = Entitlement, EntitlementSerializer, Entitlement.view_right
    related = ("dwelling",)
    filterset_fields = ["state", "outcome", "benefit", "area"]

    def get_queryset(self):  # type: ignore[no-untyped-def]
        return super().get_queryset().prefetch_related("lines")
