"""Words of closed lists: how a house was heated, which class a household belongs to. Unknown words are asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping

from households.roster.columns import Synonyms, word_key
from households.roster.normalise import tidy_text
from households.roster.rows import ParsedRow

_BETWEEN = re.compile(r"[、,;/+&\s]+|和|及")
_SUFFIX = re.compile(r"(取暖|采暖|供暖)(方式|设备)?$")


def check_words(row: ParsedRow, known: Synonyms) -> None:
    """Replace the written words of both lists by their codes, and say which are unknown."""
    if "old_heating" in row.values:
        _check_old_heating(row, str(row.values.pop("old_heating")), known)
    if "beneficiary_classes" in row.values:
        _check_classes(row, str(row.values.pop("beneficiary_classes")), known)


def _check_old_heating(row: ParsedRow, written: str, known: Synonyms) -> None:
    code = known.old_heating.get(word_key(written)) or known.old_heating.get(word_key(_SUFFIX.sub("", written)))
    if code:
        row.values["old_heating"] = code
        return
    allowed = "、".join(known.old_heating_words())
    row.add("W_OLD_HEATING_UNKNOWN", "old_heating", {"allowed": allowed}, _near(written, known.old_heating))


def _check_classes(row: ParsedRow, written: str, known: Synonyms) -> None:
    """``values`` keeps the codes joined by commas, in one order whatever the order of the words."""
    codes: set[str] = set()
    unknown: list[str] = []
    for word in filter(None, _BETWEEN.split(tidy_text(written))):
        code = known.classes.get(word_key(word))
        if code is None:
            unknown.append(word)
        elif code:
            codes.add(code)
    if codes:
        row.values["beneficiary_classes"] = ",".join(sorted(codes))
    if unknown:
        params: dict[str, str | int] = {"words": "、".join(unknown)[:60], "allowed": _classes_in_words(known)}
        words = [_near(word, known.classes) if word in unknown else word for word in _BETWEEN.split(tidy_text(written))]
        row.add("W_CLASS_UNKNOWN", "beneficiary_classes", params, "、".join(words) if all(words) else "")


def _classes_in_words(known: Synonyms) -> str:
    return "、".join(known.class_word(code) for code in dict.fromkeys(known.classes.values()) if code)


def _near(written: str, words: Mapping[str, str]) -> str:
    """The longest known word of two characters or more that stands in what was written, or ''."""
    key = word_key(written)
    return max((word for word, code in words.items() if len(word) > 1 and code and word in key), key=len, default="")
