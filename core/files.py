"""Uploads and exports at rest: each file encrypted in chunks under its own nonce, written whole or not at all.

Layout: one header line of JSON (format, algorithm, key id, nonce prefix, chunk size), then chunks of `CHUNK` plain
bytes each followed by a tag. The nonce of a chunk is prefix (7) + number (4) + last (1), so that chunks can't be
reordered, dropped or cut off without notice; the header is authenticated with every chunk. Reading seeks freely.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag

from core.crypto import TAG_BYTES, KeyRing, Tampered, key_ring

CHUNK = 64 * 1024
HEADER_MAX = 512
KEY_LENGTH = 32


class TooLarge(ValueError):
    """The content passed `max_bytes`; nothing was kept."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        super().__init__(f"The file is larger than {max_bytes} bytes.")


@dataclass(frozen=True)
class StoredFile:
    """`key` opens it again; `sha256` (hex) and `size` (bytes) are of the plain content."""

    key: str
    sha256: str
    size: int


def store_file(content: Iterable[bytes], *, max_bytes: int, folder: Path | None = None) -> StoredFile:
    """Encrypt and keep `content` (an upload's `.chunks()`, or any iterable of bytes). Raises `TooLarge`."""
    key = secrets.token_hex(KEY_LENGTH // 2)
    target = _path(key, folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix="part-")
    try:
        with os.fdopen(handle, "wb") as out:
            sha256, size = _write(out, content, max_bytes, key_ring())
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return StoredFile(key, sha256, size)


def store_bytes(content: bytes, *, folder: Path | None = None) -> StoredFile:
    return store_file([content], max_bytes=len(content), folder=folder)


def open_file(key: str, *, folder: Path | None = None) -> BinaryIO:
    """The plain content as a seekable binary stream, decrypted chunk by chunk. Raises `FileNotFoundError`."""
    raw = _path(key, folder).open("rb")
    try:
        return io.BufferedReader(_Opened(raw, key_ring()), CHUNK)  # type: ignore[type-var, return-value]
    except BaseException:
        raw.close()
        raise


def delete_file(key: str, *, folder: Path | None = None) -> None:
    """Remove it; nothing happens when it is already gone."""
    _path(key, folder).unlink(missing_ok=True)


def sha256_of(key: str, *, folder: Path | None = None) -> str:
    """Hash of the plain content, read anew: compare with what was recorded at storing."""
    with open_file(key, folder=folder) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _path(key: str, folder: Path | None) -> Path:
    if len(key) != KEY_LENGTH or any(letter not in "0123456789abcdef" for letter in key):
        raise FileNotFoundError("No stored file has such a key.")
    if folder is None:
        from django.conf import settings

        folder = Path(settings.FILES_DIR)
    return folder / key[:2] / key


def _write(out: BinaryIO, content: Iterable[bytes], max_bytes: int, ring: KeyRing) -> tuple[str, int]:
    prefix = os.urandom(7)
    header = _header(ring, prefix)
    cipher = ring.cipher(ring.algorithm, ring.writes_with)
    digest, size = hashlib.sha256(), 0
    out.write(header)
    for number, chunk, last in _chunks(content):
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(max_bytes)
        digest.update(chunk)
        out.write(cipher.seal(_nonce(prefix, number, last), chunk, header))
    return digest.hexdigest(), size


def _header(ring: KeyRing, prefix: bytes) -> bytes:
    fields = {"f": "portal-file-1", "a": ring.algorithm, "k": ring.writes_with, "n": prefix.hex(), "c": CHUNK}
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _chunks(content: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Number, exactly `CHUNK` bytes (fewer in the last), whether it is the last; at least one."""
    waiting, number = bytearray(), 0
    for piece in content:
        waiting += piece
        while len(waiting) > CHUNK:
            yield number, bytes(waiting[:CHUNK]), False
            del waiting[:CHUNK]
            number += 1
    yield number, bytes(waiting), True


class _Opened(io.RawIOBase):
    """Plain view of an encrypted file; one chunk in memory."""

    def __init__(self, raw: BinaryIO, ring: KeyRing) -> None:
        self._raw = raw
        self._header = raw.readline(HEADER_MAX)
        self._cipher, self._prefix, self._chunk = self._read_header(ring)
        body = os.fstat(raw.fileno()).st_size - len(self._header)
        self._count = max(1, -(-body // (self._chunk + TAG_BYTES)))
        self._size = body - self._count * TAG_BYTES
        self._at, self._held, self._held_number = 0, b"", -1
        self._load(self._count - 1)  # a file cut at a chunk's edge is refused now, not at its end

    def _read_header(self, ring: KeyRing) -> tuple[Any, bytes, int]:
        try:
            fields = json.loads(self._header)
            if fields["f"] != "portal-file-1" or not 0 < int(fields["c"]) <= 2**24:
                raise Tampered("A stored file has an unknown format.")
            return ring.cipher(fields["a"], fields["k"]), bytes.fromhex(fields["n"]), int(fields["c"])
        except (ValueError, KeyError, TypeError):
            raise Tampered("A stored file has a damaged head.") from None

    def _load(self, number: int) -> None:
        if number == self._held_number:
            return
        step = self._chunk + TAG_BYTES
        self._raw.seek(len(self._header) + number * step)
        nonce = _nonce(self._prefix, number, number == self._count - 1)
        try:
            self._held = self._cipher.open(nonce, self._raw.read(step), self._header)
        except (InvalidTag, ValueError):
            raise Tampered("A stored file does not match its seal.") from None
        self._held_number = number

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, self._chunk)
        self._load(number)
        piece = self._held[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._raw.close()
        super().close()
