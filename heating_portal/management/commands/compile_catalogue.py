"""Merge `locale/parts/*.po` into one catalogue and compile it; runs at build time, needs no gettext programs.

Django looks for `locale/<language>/LC_MESSAGES/django.mo`. The message ids are English, so the English catalogue holds
nothing but its header and plural rule. Where two rooms translate one message differently, the room whose file name
comes first wins and the command says so; with --check it fails instead, as it does for entries without translation.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.reloader import translation_file_changed

CHINESE_RULE = "nplurals=1; plural=0;"
ENGLISH_RULE = "nplurals=2; plural=(n != 1);"


def catalogue(language: str, plural_rule: str) -> polib.POFile:
    """An empty catalogue with its header."""
    po = polib.POFile(check_for_duplicates=False)
    po.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": plural_rule,
    }
    return po


def _key(entry: polib.POEntry) -> tuple[str, str]:
    return entry.msgctxt or "", entry.msgid


def _words(entry: polib.POEntry) -> Any:
    return dict(entry.msgstr_plural) or entry.msgstr


def merge(parts: Iterable[Path], into: polib.POFile) -> list[str]:
    """Add every part's entries to `into`; returns sentences about conflicts and missing translations."""
    problems: list[str] = []
    first: dict[tuple[str, str], tuple[polib.POEntry, str]] = {}
    for path in sorted(parts):
        for entry in polib.pofile(str(path), encoding="utf-8"):
            _add(entry, path.name, into, first, problems)
    return problems


def _add(
    entry: polib.POEntry,
    name: str,
    into: polib.POFile,
    first: dict[tuple[str, str], tuple[polib.POEntry, str]],
    problems: list[str],
) -> None:
    if not entry.translated():
        problems.append(f"{name}: {entry.msgid!r} has no translation")
        return
    known = first.get(_key(entry))
    if known is None:
        first[_key(entry)] = (entry, name)
        into.append(entry)
    elif _words(known[0]) != _words(entry):
        problems.append(f"{name}: {entry.msgid!r} is {_words(entry)!r} here but {_words(known[0])!r} in {known[1]}")


def write(po: polib.POFile, folder: Path) -> None:
    """django.po for people, django.mo for Django."""
    folder.mkdir(parents=True, exist_ok=True)
    po.save(str(folder / "django.po"))
    po.save_as_mofile(str(folder / "django.mo"))


class Command(BaseCommand):
    help = "Merge the rooms' translations into one catalogue and compile it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail on conflicts and on missing translations")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.LOCALE_PATHS[0])
        chinese = catalogue("zh_Hans", CHINESE_RULE)
        problems = merge((root / "parts").glob("*.po"), chinese)
        for problem in problems:
            self.stderr.write(problem)
        if problems and options["check"]:
            raise CommandError(f"{len(problems)} problem(s) in the translations, named above")
        write(chinese, root / "zh_Hans" / "LC_MESSAGES")
        write(catalogue("en", ENGLISH_RULE), root / "en" / "LC_MESSAGES")
        # words this process has looked up before were looked up without the catalogue
        translation_file_changed(sender=None, file_path=root / "zh_Hans" / "LC_MESSAGES" / "django.mo")
        self.stdout.write(f"catalogue compiled: {len(chinese)} messages, {len(problems)} problem(s)")
