"""Column headings and words of the trade as data: which field a heading means, which technology a word means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from core.strict_yaml import read_yaml

FIELDS: tuple[str, ...] = (
    "town",
    "village",
    "group",
    "head_name",
    "id_number",
    "phone",
    "bank_card",
    "account_holder",
    "door_no",
    "heated_area_m2",
    "technology",
    "old_heating",
    "dwelling_type",
    "residents",
    "beneficiary_classes",
    "meter_no",
    "applied_on",
    "note",
)
"""Fields of a roster row, in the order pages show them."""
SERIAL = "serial"
"""The running number: recognised so that it isn't reported as unknown, and then left out."""
RELATION = "relation"
"""To the head of household, in lists that have a row for every person: it says which rows are households."""
ASIDE = frozenset({SERIAL, RELATION})
"""Columns that are recognised and no part of a household."""
_BRACKETS = re.compile(r"[(\[{【][^)\]}】]*[)\]}】]")
_NOISE = re.compile(r"[\W_]+")


@lru_cache(maxsize=2048)
def heading_key(text: str) -> str:
    """What two headings are compared by: no width, spaces, bracketed units or punctuation."""
    folded = unicodedata.normalize("NFKC", text)
    return _NOISE.sub("", _BRACKETS.sub("", folded)).removesuffix("m2").lower()


@lru_cache(maxsize=2048)
def word_key(text: str) -> str:
    """What two words (villages, technologies) are compared by: no width, spaces or punctuation."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Lookup tables made from ``columns.yaml`` and what a town's staff confirmed.

    ``old_heating`` and ``classes`` map words to codes; a word that says "no class" maps to ''.
    """

    fields: Mapping[str, str]
    technologies: Mapping[str, str]
    exclusions: Mapping[str, tuple[str, ...]]
    second: Mapping[str, str] = field(default_factory=dict)
    old_heating: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    class_columns: Mapping[str, str] = field(default_factory=dict)
    heads: frozenset[str] = frozenset()

    def field_of(self, heading: str) -> str | None:
        """Field a heading means, or None."""
        return self.fields.get(heading_key(heading)) or None

    def is_set_aside(self, heading: str) -> bool:
        """Whether staff confirmed that a column of this heading is not needed."""
        return self.fields.get(heading_key(heading)) == ""

    def rank(self, heading: str) -> int:
        """Place of a heading among those known: what staff confirmed, then ``columns.yaml`` in its order."""
        key = heading_key(heading)
        return next((place for place, known in enumerate(self.fields) if known == key), len(self.fields))

    def second_meaning(self, heading: str) -> str:
        """Field a heading means where another column gives what it means first, or ''."""
        return self.second.get(heading_key(heading), "")

    def class_column(self, heading: str) -> str:
        """Beneficiary class a yes-or-no column of this heading stands for, or ''; a heading staff confirmed is none."""
        key = heading_key(heading)
        return "" if key in self.fields else self.class_columns.get(key, "")

    def class_word(self, code: str) -> str:
        """The word people use for a class."""
        return next((word for word, known in self.classes.items() if known == code), code)

    def old_heating_words(self) -> list[str]:
        """One word for each kind of heating there was."""
        first: dict[str, str] = {}
        for word, code in self.old_heating.items():
            first.setdefault(code, word)
        return list(first.values())

    def technology_of(self, word: str) -> str | None:
        """Technology code a word means, or None; the code itself is understood too."""
        return self.technologies.get(word_key(word))

    def is_head(self, relation: str) -> bool:
        """Whether a relation to the head of household says that this is the head."""
        return word_key(relation) in self.heads

    def learned(self, headings: Mapping[str, str]) -> Synonyms:
        """A copy that also knows ``headings`` (heading -> field, '' for not needed); these win."""
        added = {heading_key(heading): name for heading, name in headings.items()}
        others = {key: name for key, name in self.fields.items() if key not in added}
        return replace(self, fields={**added, **others})


def _reversed(groups: Mapping[str, Iterable[str]], key: object) -> dict[str, str]:
    assert callable(key)
    table: dict[str, str] = {}
    for name, words in groups.items():
        for word in words:
            table.setdefault(key(str(word)), name)
    return table


@cache
def shipped_synonyms() -> Synonyms:
    """The synonyms of ``columns.yaml``."""
    path = Path(__file__).with_name("columns.yaml")
    data = read_yaml(path.read_text(encoding="utf-8"))
    technologies = {code: [code, *words] for code, words in data["technologies"].items()}
    return Synonyms(
        _reversed(data["fields"], heading_key),
        _reversed(technologies, word_key),
        {reason: tuple(words) for reason, words in data["exclusions"].items()},
        {heading_key(heading): name for heading, name in data["second_meanings"].items()},
        _reversed(data["old_heating"], word_key),
        {**_reversed(data["beneficiary_classes"], word_key), **dict.fromkeys(map(word_key, data["no_class"]), "")},
        _reversed(data["class_columns"], heading_key),
        frozenset(map(word_key, data["heads"])),
    )
