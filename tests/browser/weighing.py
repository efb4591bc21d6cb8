"""What a page weighs for somebody who comes for the first time: gzipped bytes by kind, and the number of requests."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import Any

from playwright.sync_api import Error

KB = 1024
QUIET_MS = 100
STREAM = "eventsource"
KINDS = {"document": "html", "stylesheet": "css", "script": "js"}

# UX §6.7: most kilobytes and requests. A chart's library comes deferred and is kept for a year.
BUDGETS: dict[str, dict[str, float]] = {
    "list": {"html": 30, "css": 13, "js": 25, "total": 75, "requests": 6},
    "file": {"html": 40, "css": 13, "js": 25, "total": 90, "requests": 10},
    "chart": {"html": 30, "css": 13, "js": 25 + 192, "total": 265, "requests": 8},
    # The style guide for those who build, and a screen nobody sits at, have a stylesheet of their own besides.
    "guide": {"html": 30, "css": 14, "js": 25 + 192, "total": 266, "requests": 9},
    "wall": {"html": 30, "css": 14, "js": 25, "total": 76, "requests": 7},
    "phone": {"html": 15, "css": 13, "js": 35, "total": 65, "requests": 5},
    # The page that works without signal also fetches its worker and asks once who is signed in.
    "app": {"html": 15, "css": 13, "js": 35, "total": 65, "requests": 6},
}


class Scale:
    """Hangs on a page before it is opened; `weigh()` afterwards."""

    def __init__(self, page: Any) -> None:
        self._page, self._responses = page, list[Any]()
        self._begun = self._ended = 0
        self._hooks = {
            "response": self._answered, "request": self._begin, "requestfinished": self._end,
            "requestfailed": self._end,
        }  # fmt: skip
        for event, hook in self._hooks.items():
            page.on(event, hook)

    def _answered(self, response: Any) -> None:
        self._responses.append(response)

    def take_off(self) -> None:
        """The page goes on to others, which are weighed by themselves."""
        for event, hook in self._hooks.items():
            self._page.remove_listener(event, hook)

    def settle(self) -> None:
        """Until nothing has been under way for a tenth of a second; streams that never end do not count."""
        begun, quiet = -1, 0
        while quiet < 2:
            still = self._begun == begun and self._ended == begun
            begun, quiet = self._begun, quiet + 1 if still else 0
            self._page.wait_for_timeout(QUIET_MS / 2)

    def _begin(self, request: Any) -> None:
        self._begun += request.resource_type != STREAM

    def _end(self, request: Any) -> None:
        self._ended += request.resource_type != STREAM

    def weigh(self) -> dict[str, float]:
        """{html, css, js, image, other, total} in KB and the number of requests; photos come lazily and are no part."""
        bytes_of: Counter[str] = Counter()
        web = [one for one in self._responses if one.url.startswith("http")]
        counted = [one for one in web if not is_photo(one) and not comes_later(one)]
        for response in counted:
            kind = response.request.resource_type
            bytes_of[KINDS.get(kind, "other")] += len(packed(response))
        weights = {kind: round(size / KB, 1) for kind, size in sorted(bytes_of.items())}
        return weights | {"total": round(sum(bytes_of.values()) / KB, 1), "requests": len(counted)}


def is_photo(response: Any) -> bool:
    return "/works/photos/" in response.url or "/works/signatures/" in response.url


def comes_later(response: Any) -> bool:
    """Asked again and again by parts that keep themselves up to date (a slow machine sees some of it); a chart's data,
    which is asked for in the same way, belongs to the page."""
    headers = response.request.headers
    return "x-unattended" in headers and "json" not in headers.get("accept", "")


def packed(response: Any) -> bytes:
    """The body as a server that compresses would send it: nginx does so, the test's web server need not."""
    if 300 <= response.status < 400 or response.status == 204:
        return b""
    try:
        return gzip.compress(response.body(), 6)
    except Error:  # a large answer the browser keeps no copy of: what went over the line is known all the same
        return bytes(response.request.sizes()["responseBodySize"])


def over_budget(kind: str, weights: dict[str, float]) -> list[str]:
    limits = BUDGETS[kind]
    return [f"{what} {weights.get(what, 0)} > {most}" for what, most in limits.items() if weights.get(what, 0) > most]


def heavier(before: dict[str, float] | None, now: dict[str, float]) -> list[str]:
    """What grew by more than a tenth (and by more than a kilobyte, or one request) since somebody last agreed to it."""
    if before is None:
        return ["not weighed yet"]
    grown = []
    for what, weight in now.items():
        known = before.get(what, 0)
        if weight > known * 1.1 and weight - known > 0.99:
            grown.append(f"{what} {known} -> {weight}")
    return grown
