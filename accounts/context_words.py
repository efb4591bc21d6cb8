"""Words a stranger would try first at this very site: the place, the unit, the person, the programme (C2)."""

from __future__ import annotations

import re
from typing import Any

FIXED = ("qingjie", "qunuan", "heating", "portal", "password", "admin", "meigaidian", "mima")
MIN_LETTERS = 4
_ENDINGS = re.compile(r"(自治区|自治县|街道办事处|街道|办事处|委员会|居委会|村委会|社区|[省市区县镇乡村局办])+$")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def context_words(user: Any) -> set[str]:
    """Small-letter words that a password of `user` may not contain; for None only the fixed ones."""
    words = set(FIXED)
    for text in _texts(user):
        words |= spellings(text)
    return words


def spellings(text: str) -> set[str]:
    """A name as it is typed: itself, and in pinyin with and without the ending of its kind.

    >>> sorted(spellings("泰山区"))
    ['taishan', 'taishanqu']
    """
    from pypinyin import lazy_pinyin  # a large dictionary that few programs need

    found = {word.lower() for word in re.findall(r"[A-Za-z]+", text)}
    for part in _CHINESE.findall(text):
        found |= {"".join(lazy_pinyin(form)) for form in (part, _ENDINGS.sub("", part)) if form}
    return {word for word in found if len(word) >= MIN_LETTERS}


def _texts(user: Any) -> list[str]:
    if user is None or user.pk is None:
        return [user.person_name, user.unit, user.username] if user is not None else []
    return [user.person_name, user.unit, user.username, *_places_of(user)]


def _places_of(user: Any) -> list[str]:
    """Names of the places a person works for, and of all places above them."""
    from accounts.models import Area

    codes = {grant.area_id[:length] for grant in user.active_grants for length in (4, 6, 9, 12, 15)}
    return list(Area.objects.filter(code__in=codes).values_list("name", flat=True))
