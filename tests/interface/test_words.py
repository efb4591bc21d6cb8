"""Chinese first, complete: every sentence of the code has its words in the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "core", "accounts", "jobs", "programmes", "households", "devices", "telemetry", "retrofits", "subsidies",
    "heatsupply", "supervision", "reports", "heating_portal",
]  # fmt: skip
PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy", "_n"}
CONTEXT = {"pgettext", "pgettext_lazy"}
# What the template scanner leaves of {% translate %} and {% blocktranslate %}.
MARKED = re.compile(r"""(p?n?p?gettext)\((.*?)\)(?=\s|$|X)""", re.S)


def catalogue() -> set[tuple[str, str]]:
    entries = [entry for path in (ROOT / "locale" / "parts").glob("*.po") for entry in polib.pofile(str(path))]
    return {
        (entry.msgctxt or "", entry.msgid) for entry in entries if entry.msgstr or any(entry.msgstr_plural.values())
    }


def sentences_of_code() -> Iterator[tuple[str, str, str]]:
    """(context, sentence, file) of every marked text in Python."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts or "up" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield from ((*found, str(path.relative_to(ROOT))) for found in marked(node))


def marked(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    texts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    if name in CONTEXT and len(texts) > 1:
        yield texts[0], texts[1]
    elif name in PLAIN | PLURAL and texts and isinstance(texts[0], str):
        yield "", texts[0]


def sentences_of_templates() -> Iterator[tuple[str, str, str]]:
    for path in (ROOT / "templates").rglob("*.html"):
        source = templatize(path.read_text(), origin=str(path))
        for kind, arguments in MARKED.findall(source):
            yield (*read_arguments(kind, arguments), str(path.relative_to(ROOT)))


def read_arguments(kind: str, arguments: str) -> tuple[str, str]:
    values = ast.literal_eval(f"({arguments},)") if "," not in arguments else literals(arguments)
    return (values[0], values[1]) if kind.startswith(("p", "np")) else ("", values[0])


def literals(arguments: str) -> list[str]:
    call = ast.parse(f"f({arguments})").body[0].value  # type: ignore[attr-defined]
    return [argument.value for argument in call.args if isinstance(argument, ast.Constant)]


@pytest.mark.parametrize("source", [sentences_of_code, sentences_of_templates])
def test_every_sentence_has_chinese_words(source: object) -> None:
    known = catalogue()
    found = list(source())  # type: ignore[operator]
    assert len(found) > 200
    missing = sorted({(where, text) for context, text, where in found if (context, text) not in known and text.strip()})
    assert missing == [], f"{len(missing)} sentences without Chinese words: {missing[:20]}"
