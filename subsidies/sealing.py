"""A file in an archive with a password: ZIP with AES-256 (WinZip AE-2), opened by 7-Zip, WinRAR, Bandizip, WinZip.

Written here because Python's `zipfile` can't encrypt and the old ZIP cipher is no protection. Bytes in, bytes out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import zlib
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

SHORTEST_PASSWORD = 12
ROUNDS, SALT, KEY, VERIFIER, TAG, BLOCK = 1000, 16, 32, 2, 10, 16
AES_METHOD, DEFLATED, NEEDED = 99, 8, 51
FLAGS = 0x0001 | 0x0800  # encrypted; the name is UTF-8
_EXTRA = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, DEFLATED)


def sealed_zip(name: str, content: bytes, password: str, *, at: datetime, salt: bytes = b"") -> bytes:
    """The one file `name` in an archive, with `at` as its time; `salt` is for tests. Raises ValueError on a short
    password."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"The password has fewer than {SHORTEST_PASSWORD} characters.")
    body = _encrypted(_deflated(content), password, salt or os.urandom(SALT))
    title, clock, day = name.encode(), *_dos_time(at)
    shared = struct.pack("<HHHHHIIIHH", NEEDED, FLAGS, AES_METHOD, clock, day, 0, len(body), len(content), len(title),
                         len(_EXTRA))  # fmt: skip
    local = b"PK\3\4" + shared + title + _EXTRA + body
    entry = b"PK\1\2" + struct.pack("<H", NEEDED) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + title + _EXTRA
    return local + entry + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)


def _encrypted(data: bytes, password: str, salt: bytes) -> bytes:
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, ROUNDS, 2 * KEY + VERIFIER)
    hidden = _xor(data, _stream(keys[:KEY], len(data)))
    tag = hmac.new(keys[KEY : 2 * KEY], hidden, hashlib.sha1).digest()[:TAG]
    return salt + keys[2 * KEY :] + hidden + tag


def _stream(key: bytes, length: int) -> bytes:
    """Counter mode with the counter's lowest byte first and beginning at 1, as this format has it."""
    counters = b"".join(number.to_bytes(BLOCK, "little") for number in range(1, -(-length // BLOCK) + 1))
    return Cipher(AES(key), ECB()).encryptor().update(counters)[:length]  # noqa: S305 - the counters are the mode


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def _dos_time(at: datetime) -> tuple[int, int]:
    clock = at.hour << 11 | at.minute << 5 | at.second // 2
    return clock, max(0, at.year - 1980) << 9 | at.month << 5 | at.day
