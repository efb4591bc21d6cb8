"""The class of an installed device as rules name it (AIR_HEAT_PUMP), from the model's kind."""

from __future__ import annotations

import re

from retrofits.models import Task

CODE = re.compile(r"[A-Z][A-Z0-9_]*")


def class_of(task: Task) -> str:
    """The model's kind where it is written as a code of rules; else what the programme's `device_classes` says the kind
    is ({"ashp": "AIR_HEAT_PUMP"}). "" where neither knows: a kind of the maker's own is no class of a policy.
    """
    record = getattr(task, "installation", None)
    kind = record.device_model.kind if record and record.device_model else ""
    known = task.programme.settings.get("device_classes", {})
    return str(known.get(kind, "")) or (kind if CODE.fullmatch(kind) else "")
