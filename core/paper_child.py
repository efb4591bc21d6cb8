"""The child process that draws the pages of an uploaded PDF: one JPEG per page on stdout.

Run by path (``python -I paper_child.py``) with limits set before PDFium is loaded, so a file that breaks the
renderer breaks only this process. It therefore imports nothing of the portal. The PDF comes on stdin; arguments
are MAX_PAGES LONG_SIDE MEMORY_BYTES CPU_S. Each page is a line with its number of bytes, then the bytes; the end
is the line ``end``, a refusal the line ``refused CODE``.
"""

from __future__ import annotations

import io
import resource
import sys


def draw(content: bytes, max_pages: int, long_side: int) -> None:
    """Write every page, or a refusal: LOCKED, TOO_MANY_PAGES, NO_PAGES."""
    import pypdfium2

    book = pypdfium2.PdfDocument(content)
    if not 0 < len(book) <= max_pages:
        _say(b"refused TOO_MANY_PAGES\n" if len(book) else b"refused NO_PAGES\n")
        return
    for page in book:
        scale = long_side / max(*page.get_size(), 1.0)
        picture = page.render(scale=min(scale, 8.0), may_draw_forms=False, no_smoothtext=False).to_pil()
        picture.thumbnail((long_side, long_side))
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=90)
        _say(f"{out.tell()}\n".encode() + out.getvalue())
    _say(b"end\n")


def _say(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def main(arguments: list[str]) -> int:
    """Exit status is always 0 where the refusal could be said."""
    max_pages, long_side, memory_bytes, cpu_s = map(int, arguments)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        draw(sys.stdin.buffer.read(), max_pages, long_side)
    except Exception as error:  # PDFium may raise anything on a hostile file; the parent words it
        _say(b"refused LOCKED\n" if "password" in str(error).lower() else b"refused DAMAGED\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
