"""Presets loaded by the command, as an operator loads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from programmes.models import Programme
from tests.standing import standing

ORACLES = json.loads((Path(__file__).parent / "number-oracles.json").read_text(encoding="utf-8"))
LoadPreset = Callable[[str], Programme]


@pytest.fixture(scope="module")
def standing_presets(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[frozenset[str]]:
    """The presets a file of tests names in `STANDING`, loaded once for all of them."""
    names = getattr(request.module, "STANDING", ())
    if not names:
        yield frozenset()
        return
    with standing(django_db_blocker, tmp_path_factory.mktemp("files")):
        for name in names:
            load(name)
        yield frozenset(names)


@pytest.fixture
def preset(standing_presets: frozenset[str]) -> LoadPreset:
    def loaded(name: str) -> Programme:
        if name not in standing_presets:
            load(name)
        return Programme.objects.get(code=name.replace("_", "-"))

    return loaded


def load(name: str) -> None:
    call_command("load_programme", name, verbosity=0, stdout=StringIO())


@pytest.fixture(scope="session")
def oracles() -> dict[str, Any]:
    """The figures of the five documents, written down apart from the presets."""
    return ORACLES
