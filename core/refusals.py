"""How a service says no: a stable code, one sentence for the person, and the values the sentence names."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise

Sentence = str | Promise


class Refused(Exception):
    """A request that is understood and not done. Views answer 422, or 409 when `conflict` is true.

    `code` is stable and upper case (`SAME_SIGNER`); `message` may be lazy and may hold `%(name)s` for `values`.
    """

    def __init__(self, code: str, message: Sentence, /, *, conflict: bool = False, **values: Any) -> None:
        self.code, self.message, self.values = code, message, values
        self.status = 409 if conflict else 422
        super().__init__(code, message, values)

    @property
    def sentence(self) -> str:
        """The message in the language now active, values filled in."""
        text = str(self.message)
        return text % self.values if self.values else text

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"
