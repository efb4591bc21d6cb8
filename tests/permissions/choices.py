"""What a page's own filters can ask: its lists of choices, as whoever looks at it sees them."""

from __future__ import annotations

import html
import re
import urllib.parse

_FORM = re.compile(r'<form\b(?=[^>]*\smethod="get")[^>]*>(.*?)</form>', re.DOTALL)
_LIST = re.compile(r'<select\b[^>]*\sname="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_ENTRY = re.compile(r'<option\b[^>]*\svalue="([^"]+)"')


def own_questions(text: str) -> list[str]:
    """All lists of choices at their first entry, and all at their last."""
    lists = {name: _ENTRY.findall(entries) for form in _FORM.findall(text) for name, entries in _LIST.findall(form)}
    asked = [
        urllib.parse.urlencode({name: html.unescape(entries[at]) for name, entries in lists.items() if entries})
        for at in (0, -1)
    ]
    return [question for question in dict.fromkeys(asked) if question]
