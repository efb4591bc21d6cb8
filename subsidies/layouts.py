"""Layouts of bank files: data, not code. A programme names one of `subsidies/bank_layouts/*.yaml` or writes its own.

`bank_template` in a programme's settings is a name ("yikatong") or the same keys as such a file: `format` xlsx, csv or
txt; `encoding` utf-8, utf-8-sig, gbk or gb18030; `delimiter`; `header` yes or no; `columns` as [what, heading];
`control` as {at: first | last | none, cells: [what or "=words"]}. A column "=words" holds the same words in every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.strict_yaml import read_yaml

FOLDER = Path(__file__).with_name("bank_layouts")
FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "txt": "text/plain",
}
ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030")
DELIMITERS = (",", "|", "\t", ";")
COLUMNS = ("line_no", "payee", "card", "amount", "amount_fen", "line_ref", "area", "area_code", "household_no",
           "id_number", "year", "purpose")  # fmt: skip
CONTROL = ("batch", "count", "total", "total_fen", "digest", "year", "purpose")
NEEDED = ({"payee"}, {"card"}, {"amount", "amount_fen"}, {"line_ref"})


class LayoutError(ValueError):
    """A layout that can't be used; the text says why."""


@dataclass(frozen=True)
class Layout:
    """`columns` are (what, heading), what of `COLUMNS` or "=words"; `control` are the cells of the line of sums."""

    file_format: str
    columns: tuple[tuple[str, str], ...]
    purpose: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    header: bool = True
    control_at: str = "last"
    control: tuple[str, ...] = ("=合计", "count", "total", "digest")
    title: str = ""

    @property
    def content_type(self) -> str:
        charset = "" if self.file_format == "xlsx" else f"; charset={self.encoding.removesuffix('-sig')}"
        return FORMATS[self.file_format] + charset


def layout_of(settings: Mapping[str, Any]) -> Layout:
    """The layout of a programme; raises `LayoutError`."""
    given = settings.get("bank_template") or {}
    return build(named("common") | dict(given) if isinstance(given, Mapping) else named(str(given)))


def named(name: str) -> dict[str, Any]:
    """A layout that comes with the portal, as its file says. Raises `LayoutError`."""
    known = names()
    if name not in known:
        raise LayoutError(f"bank_template: there is no layout “{name}”; there are {', '.join(known)}.")
    return dict(read_yaml((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def names() -> list[str]:
    """Layouts that come with the portal."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def build(given: Mapping[str, Any]) -> Layout:
    """A layout from its keys; raises `LayoutError` with all that is wrong."""
    columns = tuple((str(what), str(heading)) for what, heading in given.get("columns") or ())
    control = given.get("control") or {}
    layout = Layout(
        file_format=str(given.get("format", "xlsx")), columns=columns, purpose=str(given.get("purpose", "")),
        encoding=str(given.get("encoding", "utf-8-sig")).lower(), delimiter=str(given.get("delimiter", ",")),
        header=bool(given.get("header", True)), control_at=str(control.get("at", "last")),
        control=tuple(map(str, control.get("cells", Layout.control))), title=str(given.get("title", "")),
    )  # fmt: skip
    wrong = _problems(layout)
    if wrong:
        raise LayoutError(f"bank_template: {'; '.join(wrong)}")
    return layout


def _problems(layout: Layout) -> list[str]:
    whats = [what for what, _heading in layout.columns]
    unknown = [what for what in whats if what not in COLUMNS and not what.startswith("=")]
    unknown += [what for what in layout.control if what not in CONTROL and not what.startswith("=")]
    lacking = [" or ".join(sorted(one)) for one in NEEDED if not one & set(whats)]
    checks = {
        f"unknown {', '.join(unknown)}": bool(unknown),
        f"missing {', '.join(lacking)}": bool(lacking),
        f"format is one of {', '.join(FORMATS)}": layout.file_format not in FORMATS,
        f"encoding is one of {', '.join(ENCODINGS)}": layout.encoding not in ENCODINGS,
        "delimiter is one of , | ; or tab": layout.delimiter not in DELIMITERS,
        "control stands first, last or none": layout.control_at not in ("first", "last", "none"),
    }
    return [words for words, is_wrong in checks.items() if is_wrong]
