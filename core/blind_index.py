"""Keyed fingerprints that let the database compare and find encrypted values without knowing them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

from core.crypto import MIN_SECRET_CHARS, KeyUnavailable

DIGESTS: dict[str, HashAlgorithm] = {"SHA-256": SHA256(), "SM3": SM3()}


def normal_form(value: str) -> str:
    """The form two spellings of one number share: full-width folded, spaces and dashes out, upper case.

    >>> normal_form(" ３７0999 1990-0101 123x ")
    '37099919900101123X'
    """
    folded = unicodedata.normalize("NFKC", value)
    return "".join(letter for letter in folded if not letter.isspace() and letter not in "-‐‑–—").upper()


def blind_index(value: str, purpose: str) -> str:
    """64 hexadecimal characters, equal for equal values of one purpose; empty text for an empty value.

    `purpose` keeps indexes apart (`"household.id_number"`), so that a phone never matches a card.
    """
    normal = normal_form(value)
    if not normal:
        return ""
    from django.conf import settings

    key = _key(str(settings.SECRETS_DIR), settings.PORTAL_MODE)
    work = HMAC(key, DIGESTS[settings.DIGEST])
    work.update(purpose.encode() + b"\x00" + normal.encode())
    return work.finalize().hex()


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
