"""Secrets of one installation: made once, one file each, readable by the owner only."""

import os
import secrets
from pathlib import Path

# django_key signs sessions; field_key_1 and blind_index_key protect personal data; hub_secret joins worker and hub.
NAMES = ("django_key", "field_key_1", "blind_index_key", "hub_secret", "postgres_password", "valkey_password")


def make_missing(folder: Path) -> None:
    """Create every missing secret (64 hexadecimal characters = 256 bits); existing ones are never touched."""
    for name in NAMES:
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text().strip()
