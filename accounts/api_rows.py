"""The one kind of API view there is so far: rows that can be read."""

from __future__ import annotations

from typing import Any

from rest_framework.viewsets import ReadOnlyModelViewSet


class VisibleRows(ReadOnlyModelViewSet):
    """Lists and single rows of one model: right from the model, rows from `visible_to`, nothing else."""

    model: Any = None
    related: tuple[str, ...] = ()

    def get_queryset(self) -> Any:
        return self.model.objects.select_related(*self.related).order_by("pk")
