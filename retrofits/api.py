from __future__ import annotations

from rest_framework import serializers

from accounts.api_rows import VisibleRows
from retrofits.models import Admission, Project, Task, TransitionalHome


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


class ProjectSerializer(serializers.ModelSerializer[Project]):
    programme = serializers.CharField(source="programme.code")

    class Meta:
        model = Project
        fields = ["id", "programme", "code", "name", "subject", "works", "area", "state", "lead_unit", "year_from",
                  "year_to", "total_fen", "clause"]  # fmt: skip


class ProjectRows(VisibleRows):
    """Works that are not one dwelling: buildings, venues, networks, boilers, village grids."""

    model, serializer_class, required_right = Project, ProjectSerializer, Project.view_right
    related = ("programme",)
    filterset_fields = ["state", "area", "subject"]


class EnterpriseSerializer(serializers.ModelSerializer[Admission]):
    programme = serializers.CharField(source="programme.code")
    enterprise = serializers.CharField(source="supplier.name")

    class Meta:
        model = Admission
        fields = ["id", "programme", "enterprise", "area", "state", "admitted_on", "ended_on", "warranty_months"]


class EnterpriseRows(VisibleRows):
    """Enterprises of a programme and how far their admission is."""

    model, serializer_class, required_right = Admission, EnterpriseSerializer, Admission.view_right
    related = ("programme", "supplier")
    filterset_fields = ["state", "area"]


class TransitionalSerializer(serializers.ModelSerializer[TransitionalHome]):
    programme = serializers.CharField(source="programme.code")
    dwelling_no = serializers.CharField(source="dwelling.dwelling_no")

    class Meta:
        model = TransitionalHome
        fields = ["id", "programme", "dwelling_no", "area", "reason", "fuel", "since", "ended_on"]


class TransitionalRows(VisibleRows):
    """Homes that heat by other means until supplied: what a platform of coal supervision asks for (D-40)."""

    model, serializer_class, required_right = TransitionalHome, TransitionalSerializer, TransitionalHome.view_right
    related = ("dwelling", "programme")
    filterset_fields = {"fuel": ["exact"], "reason": ["exact"], "area": ["exact"], "ended_on": ["isnull"]}
