"""What a request says to the database: how many statements, and whether one of them may have written."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.db import connection

# All that writes nothing: questions without a word of writing in them (history puts a question before each change it
# accompanies), savepoints. Whatever is unknown counts as writing.
_READS = re.compile(
    r"\s*\(?(?:SELECT\b(?!.*\b(?:INSERT|UPDATE|DELETE|MERGE)\b)|SAVEPOINT|RELEASE|ROLLBACK)", re.S | re.I
)


class Spoken:
    """Listens while the block runs. COPY goes past it: `oracles.checksums` sees what that leaves behind."""

    def __init__(self) -> None:
        self.number, self.wrote = 0, False
        self._listening = ExitStack()

    def __enter__(self) -> Spoken:
        self._listening.enter_context(connection.execute_wrapper(self._hear))
        return self

    def __exit__(self, *error: object) -> None:
        self._listening.close()

    def _hear(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.number += 1
        self.wrote = self.wrote or not (isinstance(sql, str) and _READS.match(sql))
        return execute(sql, params, many, context)
