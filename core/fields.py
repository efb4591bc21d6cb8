"""Model fields that are encrypted in the database and plain in Python.

They can't be searched or sorted; keep a `core.blind_index` column beside them where equality is needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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


def text_sealer() -> Callable[[str], str]:
    """`seal_text` for many values: the keys are looked up once."""
    ring = key_ring()
    sealed = ring.sealer()

    def seal(value: str) -> str:
        if isinstance(value, OpenedText) and ring.is_current(value.envelope):
            return value.envelope
        return sealed(str(value).encode()) if value else ""

    return seal


def json_sealer() -> Callable[[Any], str]:
    """As `text_sealer` for JSON."""
    ring = key_ring()
    sealed = ring.sealer()

    def seal(value: Any) -> str:
        text = _dump(value)
        if isinstance(value, OpenedDict) and value.original == text and ring.is_current(value.envelope):
            return value.envelope
        return sealed(text.encode())

    return seal


def json_opener() -> Callable[[str], Any]:
    """`EncryptedJSONField.from_db_value` for many envelopes that are only read: plain values, without the way back.

    Rows written together share the envelope of an empty list or object; it is opened once.
    """
    ring = key_ring()
    nothing: dict[str, type] = {}

    def opened(envelope: str) -> Any:
        if envelope in nothing:
            return nothing[envelope]()
        plain = json.loads(ring.open(envelope).decode()) if envelope else {}
        if not plain and isinstance(plain, list | dict):
            nothing[envelope] = type(plain)
        return plain

    return opened


def seal_text(value: str) -> str:
    """Envelope of `value`; the empty text stays empty."""
    return text_sealer()(value)


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

    def sealer(self) -> Callable[[str], str]:
        """`get_prep_value` for many texts, none of them None."""
        return text_sealer()

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
        return json_sealer()(value)

    def sealer(self) -> Callable[[Any], str]:
        """`get_prep_value` for many objects, none of them None."""
        return json_sealer()

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        if not value:
            return None if value is None else {}
        text = key_ring().open(value).decode()
        plain = json.loads(text)
        if not isinstance(plain, dict):
            return plain
        opened = OpenedDict(plain)
        opened.envelope, opened.original = value, text
        return opened

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        return _dump(self.value_from_object(obj))


#: Made once: making it costs more than writing a small value.
_dump = DjangoJSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
