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
_TAKEN_BACK = re.compile(r"取消|撤销|解除|作废|(?<!不)同意|反悔|恢复|搬回|返乡|回来|回村|入住|有人")
"""After the words: what they say held once. 列入拆迁计划，现已取消; 长期无人居住，今年已搬回."""
_ASKS_A_PERSON = re.compile(r"搬走|搬离|不改(?!变)|不装|户主.{0,3}(?:去世|死亡|病故)")
"""No words of a programme, and yet the home may not be converted, or not under this head."""
_ASKS_WILLINGNESS = re.compile(r"是否.{0,4}(自愿|愿意|同意|参加|参与)")
_YEAR = re.compile(r"(19[0-9]{2}|20[0-9]{2})(?=年|[-./])")


class NoteReader:
    """Reads notes for one programme; made once, asked for every row."""

    def __init__(self, context: RosterContext, synonyms: Synonyms) -> None:
        self._context = context
        self._phrases = synonyms.exclusions
        first = "".join(re.escape(phrase[0]) for phrases in self._phrases.values() for phrase in phrases)
        self._worth_reading = re.compile(f"[{first}搬不户]")

    def check(self, row: ParsedRow) -> None:
        """Add what the row's note, or a column nobody knows, says about leaving the programme."""
        for title, text in (("", str(row.values.get("note", ""))), *row.extra.items()):
            if text and self._worth_reading.search(text):
                self._check_text(row, tidy_compact(text))
            elif title and _declines(title, text.strip()):
                row.add("W_NOTE_UNCLEAR", "note", {"words": tidy_compact(f"{title}：{text}")[:60]})

    def _check_text(self, row: ParsedRow, text: str) -> None:
        found = {
            reason: next((phrase for phrase in phrases if phrase in text), "")
            for reason, phrases in self._phrases.items()
        }
        for reason, phrase in found.items():
            if phrase:
                self._judge(row, text, reason, phrase)
        if not any(found.values()) and _ASKS_A_PERSON.search(text):
            row.add("W_NOTE_UNCLEAR", "note", {"words": text[:60]})

    def _judge(self, row: ParsedRow, text: str, reason: str, found: str) -> None:
        context, year = self._context, _listed_in(text)
        before, _found, after = text.partition(found)
        if _NEGATION.search(before) or _TAKEN_BACK.search(after):
            row.add("W_NOTE_UNCLEAR", "note", {"words": text[:60]})
        elif reason not in context.exclusions:
            row.add("I_NOTE_NOT_EXCLUDING", "note", {"words": found})
        elif reason == _DEMOLITION and year and context.today.year - year > context.demolition_years:
            row.add("W_DEMOLITION_LONG_AGO", "note", {"words": found, "year": year, "years": context.demolition_years})
        else:
            row.add(f"X_{reason}", "note", {"words": found})


def _declines(title: str, answer: str) -> bool:
    """Whether a column of its own says that the household does not want to: 是否自愿 否, 是否放弃 是."""
    if "放弃" in title:
        return "是否" in title and answer.startswith(("是", "√"))
    return answer.startswith(("否", "不")) and bool(_ASKS_WILLINGNESS.search(title))


def _listed_in(text: str) -> int:
    years = [int(year) for year in _YEAR.findall(text)]
    return max(years, default=0)
