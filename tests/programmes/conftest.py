"""Presets loaded by the command, as an operator loads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from programmes.models import Programme

ORACLES = json.loads((Path(__file__).parent / "number-oracles.json").read_text(encoding="utf-8"))
LoadPreset = Callable[[str], Programme]


@pytest.fixture
def preset() -> LoadPreset:
    def load(name: str) -> Programme:
        call_command("load_programme", name, verbosity=0, stdout=StringIO())
        return Programme.objects.get(code=name.replace("_", "-"))

    return load


@pytest.fixture(scope="session")
def oracles() -> dict[str, Any]:
    """The figures of the five documents, written down apart from the presets."""
    return ORACLES
