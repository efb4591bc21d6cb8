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
    """Unanswered requests of one line. ``by_head``: by the head their answer would have; always the same dictionary."""

    __slots__ = ("_late_s", "by_head")

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s
        self.by_head: dict[bytes, Unanswered] = {}

    def __contains__(self, head: bytes) -> bool:
        return head in self.by_head

    def remember(self, request: Request, sent_at: float, now: float) -> None:
        self.by_head[request.head] = Unanswered(request, sent_at, now + self._late_s)

    def expire(self, now: float) -> None:
        for head in [head for head, one in self.by_head.items() if one.expires_at <= now]:
            del self.by_head[head]

    def unit_is_in_step(self, unit: int) -> None:
        """The unit has answered something newer: it answers in order, so nothing older can follow."""
        for head in [head for head, one in self.by_head.items() if one.request.unit == unit]:
            del self.by_head[head]

    def matching(self, head: bytes, now: float) -> Unanswered | None:
        """The request a frame with this head answers late; for an exception the oldest of that function."""
        self.expire(now)
        if head in self.by_head:
            return self.by_head[head]
        fits = [one for one in self.by_head.values() if one.request.exception_head == head]
        return min(fits, key=lambda one: one.sent_at, default=None)

    def forget(self, one: Unanswered) -> None:
        del self.by_head[one.request.head]

    def free_fence(self, request: Request) -> Request | None:
        """A short read at the same address with an answer unlike all outstanding ones, the request's own among them."""
        code = 3 if request.is_write else request.code
        step = 8 if code in (1, 2) else 1
        for size in (1, 2, 3):
            count = (size - 1) * step + 1
            if request.addr + count > 0x10000:
                return None
            fence = Request(request.unit, code, request.addr, count, unit_bytes=request.unit_bytes)
            if fence.head not in self:
                return fence
        return None
