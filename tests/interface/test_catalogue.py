"""Translations of the rooms merge into one catalogue without contradicting each other."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from django.utils.translation import gettext

from heating_portal.management.commands.compile_catalogue import catalogue, merge

RULE = "nplurals=1; plural=0;"


def part(folder: Path, name: str, *pairs: tuple[str, str]) -> Path:
    path = folder / name
    path.write_text("\n".join(f'msgid "{a}"\nmsgstr "{b}"\n' for a, b in pairs), encoding="utf-8")
    return path


def test_equal_entries_merge_and_different_ones_are_named(tmp_path: Path) -> None:
    parts = [
        part(tmp_path, "a.po", ("Return", "退回"), ("Town", "镇")),
        part(tmp_path, "b.po", ("Return", "回单"), ("Town", "镇")),
    ]
    into = catalogue("zh_Hans", RULE)
    problems = merge(parts, into)
    assert [entry.msgid for entry in into] == ["Return", "Town"]
    assert len(problems) == 1
    assert "b.po" in problems[0]
    assert "a.po" in problems[0]


def test_an_entry_without_translation_is_named(tmp_path: Path) -> None:
    problems = merge([part(tmp_path, "a.po", ("Return", ""))], catalogue("zh_Hans", RULE))
    assert problems == ["a.po: 'Return' has no translation"]


def test_the_process_that_compiles_speaks_from_then_on(tmp_path: Path) -> None:
    """A fresh installation compiles and loads the demonstration in one process: what was stored then was English."""
    (tmp_path / "parts").mkdir()
    part(tmp_path / "parts", "a.po", ("a word only this test has", "只此一处"))
    with override_settings(LOCALE_PATHS=[str(tmp_path)]):
        assert gettext("a word only this test has") == "a word only this test has"
        call_command("compile_catalogue", stdout=StringIO())
        assert gettext("a word only this test has") == "只此一处"


@pytest.mark.parametrize("path", sorted((Path(settings.LOCALE_PATHS[0]) / "parts").glob("*.po")), ids=lambda p: p.name)
def test_every_part_is_translated_and_keeps_its_placeholders(path: Path) -> None:
    import re

    import polib

    marks = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
    for entry in polib.pofile(str(path), encoding="utf-8"):
        assert entry.translated(), f"{path.name}: {entry.msgid!r}"
        if not entry.msgid_plural:
            assert set(marks.findall(entry.msgid)) == set(marks.findall(entry.msgstr)), entry.msgid


def test_the_rooms_do_not_contradict_each_other() -> None:
    parts = (Path(settings.LOCALE_PATHS[0]) / "parts").glob("*.po")
    assert merge(parts, catalogue("zh_Hans", RULE)) == []
