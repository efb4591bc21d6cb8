"""System checks of personal data: every text-like field labelled, every sensitive one encrypted, keys present."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import models

from core.crypto import KeyUnavailable, key_ring
from core.labels import LabelProblem, label_problems

HINTS = {
    "unlabelled": "Add it to data_labels of the model, L0 (public) to L4 (identity or card number).",
    "unknown_level": "Levels are L0 to L4.",
    "unknown_field": "Remove it from data_labels, or correct the name.",
    "not_encrypted": "Use core.fields.Encrypted…Field, or say why not in data_labels_plain = {field: reason}.",
}


def own_models() -> list[type[models.Model]]:
    """Concrete models of the apps in this repository (not those of libraries)."""
    own = [config for config in apps.get_app_configs() if str(config.path).startswith(str(settings.BASE_DIR))]
    own = [config for config in own if "site-packages" not in config.path]
    found = [model for config in own for model in config.get_models()]
    return [model for model in found if model._meta.managed and not model._meta.proxy]


@register("personal")
def check_labels(app_configs: Any = None, **_: Any) -> Iterable[CheckMessage]:
    problems = [problem for model in own_models() for problem in label_problems(model)]
    return [_error(problem) for problem in problems]


@register("personal", deploy=True)
def check_keys(app_configs: Any = None, **_: Any) -> Iterable[CheckMessage]:
    try:
        key_ring().seal(b"probe")
    except (KeyUnavailable, OSError) as error:
        return [Error(str(error), hint="Make the secrets (docs/deployment.md, Secrets).", id="core.E011")]
    return []


def _error(problem: LabelProblem) -> CheckMessage:
    return Error(f"Personal data: {problem}", hint=HINTS[problem.what], id="core.E010")
