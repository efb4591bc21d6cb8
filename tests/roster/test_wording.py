"""Every code has words, every sentence takes exactly its parameters, and every word is translated."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.utils import translation

from core.workbooks.refusals import FILE_CODES
from households import issue_wording
from households.roster.classify import KINDS
from households.roster.codes import FINDING_CODES, ROW_CODES
from households.roster.columns import FIELDS
from households.roster.rows import STATES

ALL_CODES = {**ROW_CODES, **FINDING_CODES, **FILE_CODES}
PARTS = Path(__file__).parents[2] / "locale/parts"


def test_codes_fields_states_and_kinds_all_have_words() -> None:
    assert set(issue_wording.WORDINGS) == set(ALL_CODES)
    assert set(issue_wording.FIELD_TITLES) == set(FIELDS)
    assert set(issue_wording.STATE_TITLES) == set(STATES) and set(issue_wording.ROW_KIND_TITLES) == set(KINDS)


@pytest.mark.parametrize("code", sorted(ALL_CODES))
def test_a_sentence_names_every_parameter_and_no_other(code: str) -> None:
    with translation.override("en"):
        named = set(re.findall(r"%\((\w+)\)s", str(issue_wording.WORDINGS[code].sentence)))
    unspoken = {"expected"} if code == "E_ID_LENGTH" else set()
    assert set(ALL_CODES[code]) - unspoken <= named <= {*ALL_CODES[code], "value"}


def test_every_word_is_translated_with_the_same_parameters() -> None:
    room = {entry.msgid for entry in polib.pofile(str(PARTS / "roster.po"))}
    entries = {entry.msgid: entry.msgstr for part in PARTS.glob("*.po") for entry in polib.pofile(str(part))}
    with translation.override("en"):
        words = [word for w in issue_wording.WORDINGS.values() for word in (w.title, w.sentence, w.todo)]
        words += [shorter for _lacking, shorter in issue_wording.WITHOUT.values()]
        tables = (issue_wording.FIELD_TITLES, issue_wording.STATE_TITLES, issue_wording.ROW_KIND_TITLES)
        wanted = {str(word) for word in (*words, *(word for table in tables for word in table.values()))}
    assert room <= wanted <= set(entries)
    for msgid, msgstr in ((msgid, entries[msgid]) for msgid in wanted):
        assert msgstr and sorted(re.findall(r"%\(\w+\)s", msgid)) == sorted(re.findall(r"%\(\w+\)s", msgstr)), msgid


def test_a_sentence_shows_values_and_a_dash_for_nothing() -> None:
    with translation.override("en"):
        none = issue_wording.sentence("E_VILLAGE_UNKNOWN", {"suggestions": ""}, value="南村")
        assert none == "There is no village “南村” here, and none of a like name."
        near = issue_wording.sentence("E_VILLAGE_UNKNOWN", {"suggestions": "南村村"}, value="")
        assert near == "There is no village “–” here. Similar: 南村村."
        assert issue_wording.sentence("F_REQUIRED_COLUMN", {"field": "phone"}) == "The column Mobile number is missing."
