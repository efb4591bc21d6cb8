"""What a step of the docking test found, in the reader's language. Records keep the plain English of the runner."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_RECORDS = [
    (r"has every point and write of annex 2", gettext_noop("every point and write of annex 2 is there")),
    (r"lacks (?P<what>.*)", gettext_noop("lacks %(what)s")),
    (r"(?P<n>\d+) of (?P<all>\d+) reads answered, p95 (?P<ms>.*) ms",
     gettext_noop("%(n)s of %(all)s reads answered, p95 %(ms)s ms")),
    (r"none of (?P<all>\d+) reads answered: (?P<said>.*)", gettext_noop("none of %(all)s reads answered: %(said)s")),
    (r"longest block of (?P<n>\d+): (?P<said>\w+); past the end: (?P<end>.*)",
     gettext_noop("longest block of %(n)s registers: %(said)s; past the end: %(end)s")),
    (r"(?P<n>\d+) writes echoed and read back", gettext_noop("%(n)s writes echoed and read back")),
    (r"refused", gettext_noop("the board refuses it")),
    (r"clamped", gettext_noop("the board keeps to its bounds")),
    (r"the board took it", gettext_noop("the board took it; the old value was put back")),
    (r"unit (?P<unit>\d+): (?P<said>\w+); (?P<n>\d+) of (?P<all>\d+) questions back to back answered",
     gettext_noop("another unit (%(unit)s): %(said)s; %(n)s of %(all)s questions back to back answered")),
    (r"(?P<n>\d+) of (?P<all>\d+) power cycles; answers as unit (?P<units>[^;]*)",
     gettext_noop("%(n)s of %(all)s power cycles; answers as unit %(units)s")),
    (r"shown and healed; reset (?P<said>\w+), fault then (?P<fault>\w+)",
     gettext_noop("shown and healed; reset %(said)s, fault then %(fault)s")),
    (r"(?P<n>\d+) of 2 outages, silent for (?P<how>.*)", gettext_noop("%(n)s of 2 outages, silent for %(how)s")),
    (r"(?P<n>\d+) of (?P<all>\d+) reads in a day, longest gap (?P<gap>\d+) s",
     gettext_noop("%(n)s of %(all)s reads in a day, longest gap %(gap)s s")),
]  # fmt: skip

_ENDS = {  # devices.line.rules.Status
    "ok": gettext_noop("a regular answer"), "timeout": gettext_noop("no answer from the board"),
    "refused": gettext_noop("refused by the board"), "out_of_step": gettext_noop("an answer that is not its own"),
    "offline": gettext_noop("line not there"), "expired": gettext_noop("not asked in time"),
}  # fmt: skip


def record_words(message: str) -> str:
    """The record of a step; what no pattern knows (a board's own words) stays as it is."""
    for pattern, words in _RECORDS:
        found = re.fullmatch(pattern, message)
        if found:
            return _(words) % {name: _end_words(text) for name, text in found.groupdict().items()}
    return message


def _end_words(text: str) -> str:
    """How an exchange ended, said in words; a refusal keeps the board's code. Anything else as it is."""
    return re.sub(rf"\b({'|'.join(_ENDS)})\b(?: (\d+))?", _end_word, text)


def _end_word(found: re.Match[str]) -> str:
    return _(_ENDS[found[1]]) + (f" ({found[2]})" if found[2] else "")
