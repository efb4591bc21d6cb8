"""Requests of one signed-in person to a running web server, and many of them at once."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

TOKEN = "k" * 32
LOST = 0
"""Instead of a status: the connection ended without an answer."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **more: Any) -> None:
        return None


@dataclass(frozen=True)
class Person:
    """Somebody with a session."""

    port: int
    session: str

    def get(self, path: str) -> int:
        return self._ask(path, None)

    def post(self, path: str, form: Mapping[str, str]) -> int:
        """The status; redirects are not followed."""
        return self._ask(path, urllib.parse.urlencode(form).encode())

    def _ask(self, path: str, data: bytes | None) -> int:
        headers = {"Cookie": f"sessionid={self.session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=40) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return LOST


@dataclass
class Load:
    """(when it began, status) of every request."""

    answers: list[tuple[float, int]] = field(default_factory=list)

    def statuses(self, since: float = 0.0) -> set[int]:
        """Of requests that began after that moment."""
        return {status for began, status in list(self.answers) if began >= since}

    def count(self, since: float = 0.0) -> int:
        return sum(1 for began, _status in list(self.answers) if began >= since)


@contextmanager
def under_load(person: Person, path: str, people: int = 3) -> Iterator[Load]:
    """A few people who load the page again and again, one request at a time each."""
    load, ending = Load(), threading.Event()

    def browse() -> None:
        while not ending.is_set():
            began = time.monotonic()
            load.answers.append((began, person.get(path)))
            ending.wait(0.03)

    threads = [threading.Thread(target=browse, daemon=True) for _one in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        ending.set()
        for thread in threads:
            thread.join(timeout=45)
