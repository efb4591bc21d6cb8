"""The published JSON Schema: the one in force, enough by itself, and in step with the code that builds the grammar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from subsidies.rules import building, codes
from subsidies.rules.documents import DocumentError, read_document
from subsidies.rules.loading import load_policy
from subsidies.rules.schema import AMOUNTS, BENEFIT, CONDITION, DEFS, SCHEMA, SPLITS
from tests.rules.builders import HEAD, PRESETS

EVERY_POLICY = sorted(PRESETS.glob("*/policy.yaml")) + sorted(PRESETS.glob("other_cities/*/policy.yaml"))
EVERYTHING = (Path(__file__).parent / "everything.yaml").read_text("utf-8")


def test_the_published_schema_is_the_one_in_force() -> None:
    published = Path(codes.__file__).with_name("schema.json").read_text("utf-8")
    assert json.loads(published) == json.loads(json.dumps(SCHEMA)), "python -m subsidies.rules.schema > schema.json"


def published() -> Any:
    text = Path(codes.__file__).with_name("schema.json").read_text("utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", EVERY_POLICY, ids=lambda path: path.parent.name)
def test_every_policy_is_valid_by_the_published_schema_alone(path: Path) -> None:
    assert list(published().iter_errors(read_document(path.read_bytes()))) == []


def test_every_construct_is_valid_by_the_published_schema_and_loads() -> None:
    tree = read_document(EVERYTHING)
    assert list(published().iter_errors(tree)) == []
    assert len(load_policy(EVERYTHING).benefits) == 6
    used = names_in(tree)
    assert sorted({*AMOUNTS, *SPLITS} - used) == []
    keys = {*SCHEMA["properties"], *BENEFIT["properties"], *CONDITION["properties"]}
    for construct in (*AMOUNTS.values(), *SPLITS.values(), *DEFS.values()):
        keys |= set(construct.get("properties", {}))
    assert sorted(keys - used - {"option", "choose"}) == []


def names_in(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*map(names_in, node.values()))
    return set().union(*map(names_in, node)) if isinstance(node, list) else set()


def test_what_the_schema_allows_the_builder_knows() -> None:
    assert set(building._AMOUNTS) == set(AMOUNTS)
    assert set(building._SPLITS) == set(SPLITS)


@pytest.mark.parametrize(
    "text", ["{unknown: 1}", "{fixed: 1, cost: total}", "{fixed: -1}", "{fixed: '1'}", "{cap: {of: {fixed: 1}}}"]
)
def test_the_published_schema_refuses_what_the_loader_refuses(text: str) -> None:
    document = (
        HEAD + f"benefits: [{{id: A, kind: K, title: t, clause: c, amount: {text}, split: {{whole: DISTRICT}}}}]\n"
    )
    assert list(published().iter_errors(read_document(document)))
    with pytest.raises(DocumentError):
        load_policy(document)
