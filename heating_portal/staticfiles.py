"""Static files with hashed names; forgiving where a library's source map or the whole build is absent."""

from __future__ import annotations

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """The manifest follows `sourceMappingURL` by default and fails on maps nobody ships: those patterns go.

    Without a built interface the pages still have to work as plain HTML, so a missing file keeps its plain name.
    """

    manifest_strict = False
    patterns = tuple(
        (glob, tuple(p for p in rules if "sourceMappingURL" not in (p if isinstance(p, str) else p[0])))
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
    )

    def stored_name(self, name: str) -> Any:
        try:
            return super().stored_name(name)
        except ValueError:
            return name
