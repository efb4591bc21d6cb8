"""Requests that timed out and may still be answered: the memory that keeps late answers from being believed."""

from __future__ import annotations

from dataclasses import dataclass

from devices.protocol.frames import Request


@dataclass(frozen=True, slots=True)
class Unanswered:
    """``sent_at`` and ``expires_at`` in clock seconds."""

    request: Request
    sent_at: float
    expires_at: float


class Outstanding:
    """Unanswered requests of one line by the head their answer would have."""

    __slots__ = ("_by_head", "_late_s")

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s
        self._by_head: dict[bytes, Unanswered] = {}

    def __bool__(self) -> bool:
        return bool(self._by_head)

    def __contains__(self, head: bytes) -> bool:
        return head in self._by_head

    def remember(self, request: Request, sent_at: float, now: float) -> None:
        self._by_head[request.head] = Unanswered(request, sent_at, now + self._late_s)

    def expire(self, now: float) -> None:
        if self._by_head:
            self._by_head = {head: one for head, one in self._by_head.items() if one.expires_at > now}

    def unit_is_in_step(self, unit: int) -> None:
        """The unit has answered something newer: it answers in order, so nothing older can follow."""
        if self._by_head:
            self._by_head = {head: one for head, one in self._by_head.items() if one.request.unit != unit}

    def matching(self, head: bytes, now: float) -> Unanswered | None:
        """The request a frame with this head answers late; for an exception the oldest of that function."""
        self.expire(now)
        if head in self._by_head:
            return self._by_head[head]
        fits = [one for one in self._by_head.values() if one.request.exception_head == head]
        return min(fits, key=lambda one: one.sent_at, default=None)

    def forget(self, one: Unanswered) -> None:
        del self._by_head[one.request.head]
