"""Reading YAML (and JSON, its subset) so that every part knows its line and no number becomes a float.

Only plain data: no anchors, aliases, tags, merge keys or second documents; bounded in bytes, depth and
number of parts before anything is built, so a hostile file costs little.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_PARTS = 60_000
_LONGEST_NUMBER = 24
# libyaml where the package has it: ten times faster on the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)\.\d+")
_WIDE_COLON = re.compile(r"[\s-]*[^\s:'\"#]+\s*：")
_AT_COLON = re.compile("mapping values|expected ':'")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a document: line (1-based), where in it, a code and values for its sentence."""

    line: int
    where: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict, compare=False)
    message: str = ""
    sentence: str = field(default="", compare=False)  # of a MEANING, without its values: what is translated

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", {self.where}" if self.where else "")
        return f"{place}: {self.message}"


class DocumentError(ValueError):
    """A document that can't be used; ``problems`` lists everything that is wrong, in order of lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.line, p.where, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Said(str):
    """A value of a problem that is words of ours and not of the document: it is translated with its sentence."""

    __slots__ = ()


#: English sentences; ``subsidies/wording.py`` translates them by the same key.
PROBLEM_TEXTS = {
    "TOO_LARGE": "The document has %(size)s bytes; at most %(limit)s are read.",
    "NOT_UTF8": "The document is not UTF-8 text; save it as UTF-8.",
    "NOT_YAML": "This is not valid YAML: %(reason)s.",
    "TOO_DEEP": "The document is nested more than %(limit)s levels deep.",
    "TOO_MANY": "The document has more than %(limit)s parts.",
    "NO_ALIASES": "Anchors, aliases and tags are not allowed; write the value out.",
    "SECOND_DOCUMENT": "Only one document per file; remove the line “---”.",
    "DUPLICATE_KEY": "“%(key)s” is written twice in the same place (first on line %(first)s); keep one.",
    "KEY_NOT_TEXT": "A key must be plain text.",
    "NUMBER_TOO_LONG": "The number “%(value)s” is too long.",
    "UNKNOWN_KEY": "“%(key)s” is not known here; known are: %(known)s.",
    "UNKNOWN_KEY_NEAR": "“%(key)s” is not known here; did you mean “%(near)s”?",
    "MISSING_KEY": "“%(key)s” is missing here.",
    "WRONG_TYPE": "%(value)s stands here, but %(expected)s is expected.",
    "UNKNOWN_VALUE": "“%(value)s” is not one of: %(known)s.",
    "UNKNOWN_VALUE_NEAR": "“%(value)s” is not known here; did you mean “%(near)s”?",
    "WRONG_FORM": "“%(value)s” does not have the form %(form)s.",
    "TOO_LOW": "%(value)s is not allowed here: at least %(limit)s.",
    "TOO_HIGH": "%(value)s is not allowed here: at most %(limit)s.",
    "NEEDS_ENTRY": "This needs an entry.",
    "ONE_OF_THESE": "Exactly one of these may stand here: %(known)s.",
    "TOO_FEW": "This list needs at least %(limit)s entries.",
    "TOO_LONG_LIST": "This list has more than %(limit)s entries.",
    "EMPTY_TEXT": "This text is empty.",
    "LONG_TEXT": "This text is longer than %(limit)s characters.",
    "NOT_ALLOWED": "This is not allowed here.",
    "NOT_A_DATE": "“%(value)s” is not a date; write it like 2021-10-13.",
}


WIDE_COLON = "a full-width colon (：) stands where “:” and a space belong"
#: Part of what libyaml says → why, for somebody who writes policies and not parsers.
PARSER_WORDS = {
    "mapping values are not allowed": "a colon stands where none can; indent like the lines beside it, and put text"
    " with a colon in quotes",
    "could not find expected ':'": "a name has no colon and value behind it",
    "did not find expected ',' or ']'": "a list in [ ] is not closed or lacks a comma",
    "did not find expected ',' or '}'": "a group in { } is not closed or lacks a comma",
    "did not find expected key": "the indentation does not fit the lines above",
    "did not find expected '-'": "a line of this list does not begin with “-”",
    "did not find expected node content": "a value is missing",
    "found unexpected end of stream": "a quotation mark is not closed",
    "cannot start any token": "a tab or a sign such as @ stands where a value begins; indent with spaces, put the value"
    " in quotes",
    "unknown escape character": "a backslash stands between double quotes; write single quotes",
    "characters are not allowed": "it holds a character that can't be seen",
}


def problem(line: int, where: str, code: str, **values: object) -> Problem:
    """A problem with its English sentence; values are shortened so a hostile one can't flood the page."""
    words = {name: _short(value) for name, value in values.items()}
    return Problem(line, where, code, words, PROBLEM_TEXTS[code] % words)


def meaning(line: int, where: str, sentence: str, /, **values: object) -> Problem:
    """A problem of meaning, in a sentence of its own. It is written out where it is found, its values named beside it,
    so that it can be translated; ``tests/rules/test_words.py`` finds it there.
    """
    words = {name: _short(value) for name, value in values.items()}
    return Problem(line, where, "MEANING", words, sentence % words, sentence)


def unknown(line: int, where: str, code: str, given: str, known: Iterable[str]) -> Problem:
    """``UNKNOWN_KEY``/``UNKNOWN_VALUE`` with a suggestion where one is near."""
    names = sorted(known)
    near = difflib.get_close_matches(given[:60], names, n=1)
    name = "key" if code == "UNKNOWN_KEY" else "value"
    if near:
        return problem(line, where, code + "_NEAR", **{name: given, "near": near[0]})
    return problem(line, where, code, **{name: given, "known": ", ".join(names)})


def _short(value: object) -> str:
    text = value if isinstance(value, Said) else str(value)
    return text if len(text) <= 400 else text[:399] + "…"


class Mapped(dict[str, Any]):
    """A mapping that knows its own line and the line of each key."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.key_lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self.key_lines.get(key, self.line)

    def put(self, key: str, value: Any, line: int) -> None:
        self[key] = value
        self.key_lines[key] = line


class Listed(list[Any]):
    """A list that knows its own line and the line of each item."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.item_lines: list[int] = []

    def put(self, value: Any, line: int) -> None:
        self.append(value)
        self.item_lines.append(line)


def line_at(tree: Any, path: Iterable[str | int]) -> int:
    """Line of the part at ``path``; of the nearest part above it where the path does not exist."""
    line = getattr(tree, "line", 1)
    for key in path:
        if isinstance(tree, Mapped) and isinstance(key, str) and key in tree:
            line, tree = tree.line_of(key), tree[key]
        elif isinstance(tree, Listed) and isinstance(key, int) and key < len(tree):
            line, tree = tree.item_lines[key], tree[key]
        else:
            break
    return line


def parts_of(tree: Any) -> int:
    """How many values, lists and mappings a document has."""
    if isinstance(tree, dict | list):
        return 1 + sum(map(parts_of, tree.values() if isinstance(tree, dict) else tree))
    return 1


def read_document(source: str | bytes) -> Any:
    """The document as ``Mapped``, ``Listed``, text, int, Decimal, bool or None; ``DocumentError`` otherwise."""
    text = _text(source)
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise DocumentError([_not_yaml(error, text)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DocumentError([problem(line, "", "NOT_YAML", reason=_in_words(error.reason))]) from None
    problems: list[Problem] = []
    tree = _build(node, problems) if node is not None else None
    if problems:
        raise DocumentError(problems)
    return tree


def _not_yaml(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """Where the parser stopped and why; it misses a colon after having run over a full-width one."""
    mark, lines = error.problem_mark or error.context_mark, text.splitlines() or [""]
    at, reason = min(mark.line if mark else 0, len(lines) - 1), error.problem or error.context or "unreadable"
    for line in (at, at - 1):
        if line >= 0 and _AT_COLON.search(reason) and _WIDE_COLON.match(lines[line]):
            return problem(line + 1, "", "NOT_YAML", reason=Said(WIDE_COLON))
    return problem(at + 1, "", "NOT_YAML", reason=_in_words(reason))


def _in_words(reason: str) -> str:
    return next((Said(words) for part, words in PARSER_WORDS.items() if part in reason), reason)


def _text(source: str | bytes) -> str:
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    if len(raw) > MAX_BYTES:
        raise DocumentError([problem(1, "", "TOO_LARGE", size=len(raw), limit=MAX_BYTES)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError([problem(1, "", "NOT_UTF8")]) from None


def _check_events(text: str) -> None:
    """Walk the events before anything is built: the parser is iterative, the composer is not."""
    depth = documents = 0
    for parts, event in enumerate(yaml.parse(text, Loader=_LOADER), 1):
        line = event.start_mark.line + 1 if event.start_mark else 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        _check_event(event, line, depth, parts, documents)


def _check_event(event: yaml.Event, line: int, depth: int, parts: int, documents: int) -> None:
    if depth > MAX_DEPTH:
        raise DocumentError([problem(line, "", "TOO_DEEP", limit=MAX_DEPTH)])
    if parts > MAX_PARTS:
        raise DocumentError([problem(line, "", "TOO_MANY", limit=MAX_PARTS)])
    if documents > 1:
        raise DocumentError([problem(line, "", "SECOND_DOCUMENT")])
    if isinstance(event, yaml.NodeEvent) and (event.anchor or getattr(event, "tag", None)):
        raise DocumentError([problem(line, "", "NO_ALIASES")])


def _build(node: yaml.Node, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, problems)
    if isinstance(node, yaml.SequenceNode):
        listed = Listed(_line(node))
        for item in node.value:
            listed.put(_build(item, problems), _line(item))
        return listed
    return _build_scalar(node, problems)


def _build_mapping(node: yaml.MappingNode, problems: list[Problem]) -> Mapped:
    mapped = Mapped(_line(node))
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(problem(_line(key_node), "", "KEY_NOT_TEXT"))
            continue
        key, line = str(key_node.value), _line(key_node)
        if key in mapped:
            problems.append(problem(line, "", "DUPLICATE_KEY", key=key, first=mapped.line_of(key)))
            continue
        mapped.put(key, _build(value_node, problems), line)
    return mapped


def _build_scalar(node: yaml.Node, problems: list[Problem]) -> object:
    """Plain words true/false/null and plain numbers get their type; everything else stays text (also dates)."""
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or block text; plain is None, or empty from libyaml
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    is_integer, is_decimal = _INTEGER.fullmatch(text), _DECIMAL.fullmatch(text)
    if not is_integer and not is_decimal:
        return text
    if len(text) > _LONGEST_NUMBER:
        problems.append(problem(_line(node), "", "NUMBER_TOO_LONG", value=text[:40]))
        return 0
    return int(text) if is_integer else Decimal(text)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
