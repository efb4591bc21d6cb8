"""Notes that may take a household out of the programme: 自愿放弃, 列入拆迁, 长期无人居住.

The programme says which reasons count (T-15 to T-17; J-17 counts none for demolition). A note is read, never guessed:
what negates the words or lies outside the window is for a person to decide.
"""

from __future__ import annotations

import re

from households.roster.columns import Synonyms
from households.roster.normalise import tidy_compact
from households.roster.rows import ParsedRow, RosterContext

_DEMOLITION = "DEMOLITION_PLAN"
_NEGATION = re.compile(r"(未|没有?|非|无|并不|不属于|不在|不是|取消|解除|撤销|不再)[\u3400-\u9fff]{0,2}$")
_YEAR = re.compile(r"(19[0-9]{2}|20[0-9]{2})(?=年|[-./])")


def check_note(row: ParsedRow, context: RosterContext, synonyms: Synonyms) -> None:
    """Add what the row's note, or a column nobody knows, says about leaving the programme."""
    note = tidy_compact(str(row.values.get("note", "")))
    texts = [note, *(tidy_compact(text) for text in row.extra.values())] if row.extra else [note]
    for text in texts:
        if text:
            _check_text(row, text, context, synonyms)


def _check_text(row: ParsedRow, text: str, context: RosterContext, synonyms: Synonyms) -> None:
    for reason, phrases in synonyms.exclusions.items():
        found = next((phrase for phrase in phrases if phrase in text), None)
        if found is None:
            continue
        year = _listed_in(text)
        if _NEGATION.search(text[: text.index(found)]):
            row.add("W_NOTE_UNCLEAR", "note", {"words": text[:60]})
        elif reason not in context.exclusions:
            row.add("I_NOTE_NOT_EXCLUDING", "note", {"words": found})
        elif reason == _DEMOLITION and year and context.today.year - year > context.demolition_years:
            row.add("W_DEMOLITION_LONG_AGO", "note", {"words": found, "year": year, "years": context.demolition_years})
        else:
            row.add(f"X_{reason}", "note", {"words": found})


def _listed_in(text: str) -> int:
    years = [int(year) for year in _YEAR.findall(text)]
    return max(years, default=0)
