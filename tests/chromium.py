"""Where Chromium is. The shell without windows comes first: it needs half the processor time of the whole browser."""

from __future__ import annotations

import os
import shutil
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    """Path of the browser: PORTAL_CHROMIUM, otherwise the first of `NAMES` on this machine."""
    return os.environ.get("PORTAL_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


def launched(playwright: Any, path: str) -> Any:
    """A browser without the compilers that pay off after seconds: a page is looked at once, for a second. A sixth less
    processor time for a page with axe, and for the story's no more.
    """
    flags = ["--no-sandbox", "--js-flags=--no-opt --no-maglev"]
    return playwright.chromium.launch(executable_path=path, args=flags)
