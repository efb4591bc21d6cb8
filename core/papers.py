"""Scanned papers from outside: a photo or a PDF becomes plain pictures of its pages, and nothing else of it is kept.

A PDF is drawn in a child process with limits (``core.paper_child``); what is stored is a JPEG, or for several pages
a new PDF made of nothing but those pictures: no script, no form, no attachment, no metadata survives.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zxingcpp
from PIL import Image

from core import paper_child
from core.pictures import NotAPhoto, jpeg_of, open_picture, shrink

MAX_BYTES = 20 * 2**20
MAX_PAGES = 30
READ_SIDE, KEPT_SIDE = 3000, 2000
"""Longest side in pixels at which a code is looked for, and at which a page is kept."""
PAGE_BYTES = 600 * 1024
MEMORY_BYTES, CPU_S, WALL_S = 1024 * 2**20, 30, 60


class NotAPaper(ValueError):
    """The bytes can't be kept as a paper; `code` is EMPTY, TOO_LARGE, TOO_MANY_PIXELS, NO_PAPER, LOCKED,
    TOO_MANY_PAGES, NO_PAGES or TOO_MUCH_WORK."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class CleanPage:
    """`jpeg` is what is kept; `codes` are the texts of the QR codes seen on the page, in reading order."""

    jpeg: bytes
    codes: tuple[str, ...]


@dataclass(frozen=True)
class CleanPaper:
    """`content` in `content_type`: a JPEG, or a PDF of JPEGs when there are several pages."""

    content: bytes
    content_type: str
    page_count: int


def clean_pages(data: bytes, *, max_pages: int = MAX_PAGES, read_codes: bool = True) -> Iterator[CleanPage]:
    """Pages of a JPEG, PNG, WebP (one) or PDF (up to `max_pages`), one at a time. Raises `NotAPaper`."""
    if not data:
        raise NotAPaper("EMPTY")
    if len(data) > MAX_BYTES:
        raise NotAPaper("TOO_LARGE")
    pictures = _drawn(data, max_pages) if b"%PDF-" in data[:1024] else iter([data])
    for picture in pictures:
        image = _decoded(picture)
        codes = codes_in(image) if read_codes else ()
        image.thumbnail((KEPT_SIDE, KEPT_SIDE))
        yield CleanPage(jpeg_of(image, PAGE_BYTES), codes)


def clean_paper(data: bytes, *, max_pages: int = MAX_PAGES) -> CleanPaper:
    """The whole paper as one file to keep. Raises `NotAPaper`."""
    return bind([page.jpeg for page in clean_pages(data, max_pages=max_pages, read_codes=False)])


def bind(jpegs: list[bytes]) -> CleanPaper:
    """One page stays a JPEG; several become a PDF of pictures."""
    if len(jpegs) == 1:
        return CleanPaper(jpegs[0], "image/jpeg", 1)
    sheets = [Image.open(io.BytesIO(jpeg), formats=("JPEG",)) for jpeg in jpegs]
    out = io.BytesIO()
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], resolution=170, quality=75)
    return CleanPaper(out.getvalue(), "application/pdf", len(jpegs))


def codes_in(image: Image.Image) -> tuple[str, ...]:
    """Texts of the QR codes on a picture, tilted and small ones too; () where none can be read."""
    found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    return tuple(dict.fromkeys(one.text for one in found if one.valid))


def _decoded(data: bytes) -> Image.Image:
    try:
        return shrink(open_picture(data), READ_SIDE)
    except NotAPhoto as error:
        raise NotAPaper("NO_PAPER" if error.code == "NO_IMAGE" else error.code) from error


def _drawn(data: bytes, max_pages: int) -> Iterator[bytes]:
    command = [sys.executable, "-I", str(Path(paper_child.__file__)), *map(str, (max_pages, READ_SIDE))]
    try:
        done = subprocess.run(
            [*command, str(MEMORY_BYTES), str(CPU_S)], input=data, capture_output=True, timeout=WALL_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotAPaper("TOO_MUCH_WORK") from error
    return iter(_pages_of(io.BytesIO(done.stdout)))


def _pages_of(stream: io.BytesIO) -> list[bytes]:
    """All pages the child has sent; a child that died before its end has sent none."""
    pages: list[bytes] = []
    while (line := stream.readline().strip()).isdigit():
        pages.append(stream.read(int(line)))
    if line == b"end":
        return pages
    word = line.removeprefix(b"refused ").decode()
    known = {"LOCKED", "TOO_MANY_PAGES", "NO_PAGES"}
    raise NotAPaper(word if word in known else "NO_PAPER" if word == "DAMAGED" else "TOO_MUCH_WORK")
