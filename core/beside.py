"""Rows of several tables by one question, each under a name; and rows hung under the object they belong to.

found = read_beside(phases=programme.phases.all(), documents=programme.documents.all())
hang(found["documents"], "clauses", clauses, "document_id")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet

from core.together import read_together


def read_beside(**wanted: QuerySet[Any, Any]) -> dict[str, list[Any]]:
    """The rows of each query under its name; see `core.together`."""
    read_together(*wanted.values())
    return {name: list(rows) for name, rows in wanted.items()}


def hang(parents: Iterable[Model], name: str, children: Iterable[Any], key: str) -> None:
    """What `prefetch_related(name)` does, with rows that were read already; `key` is the child's column ("part_id")."""
    by_parent: dict[Any, list[Any]] = defaultdict(list)
    for child in children:
        by_parent[getattr(child, key)].append(child)
    for parent in parents:
        rows = getattr(parent, name).all()
        rows._result_cache, rows._prefetch_done = by_parent[parent.pk], True
        parent.__dict__.setdefault("_prefetched_objects_cache", {})[name] = rows


def is_hung(parent: Model, name: str) -> bool:
    """Whether the rows under `name` were read already."""
    return name in parent.__dict__.get("_prefetched_objects_cache", {})
