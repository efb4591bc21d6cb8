"""The numbered clauses, and the tests that say they hold the portal to one.

    @pytest.mark.clause("J-30", "经纬度、厂商名称", serves="retrofits.services.installations:record_installation",
                        page="retrofits:installation-new")

`words` are quoted from the clause (pieces parted by "…" stand in that order); `serves` is the service that does
what the clause asks; `page` (a URL name) and `model` ("app.Model") say where a person meets it. The test must fail when
the service is switched off: `./portal prove requirements`.

Marks are read from the source, so the list is the same whichever tests a run collects.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PREFIXES = {
    "T": "泰山 Taishan 2021",
    "J": "晋城 Jincheng 2020",
    "L": "利通 Litong 2021–2023",
    "D": "大同 Datong 2021–2023",
    "B": "白银 Baiyin 2023",
}


@dataclass(frozen=True)
class Clause:
    number: str
    kind: str
    words: str
    duty: str


@dataclass(frozen=True)
class Mark:
    number: str
    words: str
    serves: str
    page: str
    model: str
    test: str

    @property
    def pieces(self) -> list[str]:
        return [piece.strip() for piece in self.words.split("…") if piece.strip()]


def all_clauses() -> dict[str, Clause]:
    lines = (Path(__file__).parent / "clauses.tsv").read_text().splitlines()
    rows = [Clause(*line.split("\t")) for line in lines if not line.startswith("#")]
    return {row.number: row for row in rows}


def all_marks(folder: Path = TESTS) -> list[Mark]:
    """Every mark in the tests under `folder`, in the order of files and lines."""
    return [mark for path in sorted(folder.rglob("test_*.py")) for mark in marks_of(path, folder)]


def marks_of(path: Path, folder: Path) -> Iterator[Mark]:
    text = path.read_text()
    if "mark.clause(" not in text:
        return
    tree = ast.parse(text)
    words = named_texts(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            test = f"{path.relative_to(folder.parent)}::{node.name}"
            yield from (mark_of(call, test, words) for call in calls_of(node))


def named_texts(tree: ast.Module) -> dict[str, str]:
    """The texts a module gives a name to at its top (`RULES = "subsidies.rules.engine:assess"`)."""
    given = [one for one in tree.body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)]
    return {ast.unparse(one.targets[0]): str(ast.literal_eval(one.value)) for one in given}


def calls_of(node: ast.FunctionDef) -> list[ast.Call]:
    """The marks above the function, those on single parameters of `parametrize` included."""
    calls = [one for decorator in node.decorator_list for one in ast.walk(decorator) if isinstance(one, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) in ("pytest.mark.clause", "mark.clause")]


def mark_of(call: ast.Call, test: str, words: dict[str, str]) -> Mark:
    def text(node: ast.expr) -> str:
        return words[node.id] if isinstance(node, ast.Name) else str(ast.literal_eval(node))

    number, quoted = (text(one) for one in call.args)
    named = {one.arg: text(one.value) for one in call.keywords}
    return Mark(number, quoted, named["serves"], named.get("page", ""), named.get("model", ""), test)


def quotes(mark: Mark, clause: Clause) -> bool:
    """Whether the pieces of the mark's words stand in the clause, in that order."""
    at = 0
    for piece in mark.pieces:
        at = clause.words.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return bool(mark.pieces)
