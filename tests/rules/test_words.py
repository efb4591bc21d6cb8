"""Every sentence that says what is wrong with a document has Chinese words: the desk shows them to officials."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import subsidies.rules
from subsidies.rules.documents import PROBLEM_TEXTS, DocumentError, Said
from subsidies.rules.loading import load_policy
from subsidies.rules.schema import SCHEMA
from subsidies.rules.shape import TYPES
from subsidies.wording import problem_reason
from tests.interface.test_words import catalogue
from tests.rules.builders import HEAD

RULES = Path(subsidies.rules.__file__).parent
#: Where the sentence stands among the arguments of each.
SAYING = {("building.py", "complain"): 1, ("written_facts.py", "_complain"): 1}
PASSED_ON = "%(reason)s"


def sentences(path: Path) -> Iterator[str]:
    """What the calls of `complain`, `_complain` and `meaning` in one module say."""
    tree = ast.parse(path.read_text())
    for call in ast.walk(tree):
        name = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
        if name in ("complain", "_complain", "meaning"):
            yield from written(call.args[SAYING.get((path.name, name), 2)], tree)  # type: ignore[attr-defined]


def written(said: ast.expr, tree: ast.Module) -> list[str]:
    """The text itself, or the texts assigned to the name that is handed over; a parameter handed on says nothing."""
    if isinstance(said, ast.Name):
        given = [
            one for one in ast.walk(tree) if isinstance(one, ast.Assign) and said.id in map(ast.unparse, one.targets)
        ]
        return [text for one in given for text in written(one.value, tree)]
    assert isinstance(said, ast.Constant), f"not written out, so it can't be translated: {ast.unparse(said)}"
    return [str(said.value)]


def types(node: object) -> Iterator[str]:
    """Every union of types in the schema."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str | list):
            yield node["type"] if isinstance(node["type"], str) else " ".join(node["type"])
        for part in node.values():
            yield from types(part)


def test_every_sentence_of_the_rules_has_chinese_words() -> None:
    known = {text for _context, text in catalogue()}
    said = {text for path in RULES.glob("*.py") for text in sentences(path)} - {PASSED_ON}
    assert len(said) > 50
    wanted = said | set(PROBLEM_TEXTS.values()) | set(TYPES.values()) | {"a mapping", "a list", "nothing"}
    assert sorted(wanted - known) == []


def test_every_type_of_the_schema_has_words() -> None:
    assert set(types(SCHEMA)) - set(TYPES) == set()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("{fixed: 0.001}", "0.001 元含有不足一分的部分，金额最多保留两位小数。"),
        ("{fixed: -1}", "此处不允许-1：不得小于 0。"),
        ("{fixed: []}", "此处为列表，应为数字。"),
        ("{fixed: 1, cost: eligible}", "此处只能填写其中一项：fixed, cost。"),
        ("{per_unit: {quantity: gas_m3, rate: 1}}", "gas_m3 按采暖季计量，该补贴项须写明“runs”。"),
    ],
)
def test_the_desk_speaks_chinese(amount: str, words: str) -> None:
    benefit = f"benefits:\n  - {{id: A, kind: K, title: t, clause: 一, amount: {amount}, split: {{whole: DISTRICT}}}}\n"
    with pytest.raises(DocumentError) as caught:
        load_policy(HEAD + benefit)
    with translation.override("zh-hans"):
        assert words in [problem_reason(problem) for problem in caught.value.problems]


def test_a_value_of_the_document_is_never_taken_for_words_of_ours() -> None:
    assert isinstance(Said("nothing"), str)
    with pytest.raises(DocumentError) as caught:
        load_policy(HEAD.replace("policy:", "nothing:", 1))
    with translation.override("zh-hans"):
        assert any("“nothing”" in problem_reason(problem) for problem in caught.value.problems)
