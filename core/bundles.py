"""Bundles of proof: a ZIP whose manifest names every file with its SHA-256; checked without any database.

Beside the manifest stands `SHA256SUMS`, so that anybody checks the files with `sha256sum -c` alone (standard library).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

MANIFEST, SUMS, FORMAT = "manifest.json", "SHA256SUMS", "proof-bundle/1"
CHUNK = 1 << 16
ONE_DAY = (1980, 1, 1, 0, 0, 0)
MAX_FILES, MAX_MANIFEST, MAX_BYTES = 20_000, 32 << 20, 4 << 30


@dataclass(frozen=True)
class Kept:
    """One file of a bundle as its manifest names it; `about` says what it proves."""

    name: str
    sha256: str
    size: int
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class BundleWriter:
    """`with BundleWriter(path, {...}) as bundle: bundle.add(name, pieces, …)`; the manifest is written at the end."""

    path: Path
    stated: Mapping[str, Any]
    files: list[Kept] = field(default_factory=list)
    _zip: zipfile.ZipFile | None = None

    def __enter__(self) -> BundleWriter:
        self._zip = zipfile.ZipFile(self.path, "w", zipfile.ZIP_STORED)
        return self

    def add(self, name: str, pieces: Iterable[bytes], **about: Any) -> Kept:
        """Write a file piece by piece; nothing is kept in memory."""
        assert self._zip is not None
        digest, size = hashlib.sha256(), 0
        with self._zip.open(zipfile.ZipInfo(name, ONE_DAY), "w", force_zip64=True) as place:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                place.write(piece)
        kept = Kept(name, digest.hexdigest(), size, about)
        self.files.append(kept)
        return kept

    def __exit__(self, failed: Any, *_more: object) -> None:
        assert self._zip is not None
        if failed is None:
            files = [{"name": f.name, "sha256": f.sha256, "size": f.size, **f.about} for f in self.files]
            text = json.dumps({"format": FORMAT, **self.stated, "files": files}, ensure_ascii=False, indent=1)
            self._zip.writestr(zipfile.ZipInfo(MANIFEST, ONE_DAY), text)
            sums = "".join(f"{f.sha256}  {f.name}\n" for f in self.files)
            self._zip.writestr(zipfile.ZipInfo(SUMS, ONE_DAY), sums)
        self._zip.close()


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file piece by piece."""
    while piece := file.read(CHUNK):
        yield piece


@dataclass(frozen=True)
class Checked:
    """What a bundle says about itself, and every fault found: (code, file). No fault: it is whole."""

    stated: Mapping[str, Any]
    manifest_sha256: str
    files: int
    faults: list[tuple[str, str]]


def verify(path: Path) -> Checked:
    """Compare every file of a bundle with its manifest: NOT_A_BUNDLE, TOO_LARGE, MISSING, CHANGED, EXTRA."""
    try:
        with zipfile.ZipFile(path) as book:
            return _checked(book)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError, EOFError) as error:
        return Checked({}, "", 0, [("NOT_A_BUNDLE", f"{path.name}: {type(error).__name__}")])


def _checked(book: zipfile.ZipFile) -> Checked:
    infos = book.infolist()
    if len(infos) > MAX_FILES or sum(info.file_size for info in infos) > MAX_BYTES:
        return Checked({}, "", 0, [("TOO_LARGE", f"{len(infos)} files")])
    if book.getinfo(MANIFEST).file_size > MAX_MANIFEST:
        return Checked({}, "", 0, [("TOO_LARGE", MANIFEST)])
    raw = book.read(MANIFEST)
    stated = json.loads(raw)
    if stated.get("format") != FORMAT:
        return Checked({}, "", 0, [("NOT_A_BUNDLE", str(stated.get("format"))[:40])])
    wanted = {str(one["name"]): one for one in stated["files"]}
    names = [info.filename for info in infos]
    faults = [("EXTRA", name) for name in names if name not in wanted and name not in (MANIFEST, SUMS)]
    faults += [("EXTRA", name) for name in sorted({name for name in names if names.count(name) > 1})]
    for name, one in wanted.items():
        if name not in names:
            faults.append(("MISSING", name))
        elif not _same(book, name, one):
            faults.append(("CHANGED", name))
    about = {key: value for key, value in stated.items() if key != "files"}
    return Checked(about, hashlib.sha256(raw).hexdigest(), len(wanted), faults)


def _same(book: zipfile.ZipFile, name: str, one: Mapping[str, Any]) -> bool:
    digest, size = hashlib.sha256(), 0
    try:
        with book.open(name) as file:
            for piece in pieces_of(file):
                digest.update(piece)
                size += len(piece)
    except zipfile.BadZipFile:
        return False
    return digest.hexdigest() == one["sha256"] and size == one["size"]
