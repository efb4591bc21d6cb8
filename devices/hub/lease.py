"""The right to speak on the buses of a shard: one hub has it at a time, with a number that only grows.

The lease stands in a row of the database (`devices.hub_leases`); here is what a hub makes of it. It is renewed every
few seconds; a hub that can't renew it closes its lines before it ends, so that whoever takes over is alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class StaleLease(ConnectionError):
    """The token is not the one this hub holds; the message says which of the two is older."""


class HeldLease:
    """What this hub holds. ``take`` takes or renews and returns the token, None while another hub holds it."""

    def __init__(self, take: Callable[[], int | None], lease_s: float, clock: Callable[[], float]) -> None:
        self.take, self.lease_s, self._clock = take, lease_s, clock
        self.token: int | None = None
        self.lost = False
        self.until = clock()

    def renewed(self, token: int | None, asked_at: float) -> None:
        """An answer of the database to a question asked at ``asked_at``."""
        if token is None:
            return  # held by another: not ours yet, or no longer
        if self.token is not None and token != self.token:
            self.lost = True  # somebody had it in between
        else:
            self.token, self.until = token, asked_at + self.lease_s

    def is_over(self) -> bool:
        """Was it held, and is it no longer?"""
        return self.lost or (self.token is not None and self._clock() >= self.until)

    def is_held(self) -> bool:
        """May bytes go out now? Asked before each request: a process that slept through its lease stays silent."""
        return self.token is not None and not self.is_over()

    def check(self, token: Any) -> None:
        """Raises StaleLease for a request that was not meant for the holder of this token."""
        if self.token is None or self.is_over():
            raise StaleLease("this hub does not hold the lease of its lines")
        if token == self.token:
            return
        if isinstance(token, int) and token > self.token:
            self.lost = True
            raise StaleLease(f"the lease has passed to another hub (token {token} after {self.token})")
        raise StaleLease(f"token {token} is older than the lease's {self.token}: read it again")
