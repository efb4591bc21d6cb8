from __future__ import annotations

import pytest

from core.strict_yaml import YamlRefused, read_yaml


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2", "a: &x [1]\nb: *x", "a: [", "!!python/object/apply:os.system ['true']", "a: \x00", "[" * 5000,
     "[" * 101 + "]" * 101, "- " * 200_000 + "x", "&a [*a]", "--- 1\n--- 2", "? [1, 2]\n: 3", "? {a: 1}\n: 3"],
)  # fmt: skip
def test_unsafe_or_broken_text_is_refused(text: str) -> None:
    with pytest.raises(YamlRefused):
        read_yaml(text)


def test_sensible_depth_is_read() -> None:
    assert str(read_yaml("[" * 100 + "]" * 100)).count("[") == 100


def test_length_is_judged_first() -> None:
    with pytest.raises(YamlRefused, match="longer"):
        read_yaml("a" * 100, max_bytes=99)


def test_plain_documents_are_read() -> None:
    assert read_yaml("a: 1\nb: [x, 2020-05-27]")["a"] == 1
