"""Look at an uploaded file before any parser does: what is it, and is it safe to open?

The extension is never believed. A zip container is walked once, part by part, counting the bytes that really
come out, so a bomb is met here and not in the parser; XML parts that declare a document type are refused.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.workbooks.refusals import WorkbookRefused

MIB = 1024 * 1024
XLSX, XLS, ODS, CSV, HTML = "xlsx", "xls", "ods", "csv", "html"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on bytes, time and memory of one file. Defaults hold 100,000 rows x 20 columns with room."""

    file_bytes: int = 50 * MIB
    zip_parts: int = 2_000
    unpacked_bytes: int = 600 * MIB
    ratio: int = 200
    """Largest unpacked : packed ratio of one part above ``ratio_from_bytes``; real sheets stay below 60."""
    ratio_from_bytes: int = 8 * MIB
    cells: int = 6_000_000
    memory_bytes: int = 1024 * MIB
    cpu_s: int = 60
    wall_s: int = 120
    allow_macros: bool = False
    """True reads the values of a file with macros; the macros are never run either way."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the guard found: the kind to read it as, the encoding of a text file, and what comes with the cells."""

    path: Path
    kind: str
    encoding: str = ""
    macros: bool = False
    pictures: bool = False


DEFAULT_LIMITS = Limits()
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_HTML = re.compile(rb"<\s*(!doctype\s+html|html|head|meta|body|table|style)", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_CHINESE = ("gb2312", "gbk", "gb18030", "gb_2312-80", "x-gbk")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DTD = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_EXTERNAL_PARTS = ("xl/externallinks/", "xl/connections.", "xl/querytables/", "xl/ddelinks/")
_CHUNK = 256 * 1024


def inspect_file(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Inspected:
    """Return how to read ``path``; raise WorkbookRefused when it must not be read."""
    size = path.stat().st_size
    if size == 0:
        raise WorkbookRefused("FILE_EMPTY")
    if size > limits.file_bytes:
        raise WorkbookRefused("FILE_TOO_LARGE", size_mb=-(-size // MIB), limit_mb=limits.file_bytes // MIB)
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK"):
        return _inspect_zip(path, limits)
    if head.startswith(_OLE):
        return _inspect_ole(path, limits)
    return _inspect_text(path, head)


def _inspect_zip(path: Path, limits: Limits) -> Inspected:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > limits.zip_parts:
                raise WorkbookRefused("FILE_TOO_MANY_PARTS", parts=len(parts), limit=limits.zip_parts)
            kind = _zip_kind(archive, parts)
            _refuse_by_name(parts, limits)
            _unpack_and_scan(archive, parts, limits)
            names = [part.filename.lower() for part in parts]
            pictures = any(name.startswith(("xl/media/", "pictures/")) for name in names)
            return Inspected(path, kind, macros=any(map(_is_macro, names)), pictures=pictures)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise WorkbookRefused("FILE_CORRUPT", detail=type(error).__name__) from error


def _zip_kind(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> str:
    if any(part.flag_bits & 0x1 for part in parts):
        raise WorkbookRefused("FILE_ENCRYPTED")
    names = {part.filename for part in parts}
    if "xl/workbook.xml" in names:
        return XLSX
    if "mimetype" in names and "content.xml" in names:
        with archive.open("mimetype") as file:
            if b"opendocument.spreadsheet" in file.read(200):
                return ODS
    raise WorkbookRefused("FILE_WRONG_KIND", found=_office_kind(names))


def _office_kind(names: set[str]) -> str:
    for part, found in (
        ("xl/workbook.bin", "xlsb"),
        ("word/document.xml", "docx"),
        ("ppt/presentation.xml", "pptx"),
    ):
        if part in names:
            return found
    return "zip"


def _refuse_by_name(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    for part in parts:
        name = part.filename.lower()
        if not limits.allow_macros and _is_macro(name):
            raise WorkbookRefused("FILE_MACROS")
        if name.startswith(_EXTERNAL_PARTS):
            raise WorkbookRefused("FILE_EXTERNAL_LINKS", part=part.filename)


def _is_macro(name: str) -> bool:
    return name.endswith("vbaproject.bin") or name.startswith(("basic/", "scripts/", "xl/macrosheets/"))


def _unpack_and_scan(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Unpack every part into nothing, counting: the sizes written in a zip directory may lie."""
    total = 0
    for part in parts:
        unpacked, tail = 0, b""
        for chunk in _chunks(archive, part):
            unpacked += len(chunk)
            total += len(chunk)
            too_dense = unpacked > limits.ratio_from_bytes and unpacked > limits.ratio * max(part.compress_size, 1)
            if too_dense or total > limits.unpacked_bytes:
                raise WorkbookRefused("FILE_ZIP_BOMB", part=part.filename)
            _refuse_xml_traps(part.filename, tail + chunk)
            tail = chunk[-64:]


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _refuse_xml_traps(name: str, text: bytes) -> None:
    if not name.lower().endswith((".xml", ".rels", ".vml")):
        return
    # A UTF-16 part would hide its declaration from the pattern; dropping zero bytes shows it.
    readable = text.replace(b"\x00", b"") if b"\x00" in text else text
    if (b"<!" in text and _DTD.search(text)) or (b"<!" in readable and _DTD.search(readable)):
        raise WorkbookRefused("FILE_DTD", part=name)
    if name == "META-INF/manifest.xml" and b"encryption-data" in text:
        raise WorkbookRefused("FILE_ENCRYPTED")


def _inspect_ole(path: Path, limits: Limits) -> Inspected:
    content = path.read_bytes()

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise WorkbookRefused("FILE_ENCRYPTED")
    macros = holds("_VBA_PROJECT")
    if macros and not limits.allow_macros:
        raise WorkbookRefused("FILE_MACROS")
    if not (holds("Workbook") or holds("Book")):
        raise WorkbookRefused("FILE_WRONG_KIND", found="doc")
    return Inspected(path, XLS, macros=macros)


def _inspect_text(path: Path, head: bytes) -> Inspected:
    if head.startswith(_IMAGES):
        raise WorkbookRefused("FILE_IMAGE")
    if head.startswith(b"%PDF"):
        raise WorkbookRefused("FILE_WRONG_KIND", found="pdf")
    readable = head.replace(b"\x00", b"") if head.startswith(_UTF16) else head
    if _HTML.search(readable):
        return _inspect_html(path, head)
    if readable.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").startswith(b"<"):
        raise WorkbookRefused("FILE_WRONG_KIND", found="xml")
    return Inspected(path, CSV, _text_encoding(path))


def _inspect_html(path: Path, head: bytes) -> Inspected:
    """A table saved as a web page, as many office systems do under the name .xls; a page without one is refused."""
    encoding = _text_encoding(path, _CHARSET.search(head))
    if "<table" not in path.read_bytes().decode(encoding, errors="replace").lower():
        raise WorkbookRefused("FILE_HTML")
    return Inspected(path, HTML, encoding)


def _text_encoding(path: Path, declared: re.Match[bytes] | None = None) -> str:
    """The first encoding that fits the whole text. A declared one goes first: short GBK can look like UTF-8."""
    content = path.read_bytes()
    candidates = ["utf-8-sig", "gb18030"]
    if content.startswith(_UTF16):
        candidates = ["utf-16"]
    elif b"\x00" in content:
        raise WorkbookRefused("FILE_WRONG_KIND", found="binary")
    elif declared and declared[1].decode().lower() in _CHINESE:
        candidates.reverse()
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if sum(char < " " and char not in "\t\r\n" for char in text[:4096]) > 8:
            break
        return encoding
    raise WorkbookRefused("FILE_ENCODING")
