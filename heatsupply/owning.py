"""What belongs to a heating company: every row that leads to it."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from accounts.organisations import Register, register
from accounts.owning import belongs
from heatsupply.models import HeatingCompany
from heatsupply.models.owned import OwnedModel


def declare() -> None:
    for model in apps.get_app_config("heatsupply").get_models():
        if issubclass(model, OwnedModel):
            path = model.company_path
            belongs(model, heating=path or "pk")
    register("heating", Register(HeatingCompany, companies_within, lambda row: f"{row.name} · {row.area_id}"))


def companies_within(codes: list[str]) -> Any:
    """Heating companies of these places."""
    return HeatingCompany.objects.within(*codes).order_by("name")
