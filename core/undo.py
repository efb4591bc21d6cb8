"""A toast that offers the inverse of what was just done, for ten seconds: a message with an address to post to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest

PREFIX = "undo:"


def offer(request: HttpRequest, words: str, url: str) -> None:
    """Say what was done, with a button that posts to `url`."""
    messages.success(request, words, extra_tags=PREFIX + url)


def url_of(message: Any) -> str:
    """The address of a message's inverse, "" where it offers none."""
    tags = message.extra_tags or ""
    return tags.removeprefix(PREFIX) if tags.startswith(PREFIX) else ""
