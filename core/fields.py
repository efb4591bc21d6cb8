"""Model fields that are encrypted in the database and plain in Python.

They can't be searched or sorted; keep a `core.blind_index` column beside them where equality is needed.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from core.crypto import key_ring


class OpenedText(str):
    """Plain text that remembers the envelope it came from, so an unchanged save writes the same bytes.

    Otherwise each save would encrypt anew and the history would show a change where there is none.
    """

    envelope: str

    def __new__(cls, plain: str, envelope: str) -> OpenedText:
        made = super().__new__(cls, plain)
        made.envelope = envelope
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def seal_text(value: str) -> str:
    """Envelope of `value`; the empty text stays empty."""
    if isinstance(value, OpenedText) and key_ring().is_current(value.envelope):
        return value.envelope
    return key_ring().seal(str(value).encode()) if value else ""


def open_text(envelope: str) -> str:
    """Plain text of an envelope; the empty text stays empty."""
    return OpenedText(key_ring().open(envelope).decode(), envelope) if envelope else ""


class _Encrypted(models.TextField):
    """Shared part: what is stored is text, and only "is it set" may be asked of it."""

    encrypted = True

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: look it up through its blind index, not by '{lookup_name}'.")
        return super().get_lookup(lookup_name)


class EncryptedTextField(_Encrypted):
    """Text of at most `max_length` characters (checked in forms and `full_clean`), stored as an envelope."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return seal_text(value if isinstance(value, str) else str(value))

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return value if value is None else open_text(value)


class OpenedDict(dict[str, Any]):
    """A decrypted object with the envelope and the JSON it came from."""

    envelope = ""
    original = ""


class EncryptedJSONField(_Encrypted):
    """A JSON object (`dict`), stored as one envelope. Give fixed keys; it can't be queried."""

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        text = _dump(value)
        if isinstance(value, OpenedDict) and value.original == text and key_ring().is_current(value.envelope):
            return value.envelope
        return key_ring().seal(text.encode())

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        if not value:
            return None if value is None else {}
        plain = json.loads(key_ring().open(value))
        if not isinstance(plain, dict):
            return plain
        opened = OpenedDict(plain)
        opened.envelope, opened.original = value, _dump(plain)
        return opened

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return _dump(self.value_from_object(obj))


def _dump(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
