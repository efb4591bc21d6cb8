"""A sample that anybody can draw again: same numbers, same size, same seed → the same homes. Knows no table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


def draw(keys: Sequence[int], size: int, seed: str) -> list[int]:
    """`size` of `keys` in the order of SHA-256("seed:key"): by hand with any tool, whatever order `keys` came in."""
    if size < 0:
        raise ValueError(f"a sample of {size} can't be drawn")
    return sorted(set(keys), key=lambda key: (_ticket(seed, key), key))[:size]


def digest(keys: Iterable[int]) -> str:
    """Fingerprint of the candidates: numbers in ascending order, one a line, SHA-256 in hex."""
    return hashlib.sha256("".join(f"{key}\n" for key in sorted(set(keys))).encode()).hexdigest()


def _ticket(seed: str, key: int) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()
