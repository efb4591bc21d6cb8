from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from retrofits.models import Task


class TaskSerializer(serializers.ModelSerializer[Task]):
    dwelling_no = serializers.CharField(source="dwelling.dwelling_no")
    technology = serializers.CharField(source="technology.code")
    programme = serializers.CharField(source="programme.code")

    class Meta:
        model = Task
        fields = ["id", "programme", "dwelling_no", "area", "technology", "state", "opened_at"]


class TaskRows(VisibleRows):
    """Retrofit tasks and where they stand."""

    model, serializer_class, required_right = Task, TaskSerializer, Task.view_right
    related = ("dwelling", "technology", "programme")
    filterset_fields = ["state", "area", "technology__code"]
