"""Heads of the chain written down outside the database, so that a cut or wholly rewritten chain is found out.

One JSON line per head in a file per database. The folder belongs on another machine or a medium that only grows
(`PORTAL_ANCHORS`); the same line goes to the log, which a site sends off the box anyway.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from accounts.history.sealing import Head, head
from core import clock

log = logging.getLogger(__name__)


def anchors_file() -> Path:
    """Where this database's heads are written down."""
    return Path(settings.ANCHORS_DIR) / f"heads-{connection.settings_dict['NAME']}.jsonl"


def anchor_head() -> Head:
    """Write down the present head unless it is the last one written already; returns it."""
    at, path = head(), anchors_file()
    if at.seq and at not in _recorded(path)[-1:]:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_anchor(path, at)
        log.info("history head %d %s", at.seq, at.hash.hex())
    return at


def own_anchors() -> list[Head]:
    """Every head written down for this database; empty before the first. Raises `ValueError` on a damaged file."""
    return _recorded(anchors_file())


def last_written() -> datetime | None:
    """When a head was written down last; None when never."""
    path = anchors_file()
    if not path.exists():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    return datetime.fromisoformat(json.loads(lines[-1])["at"]) if lines else None


def write_anchor(path: Path, at: Head) -> None:
    """Append the head as one JSON line."""
    line = {"seq": at.seq, "hash": at.hash.hex(), "at": clock.now().isoformat()}
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def read_anchors(path: Path) -> list[Head]:
    """Heads of an anchor file. Raises `ValueError` naming the line that is none."""
    heads = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            fields = json.loads(text)
            heads.append(Head(int(fields["seq"]), bytes.fromhex(fields["hash"])))
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{path}, line {number}: not a recorded head") from None
    return heads


def _recorded(path: Path) -> list[Head]:
    return read_anchors(path) if path.exists() else []
