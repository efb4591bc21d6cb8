"""Refusal of a whole file, before or while it is read."""

from __future__ import annotations

#: Every code ``WorkbookRefused`` may carry, with the parameters it comes with.
FILE_CODES: dict[str, tuple[str, ...]] = {
    "FILE_EMPTY": (),
    "FILE_TOO_LARGE": ("size_mb", "limit_mb"),
    "FILE_TOO_MANY_PARTS": ("parts", "limit"),
    "FILE_ZIP_BOMB": ("part",),
    "FILE_CORRUPT": ("detail",),
    "FILE_ENCRYPTED": (),
    "FILE_MACROS": (),
    "FILE_EXTERNAL_LINKS": ("part",),
    "FILE_DTD": ("part",),
    "FILE_HTML": (),
    "FILE_IMAGE": (),
    "FILE_WRONG_KIND": ("found",),
    "FILE_ENCODING": (),
    "FILE_TOO_MUCH_WORK": (),
    "FILE_TOO_MANY_CELLS": ("limit",),
}


class WorkbookRefused(Exception):
    """A file that isn't read, with a stable code and the values for its sentence."""

    def __init__(self, code: str, **values: str | int) -> None:
        if set(values) != set(FILE_CODES[code]):
            raise TypeError(f"{code} takes {FILE_CODES[code]}, got {tuple(values)}")
        super().__init__(code, values)
        self.code = code
        self.values = values
