"""Secrets live in files, one per secret, so that they reach neither the environment nor a process list."""

import hashlib
from pathlib import Path


class MissingSecret(RuntimeError):
    """Raised at start-up when production has no secret of that name."""


def read_secret(name: str, folder: Path, mode: str) -> str:
    """Text of `folder/name`, stripped. In test mode a fixed value derived from the name stands in."""
    path = folder / name
    if path.is_file():
        return path.read_text().strip()
    if mode == "test":
        return hashlib.sha256(f"portal test secret {name}".encode()).hexdigest()
    raise MissingSecret(
        f"Secret '{name}' is missing: put it in {path} (./portal up makes all secrets by itself; "
        "for your own servers see docs/deployment.md, Secrets)."
    )
