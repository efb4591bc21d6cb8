"""One JSON line per event on a stream: what a log collector wants, readable for people too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TextIO


def json_lines(stream: TextIO) -> Callable[[str, dict[str, Any]], None]:
    """A log function for HubConfig; a stream that is gone doesn't stop the hub."""

    def log(event: str, fields: dict[str, Any]) -> None:
        entry = {"time": round(time.time(), 3), "event": event, **fields}
        try:
            stream.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
            stream.flush()
        except (OSError, ValueError):
            return

    return log
