"""Where the links and forms of a page lead: names of addresses."""

from __future__ import annotations

import re
import urllib.parse
from functools import cache

from django.urls import Resolver404, resolve

_LED = re.compile(r'\s(?:href|action|formaction|hx-get|hx-post|data-live|data-chart)="(/[^"#?]*)')


def led_to(text: str) -> frozenset[str]:
    """The URL names of all addresses a page offers."""
    return frozenset(name for path in {_shape(path) for path in _LED.findall(text)} if (name := _name_of(path)))


def _shape(path: str) -> str:
    """One path for all numbers: a page of two hundred rows is resolved once."""
    return re.sub(r"(?<=/)\d+(?=/)", "1", urllib.parse.unquote(path))


@cache
def _name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:  # a file
        return ""
