"""A world that stands for a whole file of tests: built once in a transaction that is never committed.

Only where no test of the file commits (`commits`). Each test works behind a savepoint: pytest-django's own where it is
marked `django_db`, else one it opens itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings

from accounts.acting import acting


@contextmanager
def standing(blocker: Any, files: Path) -> Iterator[None]:
    """`blocker` is pytest-django's `django_db_blocker`, `files` the folder for what is uploaded meanwhile."""
    with blocker.unblock(), override_settings(FILES_DIR=files), acting("tests"):
        block = transaction.atomic()
        block._from_testcase = True  # `durable` blocks inside are content, as in any test
        with block:
            yield
            transaction.set_rollback(True)


def commits(request: pytest.FixtureRequest) -> bool:
    """Whether a test of the file that asks is marked to commit what it does: nothing uncommitted may stand then."""
    ours = (item for item in request.session.items if item.path == request.path)
    marks = (item.get_closest_marker("django_db") for item in ours)
    return any(mark is not None and mark.kwargs.get("transaction") for mark in marks)
