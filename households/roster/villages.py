"""Which village does a row mean? Names and aliases exactly, near spellings only as suggestions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from households.roster.columns import word_key
from households.roster.rows import ParsedRow, Village

_SUFFIXES = ("村", "社区", "居", "庄", "村委会")
_MOST_SUGGESTIONS = 3
_OFFICE = re.compile(r"(村|社区|居)(?:民委员会|委员会|民委|委会)$")


class VillageBook:
    """The villages of a county by the names people write."""

    def __init__(self, villages: Sequence[Village]) -> None:
        self.by_code = {village.code: village for village in villages}
        self._by_name: dict[str, list[Village]] = {}
        for village in villages:
            for name in dict.fromkeys((village.name, *village.aliases)):
                self._by_name.setdefault(word_key(name), []).append(village)
        self._found: dict[tuple[str, str], Village | None] = {}
        self._inside = [village for village in villages if village.inside]

    def check(self, row: ParsedRow) -> None:
        """Replace the written village by its code, or record what is wrong with it."""
        written = str(row.values.pop("village", ""))
        town = str(row.values.get("town", ""))
        if not written:
            self._unwritten(row)
            return
        village = self._find(written, town)
        if village is None:
            self._unknown(row, written)
        elif not village.inside:
            row.add("E_VILLAGE_OUTSIDE", "village", {"area": village.town_name})
        else:
            row.values["village"] = village.code
            if town and village.town_name and word_key(town) != word_key(village.town_name):
                row.add("W_TOWN_DIFFERS", "town", {"town": village.town_name})

    def _unwritten(self, row: ParsedRow) -> None:
        """A row without a village is in the only one there is; one its door number begins with is proposed."""
        if any(issue.column == "village" and issue.family == "E" for issue in row.issues):
            return
        if len(self._inside) == 1:
            row.values["village"] = self._inside[0].code
        elif named := self._begins_with(str(row.values.get("door_no", ""))):
            row.add("E_MISSING", "village", None, named)

    def _begins_with(self, door_no: str) -> str:
        """The one village inside whose name a door number begins with, its town's before it or not."""
        found = [one.name for one in self._inside if door_no.removeprefix(one.town_name).startswith(one.name)]
        return found[0] if len(found) == 1 else ""

    def _find(self, written: str, town: str) -> Village | None:
        asked = written, town
        if asked not in self._found:
            self._found[asked] = self._look_up(written, town)
        return self._found[asked]

    def _look_up(self, written: str, town: str) -> Village | None:
        found = self._by_name.get(word_key(written)) or self._of_its_office(word_key(written))
        inside = [village for village in found if village.inside] or found
        of_town = [village for village in inside if word_key(village.town_name) == word_key(town)]
        candidates = of_town or inside
        return candidates[0] if len(candidates) == 1 else None

    def _of_its_office(self, key: str) -> list[Village]:
        """Villages by the name of their committee, the town's before it or not: 甲镇南村村委会 is 南村村."""
        towns = {word_key(village.town_name) for village in self._inside if village.town_name}
        bare = next((key.removeprefix(town) for town in towns if key.startswith(town)), key)
        names = (_OFFICE.sub(r"\1", bare), _OFFICE.sub("", bare), bare)  # 南村 + 村委会, 南村村 + 村委会
        return next((self._by_name[name] for name in names if name in self._by_name), [])

    def _unknown(self, row: ParsedRow, written: str) -> None:
        suggestions = self.near(written)
        proposal = suggestions[0] if len(suggestions) == 1 else ""
        row.add("E_VILLAGE_UNKNOWN", "village", {"suggestions": "、".join(suggestions)}, proposal)

    def near(self, written: str) -> list[str]:
        """Names people probably meant: the same with a suffix first, then close spellings."""
        names = [village.name for village in self._inside]
        with_suffix = [name for name in names if name in {written + suffix for suffix in _SUFFIXES}]
        return with_suffix or difflib.get_close_matches(written, names, n=_MOST_SUGGESTIONS, cutoff=0.5)
