"""Where Chromium is. The shell without windows comes first: it needs half the processor time of the whole browser."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def found() -> str | None:
    """Path of the browser: PORTAL_CHROMIUM, otherwise the first of `NAMES` on this machine."""
    return os.environ.get("PORTAL_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
