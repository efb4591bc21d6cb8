"""The interface tests read the compiled catalogue and the built files; both are made when they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import trans_real

from tests import flushing

flushing.install()


@pytest.fixture(scope="session", autouse=True)
def _catalogue() -> None:
    call_command("compile_catalogue", verbosity=0)
    trans_real._translations.clear()


@pytest.fixture(scope="session")
def built() -> Path:
    folder = Path(settings.STATIC_BUILD_DIR)
    if not (folder / "portal.css").is_file():
        pytest.skip("INTERFACE NOT BUILT: no Node or npm; weights and browser floor are unchecked")
    return folder
