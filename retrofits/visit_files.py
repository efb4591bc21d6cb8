"""A visit in a JSON file with its photos beside it, as `record_acceptance` takes it. Knows no table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from retrofits.visits import Visit

RESULTS = ("passed", "failed")
TEXTS = ("opinion", "signer_name", "defect")
KNOWN = frozenset({"result", "answers", "photos", "signature", "due_on", *TEXTS})


@dataclass(frozen=True)
class VisitFile:
    """`photos` as (stage, content)."""

    result: str
    visit: Visit
    photos: list[tuple[str, bytes]]


def read_visit(path: Path, *, max_bytes: int) -> VisitFile:
    """Raises ValueError with what does not fit, OSError where a file can't be opened."""
    said = json.loads(_content(path, max_bytes))
    if not isinstance(said, dict) or said.get("result") not in RESULTS or not said.keys() <= KNOWN:
        raise ValueError(f"result (passed or failed) is needed; known are {', '.join(sorted(KNOWN))}")
    answers, photos = _texts(said, "answers"), _texts(said, "photos")
    texts = _texts({"": {name: said[name] for name in TEXTS if name in said}}, "")
    signature, due_on = said.get("signature"), said.get("due_on")
    visit = Visit(
        answers, signature_png=_content(path.parent / str(signature), max_bytes) if signature else b"",
        due_on=date.fromisoformat(str(due_on)) if due_on else None, **texts,
    )  # fmt: skip
    return VisitFile(
        said["result"], visit, [(stage, _content(path.parent / name, max_bytes)) for stage, name in photos.items()]
    )


def _texts(said: dict[str, Any], name: str) -> dict[str, str]:
    found = said.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ValueError(f"{name or 'texts'}: texts are expected")
    return found


def _content(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"{path.name} is larger than {max_bytes} bytes")
    return content
