"""Security labels of model fields (C11): L0 public … L4 identity and card numbers, secrets.

A model says `data_labels = {"head_name": "L2", "id_number": "L4"}`. L3 (phone, address, whole documents) and L4 are
personal enough to be encrypted; a column that holds only a keyed fingerprint ends in `_index`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

LEVELS = ("L0", "L1", "L2", "L3", "L4")
ENCRYPTED_FROM = "L3"
TEXT_LIKE = (models.CharField, models.TextField, models.JSONField, models.FileField, models.BinaryField)
FINGERPRINT = "_index"


@dataclass(frozen=True)
class LabelProblem:
    model: str
    field: str
    what: str  # unlabelled | unknown_level | unknown_field | not_encrypted

    def __str__(self) -> str:
        return f"{self.model}.{self.field}: {self.what}"


def needs_label(field: Any) -> bool:
    """Text-like fields a person can write into; codes with choices and relations can't carry a person."""
    if isinstance(field, ArrayField):
        return needs_label(field.base_field)
    return isinstance(field, TEXT_LIKE) and not field.choices


def label_problems(model: type[models.Model]) -> Iterator[LabelProblem]:
    """Everything wrong with one model's labels."""
    labels: dict[str, str] = getattr(model, "data_labels", {})
    fields = {field.name: field for field in model._meta.concrete_fields}
    name = model._meta.label
    for field in fields.values():
        if needs_label(field) and field.name not in labels:
            yield LabelProblem(name, field.name, "unlabelled")
    for field_name, level in labels.items():
        what = _problem(fields.get(field_name), level, getattr(model, "data_labels_plain", {}))
        if what:
            yield LabelProblem(name, field_name, what)


def personal_fields(model: type[models.Model], at_least: str = ENCRYPTED_FROM) -> list[str]:
    """Names of the fields labelled `at_least` or higher."""
    return sorted(name for name, level in getattr(model, "data_labels", {}).items() if level >= at_least)


def _problem(field: Any, level: str, plain: dict[str, str]) -> str:
    if field is None:
        return "unknown_field"
    if level not in LEVELS:
        return "unknown_level"
    if level < ENCRYPTED_FROM or field.name.endswith(FINGERPRINT) or plain.get(field.name):
        return ""
    return "" if getattr(field, "encrypted", False) else "not_encrypted"
