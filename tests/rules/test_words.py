"""Every sentence that says what is wrong with a document has Chinese words: the desk shows them to officials."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import subsidies.rules
from subsidies.rules.documents import PARSER_WORDS, PROBLEM_TEXTS, WIDE_COLON, DocumentError, Said
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
    said |= {WIDE_COLON, *PARSER_WORDS.values()}
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


@pytest.mark.parametrize(
    ("document", "line", "words"),
    [
        ("policy： T-R5\ntitle: 补贴", 1, "此处用了全角冒号“：”，应写半角冒号加空格"),
        ("policy: T-R5\n  - id： A\n    kind: K\n", 2, "此处用了全角冒号“：”，应写半角冒号加空格"),
        ("title: 补贴: 办法", 1, "此处不应有冒号；请与相邻各行对齐缩进，文字中含冒号的请加引号"),
        ("policy: T-R5\n—title", 2, "名称后面缺少冒号和取值"),
        ("areas: [1, 2\n", 1, "方括号没有写完，或其中缺少逗号"),
        ("amount: {fixed: 1 cost: 2}", 1, "花括号没有写完，或其中缺少逗号"),
        ("policy: T\n- id: A", 2, "缩进与上面各行对不上"),
        ("- id: A\nkind: K", 2, "列表中有一行没有以“-”开头"),
        ("title: 'x", 1, "引号没有成对"),
        ("\tpolicy: T", 1, "此处以制表符或@等符号开头；请用空格缩进，取值请加引号"),
        ('title: "\\q"', 1, "双引号中有反斜杠，请改用单引号"),
        ("areas: [", 1, "缺少取值"),
        ("title: a\x07b", 1, "其中有看不见的字符"),
    ],
)
def test_what_the_parser_stumbled_over_is_said_in_chinese(document: str, line: int, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_policy(document)
    (found,) = caught.value.problems
    with translation.override("zh-hans"):
        assert (found.line, problem_reason(found)) == (line, f"YAML格式有误：{words}。")


def test_a_value_of_the_document_is_never_taken_for_words_of_ours() -> None:
    assert isinstance(Said("nothing"), str)
    with pytest.raises(DocumentError) as caught:
        load_policy(HEAD.replace("policy:", "nothing:", 1))
    with translation.override("zh-hans"):
        assert any("“nothing”" in problem_reason(problem) for problem in caught.value.problems)
