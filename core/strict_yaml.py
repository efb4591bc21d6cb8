"""YAML that comes from outside: bounded, no aliases (they blow up), no key twice (the second would win silently)."""

from __future__ import annotations

from typing import Any

import yaml

MAX_BYTES = 2 * 2**20


class YamlRefused(ValueError):
    """Text that is no usable YAML document; the message says where and why."""


def read_yaml(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """The one document in `text` as plain dicts, lists, text, numbers and dates. Raises `YamlRefused`."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > max_bytes:
        raise YamlRefused(f"the text is longer than {max_bytes} bytes")
    try:
        return yaml.load(raw, Loader=_Strict)  # noqa: S506 - a SafeLoader, made stricter
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlRefused(" ".join(str(error).split())[:300]) from error


class _Strict(yaml.SafeLoader):
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"aliases are not allowed{self.peek_event().start_mark}")
        return super().compose_node(parent, index)  # type: ignore[no-any-return]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.YAMLError(f"the key {key!r} stands twice{key_node.start_mark}")
            seen.add(key)
        return super().construct_mapping(node, deep)
