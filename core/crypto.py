"""Authenticated encryption of single values, with algorithm and key named in every ciphertext.

Envelope, text: `v1:<algorithm>:<key id>:<base64url of nonce, ciphertext and tag>`. The part before the last colon is
authenticated too. A ring holds all keys that can still be read and names the one that writes.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
TAG_BYTES = 16
MIN_SECRET_CHARS = 32
KEY_FILE = re.compile(r"field_key_([0-9a-z]{1,12})\Z")


class KeyUnavailable(RuntimeError):
    """The key named by a ciphertext, or any key at all, is not in the ring."""


class Tampered(ValueError):
    """A ciphertext that no key of the ring produced: changed, cut or not an envelope."""


def _derive(secret: str, purpose: str, length: int) -> bytes:
    if len(secret) < MIN_SECRET_CHARS:
        raise KeyUnavailable(f"A secret for '{purpose}' has {len(secret)} characters; it needs {MIN_SECRET_CHARS}.")
    return HKDF(SHA256(), length, salt=None, info=b"portal:" + purpose.encode()).derive(secret.encode())


class _Aes:
    def __init__(self, secret: str) -> None:
        self._aead = AESGCM(_derive(secret, "aes-gcm", 32))

    def seal(self, nonce: bytes, plain: bytes, header: bytes) -> bytes:
        return self._aead.encrypt(nonce, plain, header)

    def open(self, nonce: bytes, sealed: bytes, header: bytes) -> bytes:
        return self._aead.decrypt(nonce, sealed, header)


class _Sm4:
    def __init__(self, secret: str) -> None:
        self._key = algorithms.SM4(_derive(secret, "sm4-gcm", 16))

    def seal(self, nonce: bytes, plain: bytes, header: bytes) -> bytes:
        work = Cipher(self._key, modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(header)
        return work.update(plain) + work.finalize() + work.tag

    def open(self, nonce: bytes, sealed: bytes, header: bytes) -> bytes:
        work = Cipher(self._key, modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
        work.authenticate_additional_data(header)
        return work.update(sealed[:-TAG_BYTES]) + work.finalize()


_ALGORITHMS: Mapping[str, type[_Aes] | type[_Sm4]] = {"aes-gcm": _Aes, "sm4-gcm": _Sm4}


class KeyRing:
    """Keys by id. `writes_with` is the id new values get; `algorithm` is `aes-gcm` or `sm4-gcm`."""

    def __init__(self, secrets: Mapping[str, str], *, algorithm: str, writes_with: str = "") -> None:
        if not secrets:
            raise KeyUnavailable("No field key: expected a file field_key_1 in the folder of secrets.")
        if algorithm not in _ALGORITHMS:
            raise KeyUnavailable(f"Unknown field cipher '{algorithm}'; use AES-GCM or SM4-GCM.")
        self._secrets = dict(secrets)
        self._ciphers: dict[tuple[str, str], _Aes | _Sm4] = {}
        self.algorithm = algorithm
        self.writes_with = writes_with or max(secrets, key=lambda key: (len(key), key))
        self.prefix = f"v1:{algorithm}:{self.writes_with}:"
        self._header = self.prefix.encode()

    def seal(self, plain: bytes) -> str:
        """Envelope text of `plain` under the current key; a fresh random nonce each time."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self.cipher(self.algorithm, self.writes_with).seal(nonce, plain, self._header)
        return self.prefix + base64.urlsafe_b64encode(nonce + sealed).decode()

    def sealer(self) -> Callable[[bytes], str]:
        """`seal` for many values: the cipher is looked up once."""
        seal, header, prefix = self.cipher(self.algorithm, self.writes_with).seal, self._header, self.prefix

        def sealed(plain: bytes) -> str:
            nonce = os.urandom(NONCE_BYTES)
            return prefix + base64.urlsafe_b64encode(nonce + seal(nonce, plain, header)).decode()

        return sealed

    def open(self, envelope: str) -> bytes:
        """Plain bytes of an envelope. Raises `Tampered` or `KeyUnavailable`; never returns the input."""
        header, algorithm, key_id, body = _split(envelope)
        nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return self.cipher(algorithm, key_id).open(nonce, sealed, header.encode())
        except InvalidTag:
            raise Tampered("A stored value does not match its seal.") from None

    def is_current(self, envelope: str) -> bool:
        return envelope.startswith(self.prefix)

    def cipher(self, algorithm: str, key_id: str) -> _Aes | _Sm4:
        found = self._ciphers.get((algorithm, key_id))
        if found is None:
            if key_id not in self._secrets:
                raise KeyUnavailable(f"Field key '{key_id}' is not in the folder of secrets.")
            found = self._ciphers[algorithm, key_id] = _ALGORITHMS[algorithm](self._secrets[key_id])
        return found


def _split(envelope: str) -> tuple[str, str, str, bytes]:
    """Header with its colon, algorithm, key id, body."""
    parts = envelope.split(":")
    if len(parts) != 4 or parts[0] != "v1" or parts[1] not in _ALGORITHMS:
        raise Tampered("A stored value is not a sealed value.")
    try:
        body = base64.urlsafe_b64decode(parts[3])
    except ValueError:
        raise Tampered("A stored value is not a sealed value.") from None
    if len(body) < NONCE_BYTES + TAG_BYTES or base64.urlsafe_b64encode(body).decode() != parts[3]:
        raise Tampered("A stored value is cut short or written in another form.")
    return f"{parts[0]}:{parts[1]}:{parts[2]}:", parts[1], parts[2], body


def read_keys(folder: Path) -> dict[str, str]:
    """Secrets by key id from the files `field_key_<id>` in `folder` (text, at least 32 characters each)."""
    names = ((KEY_FILE.match(path.name), path) for path in sorted(folder.glob("field_key_*")))
    return {match[1]: path.read_text().strip() for match, path in names if match}


@lru_cache(maxsize=4)
def _ring(folder: str, algorithm: str, writes_with: str, mode: str) -> KeyRing:
    secrets = read_keys(Path(folder))
    if not secrets and mode == "test":
        secrets = {"1": "a key for tests only, never for people's data"}
    return KeyRing(secrets, algorithm=algorithm.lower(), writes_with=writes_with)


def key_ring() -> KeyRing:
    """The site's ring, from `SECRETS_DIR`, `FIELD_CIPHER` and `FIELD_KEY_CURRENT` (empty: the newest key)."""
    from django.conf import settings

    return _ring(str(settings.SECRETS_DIR), settings.FIELD_CIPHER, settings.FIELD_KEY_CURRENT, settings.PORTAL_MODE)


def forget_keys() -> None:
    """Read the key files again at the next use (after a rotation, in tests)."""
    _ring.cache_clear()
