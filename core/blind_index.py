"""Keyed fingerprints that let the database compare and find encrypted values without knowing them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

from core.crypto import MIN_SECRET_CHARS, KeyUnavailable

_APART = re.compile(r"[\s\-‐‑–—]+")
DIGESTS: dict[str, HashAlgorithm] = {"SHA-256": SHA256(), "SM3": SM3()}


def normal_form(value: str) -> str:
    """The form two spellings of one number share: full-width folded, spaces and dashes out, upper case.

    >>> normal_form(" ３７0999 1990-0101 123x ")
    '37099919900101123X'
    """
    if value.isascii() and value.isalnum():
        return value.upper()
    return _APART.sub("", unicodedata.normalize("NFKC", value)).upper()


def blind_index(value: str, purpose: str) -> str:
    """64 hexadecimal characters, equal for equal values of one purpose; empty text for an empty value.

    `purpose` keeps indexes apart (`"household.id_number"`), so that a phone never matches a card.
    """
    return indexer(purpose)(value) if value else ""


def indexer(purpose: str) -> Callable[[str], str]:
    """`blind_index` for many values of one purpose: key and digest are looked up once."""
    from django.conf import settings

    begun = _begun(str(settings.SECRETS_DIR), settings.PORTAL_MODE, settings.DIGEST, purpose)

    def index(value: str) -> str:
        normal = normal_form(value)
        if not normal:
            return ""
        work = begun.copy()
        work.update(normal.encode())
        return work.finalize().hex()

    return index


@lru_cache(maxsize=64)
def _begun(folder: str, mode: str, digest: str, purpose: str) -> HMAC:
    """The part that all values of one purpose share; a value goes on with a copy."""
    work = HMAC(_key(folder, mode), DIGESTS[digest])
    work.update(purpose.encode() + b"\x00")
    return work


@lru_cache(maxsize=4)
def _key(folder: str, mode: str) -> bytes:
    path = Path(folder) / "blind_index_key"
    if path.is_file():
        secret = path.read_text().strip()
    elif mode == "test":
        secret = "an index key for tests only, never for people's data"  # noqa: S105
    else:
        raise KeyUnavailable(f"The secret blind_index_key is missing in {folder}.")
    if len(secret) < MIN_SECRET_CHARS:
        raise KeyUnavailable(f"The secret blind_index_key needs {MIN_SECRET_CHARS} characters.")
    return secret.encode()
