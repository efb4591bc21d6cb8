"""The C side of the line benchmarks: built where a compiler is found, never part of the product."""

from __future__ import annotations

import hashlib
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from heating_portal.up.children import die_with_parent
from heating_portal.up.folders import default_folders

SOURCE = Path(__file__).with_name("lines.c")


def lines_program() -> Path | None:
    """The built program, or None on a machine without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    folder = default_folders().var / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    built = folder / f"lines-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]}"
    if not built.exists():
        subprocess.run([compiler, "-O2", "-o", f"{built}.part", SOURCE], check=True)
        Path(f"{built}.part").replace(built)
    return built


def image(folder: Path, registers: Mapping[int, int]) -> Path:
    """A file with what every simulated heater shows; registers that are not given hold their own address."""
    path = folder / "image.bin"
    path.write_bytes(struct.pack(">65536H", *(registers.get(addr, addr) for addr in range(65536))))
    return path


@contextmanager
def running(program: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    """The program with these words, from the moment it is ready."""
    process = subprocess.Popen(
        [program, *map(str, words)], stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent(signal.SIGKILL)
    )
    try:
        assert process.stdout and process.stdout.readline() == "ready\n", f"{words[0]} did not start"
        yield process
    finally:
        process.kill()
        process.wait()
