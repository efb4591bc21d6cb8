"""What belongs to a heating company: every row that leads to it."""

from __future__ import annotations

from django.apps import apps

from accounts.owning import belongs
from heatsupply.models.owned import OwnedModel


def declare() -> None:
    for model in apps.get_app_config("heatsupply").get_models():
        if issubclass(model, OwnedModel):
            path = model.company_path
            belongs(model, heating=path or "pk")
