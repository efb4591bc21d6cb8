"""One thing wrong with what was handed in: where, which kind, and a sentence for the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from core.refusals import Refused


@dataclass(frozen=True)
class Fault:
    """`field` names the input (or the item of the checklist), `code` is stable, `sentence` is for the person."""

    field: str
    code: str
    sentence: str


class Faulty(Refused):
    """A refusal that carries every fault at once."""

    def __init__(self, code: str, message: str | Promise, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(code, message, count=len(self.faults))
